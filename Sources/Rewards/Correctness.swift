import Datasets

/// 1 if the final answer is the gold one, else 0 (rewards §1, §3, §4).
///
/// The answer is what follows the last `</think>`, so that numbers of the reasoning do not count; it is compared by
/// `AnswerComparison`. A text that the length limit cut, or whose thought is not ended, is wrong. A sample without a gold
/// answer is not judged. Unlike the reference there is no guess at the last number of a text with several: it would
/// reward lists of guesses.
public struct Correctness: Reward {
    /// Name, for logs.
    public let name: String

    /// The reward.
    public init(name: String = "correctness") { self.name = name }

    /// Judges samples one by one.
    public func outcomes(of samples: [RewardSample]) -> [RewardOutcome] { samples.map(outcome) }

    private func outcome(_ sample: RewardSample) -> RewardOutcome {
        guard sample.gold.contains(where: { !$0.isWhitespace }) else { return .notApplicable }
        guard !sample.isTruncated, sample.text.utf8.count <= Response.longest,
            let answer = Response(sample.text).answer
        else { return .value(0) }
        return .value(AnswerComparison.agree(answer, sample.gold) ? 1 : 0)
    }
}
