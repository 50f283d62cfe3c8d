public import Foundation

/// Text to the token ids of an uncased BERT (arXiv 1810.04805): words without case and accents, cut into the longest
/// pieces that the vocabulary has.
///
/// Ids are those of the `tokenizers` library, with one difference: the strings of special tokens are text like any other.
public struct WordPieceTokenizer: Sendable {
    /// Words of more code points are unknown.
    private static let longestWord = 100
    private static let mostBytes = 1 << 26

    /// The ids that begin and end every text, and that fill it up.
    public let startToken, endToken, padToken: Int32
    private let unknownToken: Int32
    private let tokens: TokenTable
    /// Bytes of the longest token.
    private let longestToken: Int

    /// One more than the highest id.
    public var count: Int { tokens.count }

    /// Reads `vocab.txt` from a directory.
    ///
    /// - Throws: ``TokenizerError`` if it cannot be read or is not a vocabulary of BERT.
    public init(directory: URL) throws(TokenizerError) {
        try self.init(vocabulary: Tokenizer.read(directory.appending(path: "vocab.txt")))
    }

    /// Reads the contents of `vocab.txt`: one token a line, the first being number 0.
    ///
    /// - Throws: ``TokenizerError`` if they are not a vocabulary of BERT.
    public init(vocabulary: [UInt8]) throws(TokenizerError) {
        guard vocabulary.count <= Self.mostBytes else {
            throw .tooLarge(field: "vocab.txt", limit: Self.mostBytes, found: vocabulary.count)
        }
        guard let text = String(validating: vocabulary, as: UTF8.self) else { throw .notText(file: "vocab.txt") }
        var lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        var seen: Set<[UInt8]> = []
        var names: [[UInt8]?] = []
        for line in lines {
            let end = line.lastIndex { $0 > 0x20 }.map { $0 + 1 } ?? 0
            let name = Array(line[..<end])
            names.append(name.isEmpty ? nil : name)
            guard name.isEmpty || seen.insert(name).inserted else {
                throw .repeatedToken(file: "vocab.txt", token: String(decoding: name, as: UTF8.self))
            }
        }
        let tokens = TokenTable(names)
        func find(_ name: String) throws(TokenizerError) -> Int32 {
            guard let id = tokens.id(of: Array(name.utf8)) else { throw .missingToken(name) }
            return id
        }
        startToken = try find("[CLS]")
        endToken = try find("[SEP]")
        padToken = try find("[PAD]")
        unknownToken = try find("[UNK]")
        longestToken = names.reduce(0) { max($0, $1?.count ?? 0) }
        self.tokens = tokens
    }

    /// The ids of `text`, between the start and the end token.
    ///
    /// `limit`: How many there may be, at least 2; the words are cut, never the end token.
    public func encode(_ text: String, limit: Int = .max) -> [Int32] {
        var ids = [startToken]
        var word: [UInt32] = []
        for point in Self.normalized(text) {
            let properties = UnicodeProperties.of(point)
            let isPunctuation = properties.contains(.punctuation)
            if isPunctuation || properties.contains(.space) {
                append(word, to: &ids)
                word.removeAll(keepingCapacity: true)
                if isPunctuation { append([point], to: &ids) }
            } else {
                word.append(point)
            }
            if ids.count >= limit { break }
        }
        append(word, to: &ids)
        return ids.prefix(max(1, limit - 1)) + [endToken]
    }

    /// Without control characters, ideographs set apart, without accents, in lower case.
    private static func normalized(_ text: String) -> [UInt32] {
        var clean: [UInt8] = []
        for scalar in text.unicodeScalars {
            let point = scalar.value
            let properties = UnicodeProperties.of(point)
            if properties.contains(.removed) { continue }
            if properties.contains(.space) {
                clean.append(0x20)
            } else if isIdeograph(point) {
                clean.append(0x20)
                Normalizer.append(point, to: &clean)
                clean.append(0x20)
            } else {
                Normalizer.append(point, to: &clean)
            }
        }
        let decomposed = clean.withUnsafeBufferPointer { Normalizer.decomposed($0, in: 0..<$0.count) }
        var normalized: [UInt32] = []
        normalized.reserveCapacity(decomposed.count)
        for point in decomposed where !UnicodeProperties.of(point).contains(.accent) {
            LowerCase.of(point) { normalized.append($0) }
        }
        return normalized
    }

    /// Whether the code point is a word by itself: the blocks that BERT lists, one of them as the library has it.
    private static func isIdeograph(_ point: UInt32) -> Bool {
        switch point {
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x2_0000...0x2_A6DF, 0x2_A700...0x2_B81F,
            0x2_B920...0x2_CEAF, 0x2_F800...0x2_FA1F:
            true
        default: false
        }
    }

    private func append(_ word: [UInt32], to ids: inout [Int32]) {
        guard !word.isEmpty else { return }
        var pieces: [Int32] = []
        var start = 0
        while start < word.count {
            guard word.count <= Self.longestWord, let (id, end) = longest(word, from: start) else {
                ids.append(unknownToken)
                return
            }
            pieces.append(id)
            start = end
        }
        ids += pieces
    }

    /// The longest token that `word` goes on with, and where it ends.
    private func longest(_ word: [UInt32], from start: Int) -> (id: Int32, end: Int)? {
        var text = start == 0 ? [] : Array("##".utf8)
        var found: (id: Int32, end: Int)?
        for index in start..<word.count {
            Normalizer.append(word[index], to: &text)
            if text.count > longestToken { break }
            if let id = tokens.id(of: text) { found = (id, index + 1) }
        }
        return found
    }
}
