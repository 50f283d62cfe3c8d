public import Foundation
import StrictJSON

/// Text to the token ids of CLIP (arXiv 2103.00020, §2.4): byte-pair encoding of lower-cased words.
///
/// Ids are those of the `tokenizers` library with the file that Hugging Face publishes, with one difference: the strings of
/// the two special tokens are text like any other.
public struct CLIPTokenizer: Sendable {
    /// Tokens of a text at most, the two around it included.
    public static let longest = 77
    /// What stands behind the last byte of a word in the vocabulary.
    private static let suffix = "</w>"
    private static let pattern = #"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#
    private static let specialPattern = #"<\|startoftext\|>|<\|endoftext\|>|"# + pattern

    /// The ids that begin and end every text.
    public let startToken, endToken: Int32
    /// One more than the highest id.
    public let count: Int
    private let model: BytePairModel
    private let scanner: SplitScanner

    /// Reads `tokenizer.json`, or else `vocab.json` and `merges.txt`, from a directory.
    ///
    /// - Throws: ``TokenizerError`` if a file cannot be read, is not valid, or asks for what is not supported.
    public init(directory: URL) throws(TokenizerError) {
        let whole = directory.appending(path: "tokenizer.json")
        if FileManager.default.fileExists(atPath: whole.path) {
            try self.init(json: Tokenizer.read(whole))
        } else {
            try self.init(
                vocabulary: Tokenizer.read(directory.appending(path: "vocab.json")),
                merges: Tokenizer.read(directory.appending(path: "merges.txt")))
        }
    }

    /// Reads the contents of `tokenizer.json`.
    ///
    /// - Throws: ``TokenizerError`` if they are not valid, or those of another tokenizer than CLIP's.
    public init(json: [UInt8]) throws(TokenizerError) {
        let file = TokenizerField(path: "", value: try Self.parse(json, "tokenizer.json"))
        _ = try file.object()
        try Self.checkNormalizer(file.required("normalizer"))
        let pattern = try Self.pattern(file.required("pre_tokenizer"))
        let model = try file.required("model")
        guard try model.required("type").string() == "BPE" else {
            throw try model.unsupported(model.required("type").string())
        }
        guard try model.required("end_of_word_suffix").string() == Self.suffix else {
            throw .unsupported(field: "model.end_of_word_suffix", found: "other than '\(Self.suffix)'")
        }
        for key in ["byte_fallback", "ignore_merges"] where try model.flag(key, default: false) {
            throw .unsupported(field: "model.\(key)", found: "true")
        }
        try self.init(vocabulary: model.required("vocab"), merges: model, pattern: pattern)
    }

