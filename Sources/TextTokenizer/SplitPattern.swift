/// The syntax tree of a split pattern: the subset of regular expressions that tokenizers are written in.
indirect enum SplitPattern: Hashable, Sendable {
    /// One code point of the set.
    case set(CodePointSet)
    /// One after the other.
    case sequence([SplitPattern])
    /// The first that leads to a match.
    case alternatives([SplitPattern])
    /// As many as possible; possessive gives none of them back. No `most` means no limit.
    case repetition(SplitPattern, least: Int, most: Int?, possessive: Bool)
    /// Whether the next code point is in the set; at the end of the text it is in none.
    case lookahead(CodePointSet, negated: Bool)

    /// Parses `pattern`.
    ///
    /// - Throws: ``TokenizerError/unsupportedPattern(construct:offset:pattern:)`` for whatever is not of the subset.
    init(parsing pattern: String) throws(TokenizerError) {
        var parser = SplitPatternParser(pattern)
        self = try parser.parse()
    }

    /// A pattern that matches `text` only.
    init(literal text: String) {
        self = .sequence(text.unicodeScalars.map { .set(CodePointSet($0.value)) })
    }

    /// Whether it can match without consuming anything.
    var isNullable: Bool {
        switch self {
        case .set: false
        case .lookahead: true
        case .sequence(let parts): parts.allSatisfy(\.isNullable)
        case .alternatives(let parts): parts.contains(where: \.isNullable)
        case .repetition(let part, let least, _, _): least == 0 || part.isNullable
        }
    }

    /// The bytes that a match can start with; all of them if it can be empty.
    var leadBytes: [Bool] {
        switch self {
        case .set(let set): return set.leadBytes
        case .lookahead: return [Bool](repeating: true, count: 256)
        case .alternatives(let parts):
            return parts.reduce(into: [Bool](repeating: false, count: 256)) { $0.formUnion($1.leadBytes) }
        case .repetition(let part, let least, _, _):
            return least == 0 ? [Bool](repeating: true, count: 256) : part.leadBytes
        case .sequence(let parts):
            var bytes = [Bool](repeating: false, count: 256)
            for part in parts {
                // What may be skipped adds its bytes, and the next part's count too.
                if case .repetition(let inner, 0, _, _) = part, !inner.isNullable {
                    bytes.formUnion(inner.leadBytes)
                    continue
                }
                bytes.formUnion(part.leadBytes)
                if !part.isNullable { return bytes }
            }
            return [Bool](repeating: true, count: 256)
        }
    }
}

extension [Bool] {
    /// Sets what is set in `other`, of the same length.
    fileprivate mutating func formUnion(_ other: [Bool]) {
        for index in indices where other[index] { self[index] = true }
    }
}
