import StrictJSON
import TestSupport
import Testing
import TextTokenizer

@Suite struct ChatTemplateTests {
    @Test(arguments: GoldenTokenizer.withChat)
    func `golden conversations have the text and the ids of the reference`(golden: GoldenTokenizer) throws {
        let tokenizer = try golden.tokenizer()
        for one in try #require(golden.value("chat.json")["cases"]?.arrayValue) {
            let template = one["template"]?.stringValue == "mmada" ? ChatTemplate.mmada : .llada
            let messages = try #require(one["messages"]?.arrayValue).map { message in
                ChatMessage(
                    role: try #require(ChatMessage.Role(rawValue: message["role"]?.stringValue ?? "")),
                    content: try #require(message["content"]?.stringValue))
            }
            #expect(template.text(messages) == one["text"]?.stringValue)
            #expect(try template.encode(messages, with: tokenizer) == one["ids"]?.ids)
        }
    }

    @Test(arguments: GoldenTokenizer.all)
    func `no message adds a special token, and harmless ones encode as the rendered text`(golden: GoldenTokenizer)
        throws
    {
        let tokenizer = try golden.tokenizer()
        let begin = try #require(tokenizer.beginToken.flatMap(tokenizer.token(of:)))
        let added = (0..<Int32(tokenizer.count)).filter(tokenizer.isSpecial).compactMap(tokenizer.token(of:))
        let marks = Set(added + ["<|startoftext|>", "<|endoftext|>"])
        var texts = TextGenerator(seed: 21)
        var harmless = 0
        for round in 0..<2000 {
            let template = round % 2 == 0 ? ChatTemplate.mmada : .llada
            let messages = (0..<1 + round % 3).map { turn in
                ChatMessage(role: turn % 2 == 0 ? .user : .assistant, content: texts.next())
            }
            let ids = try template.encode(messages, with: tokenizer)
            #expect(ids.count(where: tokenizer.isSpecial) == 1 + 3 * messages.count + 2)
            if !messages.contains(where: { message in marks.contains { message.content.utf8.contains($0.utf8) } }) {
                harmless += 1
                let rendered = template.text(messages, begin: begin)
                #expect(ids == tokenizer.encode(rendered, addingSpecialTokens: false), "\(rendered.debugDescription)")
            }
        }
        #expect(harmless > 500)
    }

    @Test(arguments: [
        ("  a b \n", "a b"), ("\u{1C}\u{1F}x\u{85}\u{A0}\u{3000}", "x"), ("\u{200B}y\u{FEFF}", "\u{200B}y\u{FEFF}"),
        (" \t", ""),
    ])
    func `content is stripped as Python strips it`(content: String, expected: String) {
        let text = ChatTemplate.mmada.text([ChatMessage(role: .user, content: content)])
        #expect(text.contains("user<|end_header_id|>\n\(expected)<|eot_id|>"))
    }

    @Test func `a tokenizer without the template's tokens is refused`() throws {
        let golden = try #require(GoldenTokenizer.all.first)
        let tokenizer = try Tokenizer(json: golden.variant(["added_tokens": "[]"]))
        #expect(throws: TokenizerError.missingToken("bos_token")) {
            try ChatTemplate.mmada.encode([ChatMessage(role: .user, content: "a")], with: tokenizer)
        }
        #expect(throws: TokenizerError.missingToken("<|start_header_id|>")) {
            try ChatTemplate.mmada.encode([], with: tokenizer)
        }
    }
}