    /// Reads the contents of `vocab.json` and `merges.txt`.
    ///
    /// - Throws: ``TokenizerError`` if they are not valid, or do not fit together.
    public init(vocabulary: [UInt8], merges: [UInt8]) throws(TokenizerError) {
        guard let text = String(validating: merges, as: UTF8.self) else { throw .notText(file: "merges.txt") }
        let lines = text.utf8.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).map { line in
            JSONValue.string(JSONString(String(decoding: line, as: UTF8.self)))
        }
        try self.init(
            vocabulary: TokenizerField(path: "vocab.json", value: Self.parse(vocabulary, "vocab.json")),
            merges: TokenizerField(path: "merges.txt", value: .object([("merges", .array(lines))])),
            pattern: Self.pattern)
    }

    private init(
        vocabulary: TokenizerField, merges: TokenizerField, pattern: String
    ) throws(TokenizerError) {
        let names = try TokenizerParts.vocabulary(vocabulary)
        let tokens = TokenTable(names)
        func find(_ name: String) throws(TokenizerError) -> Int32 {
            guard let id = tokens.id(of: Array(name.utf8)) else { throw .missingToken(name) }
            return id
        }
        startToken = try find("<|startoftext|>")
        endToken = try find("<|endoftext|>")
        count = names.count
        model = try BytePairModel(
            merges, vocabulary: tokens, pieces: [], special: [startToken, endToken], suffix: Self.suffix)
        for byte in UInt8.min...UInt8.max {
            let name = String(decoding: ByteAlphabet.token(of: byte), as: UTF8.self)
            _ = try find(name)
            _ = try find(name + Self.suffix)
        }
        if model.canMake(startToken) { throw .reachableSpecialToken("<|startoftext|>") }
        if model.canMake(endToken) { throw .reachableSpecialToken("<|endoftext|>") }
        scanner = try SplitScanner(pattern: pattern)
    }

    /// The ids of `text`, between the start and the end token.
    ///
    /// `limit`: How many there may be, at least 2; the words are cut, never the end token.
    public func encode(_ text: String, limit: Int = longest) -> [Int32] {
        var ids = [startToken]
        Self.normalized(text).withUnsafeBufferPointer { text in
            var scratch = BytePairModel.Scratch()
            scanner.forEachPiece(of: text, in: 0..<text.count) { range in
                // What the pattern does not match is white space, which counts for nothing.
                guard text[range.lowerBound] != 0x20, ids.count < limit else { return }
                model.encode(UnsafeBufferPointer(rebasing: text[range]), scratch: &scratch, into: &ids)
            }
        }
        return ids.prefix(max(1, limit - 1)) + [endToken]
    }

    /// Composed (NFC), each run of white space one space, then in lower case.
    private static func normalized(_ text: String) -> [UInt8] {
        var text = text
        var composed: [UInt8] = []
        text.withUTF8 { Normalizer.composition.append($0, in: 0..<$0.count, to: &composed) }
        var normalized: [UInt8] = []
        normalized.reserveCapacity(composed.count)
        composed.withUnsafeBufferPointer { text in
            var (at, followsSpace) = (0, false)
            while at < text.count {
                let (point, length) = UTF8Reader.scalar(text, at: at, end: text.count)
                at += length
                let isSpace = UnicodeProperties.of(point).contains(.space)
                if !isSpace {
                    LowerCase.of(point) { Normalizer.append($0, to: &normalized) }
                } else if !followsSpace {
                    normalized.append(0x20)
                }
                followsSpace = isSpace
            }
        }
        return normalized
    }

    // MARK: Reading

    private static func parse(_ bytes: [UInt8], _ file: String) throws(TokenizerError) -> JSONValue {
        do {
            return try JSONValue(parsing: bytes)
        } catch {
            throw .invalidJSON(file: file, reason: error)
        }
    }

    /// The normaliser must be the one that ``normalized(_:)`` is.
    private static func checkNormalizer(_ field: TokenizerField) throws(TokenizerError) {
        let steps = try field.required("normalizers").array()
        var types: [String] = []
        for step in steps { types.append(try step.type()) }
        guard types == ["NFC", "Replace", "Lowercase"] else {
            throw field.unsupported(types.joined(separator: ", "))
        }
        guard try steps[1].required("pattern").optional("Regex")?.string() == #"\s+"#,
            try steps[1].required("content").string() == " "
        else { throw steps[1].unsupported("a replacement of anything but white space") }
    }

    /// The pattern of the words; only those of released files are taken, of which it is known what they leave out.
    private static func pattern(_ field: TokenizerField) throws(TokenizerError) -> String {
        let steps = try field.required("pretokenizers").array()
        var types: [String] = []
        for step in steps { types.append(try step.type()) }
        guard types == ["Split", "ByteLevel"] else { throw field.unsupported(types.joined(separator: ", ")) }
        let (split, bytes) = (steps[0], steps[1])
        guard try split.required("behavior").string() == "Removed", try split.flag("invert", default: false) else {
            throw split.unsupported("a Split that does not keep its matches alone")
        }
        if try bytes.flag("add_prefix_space", default: true) {
            throw bytes.unsupported("ByteLevel with add_prefix_space")
        }
        let pattern = try split.required("pattern").required("Regex").string()
        guard pattern == Self.pattern || pattern == specialPattern else {
            throw split.unsupported("the pattern \(pattern)")
        }
        return pattern
    }
}
