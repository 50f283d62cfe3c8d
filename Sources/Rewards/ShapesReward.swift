import Datasets
import Images
import ShapesWorld

/// How far a painted picture of the Shapes world shows what its caption says, from 0 to 1.
///
/// It is the share of the seven aspects of `SceneScore` that are right: count, background, shape, color, size, binding
/// and position; so 1 only if everything is. The last five ask whether something is there, which a picture with every
/// kind of object in it would pass: with objects to spare they count only in the ratio of wanted to found.
public struct ShapesReward: Reward {
    /// Name, for logs.
    public let name: String

    /// The reward.
    public init(name: String = "shapes") { self.name = name }

    /// Judges samples one by one.
    public func outcomes(of samples: [RewardSample]) -> [RewardOutcome] { samples.map(outcome) }

    private func outcome(_ sample: RewardSample) -> RewardOutcome {
        guard let wanted = sample.requirements else {
            // Requirements are objects; what looks like one and could not be read was meant to be.
            return sample.gold.hasPrefix("{")
                ? .failed("the gold answer is no requirements of a scene: '\(sample.gold.prefix(60))'") : .notApplicable
        }
        guard let picture = sample.picture else {
            let isAsked = sample.task == .textToImage || sample.task == .reasonToImage
            return isAsked ? .value(0) : .notApplicable
        }
        guard picture.width == Scene.side, picture.height == Scene.side else {
            return .failed(
                "a picture of \(picture.width)×\(picture.height) pixels; scenes have \(Scene.side)×\(Scene.side)")
        }
        return .value(Self.value(of: SceneReader().read(picture), wanted))
    }

    /// The graded value of a scene.
    static func value(of found: Scene, _ wanted: CaptionRequirements) -> Double {
        let score = SceneScore(found, wanted)
        let spare = min(1, Double(wanted.objects.count) / Double(max(1, found.objects.count)))
        let whole = [score.count, score.background].count(where: \.self)
        let there = [score.shape, score.color, score.size, score.binding, score.position].count(where: \.self)
        return (Double(whole) + spare * Double(there)) / 7
    }
}
