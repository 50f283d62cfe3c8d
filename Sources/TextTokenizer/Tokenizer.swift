public import Foundation

/// Text to token ids and back: byte-level byte-pair encoding, as a Hugging Face `tokenizer.json` describes it.
///
/// Every id equals that of the `tokenizers` library. What a file asks for and this type cannot do is an error when the
/// file is read; after that nothing fails.
public struct Tokenizer: Sendable {
    private let parts: TokenizerParts
    /// The ids that tokenizer_config.json names for the begin, the end and the padding of a text, if it does.
    public let beginToken, endToken, padToken: Int32?

    /// Reads `tokenizer.json` and, if there is one, `tokenizer_config.json` from a directory.
    ///
    /// - Throws: ``TokenizerError`` if a file cannot be read, is not valid, or asks for what is not supported.
    public init(directory: URL) throws(TokenizerError) {
        let configuration = directory.appending(path: "tokenizer_config.json")
        let hasConfiguration = FileManager.default.fileExists(atPath: configuration.path)
        try self.init(
            json: Self.read(directory.appending(path: "tokenizer.json")),
            configuration: hasConfiguration ? Self.read(configuration) : nil)
    }

    /// Reads the contents of `tokenizer.json` and of `tokenizer_config.json`.
    ///
    /// - Throws: ``TokenizerError`` if they are not valid, or ask for what is not supported.
    public init(json: [UInt8], configuration: [UInt8]? = nil) throws(TokenizerError) {
        let parts = try TokenizerParts(parsing: json)
        let names = try configuration.map(SpecialTokenNames.init(parsing:)) ?? SpecialTokenNames()
        func find(_ name: String?) throws(TokenizerError) -> Int32? {
            guard let name else { return nil }
            guard let id = parts.tokens.id(of: Array(name.utf8)) else { throw .missingToken(name) }
            return id
        }
        beginToken = try find(names.begin)
        endToken = try find(names.end)
        padToken = try find(names.pad)
        self.parts = parts
    }

    /// The number of tokens, added ones included: one more than the highest id.
    public var count: Int { parts.tokens.count }

    /// The ids of `text`, in which the strings of added tokens, special ones too, count as those tokens.
    ///
    /// For text from outside use ``encodeOrdinary(_:)``.
    ///
    /// - Parameters:
    ///   - text: Any text.
    ///   - addingSpecialTokens: Whether to add what the file's post-processor adds, such as a begin token.
    /// - Returns: The ids, none for an empty text unless something is added.
    public func encode(_ text: String, addingSpecialTokens: Bool = true) -> [Int32] {
        let ids = encode(text, recognizingAddedTokens: true)
        guard addingSpecialTokens, let template = parts.template else { return ids }
        return template.flatMap { part in
            switch part {
            case .text: ids
            case .tokens(let tokens): tokens
            }
        }
    }

    /// The ids of `text` as plain text: whatever it holds, no id is that of a special token.
    ///
    /// The string of an added token is encoded like any other, and the post-processor adds nothing.
    public func encodeOrdinary(_ text: String) -> [Int32] {
        encode(text, recognizingAddedTokens: false)
    }

    /// The text of `ids`; bytes that are not UTF-8 become U+FFFD, and ids without a token are left out.
    public func decode(_ ids: some Sequence<Int32>, skippingSpecialTokens: Bool = true) -> String {
        var bytes: [UInt8] = []
        for id in ids where !(skippingSpecialTokens && isSpecial(id)) { bytes.append(contentsOf: self.bytes(of: id)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The id of a token, written as in the vocabulary, where `Ġ` stands for a space.
    public func id(of token: String) -> Int32? { parts.tokens.id(of: Array(token.utf8)) }

    /// The token of an id, written as in the vocabulary.
    public func token(of id: Int32) -> String? {
        parts.tokens[Int(id)].map { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether the id is that of an added token which the file calls special.
    public func isSpecial(_ id: Int32) -> Bool { parts.specialTokens.contains(id) }

    /// The bytes that a token stands for; none if there is no such token.
    func bytes(of id: Int32) -> ArraySlice<UInt8> { parts.texts[Int(id)] ?? [] }

    /// The added token of an id.
    func addedToken(_ id: Int32) -> AddedToken? { parts.addedTokens[id] }
}

extension Tokenizer {
    private func encode(_ text: String, recognizingAddedTokens: Bool) -> [Int32] {
        var text = text
        return text.withUTF8 { bytes in
            var segments: [Segment] = []
            if recognizingAddedTokens {
                parts.rawMatcher.split(bytes, in: 0..<bytes.count, into: &segments)
            } else if !bytes.isEmpty {
                segments = [.text(0..<bytes.count)]
            }
            let isFinal =
                parts.preTokenizer.keepsBytes
                && segments.allSatisfy { segment in
                    guard case .text(let range) = segment else { return true }
                    return parts.normalizer.leavesAlone(bytes, in: range)
                }
            if isFinal {
                if recognizingAddedTokens { segments = recognizeNormalized(bytes, segments) }
                return encode(segments, of: bytes)
            }
            var normalized = normalize(bytes, &segments)
            if recognizingAddedTokens {
                segments = normalized.withUnsafeBufferPointer { recognizeNormalized($0, segments) }
            }
            parts.preTokenizer.rewrite(&normalized, &segments)
            return normalized.withUnsafeBufferPointer { encode(segments, of: $0) }
        }
    }

    private func normalize(_ text: UnsafeBufferPointer<UInt8>, _ segments: inout [Segment]) -> [UInt8] {
        var normalized: [UInt8] = []
        normalized.reserveCapacity(text.count)
        for index in segments.indices {
            guard case .text(let range) = segments[index] else { continue }
            let start = normalized.count
            parts.normalizer.append(text, in: range, to: &normalized)
            segments[index] = .text(start..<normalized.count)
        }
        return normalized
    }

    private func recognizeNormalized(_ text: UnsafeBufferPointer<UInt8>, _ segments: [Segment]) -> [Segment] {
        var result: [Segment] = []
        for segment in segments {
            guard case .text(let range) = segment else {
                result.append(segment)
                continue
            }
            parts.normalizedMatcher.split(text, in: range, into: &result)
        }
        return result
    }

    private func encode(_ segments: [Segment], of text: UnsafeBufferPointer<UInt8>) -> [Int32] {
        var encoder = PieceEncoder(model: parts.model, text: text)
        for segment in segments {
            switch segment {
            case .token(let id): encoder.append(id)
            case .text(let range): parts.preTokenizer.forEachPiece(of: text, in: range) { encoder.append($0) }
            }
        }
        return encoder.output
    }

    static func read(_ file: URL) throws(TokenizerError) -> [UInt8] {
        do {
            return [UInt8](try Data(contentsOf: file))
        } catch {
            throw .unreadable(path: file.path, reason: error.localizedDescription)
        }
    }
}
