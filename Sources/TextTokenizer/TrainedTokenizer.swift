public import Foundation
import StrictJSON

/// A tokenizer that ``BytePairTrainer`` made, as the files of a Hugging Face model folder.
public struct TrainedTokenizer: Sendable {
    /// The special tokens of the MMaDA family in the order of their ids, which follow those of the vocabulary.
    static let specialTokens: [String] =
        [begin, end, classification, generationMask]
        + (0..<12).map { "<|reserved_token_\($0)|>" } + [mask]
        + (12..<15).map { "<|reserved_token_\($0)|>" }
        + ["<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]

    /// The pattern of the family that cuts text into pieces.
    static let splitPattern =
        #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]"#
        + #"|\s+(?!\S)|\s+"#

    /// The Jinja form of ``ChatTemplate/mmada``.
    static let chatTemplate =
        "{% set loop_messages = messages %}{% for message in loop_messages %}"
        + "{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n'"
        + "+ message['content'] | trim + '<|eot_id|>' %}"
        + "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}"
        + "{{ content }}{% endfor %}{{ '<|start_header_id|>assistant<|end_header_id|>\n' }}"

    private static let begin = "<|startoftext|>"
    private static let end = "<|endoftext|>"
    private static let classification = "[CLS]"
    private static let generationMask = "[gMASK]"
    private static let mask = "<|mdm_mask|>"

    /// The number of tokens, added ones included.
    public let count: Int
    /// The id of `<|mdm_mask|>`, which the model's configuration must name.
    public let maskTokenID: Int
    /// The contents of `tokenizer.json`.
    public let json: [UInt8]
    /// The contents of `tokenizer_config.json`.
    public let configuration: [UInt8]
    /// The contents of `special_tokens_map.json`.
    public let specialTokensMap: [UInt8]

    /// The files for tokens of those bytes, joined by those merges.
    init(texts: [[UInt8]], merges: [(left: Int32, right: Int32)], extraTokens: [String]) throws(TokenizerError) {
        let names = texts.map { text in
            String(decoding: text.flatMap(ByteAlphabet.token(of:)), as: UTF8.self)
        }
        // Byte for byte: the vocabulary writes bytes as characters, so an extra token can look like one of its own.
        let known = Set(names.map { JSONString($0) })
        for token in extraTokens where known.contains(JSONString(token)) {
            throw .unusableToken(token, reason: "the vocabulary has it already")
        }
        let added = (Self.specialTokens.map { ($0, true) } + extraTokens.map { ($0, false) }).enumerated()
            .map { (id: texts.count + $0, content: $1.0, isSpecial: $1.1) }
        count = texts.count + added.count
        maskTokenID = added.first { $0.content == Self.mask }?.id ?? 0

        let addedTokens = added.map { token in
            JSONValue.object(
                [("id", .integer(Int64(token.id)))] + Self.settings(token.content, isSpecial: token.isSpecial))
        }
        let file: [(key: JSONString, value: JSONValue)] = [
            ("version", .string("1.0")), ("truncation", .null), ("padding", .null),
            ("added_tokens", .array(addedTokens)), ("normalizer", .null), ("pre_tokenizer", Self.preTokenizer),
            ("post_processor", Self.postProcessor), ("decoder", Self.byteLevel(prefix: true, regex: true)),
            ("model", Self.model(names, merges)),
        ]
        json = JSONValue.object(file).serialized()

        let decoder = added.map { token in
            (JSONString(String(token.id)), JSONValue.object(Self.settings(token.content, isSpecial: token.isSpecial)))
        }
        configuration = JSONValue.object(Self.settings(decoder: decoder)).serialized()
        specialTokensMap =
            JSONValue.object([
                ("bos_token", .text(Self.begin)), ("eos_token", .text(Self.end)), ("pad_token", .text(Self.end)),
            ]).serialized()
    }

    /// The tokenizer itself.
    ///
    /// - Throws: ``TokenizerError`` if an extra token makes it one that this package would not read.
    public func tokenizer() throws(TokenizerError) -> Tokenizer {
        try Tokenizer(json: json, configuration: configuration)
    }

    /// Writes the three files into `folder`, which is made if need be.
    ///
    /// - Throws: ``TokenizerError/unwritable(path:reason:)``.
    public func write(to folder: URL) throws(TokenizerError) {
        let files = [
            ("special_tokens_map.json", specialTokensMap), ("tokenizer_config.json", configuration),
            ("tokenizer.json", json),
        ]
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for (name, bytes) in files { try Data(bytes).write(to: folder.appending(path: name), options: .atomic) }
        } catch {
            throw .unwritable(path: folder.path, reason: error.localizedDescription)
        }
    }
}

