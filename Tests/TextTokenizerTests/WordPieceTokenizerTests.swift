import Foundation
import StrictJSON
import TestSupport
import Testing

@testable import TextTokenizer

@Suite struct WordPieceTokenizerTests {
    private static let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    private static let words = [
        "hello", "hel", "##lo", "##l", "the", "quick", "##ick", "##ing", "th", "##ing##", "no", "cafe", "привет",
        "##вет",
        "при", "the##", "##'", "12", "##34", "...", "한국어".decomposedStringWithCanonicalMapping,
    ]
    /// Every letter, number and punctuation mark, alone and as a continuation.
    private static let characters: [String] = (UInt32(0x21)..<0x3_0000).compactMap(Unicode.Scalar.init).filter {
        !UnicodeProperties.of($0.value).isDisjoint(with: [.letter, .number, .word, .punctuation])
    }.flatMap { [String($0), "##\($0)"] }

    private func vocabulary(_ tokens: [String]) -> [UInt8] {
        var seen: Set<[UInt8]> = []
        return Array(tokens.filter { seen.insert(Array($0.utf8)).inserted }.joined(separator: "\n").utf8) + [0x0A]
    }

    @Test(
        .enabled(if: PeerPython.has("tokenizers"), "MMADA_PEERS_PYTHON names no Python with tokenizers"),
        arguments: [true, false])
    func `random texts and every code point give what the library gives`(hasCharacters: Bool) throws {
        let ascii = (UInt8(0x21)...0x7E).map { String(UnicodeScalar($0)) }
        let known = Self.special + Self.words + (hasCharacters ? Self.characters : ascii + ["##a", "##e", "##o"])
        let file = vocabulary(known)
        var generator = TextGenerator(seed: hasCharacters ? 31 : 32)
        let texts =
            (0..<6000).map { _ in generator.next() } + everyScalar()
            + [99, 100, 101].map { String(repeating: "a", count: $0) } + [String(repeating: "hello ", count: 1000)]
        let reply = try libraryIDs("bert", files: ["vocab.txt": file], order: ["vocab.txt"], texts: texts)
        let tokenizer = try WordPieceTokenizer(vocabulary: file)
        try expectEqual(texts, reply, "vocab.txt of \(known.count) tokens") { tokenizer.encode($0) }
    }

    @Test(arguments: [
        ("Hello, HÉLLO", ["hello", ",", "hello"]), ("quicking", ["quick", "##ing"]), ("helloing", ["hello", "##ing"]),
        ("hel\u{0}lo", ["hello"]), ("日本", ["[UNK]", "[UNK]"]), ("zzz no", ["[UNK]", "no"]),
        ("hellolo", ["hello", "##lo"]),
        ("the\u{301} \u{200B}no", ["the", "no"]), ("[SEP]", ["[", "[UNK]", "]"]), ("nono", ["[UNK]"]), ("", []),
    ])
    func `words are cut into the longest pieces`(text: String, expected: [String]) throws {
        let tokens = Self.special + ["hel", "##lo", ",", "quick", "##ing", "hello", "no", "the", "[", "]"]
        let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary(tokens))
        #expect(tokenizer.encode(text).dropFirst().dropLast().map { tokens[Int($0)] } == expected)
    }

    @Test func `a long text is cut, and still ends`() throws {
        let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary(Self.special + ["no"]))
        let ids = tokenizer.encode(String(repeating: "no ", count: 99), limit: 35)
        #expect(ids == [2] + [Int32](repeating: 4, count: 33) + [3])
        #expect(tokenizer.encode("no no", limit: 3) == [2, 4, 3])
    }

    @Test func `files that are no vocabulary are typed errors`() throws {
        #expect(throws: TokenizerError.missingToken("[CLS]")) { try WordPieceTokenizer(vocabulary: []) }
        #expect(throws: TokenizerError.notText(file: "vocab.txt")) { try WordPieceTokenizer(vocabulary: [0xC0]) }
        #expect(throws: TokenizerError.repeatedToken(file: "vocab.txt", token: "a")) {
            try WordPieceTokenizer(vocabulary: Array("a\nb\na\n".utf8))
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: "mmada-none-\(UUID().uuidString)")
        #expect(throws: TokenizerError.self) { try WordPieceTokenizer(directory: folder) }
    }
}
