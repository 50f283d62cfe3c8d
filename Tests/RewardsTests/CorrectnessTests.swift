import Datasets
import Rewards
import TestSupport
import Testing

@Suite struct CorrectnessTests {
    @Test(
        arguments: [
            ("<think>so 4</think>5", 1), ("<think>it is 5</think>4", 0), ("5", 1),
            ("<think>2 + 3</think>\\boxed{5.0}", 1),
            ("<think>5</think>", 0), ("<think>5", 0), ("", 0), ("<think>a</think>4<think>b</think>5", 1),
            ("<think>a</think>4<|eot_id|>5", 0), ("<think>a</think>5<|endoftext|>6 7 8", 1),
            ("<think>a</think>\\boxed{4} \\boxed{5}", 1), ("<think>a</think>\\boxed{5} \\boxed{4}", 0),
            ("<think>a</think>3 4 5", 0), ("<think>a</think>There are 5 of them.", 1), ("5<think>", 0),
        ] as [(String, Double)])
    func `the answer after the last thought counts, up to the first end`(text: String, value: Double) {
        #expect(Correctness().outcomes(of: [Samples.answer(text)]) == [.value(value)])
    }

    @Test func `without a gold answer nothing is judged`() {
        let samples = [Samples.answer("5", gold: ""), Samples.answer("5", gold: " \n"), Samples.answer("5")]
        #expect(Correctness().outcomes(of: samples) == [.notApplicable, .notApplicable, .value(1)])
    }

    @Test func `a text that was cut is wrong`() {
        #expect(Correctness().outcomes(of: [Samples.answer("<think>a</think>5", isTruncated: true)]) == [.value(0)])
    }

    @Test func `hostile responses are done with soon`() {
        let pieces = [
            "<think>", "</think>", "<|eot_id|>", "<|mdm_mask|>", "\\boxed{", "}", "5", " ", "{", "\\frac", "é",
        ]
        var random = SeededGenerator(seed: 11)
        var samples = (0..<100).map { _ in
            let count = Int.random(in: 0...400, using: &random)
            return Samples.answer((0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined())
        }
        samples += pieces.map { Samples.answer(String(repeating: $0, count: 50_000 / $0.utf8.count)) }
        samples += (0..<50).map { seed in
            let good = Array("<think>because of 2 and 3</think>The answer is \\boxed{5}.<|eot_id|>".utf8)
            return Samples.answer(String(decoding: Mutations.mutate(good, seed: UInt64(seed)), as: UTF8.self))
        }
        let time = ContinuousClock().measure {
            _ = Correctness().outcomes(of: samples)
            _ = Format().outcomes(of: samples)
        }
        print("Correctness and Format: \(samples.count) hostile responses in \(time)")
        #expect(time < .seconds(120))
    }
}
