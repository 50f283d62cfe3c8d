import Datasets
import Rewards
import Testing

@Suite struct CalculationsTests {
    private func value(_ text: String, gold: String = "7", isTruncated: Bool = false) -> RewardOutcome {
        Calculations().outcomes(of: [Samples.answer(text, gold: gold, isTruncated: isTruncated)])[0]
    }

    @Test(
        arguments: [
            ("<think>\n6 plus 9 is 15 . write 5 carry 1 . 5 plus 7 is 12 . 12 plus 1 is 13 .\n</think>\n135", 1.0),
            ("7 times 7 is 43 . 7 times 2 is 14 .", 0.5), ("3 * 4 = 12, 3 × 4 = 13 and 8 / 2 = 4.", 2.0 / 3),
            ("3 \\times 4 = 12", 1), ("$5 + $3 = $9", 0), ("12 divided by 5 is 2.4", 1), ("12 divided by 5 is 2", 0),
            ("10 / 3 = 3.33", 1), ("10 / 3 = 3.34", 0), ("0.1 + 0.2 = 0.3", 1), ("1,200 + 34 = 1,234", 1),
            ("3 - 5 = -2", 1),
            ("3 - 5 = 2", 0), ("<<3*4=12>>12 apples", 1), ("2 x 3 equals 6.", 1),
            // Nothing is calculated.
            ("", 0), ("it is 7", 0), ("7 is 7", 0), ("3 plus 4 makes 7", 0), ("1,2 + 3 = 4,2", 0), ("1 / 0 = 5", 0),
            // Parts of longer sums are not judged.
            ("2 + 3 + 4 = 9", 0), ("3 + 4 = 9 - 2", 0), ("2 + 3 + 4 = 9 . 1 + 1 = 2", 1),
            // Again and again the same is one.
            ("1 plus 1 is 2 . 1 plus 1 is 2 . 1 plus 1 is 2 . 2 plus 2 is 5", 0.5),
            ("99999999999999999999 plus 1 is 3 . 1 plus 1 is 2", 1),
        ] as [(String, Double)])
    func `the share of true calculations`(text: String, share: Double) {
        #expect(value(text) == .value(share))
    }

    @Test func `it applies where the gold answer is a number, and not to what was cut`() {
        #expect(value("1 + 1 = 2", gold: "mia") == .notApplicable)
        #expect(value("1 + 1 = 2", gold: "") == .notApplicable)
        #expect(value("1 + 1 = 2", gold: "-3") == .value(1))
        #expect(value("1 + 1 = 2", isTruncated: true) == .value(0))
        #expect(
            Calculations().outcomes(of: [Samples.answer("1 + 1 = 2", gold: "2", task: .caption)]) == [.notApplicable])
    }

    @Test func `a long text of nothing but numbers takes no longer than it must`() {
        #expect(value(String(repeating: "1 + ", count: 200_000)) == .value(0))
        #expect(value(String(repeating: "1,", count: 400_000)) == .value(0))
        #expect(value(String(repeating: "9", count: 900_000) + " + 1 = 2") == .value(0))
    }
}
