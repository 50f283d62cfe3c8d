/// Learns a small byte-level byte-pair tokenizer of the MMaDA family from lines of text.
///
/// The merges are those that the trainer of the `tokenizers` library finds: at each step the most frequent pair, of
/// equally frequent ones that of the lowest ids. So one text gives one tokenizer, in whatever order its lines come.
public struct BytePairTrainer: Sendable {
    /// How many tokens there shall be, added ones included; fewer when the text has no more pairs to merge.
    public let vocabularySize: Int
    /// Strings that become tokens of their own without being special, such as `<think>`.
    public let extraTokens: [String]
    /// A pair seen less often is not merged.
    public let minimumCount: Int

    /// A trainer of tokenizers of at most `vocabularySize` tokens.
    public init(vocabularySize: Int, extraTokens: [String] = [], minimumCount: Int = 2) {
        self.vocabularySize = vocabularySize
        self.extraTokens = extraTokens
        self.minimumCount = max(minimumCount, 1)
    }

    /// Learns from `lines`, in which added tokens count as what they are and are never merged.
    ///
    /// - Parameter lines: Texts of any length; only their different pieces are kept in memory.
    /// - Returns: The tokenizer as the files of a model folder.
    /// - Throws: ``TokenizerError`` if the size leaves no room for merges, or an extra token cannot be one.
    public func train(lines: some Sequence<String>) throws(TokenizerError) -> TrainedTokenizer {
        let added = TrainedTokenizer.specialTokens + extraTokens
        try check(added)
        var learner = MergeLearner(pieces: try countPieces(of: lines, cutAt: added))
        learner.learn(tokens: vocabularySize - added.count, minimumCount: minimumCount)
        return try TrainedTokenizer(texts: learner.texts, merges: learner.merges, extraTokens: extraTokens)
    }

    private func check(_ added: [String]) throws(TokenizerError) {
        let least = 256 + added.count
        guard vocabularySize >= least else { throw .vocabularyTooSmall(least: least, found: vocabularySize) }
        // As bytes: strings that differ in their normal form only are two tokens.
        var seen: Set<[UInt8]> = []
        for token in added {
            if token.isEmpty { throw .unusableToken(token, reason: "it is empty") }
            if token.utf8.count > AddedTokenMatcher.longest {
                throw .unusableToken(token, reason: "it has more than \(AddedTokenMatcher.longest) bytes")
            }
            if !seen.insert(Array(token.utf8)).inserted {
                throw .unusableToken(token, reason: "it is there already")
            }
        }
    }

    /// How often each piece occurs, the pieces being those within which the tokenizer will merge.
    private func countPieces(
        of lines: some Sequence<String>, cutAt added: [String]
    ) throws(TokenizerError) -> [Piece: Int] {
        let scanner = try SplitScanner(pattern: TrainedTokenizer.splitPattern)
        let matcher = AddedTokenMatcher(added.map { (AddedToken(plain: $0), Array($0.utf8)) })
        var counts: [Piece: Int] = [:]
        var segments: [Segment] = []
        for line in lines {
            var line = line
            line.withUTF8 { text in
                segments.removeAll(keepingCapacity: true)
                matcher.split(text, in: 0..<text.count, into: &segments)
                for case .text(let range) in segments {
                    scanner.forEachPiece(of: text, in: range) { counts[Piece(bytes: Array(text[$0])), default: 0] += 1 }
                }
            }
        }
        return counts
    }
}

/// A piece of text as a dictionary key: hashed in one go, which for bytes an array is not.
struct Piece: Hashable, Sendable {
    let bytes: [UInt8]

    func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension AddedToken {
    /// A token that is only looked for.
    fileprivate init(plain content: String) {
        self.init(
            id: 0, content: Array(content.utf8), isSpecial: false, isNormalized: false, stripsLeft: false,
            stripsRight: false, isSingleWord: false)
    }
}
