public import Datasets
public import Images
public import ShapesWorld

/// What the model made of one prompt, with everything that a reward may look at.
public struct RewardSample: Sendable {
    /// What was asked of the model.
    public var task: TaskKind
    /// The request.
    public var prompt: String
    /// The picture that was given with it.
    public var image: RGBImage?
    /// What was written, think block included; empty for nothing.
    public var text: String
    /// What was painted.
    public var picture: RGBImage?
    /// The short verifiable answer; empty for none.
    public var gold: String
    /// What a painted picture must show, if that is known.
    public var requirements: CaptionRequirements?
    /// Whether the text was cut by the length limit.
    public var isTruncated: Bool
    /// Where the prompt is from.
    public var id: String

    /// A sample.
    public init(
        task: TaskKind, prompt: String, image: RGBImage? = nil, text: String = "", picture: RGBImage? = nil,
        gold: String = "", requirements: CaptionRequirements? = nil, isTruncated: Bool = false, id: String = ""
    ) {
        self.task = task
        self.prompt = prompt
        self.image = image
        self.text = text
        self.picture = picture
        self.gold = gold
        self.requirements = requirements
        self.isTruncated = isTruncated
        self.id = id
    }
}

/// What one reward says of one sample.
public enum RewardOutcome: Hashable, Sendable {
    /// How good it is; finite.
    case value(Double)
    /// The reward has nothing to say of such a sample.
    case notApplicable
    /// It should have had, but could not be told; why.
    case failed(String)

    /// The number, if there is one.
    public var number: Double? {
        guard case .value(let number) = self else { return nil }
        return number
    }
}

/// A judgement of what the model made: a pure function of its samples (rewards §7).
public protocol Reward: Sendable {
    /// Name, for logs.
    var name: String { get }

    /// Judges samples in one batch.
    ///
    /// - Returns: As many outcomes as samples, in their order.
    /// - Throws: ``RewardError/endpointDown(url:attempts:reason:)`` ends the run; any other error costs these samples.
    func outcomes(of samples: [RewardSample]) async throws -> [RewardOutcome]
}
