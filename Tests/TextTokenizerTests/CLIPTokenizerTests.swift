import Foundation
import StrictJSON
import TestSupport
import Testing

@testable import TextTokenizer

/// Asks the `tokenizers` library, through a script, for the ids of texts.
func libraryIDs(_ kind: String, files: [String: [UInt8]], order: [String], texts: [String]) throws -> JSONValue {
    let folder = FileManager.default.temporaryDirectory.appending(path: "mmada-pieces-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, bytes) in files { try Data(bytes).write(to: folder.appending(path: name)) }
    let question = JSONValue.object([("texts", .array(texts.map { .string(JSONString($0)) }))])
    try Data(question.serialized()).write(to: folder.appending(path: "question"))
    let paths = (order + ["question"]).map { folder.appending(path: $0).path(percentEncoded: false) }
    let (status, output) = try PeerPython.run(script: "wordpiece_peer.py", [kind] + paths)
    try #require(status == 0)
    return try JSONValue(parsing: output)
}

/// Compares ids with the library's and names the first texts that differ.
func expectEqual(_ texts: [String], _ reply: JSONValue, _ label: String, _ encode: (String) -> [Int32]) throws {
    let expected = try #require(reply["encoded"]?.arrayValue)
    try #require(expected.count == texts.count)
    var mismatches = 0
    for (text, ids) in zip(texts, expected) where encode(text) != ids.ids {
        mismatches += 1
        if mismatches <= 10 { Issue.record("\(label): \(text.debugDescription)") }
    }
    print("compared with the library: \(label): \(texts.count), mismatches \(mismatches)")
    #expect(mismatches == 0)
}

/// Every code point between two letters, 256 to a text; of the planes without letters only a part.
func everyScalar() -> [String] {
    let ranges: [Range<UInt32>] = [
        0..<0x3_2400, 0xE_0000..<0xE_0200, 0xF_FF00..<0x10_0000, 0x10_FF00..<0x11_0000,
    ]
    return ranges.flatMap { Array(stride(from: $0.lowerBound, to: $0.upperBound, by: 256)) }.map { start in
        (start..<start + 256).compactMap(Unicode.Scalar.init).map { "a\($0)a" }.joined(separator: " ")
    }
}

@Suite struct CLIPTokenizerTests {
    /// A vocabulary of all bytes, with and without suffix, then merges of words of `texts`, then the special tokens.
    private struct Vocabulary {
        var names: [[UInt8]] = []
        var merges: [[UInt8]] = []

        init(learningFrom texts: [String], merges count: Int) {
            let suffix = Array("</w>".utf8)
            let bytes = (UInt8.min...UInt8.max).map { ByteAlphabet.token(of: $0) }
            names = bytes + bytes.map { $0 + suffix }
            var known = Set(names)
            var random = SeededGenerator(seed: 4)
            let words = texts.flatMap { $0.lowercased().split(separator: " ").map { Array($0.utf8) } }.filter {
                $0.count > 1
            }
            while merges.count < count, let word = words.randomElement(using: &random) {
                // Two neighbouring stretches of a word that are tokens already.
                let start = Int.random(in: 0..<word.count - 1, using: &random)
                let middle = start + Int.random(in: 1...min(3, word.count - start - 1), using: &random)
                let end = middle + Int.random(in: 1...min(3, word.count - middle), using: &random)
                let left = word[start..<middle].flatMap { ByteAlphabet.token(of: $0) }
                let right =
                    word[middle..<end].flatMap { ByteAlphabet.token(of: $0) } + (end == word.count ? suffix : [])
                guard known.contains(left), known.contains(right), known.insert(left + right).inserted else { continue }
                names.append(left + right)
                merges.append(left + [0x20] + right)
            }
            names += [Array("<|startoftext|>".utf8), Array("<|endoftext|>".utf8)]
        }

        var json: [UInt8] {
            JSONValue.object(
                names.enumerated().map {
                    (key: JSONString(String(decoding: $1, as: UTF8.self)), value: .integer(Int64($0)))
                }
            ).serialized()
        }
        var text: [UInt8] { Array("#version: 0.2\n".utf8) + merges.flatMap { $0 + [0x0A] } }
        func tokenizer() throws -> CLIPTokenizer { try CLIPTokenizer(vocabulary: json, merges: text) }
    }

    private static func texts(_ count: Int, seed: UInt64) -> [String] {
        var generator = TextGenerator(seed: seed)
        return (0..<count).map { _ in generator.next() }
    }

    private static let small = Vocabulary(
        learningFrom: ["hello hello photo of a cat cat", "the the quick thing's thing"], merges: 60)

    @Test(.enabled(if: PeerPython.has("tokenizers"), "MMADA_PEERS_PYTHON names no Python with tokenizers"))
    func `random texts and every code point give what the library gives`() throws {
        let vocabulary = Vocabulary(learningFrom: Self.texts(3000, seed: 12), merges: 3000)
        let texts = Self.texts(6000, seed: 13) + everyScalar() + [String(repeating: "ab ", count: 1000)]
        let files = ["vocab.json": vocabulary.json, "merges.txt": vocabulary.text]
        let reply = try libraryIDs("clip", files: files, order: ["vocab.json", "merges.txt"], texts: texts)
        let pair = try vocabulary.tokenizer()
        try expectEqual(texts, reply, "vocab.json and merges.txt") { pair.encode($0, limit: .max) }
        // The library's own file says the same.
        let file = try #require(reply["file"]?.bytesValue)
        let whole = try CLIPTokenizer(json: file)
        try expectEqual(texts, reply, "tokenizer.json") { whole.encode($0, limit: .max) }
    }

    @Test func `words end in a suffix, case and white space do not count`() throws {
        let tokenizer = try Self.small.tokenizer()
        // Bytes stand in the order of their values here, not of the released file.
        let byte = { (letter: Character, ends: Bool) in Int32(letter.asciiValue ?? 0) + (ends ? 256 : 0) }
        #expect(tokenizer.encode("").count == 2)
        #expect(tokenizer.encode("ZX").dropFirst().dropLast() == [byte("z", false), byte("x", true)])
        #expect(tokenizer.encode("  Zx\t\n") == tokenizer.encode("zX"))
        #expect(tokenizer.encode("z x") != tokenizer.encode("zx"))
        #expect(tokenizer.encode("e\u{301}") == tokenizer.encode("É"))
        #expect(tokenizer.encode("<|endoftext|>").filter { $0 == tokenizer.endToken }.count == 1)
        #expect(tokenizer.endToken == Int32(tokenizer.count - 1))
    }

    @Test func `a long text is cut, and still ends`() throws {
        let tokenizer = try Self.small.tokenizer()
        let long = String(repeating: "z", count: 500)
        let ids = tokenizer.encode(long)
        #expect(ids.count == 77 && ids.first == tokenizer.startToken && ids.last == tokenizer.endToken)
        #expect(Array(ids.prefix(76)) == Array(tokenizer.encode(long, limit: .max).prefix(76)))
        let fits = tokenizer.encode(String(repeating: "z ", count: 75))
        #expect(fits.count == 77 && fits[75] != tokenizer.endToken)
    }

    @Test func `vocabularies that do not fit are typed errors`() throws {
        let vocabulary = Self.small
        func expect(_ error: TokenizerError, _ change: (inout Vocabulary) -> Void) {
            var other = vocabulary
            change(&other)
            #expect(throws: error) { try other.tokenizer() }
        }
        expect(.missingToken("<|endoftext|>")) { $0.names.removeLast() }
        expect(.missingToken("!</w>")) { $0.names[256 + 0x21] = Array("odd".utf8) }
        expect(.malformedMerge(index: 61)) { $0.merges.append(Array("abc".utf8)) }
        expect(.unknownMergeToken(index: 61, token: "qqq")) { $0.merges.append(Array("qqq z".utf8)) }
        expect(.reachableSpecialToken("<|endoftext|>")) {
            $0.names.append(Array("<|endoftext|".utf8))
            $0.merges.append(Array("<|endoftext| >".utf8))
        }
        #expect(throws: TokenizerError.notText(file: "merges.txt")) {
            try CLIPTokenizer(vocabulary: vocabulary.json, merges: [0xFF])
        }
        #expect(throws: TokenizerError.self) { try CLIPTokenizer(vocabulary: [], merges: vocabulary.text) }
        #expect(throws: TokenizerError.self) { try CLIPTokenizer(json: vocabulary.json) }
    }
}
