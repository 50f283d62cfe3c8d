import Datasets
import Rewards
import Testing

@Suite struct FormatTests {
    private static let loop = String(repeating: "and then again , ", count: 20)

    @Test(
        arguments: [
            ("<think>two and three</think>5", 0.5), (" <think>two\nand three</think>\n5 ", 0.5),
            ("<think>two and three</think>5<|eot_id|><think>", 0.5), ("5", 0), ("", 0), ("<think>two and three", 0),
            ("so <think>two and three</think>5", 0), ("<think>two and three</think>", 0), ("<think></think>5", 0),
            ("<think>  short </think>5", 0), ("<think>two and three</think><think>two and three</think>5", 0),
            ("<think>two and three</think></think>5", 0), ("</think>two and three<think>5", 0),
            ("<think>two and three</think><|eot_id|>5", 0),
            ("<think>two and three</think> \\boxed{4} \\boxed{5}", 0.25),
            ("<think>\\boxed{4} for now</think> \\boxed{5}", 0.5), ("<think>\(loop)</think>5", 0),
            ("<think>two and three</think>\(loop)", 0),
        ] as [(String, Double)])
    func `one thought and an answer are worth a half`(text: String, value: Double) {
        #expect(Format().outcomes(of: [Samples.answer(text)]) == [.value(value)])
    }

    @Test func `a text that was cut is worth nothing`() {
        let sample = Samples.answer("<think>two and three</think>5", isTruncated: true)
        #expect(Format().outcomes(of: [sample]) == [.value(0)])
    }

    @Test func `long reasoning that goes on is no repetition`() {
        let steps = (1...60).map { "step \($0) : \($0) plus \($0 * 7) is \($0 * 8) ." }.joined(separator: " ")
        #expect(Format().outcomes(of: [Samples.answer("<think>\(steps)</think>5")]) == [.value(0.5)])
    }

    @Test func `a picture is the answer to a request that is thought over`() throws {
        var sample = RewardSample(task: .reasonToImage, prompt: "paint grass", text: "<think>grass is green</think>")
        #expect(Format().outcomes(of: [sample]) == [.value(0)])
        sample.picture = try Samples.picture()
        #expect(Format().outcomes(of: [sample]) == [.value(0.5)])
        sample.text = "grass is green"
        #expect(Format().outcomes(of: [sample]) == [.value(0)])
    }

    @Test(arguments: [TaskKind.caption, .textToImage])
    func `tasks without thoughts are not judged`(task: TaskKind) {
        #expect(Format().outcomes(of: [Samples.answer("a cat", task: task)]) == [.notApplicable])
    }
}
