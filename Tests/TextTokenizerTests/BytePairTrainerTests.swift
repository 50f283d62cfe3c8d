import Foundation
import StrictJSON
import TestSupport
import Testing

@testable import TextTokenizer

@Suite struct BytePairTrainerTests {
    static let words = [
        "a", "red", "circle", "left", "of", "the", "blue", "square", "two", "triangles", "There", "is", "it's", "we'll",
        "12", "345", "naïve", "日本語", "кот", "😀", "aaaa", "aaaaaaa", "banana", "...", "?!", "(x)", "\n", "\t",
    ]

    /// Sentences of a few words, some more frequent than others.
    static func lines(_ count: Int, seed: UInt64) -> [String] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            (0..<Int.random(in: 1...9, using: &random)).map { _ in
                words[Int.random(in: 0...Int.random(in: 0..<words.count, using: &random), using: &random)]
            }.joined(separator: " ")
        }
    }

    @Test func `the special tokens and the settings are those of the family`() throws {
        let trained = try BytePairTrainer(vocabularySize: 400).train(lines: Self.lines(200, seed: 1))
        let golden = try GoldenTokenizer(name: "tokenizer").value("tokenizer.json")
        let file = try JSONValue(parsing: trained.json)
        for key in ["version", "truncation", "padding", "normalizer", "pre_tokenizer", "post_processor", "decoder"] {
            #expect(file[key] == golden[key], "\(key)")
        }
        func tokens(_ file: JSONValue) -> [String?] {
            file["added_tokens"]?.arrayValue?.map { $0["content"]?.stringValue } ?? []
        }
        #expect(tokens(file) == tokens(golden))
        #expect(file["model"]?.objectValue?.map(\.key) == golden["model"]?.objectValue?.map(\.key))

        let goldenSettings = try GoldenTokenizer(name: "tokenizer").value("tokenizer_config.json")
        let settings = try JSONValue(parsing: trained.configuration)
        #expect(settings.objectValue?.map(\.key) == goldenSettings.objectValue?.map(\.key))
        for key in [
            "chat_template", "bos_token", "eos_token", "pad_token", "cls_token", "gmask_token", "add_bos_token",
        ] {
            #expect(settings[key] == goldenSettings[key], "\(key)")
        }
        #expect(
            try JSONValue(parsing: trained.specialTokensMap)
                == GoldenTokenizer(name: "tokenizer").value("special_tokens_map.json"))
    }

    @Test func `a folder it writes is read, and its tokens are where the layout looks for them`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mmada-trainer-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let trainer = BytePairTrainer(vocabularySize: 340, extraTokens: ["<think>", "</think>"])
        let trained = try trainer.train(lines: Self.lines(300, seed: 2))
        try trained.write(to: folder)
        let tokenizer = try Tokenizer(directory: folder)
        #expect(tokenizer.count == 340 && trained.count == 340)
        #expect(tokenizer.beginToken.flatMap(tokenizer.token(of:)) == "<|startoftext|>")
        #expect(tokenizer.endToken.flatMap(tokenizer.token(of:)) == "<|endoftext|>")
        #expect(tokenizer.id(of: "<|mdm_mask|>").map(Int.init) == trained.maskTokenID)
        let think = try #require(tokenizer.id(of: "<think>"))
        #expect(!tokenizer.isSpecial(think) && tokenizer.isSpecial(Int32(trained.maskTokenID)))
        #expect(tokenizer.encode("<think>a</think>").first == think)
        let turns = [ChatMessage(role: .user, content: "two red circles")]
        #expect(
            try ChatTemplate.mmada.encode(turns, with: tokenizer) == tokenizer.encode(ChatTemplate.mmada.text(turns)))
        for text in Self.lines(200, seed: 3) + ["\u{0}\u{FFFD}é", "", "<|eot_id|>"] {
            #expect(tokenizer.decode(tokenizer.encodeOrdinary(text), skippingSpecialTokens: false) == text)
        }
    }

    @Test func `the order of the lines makes no difference`() throws {
        let lines = Self.lines(400, seed: 4)
        let trainer = BytePairTrainer(vocabularySize: 450)
        let one = try trainer.train(lines: lines)
        #expect(try trainer.train(lines: lines.reversed()).json == one.json)
    }

    @Test(arguments: [(text: "abab abab", merges: ["a b", "ab ab"]), ("aaaa aaaa", ["a a", "aa aa"]), ("xy", [])])
    func `the most frequent pair comes first`(text: String, merges: [String]) throws {
        let trained = try BytePairTrainer(vocabularySize: 281).train(lines: [text])
        let found = try JSONValue(parsing: trained.json)["model"]?["merges"]?.arrayValue?.compactMap(\.stringValue)
        #expect(found == merges)
    }

    @Test func `added tokens in the text are not taught`() throws {
        let lines = [String](repeating: "<|eot_id|>qz", count: 50) + [String](repeating: "<think>", count: 90)
        let trained = try BytePairTrainer(vocabularySize: 320, extraTokens: ["<think>"]).train(lines: lines)
        let found = try JSONValue(parsing: trained.json)["model"]?["merges"]?.arrayValue?.compactMap(\.stringValue)
        #expect(found == ["q z"])
    }

    @Test(arguments: [
        (size: 278, extra: [], expected: TokenizerError.vocabularyTooSmall(least: 279, found: 278)),
        (500, ["<|eot_id|>"], .unusableToken("<|eot_id|>", reason: "it is there already")),
        (500, [""], .unusableToken("", reason: "it is empty")),
        (500, ["é"], .unusableToken("é", reason: "the vocabulary has it already")),
    ])
    func `what cannot be trained is refused`(size: Int, extra: [String], expected: TokenizerError) {
        #expect(throws: expected) {
            try BytePairTrainer(vocabularySize: size, extraTokens: extra).train(lines: ["aé bé"])
        }
    }

    @Test func `an empty text gives the bytes and the added tokens`() throws {
        let trained = try BytePairTrainer(vocabularySize: 5000).train(lines: [])
        #expect(trained.count == 279)
        #expect(try trained.tokenizer().encode("ab").count == 2)
    }

    @Test(
        .enabled(if: PeerPython.executable != nil, "set MMADA_PEERS_PYTHON to a Python with tokenizers==0.22.2"),
        arguments: [(1, 2), (2, 1), (3, 5)])
    func `the library learns the same merges and gives the same ids`(seed: Int, minimum: Int) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mmada-trainer-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var generator = TextGenerator(seed: UInt64(seed) &* 31)
        let marks = TrainedTokenizer.specialTokens + ["<think>"]
        let lines = (Self.lines(2000, seed: UInt64(seed)) + (0..<2000).map { _ in generator.next() })
            .filter { line in !marks.contains { line.utf8.contains($0.utf8) } }
        let trained = try BytePairTrainer(vocabularySize: 1000, extraTokens: ["<think>"], minimumCount: minimum)
            .train(lines: lines)
        try trained.write(to: folder)
        let texts = (0..<2000).map { _ in generator.next() }
        let question = JSONValue.object([
            ("lines", .array(lines.map { .string(JSONString($0)) })),
            ("texts", .array(texts.map { .string(JSONString($0)) })),
            ("vocabulary", .integer(Int64(1000 - marks.count))), ("minimum", .integer(Int64(minimum))),
        ])
        let asked = folder.appending(path: "question.json")
        try Data(question.serialized()).write(to: asked)
        let reply = try PeerPython.run(
            script: "tokenizers_trainer.py", [folder.appending(path: "tokenizer.json").path, asked.path])
        try #require(reply.status == 0)
        let answer = try JSONValue(parsing: reply.output)
        let expected = try #require(answer["merges"]?.arrayValue).map { pair in
            (pair.arrayValue ?? []).compactMap(\.stringValue).joined(separator: " ")
        }
        let found = try JSONValue(parsing: trained.json)["model"]?["merges"]?.arrayValue?.compactMap(\.stringValue)
        #expect(found == expected)
        #expect(expected.count > 300)
        let tokenizer = try trained.tokenizer()
        let ids = try #require(answer["ids"]?.arrayValue)
        #expect(ids.compactMap(\.ids) == texts.map { tokenizer.encode($0) })
    }
}
