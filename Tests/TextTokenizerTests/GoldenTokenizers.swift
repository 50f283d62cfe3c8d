import Foundation
import StrictJSON
import TestSupport
import Testing

@testable import TextTokenizer

/// A directory of golden data that holds a tokenizer: any whose name begins with "tokenizer".
struct GoldenTokenizer: Sendable, CustomTestStringConvertible {
    let name: String

    static let all: [GoldenTokenizer] = {
        let names = try? FileManager.default.contentsOfDirectory(atPath: Golden.directory.path)
        return (names ?? []).filter { $0.hasPrefix("tokenizer") }.sorted().map(GoldenTokenizer.init)
    }()
    static let withChat = all.filter {
        FileManager.default.fileExists(atPath: Golden.file("\($0.name)/chat.json").path)
    }

    var testDescription: String { name }
    var json: [UInt8] { get throws { try Golden.bytes("\(name)/tokenizer.json") } }

    func tokenizer() throws -> Tokenizer { try Tokenizer(directory: Golden.file(name)) }
    func value(_ file: String) throws -> JSONValue { try JSONValue(parsing: try Golden.bytes("\(name)/\(file)")) }

    /// The tokenizer with members of tokenizer.json replaced, given as JSON.
    func variant(_ members: [String: String]) throws -> [UInt8] {
        guard case .object(var object) = try JSONValue(parsing: try json) else { return [] }
        for (key, text) in members {
            let value = try JSONValue(parsing: Array(text.utf8))
            object = object.map { $0.key.string == key ? ($0.key, value) : $0 }
        }
        return JSONValue.object(object).serialized()
    }
}

extension JSONValue {
    /// The ids of an array of integers.
    var ids: [Int32]? { arrayValue?.compactMap { $0.intValue.map(Int32.init) } }
}

/// Strings made of what tokenizers trip over.
struct TextGenerator {
    private static let snippets = [
        "'s", "'S", "'\u{17F}", "'ll", "'RE", "'ve", "'d", "'", " ", "  ", "   ", "\n", "\r\n", "\n\n", "\t", "\u{A0}",
        "\u{3000}",
        "\u{85}", "\u{2028}", "\u{180E}", "\u{200B}", "\u{FEFF}", "hello", "The", " quick", "ing", "0", "12", "3456",
        "²", "Ⅷ", "٣",
        "½", "!", "?!", "...", "```", "</", "_", "__", "-", "é", "e\u{301}", "e\u{301}\u{323}", "e\u{323}\u{301}", "ñ",
        "n\u{303}",
        "\u{1100}\u{1161}", "\u{1100}\u{1161}\u{11A8}", "각", "한국어", "你好", "日本", "カタカナ", "ﬁ", "ß", "ẞ", "İ", "ǅ",
        "\u{212A}", "\u{2126}", "\u{1F71}", "ᾳ", "😀", "👩‍👩‍👧", "🇩🇪", "\u{0}", "\u{1F}", "\u{7F}", "\u{FFFD}", "\u{FFFF}",
        "\u{10FFFF}", "\u{E000}", "\u{958}\u{95C}", "\u{F73}\u{F71}", "\u{344}", "\u{340}", "\u{1D15E}", "нет",
        "Привет", "שלום",
        "مرحبا", "ไทย", "हिन्दी", "\u{94D}", "\u{200D}", "<|startoftext|>", "<|endoftext|>", "<|mdm_mask|>", "<|eot_id|>",
        "<|start_header_id|>", "<|begin_of_text|>", "<|end_", "header_id|>", "[CLS]", "<role>", "</role>", "<think>",
        "<", "|", ">",
    ]
    private static let blocks: [ClosedRange<UInt32>] = [
        0x0...0x7F, 0x20...0x7E, 0x80...0xFF, 0x100...0x24F, 0x300...0x36F, 0x370...0x5FF, 0x600...0x8FF, 0x900...0xFFF,
        0x1000...0x1FFF, 0x2000...0x206F, 0x2070...0x2FFF, 0x3000...0x30FF, 0x4E00...0x9FFF, 0xA000...0xD7FF,
        0xE000...0xFFFF,
        0x1_0000...0x1_FFFF, 0x2_0000...0x3_FFFF, 0xE_0000...0x10_FFFF,
    ]

    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func next() -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...14, using: &random) {
            let snippet =
                if Int.random(in: 0..<3, using: &random) > 0 {
                    Self.snippets.randomElement(using: &random) ?? ""
                } else {
                    String(
                        String.UnicodeScalarView(
                            (0..<Int.random(in: 1...4, using: &random)).compactMap { _ in scalar() }))
                }
            for _ in 0..<(Int.random(in: 0..<8, using: &random) == 0 ? 3 : 1) { text += snippet }
        }
        return text
    }

    private mutating func scalar() -> Unicode.Scalar? {
        Self.blocks.randomElement(using: &random).flatMap { Unicode.Scalar(UInt32.random(in: $0, using: &random)) }
    }
}
