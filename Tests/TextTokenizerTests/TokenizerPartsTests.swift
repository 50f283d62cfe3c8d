import Foundation
import StrictJSON
import TestSupport
import Testing
import TextTokenizer

/// A tiny tokenizer.json; arguments are JSON.
private func file(
    vocabulary: String = #"{"a": 0, "b": 1, "ab": 2}"#, merges: String = #"["a b"]"#, added: String = "[]",
    normalizer: String = "null",
    preTokenizer: String = #"{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}"#,
    postProcessor: String = "null", decoder: String = #"{"type": "ByteLevel"}"#, model: String = ""
) -> [UInt8] {
    Array(
        """
        {"added_tokens": \(added), "normalizer": \(normalizer), "pre_tokenizer": \(preTokenizer),
        "post_processor": \(postProcessor), "decoder": \(decoder),
        "model": {"type": "BPE", \(model) "vocab": \(vocabulary), "merges": \(merges)}}
        """.utf8)
}

private func added(_ content: String, _ id: Int, _ flags: String = "") -> String {
    #"{"id": \#(id), "content": "\#(content)", "special": true, "normalized": false\#(flags)}"#
}

@Suite struct TokenizerPartsTests {
    @Test func `entries that differ only in normal form stay apart`() throws {
        // In the byte alphabet: "Ã©" is the bytes of composed é, "eÌģ" those of e and an accent.
        let json = file(
            vocabulary:
                #"{"Ã": 0, "©": 1, "e": 2, "Ì": 3, "ģ": 4, "Ã©": 5, "é": 6, "e\#u{301}": 7, "eÌ": 8, "eÌģ": 9}"#,
            merges: #"["Ã ©", "e Ì", "eÌ ģ"]"#)
        let tokenizer = try Tokenizer(json: json)
        #expect(tokenizer.count == 10)
        #expect(tokenizer.id(of: "\u{E9}") == 6 && tokenizer.id(of: "e\u{301}") == 7)
        #expect(tokenizer.encode("\u{E9}") == [5] && tokenizer.encode("e\u{301}") == [9])
        let composing = try Tokenizer(
            json: Array(
                String(decoding: json, as: UTF8.self)
                    .replacing(#""normalizer": null"#, with: #""normalizer": {"type": "NFC"}"#).utf8))
        #expect(composing.encode("e\u{301}") == [5])
    }

    @Test func `a byte without a token leaves no trace, as in the library`() throws {
        #expect(try Tokenizer(json: file()).encode("aXb") == [2])
    }

    @Test(arguments: [
        (file(normalizer: #"{"type": "NFKC"}"#), TokenizerError.unsupported(field: "normalizer", found: "NFKC")),
        (
            file(normalizer: #"{"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Lowercase"}]}"#),
            .unsupported(field: "normalizer.normalizers[1]", found: "Lowercase")
        ),
        (file(preTokenizer: #"{"type": "Metaspace"}"#), .unsupported(field: "pre_tokenizer", found: "Metaspace")),
        (file(preTokenizer: "null"), .unsupported(field: "pre_tokenizer", found: "null")),
        (
            file(
                preTokenizer: #"{"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Removed", "invert": false}"#),
            .unsupported(field: "pre_tokenizer", found: "Split with behavior Removed")
        ),
        (
            file(
                preTokenizer: #"{"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Isolated", "invert": false}"#),
            .unsupported(field: "pre_tokenizer", found: "without ByteLevel")
        ),
        (file(decoder: "null"), .unsupported(field: "decoder", found: "null")),
        (file(decoder: #"{"type": "WordPiece"}"#), .unsupported(field: "decoder", found: "WordPiece")),
        (
            file(postProcessor: #"{"type": "BertProcessing"}"#),
            .unsupported(field: "post_processor", found: "BertProcessing")
        ),
        (file(model: #""byte_fallback": true,"#), .unsupported(field: "model.byte_fallback", found: "true")),
        (file(model: #""unk_token": "a","#), .unsupported(field: "model.unk_token", found: "a")),
        (file(model: #""dropout": 0.5,"#), .unsupported(field: "model.dropout", found: "not 0")),
        (
            file(model: #""end_of_word_suffix": "</w>","#),
            .unsupported(field: "model.end_of_word_suffix", found: "</w>")
        ),
        (file(vocabulary: #"{"a": -1}"#, merges: "[]"), .idOutOfRange(token: "a", id: -1, limit: 1026)),
        (
            file(vocabulary: #"{"a": 2147483648}"#, merges: "[]"),
            .idOutOfRange(token: "a", id: 2_147_483_648, limit: 1026)
        ),
        (file(vocabulary: #"{"a": 1.5}"#, merges: "[]"), .wrongType(field: "model.vocab.a", expected: "an integer")),
        (file(vocabulary: #"{"a": 0, "b": 0}"#, merges: "[]"), .duplicateID(id: 0, first: "a", second: "b")),
        (file(merges: #"["a c"]"#), .unknownMergeToken(index: 0, token: "c")),
        (file(merges: #"["a b", "b a"]"#), .unknownMergeToken(index: 1, token: "ba")),
        (file(merges: #"["a b c"]"#), .malformedMerge(index: 0)),
        (file(merges: #"[["a"]]"#), .malformedMerge(index: 0)),
        (file(merges: "{}"), .wrongType(field: "model.merges", expected: "an array")),
        (file(added: "[\(added("<x>", 7))]"), .addedTokenID(token: "<x>", expected: 3, found: 7)),
        (file(added: "[\(added("<x>", 3)), \(added("<x>", 3))]"), .duplicateID(id: 3, first: "<x>", second: "<x>")),
        (file(added: "[\(added("ab", 2))]"), .reachableSpecialToken("ab")),
        (file(added: "[\(added("a", 0))]"), .reachableSpecialToken("a")),
        (
            file(
                postProcessor:
                    #"{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "s"}}], "special_tokens": {}}"#),
            .missingToken("s")
        ),
        (
            file(
                postProcessor:
                    #"{"type": "TemplateProcessing", "single": [], "special_tokens": {"s": {"id": "s", "ids": [3]}}}"#),
            .idOutOfRange(token: "s", id: 3, limit: 3)
        ),
        (Array("[]".utf8), .wrongType(field: "", expected: "an object")),
        (Array("{}".utf8), .missingField("pre_tokenizer")),
    ])
    func `what is not understood is refused, by name`(json: [UInt8], expected: TokenizerError) {
        #expect(throws: expected) { try Tokenizer(json: json) }
        #expect(!expected.description.isEmpty)
    }

    @Test func `text that is not JSON, a missing file and an unknown begin token are errors`() {
        #expect(throws: TokenizerError.self) { try Tokenizer(json: Array("{".utf8)) }
        #expect(throws: TokenizerError.self) { try Tokenizer(directory: URL(filePath: "/nonexistent")) }
        #expect(throws: TokenizerError.missingToken("<s>")) {
            try Tokenizer(json: file(), configuration: Array(#"{"bos_token": {"content": "<s>"}}"#.utf8))
        }
    }

    @Test func `added tokens honour their flags`() throws {
        let flags = [#", "lstrip": true"#, #", "rstrip": true"#, #", "single_word": true"#, ""]
        let list = ["<l>", "<r>", "<w>", "<w>x"].enumerated().map { added($1, 3 + $0, flags[$0]) }.joined(
            separator: ", ")
        let tokenizer = try Tokenizer(
            json: file(vocabulary: #"{"a": 0, "b": 1, "Ġ": 2}"#, merges: "[]", added: "[\(list)]"))
        #expect(tokenizer.encode("a <l> a") == [0, 3, 2, 0])
        #expect(tokenizer.encode("a <r> \u{3000}a") == [0, 2, 4, 0])
        #expect(tokenizer.encode("a <w> a") == [0, 2, 5, 2, 0] && tokenizer.encode("a<w>a") == [0, 0])
        #expect(tokenizer.encode("<w>x") == [6])
        #expect(tokenizer.encodeOrdinary("<l><r><w>a") == [0])
    }

    @Test(arguments: GoldenTokenizer.all)
    func `a damaged file is refused or still gives a tokenizer that works`(golden: GoldenTokenizer) throws {
        let json = try golden.json
        let sample = "Hello, it's <|endoftext|> 12345 e\u{301}你好\n\n  <|mdm_mask|> x"
        var refused = 0
        for seed in UInt64(0)..<400 {
            do throws(TokenizerError) {
                let tokenizer = try Tokenizer(json: Mutations.mutate(json, seed: seed))
                let ids = tokenizer.encode(sample)
                #expect(ids.allSatisfy { $0 >= 0 && $0 < tokenizer.count })
                #expect(!tokenizer.encodeOrdinary(sample).contains(where: tokenizer.isSpecial))
                _ = tokenizer.decode(ids + [-1, .max])
            } catch {
                #expect(!error.description.isEmpty)
                refused += 1
            }
        }
        #expect(refused > 100)
    }
}
