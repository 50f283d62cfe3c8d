import Datasets
import Rewards
import Testing

@Suite struct LengthRewardTests {
    @Test(arguments: [(1, 0.0), (10, 0), (15, -0.5), (20, -1), (1000, -1)])
    func `a text costs nothing, then more and more`(length: Int, value: Double) throws {
        let sample = Samples.answer(String(repeating: "é", count: length), task: .caption)
        #expect(try LengthReward(free: 10, full: 20).outcomes(of: [sample]) == [.value(value)])
    }

    @Test func `what is cut is too long, and nothing has no length`() throws {
        let samples = [
            Samples.answer("a", isTruncated: true), Samples.answer(""), Samples.answer("a<|eot_id|>bcdefghijklm"),
        ]
        #expect(try LengthReward(free: 10, full: 20).outcomes(of: samples) == [.value(-1), .notApplicable, .value(0)])
    }

    @Test(arguments: [(10, 10), (-1, 10), (10, 5)])
    func `lengths must grow`(free: Int, full: Int) {
        #expect(throws: RewardError.self) { try LengthReward(free: free, full: full) }
    }
}
