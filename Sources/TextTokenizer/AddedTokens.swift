/// A token that is looked for in text before the text is cut and merged.
struct AddedToken: Hashable, Sendable {
    let id: Int32
    let content: [UInt8]
    let isSpecial: Bool
    /// Looked for in normalised text.
    let isNormalized: Bool
    /// Takes the white space before it, after it.
    let stripsLeft, stripsRight: Bool
    /// Not recognised next to a word character.
    let isSingleWord: Bool
}

/// A stretch of text, or a token recognised in it.
enum Segment: Hashable, Sendable {
    case text(Range<Int>)
    case token(Int32)
}

/// Finds added tokens: at each place from the left the longest one, as the `tokenizers` library does.
struct AddedTokenMatcher: Sendable {
    /// Longer tokens are refused: each place of a text may be compared with a whole token.
    static let longest = 1024

    private struct Node: Sendable {
        let byte: UInt8
        var firstChild: Int32 = -1
        var sibling: Int32 = -1
        var token: Int32 = -1
    }

    private var nodes = [Node(byte: 0)]
    private var tokens: [AddedToken] = []
    private var startsToken = [Bool](repeating: false, count: 256)

    /// A matcher of `tokens`, each with the bytes to look for; of equal bytes the first counts.
    init(_ tokens: [(token: AddedToken, pattern: [UInt8])]) {
        for (token, pattern) in tokens {
            guard let first = pattern.first else { continue }
            startsToken[Int(first)] = true
            var node = 0
            for byte in pattern { node = child(of: node, byte) ?? addChild(to: node, byte) }
            guard nodes[node].token < 0 else { continue }
            nodes[node].token = Int32(self.tokens.count)
            self.tokens.append(token)
        }
    }

    /// Cuts `text[range]` at its added tokens.
    func split(_ text: UnsafeBufferPointer<UInt8>, in range: Range<Int>, into segments: inout [Segment]) {
        var textStart = range.lowerBound
        var at = range.lowerBound
        while !tokens.isEmpty, at < range.upperBound {
            guard startsToken[Int(text[at])], let (token, end) = longest(text, at, range.upperBound) else {
                at += 1
                continue
            }
            var (tokenStart, tokenEnd) = (at, end)
            at = end
            if token.isSingleWord, !isApart(text, tokenStart, tokenEnd, range) { continue }
            if token.stripsLeft {
                tokenStart = max(Self.spaceStart(text, before: tokenStart, start: range.lowerBound), textStart)
            }
            if token.stripsRight { tokenEnd = Self.spaceEnd(text, from: tokenEnd, end: range.upperBound) }
            if textStart < tokenStart { segments.append(.text(textStart..<tokenStart)) }
            segments.append(.token(token.id))
            textStart = tokenEnd
        }
        if textStart < range.upperBound { segments.append(.text(textStart..<range.upperBound)) }
    }

    /// Where the white space that ends before `at` starts.
    static func spaceStart(_ text: UnsafeBufferPointer<UInt8>, before at: Int, start: Int) -> Int {
        var at = at
        while at > start {
            let previous = UTF8Reader.previous(text, before: at, start: start)
            guard properties(text, previous, at).contains(.space) else { break }
            at = previous
        }
        return at
    }

    /// Where the white space that starts at `at` ends.
    static func spaceEnd(_ text: UnsafeBufferPointer<UInt8>, from at: Int, end: Int) -> Int {
        var at = at
        while at < end, properties(text, at, end).contains(.space) {
            at += UTF8Reader.scalar(text, at: at, end: end).length
        }
        return at
    }

    private static func properties(_ text: UnsafeBufferPointer<UInt8>, _ at: Int, _ end: Int) -> UnicodeProperties {
        UnicodeProperties.of(UTF8Reader.scalar(text, at: at, end: end).point)
    }

    private func isApart(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int, _ range: Range<Int>) -> Bool {
        if start > range.lowerBound {
            let previous = UTF8Reader.previous(text, before: start, start: range.lowerBound)
            if Self.properties(text, previous, start).contains(.word) { return false }
        }
        return end == range.upperBound || !Self.properties(text, end, range.upperBound).contains(.word)
    }

    private func longest(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> (AddedToken, Int)? {
        var found: (AddedToken, Int)?
        var (node, at) = (0, start)
        while at < end, let next = child(of: node, text[at]) {
            (node, at) = (next, at + 1)
            if nodes[node].token >= 0 { found = (tokens[Int(nodes[node].token)], at) }
        }
        return found
    }

    private func child(of node: Int, _ byte: UInt8) -> Int? {
        var child = nodes[node].firstChild
        while child >= 0 {
            if nodes[Int(child)].byte == byte { return Int(child) }
            child = nodes[Int(child)].sibling
        }
        return nil
    }

    private mutating func addChild(to node: Int, _ byte: UInt8) -> Int {
        nodes.append(Node(byte: byte, sibling: nodes[node].firstChild))
        nodes[node].firstChild = Int32(nodes.count - 1)
        return nodes.count - 1
    }
}
