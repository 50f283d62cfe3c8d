import Datasets
import ImageTextScorers
import Images
import Testing

@testable import Rewards

/// A scorer that counts letters, and has no opinion of texts that say "bad".
private struct CountingScorer: ImageTextScorer {
    func score(_ images: [RGBImage], prompts: [String]) throws -> [Double] {
        guard images.count == prompts.count, !prompts.contains(where: { $0.contains("bad") }) else {
            throw ScorerError.notFinite(index: 0)
        }
        return zip(images, prompts).map { Double($0.width + $1.count) }
    }
}

@Suite struct ImageTextRewardTests {
    private let reward = ImageTextReward(name: "clip", scorer: CountingScorer())
    private let picture: RGBImage

    init() throws { picture = try RGBImage(width: 4, height: 4, pixels: [UInt8](repeating: 0, count: 48)) }

    @Test func `painted pictures stand beside the request, captions beside their picture`() {
        let outcomes = reward.outcomes(of: [
            RewardSample(task: .textToImage, prompt: "a fox", picture: picture),
            RewardSample(task: .reasonToImage, prompt: "a hat", text: "long reasoning", picture: picture),
            RewardSample(task: .caption, prompt: "describe", image: picture, text: "a cat"),
            RewardSample(task: .chat, prompt: "why ?", text: "so"),
            RewardSample(task: .textToImage, prompt: "a fox"),
        ])
        #expect(outcomes[0] == .value(9) && outcomes[1] == .value(9) && outcomes[2] == .value(9))
        #expect(outcomes[3] == .notApplicable)
        #expect(outcomes[4].number == nil && outcomes[4] != .notApplicable)
    }

    @Test func `a sample that cannot be scored costs itself alone`() {
        let outcomes = reward.outcomes(
            of: ["good", "bad", "fine"].map {
                RewardSample(task: .textToImage, prompt: $0, picture: picture)
            })
        #expect(outcomes[0] == .value(8) && outcomes[2] == .value(8))
        #expect(outcomes[1].number == nil)
    }
}
