/// Reads the syntax of a split pattern as the Oniguruma engine of the `tokenizers` library does, or refuses it.
struct SplitPatternParser {
    /// Nesting of groups beyond this is refused, so that recursion stays shallow.
    private static let deepest = 32
    /// The largest count in `{m,n}`.
    private static let mostRepeats = 255
    /// Pairs which Oniguruma also matches with one ligature or sharp s when case is ignored.
    private static let multipleFolds: Set<[UInt32]> = [
        [0x66, 0x66], [0x66, 0x69], [0x66, 0x6C], [0x73, 0x73], [0x73, 0x74],
    ]

    private let pattern: String
    private let scalars: [Unicode.Scalar]
    private var at = 0
    private var depth = 0

    init(_ pattern: String) {
        self.pattern = pattern
        scalars = Array(pattern.unicodeScalars)
    }

    /// The tree of the whole pattern.
    mutating func parse() throws(TokenizerError) -> SplitPattern {
        let tree = try alternatives(ignoringCase: false)
        if at < scalars.count { throw unsupported("an unmatched ')'") }
        return tree
    }

    private var next: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

    private func unsupported(_ construct: String, at place: Int? = nil) -> TokenizerError {
        let offset = scalars[..<min(place ?? at, scalars.count)].reduce(0) { $0 + UTF8.width($1) }
        return .unsupportedPattern(construct: construct, offset: offset, pattern: pattern)
    }

    private mutating func accept(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard scalars[at...].starts(with: wanted) else { return false }
        at += wanted.count
        return true
    }

