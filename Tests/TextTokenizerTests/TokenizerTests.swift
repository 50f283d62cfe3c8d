import Foundation
import StrictJSON
import TestSupport
import Testing
import TextTokenizer

@Suite struct TokenizerTests {
    @Test(arguments: GoldenTokenizer.all)
    func `golden texts have the ids of the library, and decode as there`(golden: GoldenTokenizer) throws {
        let tokenizer = try golden.tokenizer()
        let cases = try golden.value("cases.json")
        #expect(tokenizer.count == cases["vocab_size_with_added"]?.intValue)
        let texts = try #require(cases["encode"]?.arrayValue)
        #expect(texts.count > 400)
        for one in texts {
            let text = try #require(one["text"]?.stringValue)
            let ids = try #require(one["ids"]?.ids)
            #expect(tokenizer.encode(text) == ids, "\(text.debugDescription)")
            #expect(tokenizer.encode(text, addingSpecialTokens: false) == one["ids_without_special"]?.ids ?? ids)
            #expect(
                tokenizer.decode(ids, skippingSpecialTokens: false).utf8.elementsEqual(one["decoded"]?.bytesValue ?? [])
            )
            #expect(tokenizer.decode(ids).utf8.elementsEqual(one["decoded_skip_special"]?.bytesValue ?? []))
        }
    }

    @Test(arguments: GoldenTokenizer.all)
    func `golden ids decode as in the library, at once and token by token`(golden: GoldenTokenizer) throws {
        let tokenizer = try golden.tokenizer()
        for one in try #require(golden.value("cases.json")["decode"]?.arrayValue) {
            let ids = try #require(one["ids"]?.ids)
            for (key, skips) in [("decoded", false), ("decoded_skip_special", true)] {
                let expected = try #require(one[key]?.bytesValue)
                #expect(Array(tokenizer.decode(ids, skippingSpecialTokens: skips).utf8) == expected)
                var decoder = StreamingDecoder(tokenizer: tokenizer, skippingSpecialTokens: skips)
                let streamed = ids.map { decoder.append([$0]) }.joined() + decoder.finish()
                #expect(Array(streamed.utf8) == expected)
            }
        }
    }

    @Test(arguments: GoldenTokenizer.all)
    func `tokens and ids are found by each other`(golden: GoldenTokenizer) throws {
        let tokenizer = try golden.tokenizer()
        for id in 0..<Int32(tokenizer.count) {
            let token = try #require(tokenizer.token(of: id))
            #expect(tokenizer.id(of: token) == id)
        }
        #expect(tokenizer.token(of: Int32(tokenizer.count)) == nil && tokenizer.token(of: -1) == nil)
        #expect(tokenizer.id(of: "no such token") == nil)
        #expect(tokenizer.decode([-1, .max, .min, Int32(tokenizer.count)]) == "")
    }

    @Test(arguments: GoldenTokenizer.withChat)
    func `the begin, end and padding tokens are those of the configuration`(golden: GoldenTokenizer) throws {
        let tokenizer = try golden.tokenizer()
        let chat = try golden.value("chat.json")
        #expect(tokenizer.beginToken.map(Int.init) == chat["bos_id"]?.intValue)
        #expect(tokenizer.endToken.map(Int.init) == chat["eos_id"]?.intValue)
        #expect(tokenizer.padToken.map(Int.init) == chat["pad_id"]?.intValue)
        let roles = try golden.value("role_ids.json")
        #expect(tokenizer.count == roles["len_tokenizer"]?.intValue)
        for (token, id) in try #require(roles["special"]?.objectValue) {
            #expect(tokenizer.id(of: token.string).map(Int.init) == id.intValue)
            #expect(tokenizer.isSpecial(Int32(try #require(id.intValue))))
        }
    }

    @Test(arguments: GoldenTokenizer.all)
    func `ordinary text never becomes a special token`(golden: GoldenTokenizer) throws {
        let tokenizer = try golden.tokenizer()
        let special = (0..<Int32(tokenizer.count)).filter(tokenizer.isSpecial)
        let names = special.compactMap(tokenizer.token(of:))
        var random = SeededGenerator(seed: 7)
        var texts = TextGenerator(seed: 8)
        for _ in 0..<6000 {
            var text = ""
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let name = names.randomElement(using: &random) ?? ""
                switch Int.random(in: 0..<5, using: &random) {
                case 0: text += name.dropLast() + name
                case 1: text += name.dropFirst() + texts.next()
                case 2: text += texts.next() + name
                case 3: text += name.prefix(name.count / 2) + name + name.suffix(name.count / 2)
                default: text += name
                }
            }
            let ids = tokenizer.encodeOrdinary(text)
            #expect(!ids.contains(where: tokenizer.isSpecial), "\(text.debugDescription)")
            #expect(tokenizer.decode(ids, skippingSpecialTokens: true).utf8.elementsEqual(text.utf8))
        }
    }

    /// Quadratic time would take hours here.
    @Test(.timeLimit(.minutes(10)), arguments: GoldenTokenizer.all)
    func `long runs of one character do not take long`(golden: GoldenTokenizer) throws {
        let tokenizer = try golden.tokenizer()
        for unit in [" ", "a", "\n", " \n", "é", "<", "!", "'", "<|end", "e\u{301}", "你", "1", "\u{301}"] {
            let text = String(repeating: unit, count: 300_000 / unit.utf8.count)
            #expect(!tokenizer.encode(text).isEmpty)
        }
    }
}
