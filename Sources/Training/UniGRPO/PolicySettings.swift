public import Datasets

/// What the divergence is measured from.
public enum PolicyReference: String, Codable, Hashable, Sendable, CaseIterable {
    /// The model that the run began with, frozen.
    case frozen
    /// The policy that sampled, as in dLLM-RL.
    case old
}

/// The numbers of stage 3.
public struct PolicySettings: Hashable, Sendable {
    /// Answers to each prompt (G).
    public var groupSize = 8
    /// Inner updates of a phase (μ).
    public var updates = 4
    /// Micro-steps of an update, each with its slice of the answers.
    public var accumulation = 1
    /// How much of a text is masked.
    public var noise = PolicyNoiseKind.structured
    /// How much of a picture is masked.
    public var imageNoise = PolicyNoiseKind.structured
    /// Chance that a token of the prompt is masked too; d1 has 0.15.
    public var promptMaskProbability = 0.0
    /// Whether answers to one prompt are masked alike.
    ///
    /// What they have in common then cancels out of the gradient, for their advantages add up to 0.
    public var sharesMasks = false
    /// Ratios, clip and divergence.
    public var objective = PolicyObjective()
    /// What rewards of a group are divided by.
    public var advantageScale = AdvantageScale.unbiased
    /// Answers of each group that agrees which take part for their divergence alone: the policy is to stay as it was where
    /// there is nothing to learn.
    public var anchors = 0
    /// What advantages below 0 are multiplied by; with 0 only better answers are learnt from, and worse ones are left out.
    public var negativeScale = 1.0
    /// Prompts of each part in a phase.
    public var promptCounts: [LossPart: Int] = [:]
    /// What advantages of each part are multiplied by; 1 where not given.
    public var coefficients: [LossPart: Double] = [:]
    /// How answers are sampled.
    public var sampling = RolloutSampling()
    /// Text budget of captions.
    public var maxTextLength = 512
    /// Longer prompts are passed over.
    public var maxPromptLength = 2048
    /// How often a phase asks further prompts while most groups agree.
    public var refills = 2
    /// Whether blocks are computed anew in the backward pass.
    public var recomputes = false
    /// Of all draws.
    public var seed: UInt64 = 10_086

    /// The defaults.
    public init() {}
}

extension LossPart {
    /// The part of the batch that a kind of answer counts to.
    public init(_ task: TaskKind) {
        self =
            switch task {
            case .text, .chat: .language
            case .textToImage: .textToImage
            case .understanding, .caption: .understanding
            case .reasonToImage: .reasonToImage
            }
    }
}
