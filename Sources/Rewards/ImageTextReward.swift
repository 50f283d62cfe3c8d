import Datasets
public import ImageTextScorers
import Images

/// How a model finds that a picture and a text belong together: CLIP score or ImageReward (rewards §5, §6).
///
/// Judged are painted pictures beside the user's request, never beside the model's own reasoning, and captions beside the
/// picture that they describe.
public struct ImageTextReward: Reward {
    /// Name, for logs.
    public let name: String
    private let scorer: any ImageTextScorer

    /// A reward that gives the scorer's own numbers.
    public init(name: String, scorer: any ImageTextScorer) {
        self.name = name
        self.scorer = scorer
    }

    /// Judges samples in one pass; where that fails, one by one, so that each fails alone.
    public func outcomes(of samples: [RewardSample]) -> [RewardOutcome] {
        var outcomes = [RewardOutcome](repeating: .notApplicable, count: samples.count)
        var asked: [(index: Int, image: RGBImage, text: String)] = []
        for (index, sample) in samples.enumerated() {
            switch sample.task {
            case .textToImage, .reasonToImage:
                if let picture = sample.picture {
                    asked.append((index, picture, sample.prompt))
                } else {
                    outcomes[index] = .failed("nothing was painted")
                }
            case .caption:
                if let image = sample.image, !sample.text.isEmpty { asked.append((index, image, sample.text)) }
            case .text, .chat, .understanding: continue
            }
        }
        if let scores = try? scorer.score(asked.map(\.image), prompts: asked.map(\.text)) {
            for (item, score) in zip(asked, scores) { outcomes[item.index] = .value(score) }
            return outcomes
        }
        for item in asked {
            do {
                let score = try scorer.score([item.image], prompts: [item.text]).first
                outcomes[item.index] = score.map { .value($0) } ?? .failed("no score")
            } catch {
                outcomes[item.index] = .failed("\(error)")
            }
        }
        return outcomes
    }
}
