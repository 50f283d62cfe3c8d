public import Datasets

/// A reward as a run's configuration describes it.
public struct RewardDescription: Codable, Hashable, Sendable {
    /// What judges.
    public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// Whether the final answer is the gold one: ``Correctness``.
        case correctness
        /// How many of its calculations are true: ``Calculations``.
        case calculations
        /// Whether there is one think block and an answer: ``Format``.
        case format
        /// Whether a picture of the Shapes world shows what it should: ``ShapesReward``.
        case shapes
        /// What long texts cost: ``LengthReward``.
        case length
        /// What another model says: ``Judge``.
        case judge
        /// How near picture and text are to CLIP, which the program loads.
        case clip
        /// How ImageReward likes a picture, which the program loads.
        case imageReward = "image_reward"
    }

    /// Name, for logs; empty for the kind's.
    public var name = ""
    /// What judges.
    public var kind = Kind.correctness
    /// What it counts in the sum.
    public var weight = 1.0
    /// Tasks that it is asked about; empty for all.
    public var tasks: [TaskKind] = []
    /// For models: the folder of the weights.
    public var folder = ""
    /// For `length`: characters that cost nothing.
    public var freeLength = 300
    /// For `length`: characters at which the penalty is −1.
    public var fullLength = 600
    /// For `judge`: where `/chat/completions` is found, such as `http://127.0.0.1:8000/v1`.
    public var endpoint = ""
    /// For `judge`: the model's name there.
    public var model = ""
    /// For `judge`: the environment variable with the key; empty for none.
    public var apiKeyEnvironment = ""
    /// For `judge`: the request, with `{prompt}`, `{answer}`, `{reasoning}`, `{gold}`; empty for ours.
    public var prompt = ""
    /// For `judge`: the score that becomes 0.
    public var lowest = 0.0
    /// For `judge`: the score that becomes 1.
    public var highest = 10.0
    /// For `judge`: seconds until an attempt is given up.
    public var timeout = 60.0
    /// For `judge`: further attempts after a failed one.
    public var retries = 3
    /// For `judge`: requests at once.
    public var concurrency = 4
    /// For `judge`: tokens of a reply.
    public var maxTokens = 512

    /// A description with every default.
    public init() {}

    /// Name, for logs.
    public var title: String { name.isEmpty ? kind.rawValue : name }

    /// The reward.
    ///
    /// - Parameters:
    ///   - environment: Where keys are looked up.
    ///   - makeModelReward: Makes the rewards `clip` and `image_reward`, named ``title``, on weights in ``folder``.
    /// - Returns: A reward that is ready to be asked.
    /// - Throws: ``RewardError``, or what `makeModelReward` throws.
    public func reward(
        environment: [String: String] = [:], makeModelReward: (RewardDescription) throws -> (any Reward)? = { _ in nil }
    ) throws -> any Reward {
        switch kind {
        case .correctness: return Correctness(name: title)
        case .calculations: return Calculations(name: title)
        case .format: return Format(name: title)
        case .shapes: return ShapesReward(name: title)
        case .length: return try LengthReward(name: title, free: freeLength, full: fullLength)
        case .judge: return try judge(environment)
        case .clip, .imageReward:
            guard let reward = try makeModelReward(self) else { throw RewardError.noModel(kind: kind.rawValue) }
            return reward
        }
    }

    private func judge(_ environment: [String: String]) throws(RewardError) -> Judge {
        var key = ""
        if !apiKeyEnvironment.isEmpty {
            guard let found = environment[apiKeyEnvironment], !found.isEmpty else {
                throw .missingKey(variable: apiKeyEnvironment)
            }
            key = found
        }
        guard timeout.isFinite, timeout > 0 else {
            throw .invalidOption(name: "\(title).timeout", expected: "seconds above 0", found: "\(timeout)")
        }
        var limits = ChatEndpoint.Limits()
        limits.timeout = .seconds(timeout)
        limits.retries = retries
        limits.concurrency = concurrency
        limits.maxTokens = maxTokens
        guard lowest.isFinite, highest.isFinite, lowest < highest else {
            throw .invalidOption(name: "\(title).highest", expected: "more than lowest \(lowest)", found: "\(highest)")
        }
        return Judge(
            name: title, endpoint: try ChatEndpoint(url: endpoint, model: model, key: key, limits: limits),
            prompt: prompt.isEmpty ? Judge.defaultPrompt : prompt, range: lowest...highest)
    }
}

extension RewardList {
    /// The rewards that a configuration describes.
    ///
    /// - Parameters:
    ///   - descriptions: What is described, in order.
    ///   - environment: Where keys are looked up.
    ///   - makeModelReward: See ``RewardDescription/reward(environment:makeModelReward:)``.
    /// - Throws: ``RewardError``, or what `makeModelReward` throws.
    public init(
        _ descriptions: [RewardDescription], environment: [String: String] = [:],
        makeModelReward: (RewardDescription) throws -> (any Reward)? = { _ in nil }
    ) throws {
        try self.init(
            descriptions.map { description in
                Entry(
                    try description.reward(environment: environment, makeModelReward: makeModelReward),
                    weight: description.weight, tasks: Set(description.tasks))
            })
    }
}