    private mutating func alternatives(ignoringCase: Bool) throws(TokenizerError) -> SplitPattern {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.deepest { throw unsupported("nesting of more than \(Self.deepest) groups") }
        var parts = [try sequence(ignoringCase: ignoringCase)]
        while accept("|") { parts.append(try sequence(ignoringCase: ignoringCase)) }
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence(ignoringCase: Bool) throws(TokenizerError) -> SplitPattern {
        var parts: [SplitPattern] = []
        var previousLiteral: UInt32?
        while let character = next, character != "|", character != ")" {
            let start = at
            let (atom, literal) = try atom(ignoringCase: ignoringCase)
            if ignoringCase, let literal, let previousLiteral,
                Self.multipleFolds.contains([previousLiteral | 0x20, literal | 0x20])
            {
                throw unsupported("a pair of letters with a ligature, its case ignored,", at: start)
            }
            previousLiteral = literal
            parts.append(try quantified(atom))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    /// One atom, and the code point it is if it is a plain character.
    private mutating func atom(ignoringCase: Bool) throws(TokenizerError) -> (SplitPattern, literal: UInt32?) {
        let start = at
        guard let character = next else { throw unsupported("an unfinished pattern") }
        switch character {
        case "(": return (try group(ignoringCase: ignoringCase), nil)
        case "[": return (.set(try bracket(ignoringCase: ignoringCase)), nil)
        case ".":
            at += 1
            var set = CodePointSet(0x0A)
            set.negate()
            return (.set(set), nil)
        case "\\":
            switch try escape() {
            case .properties(let properties, let negated):
                if ignoringCase { throw unsupported("a property, its case ignored,", at: start) }
                return (.set(CodePointSet(properties, negated: negated)), nil)
            case .point(let point):
                return (.set(try single(point, ignoringCase: ignoringCase, at: start)), point)
            }
        case "^", "$", "*", "+", "?", "{", "}", "]": throw unsupported("'\(character)'")
        default:
            at += 1
            return (.set(try single(character.value, ignoringCase: ignoringCase, at: start)), character.value)
        }
    }

    private func single(_ point: UInt32, ignoringCase: Bool, at start: Int) throws(TokenizerError) -> CodePointSet {
        var set = CodePointSet(point)
        if ignoringCase {
            if point >= 128 { throw unsupported("a character beyond ASCII, its case ignored,", at: start) }
            set.closeOverCase()
        }
        return set
    }

    private mutating func group(ignoringCase: Bool) throws(TokenizerError) -> SplitPattern {
        let start = at
        var ignoringCase = ignoringCase
        var looksAhead: Bool?
        if accept("(?i:") {
            ignoringCase = true
        } else if accept("(?:") {
        } else if accept("(?=") {
            looksAhead = true
        } else if accept("(?!") {
            looksAhead = false
        } else if accept("(?") || accept("(*") {
            throw unsupported("this kind of group", at: start)
        } else {
            at += 1
        }
        let body = try alternatives(ignoringCase: ignoringCase)
        guard accept(")") else { throw unsupported("an unclosed group", at: start) }
        guard let looksAhead else { return body }
        guard case .set(let set) = body else {
            throw unsupported("looking ahead by more than one character", at: start)
        }
        return .lookahead(set, negated: !looksAhead)
    }

    private mutating func quantified(_ atom: SplitPattern) throws(TokenizerError) -> SplitPattern {
        let start = at
        var least = 0
        var most: Int?
        var isInterval = false
        if accept("?") {
            most = 1
        } else if accept("+") {
            least = 1
        } else if accept("*") {
        } else if next == "{" {
            (least, most) = try interval()
            isInterval = true
        } else {
            return atom
        }
        if case .lookahead = atom { throw unsupported("a repeated lookahead", at: start) }
        let isPlus = accept("+")
        if !isPlus, next == "?" { throw unsupported("a quantifier that takes as little as possible", at: start) }
        if let next, "?*+{".unicodeScalars.contains(next) {
            throw unsupported("a quantifier of a quantifier", at: start)
        }
        if atom.isNullable { throw unsupported("a repeated group that can be empty", at: start) }
        // To Oniguruma, `{m,n}+` is not possessive: it repeats the repetition.
        guard isPlus, isInterval else {
            return try checked(.repetition(atom, least: least, most: most, possessive: isPlus), at: start)
        }
        if least == 0 { throw unsupported("a repeated group that can be empty", at: start) }
        let inner = SplitPattern.repetition(atom, least: least, most: most, possessive: false)
        return .repetition(inner, least: 1, most: nil, possessive: false)
    }

    private func checked(_ repetition: SplitPattern, at start: Int) throws(TokenizerError) -> SplitPattern {
        guard case .repetition(let atom, _, _, possessive: true) = repetition else { return repetition }
        // Without choices inside, giving nothing back is a matter of one instruction.
        guard case .set = atom else { throw unsupported("a possessive quantifier of a group", at: start) }
        return repetition
    }

    private mutating func interval() throws(TokenizerError) -> (Int, Int?) {
        let start = at
        at += 1
        let least = number()
        var most = least
        if accept(",") { most = number() }
        guard accept("}"), let least else { throw unsupported("this interval", at: start) }
        guard least <= Self.mostRepeats, (most ?? 0) <= Self.mostRepeats, least <= most ?? least, most != 0 else {
            throw unsupported("an interval outside 1 to \(Self.mostRepeats)", at: start)
        }
        return (least, most)
    }

    private mutating func number() -> Int? {
        var digits = ""
        while let digit = next, ("0"..."9").contains(digit), digits.count < 6 {
            digits.unicodeScalars.append(digit)
            at += 1
        }
        return Int(digits)
    }
}

// MARK: - Classes and escapes

extension SplitPatternParser {
    private enum Escape {
        case point(UInt32)
        case properties(UnicodeProperties, negated: Bool)
    }

    private mutating func escape() throws(TokenizerError) -> Escape {
        let start = at
        at += 1
        guard let character = next else { throw unsupported("an unfinished escape", at: start) }
        at += 1
        switch character {
        case "r": return .point(0x0D)
        case "n": return .point(0x0A)
        case "t": return .point(0x09)
        case "f": return .point(0x0C)
        case "s": return .properties(.space, negated: false)
        case "S": return .properties(.space, negated: true)
        case "p", "P":
            let isNegated = character == "P"
            if accept("{L}") { return .properties(.letter, negated: isNegated) }
            if accept("{N}") { return .properties(.number, negated: isNegated) }
            throw unsupported("a property other than L and N", at: start)
        default:
            let isPunctuation = character.isASCII && character.value > 0x20 && !character.properties.isAlphabetic
            // `\\<`, `\\>`, `\\'` and a backquote are anchors in some dialects.
            guard isPunctuation, !"0123456789_<>'`".unicodeScalars.contains(character) else {
                throw unsupported("'\\\(character)'", at: start)
            }
            return .point(character.value)
        }
    }

    private mutating func bracket(ignoringCase: Bool) throws(TokenizerError) -> CodePointSet {
        let start = at
        at += 1
        let isNegated = accept("^")
        var set = CodePointSet()
        var isEmpty = true
        while !accept("]") {
            guard let character = next else { throw unsupported("an unclosed '['", at: start) }
            let place = at
            if character == "[" || scalars[at...].starts(with: "&&".unicodeScalars) {
                throw unsupported("a class in a class", at: place)
            }
            isEmpty = false
            guard let lower = try member(&set) else {
                if ignoringCase { throw unsupported("a property, its case ignored,", at: place) }
                if next == "-", at + 1 < scalars.count, scalars[at + 1] != "]" { throw unsupported("this range") }
                continue
            }
            var upper = lower
            if next == "-", at + 1 < scalars.count, scalars[at + 1] != "]" {
                at += 1
                if next == "[" { throw unsupported("a class in a class") }
                var unused = CodePointSet()
                guard let end = try member(&unused), end >= lower else { throw unsupported("this range", at: place) }
                upper = end
            } else if character == "-", place != start + (isNegated ? 2 : 1), next != "]" {
                throw unsupported("a '-' inside a class", at: place)
            }
            if ignoringCase, upper >= 128 {
                throw unsupported("a character beyond ASCII, its case ignored,", at: place)
            }
            set.insert(lower...upper)
        }
        if isEmpty { throw unsupported("an empty class", at: start) }
        if ignoringCase { set.closeOverCase() }
        if isNegated { set.negate() }
        return set
    }

    /// One code point of a class; `nil` if it is a property, which is then added to `set`.
    private mutating func member(_ set: inout CodePointSet) throws(TokenizerError) -> UInt32? {
        guard let character = next else { throw unsupported("an unclosed '['") }
        guard character == "\\" else {
            at += 1
            return character.value
        }
        switch try escape() {
        case .point(let point): return point
        case .properties(let properties, let negated):
            set.insert(properties, negated: negated)
            return nil
        }
    }
}