// MARK: Parts of the files

extension TrainedTokenizer {
    private static let preTokenizer = JSONValue.object([
        ("type", .string("Sequence")),
        (
            "pretokenizers",
            .array([
                .object([
                    ("type", .string("Split")), ("pattern", .object([("Regex", .text(splitPattern))])),
                    ("behavior", .string("Isolated")), ("invert", .bool(false)),
                ]),
                byteLevel(prefix: false, regex: false),
            ])
        ),
    ])

    private static let postProcessor = JSONValue.object([
        ("type", .string("TemplateProcessing")),
        ("single", .array([sequence("A", type: 0)])),
        ("pair", .array([sequence("A", type: 0), sequence("B", type: 1)])),
        ("special_tokens", .object([])),
    ])

    private static func byteLevel(prefix: Bool, regex: Bool) -> JSONValue {
        .object([
            ("type", .string("ByteLevel")), ("add_prefix_space", .bool(prefix)), ("trim_offsets", .bool(true)),
            ("use_regex", .bool(regex)),
        ])
    }

    private static func sequence(_ id: JSONString, type: Int64) -> JSONValue {
        .object([("Sequence", .object([("id", .string(id)), ("type_id", .integer(type))]))])
    }

    private static func model(_ names: [String], _ merges: [(left: Int32, right: Int32)]) -> JSONValue {
        let vocabulary = names.enumerated().map { (JSONString($1), JSONValue.integer(Int64($0))) }
        let pairs = merges.map { JSONValue.text("\(names[Int($0.left)]) \(names[Int($0.right)])") }
        return .object([
            ("type", .string("BPE")), ("dropout", .null), ("unk_token", .null),
            ("continuing_subword_prefix", .null), ("end_of_word_suffix", .null), ("fuse_unk", .bool(false)),
            ("byte_fallback", .bool(false)), ("ignore_merges", .bool(false)),
            ("vocab", .object(vocabulary)), ("merges", .array(pairs)),
        ])
    }

    private static func settings(
        _ content: String, isSpecial: Bool
    ) -> [(key: JSONString, value: JSONValue)] {
        [
            ("content", .text(content)), ("single_word", .bool(false)), ("lstrip", .bool(false)),
            ("rstrip", .bool(false)), ("normalized", .bool(false)), ("special", .bool(isSpecial)),
        ]
    }

    private static func settings(
        decoder: [(key: JSONString, value: JSONValue)]
    ) -> [(key: JSONString, value: JSONValue)] {
        [
            ("add_bos_token", .bool(false)), ("add_eos_token", .bool(false)),
            ("added_tokens_decoder", .object(decoder)), ("bos_token", .text(begin)),
            ("chat_template", .text(chatTemplate)), ("clean_up_tokenization_spaces", .bool(false)),
            ("eos_token", .text(end)), ("fast_tokenizer", .bool(true)),
            ("model_input_names", .array([.string("input_ids"), .string("attention_mask")])),
            // What the Transformers library writes for no limit.
            ("model_max_length", .number(1e30)), ("pad_token", .text(end)),
            ("tokenizer_class", .string("PreTrainedTokenizerFast")), ("trust_remote_code", .bool(true)),
            ("cls_token", .text(classification)), ("gmask_token", .text(generationMask)),
        ]
    }
}

extension JSONValue {
    fileprivate static func text(_ text: String) -> JSONValue { .string(JSONString(text)) }
}
