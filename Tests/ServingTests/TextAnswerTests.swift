import Testing

@testable import Serving

@Suite struct ThinkSplitterTests {
    @Test(arguments: [
        ("<think>\na b\n</think>\nc d", "a b\n", "c d"), ("c d", "", "c d"), ("<think>never ends", "never ends", ""),
        ("<thin air", "", "<thin air"), ("  <think>a</think>b</think>", "a", "b</think>"), ("", "", ""),
        ("<think></think>x", "", "x"), ("a <think>b</think>", "", "a <think>b</think>"),
    ])
    func `thought and answer, however the text is cut`(text: String, thought: String, answer: String) {
        for size in [1, 2, 3, 5, 100] {
            var splitter = ThinkSplitter(isActive: true)
            var whole = TextAnswer.Delta()
            var rest = Substring(text)
            repeat {
                let piece = rest.prefix(size)
                rest = rest.dropFirst(size)
                let delta = splitter.take(String(piece), isLast: rest.isEmpty)
                whole.reasoning += delta.reasoning
                whole.content += delta.content
            } while !rest.isEmpty
            #expect(whole.reasoning == thought, "in pieces of \(size)")
            #expect(whole.content == answer, "in pieces of \(size)")
        }
    }

    @Test func `tags are text where no thought was asked for`() {
        var splitter = ThinkSplitter(isActive: false)
        #expect(splitter.take("<think>a</think>b", isLast: true).content == "<think>a</think>b")
    }
}
