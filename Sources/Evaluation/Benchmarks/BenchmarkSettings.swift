public import StrictJSON

/// Everything that a score depends on beside model and data.
public struct BenchmarkSettings: Hashable, Sendable {
    /// Items at most; `nil` for all.
    public var limit: Int?
    /// Solved examples before each question.
    public var shots = 0
    /// Whether the model is asked to reason in think tags first.
    public var thinks = false
    /// Seed of all random numbers.
    public var seed: UInt64 = 0
    /// Tokens of an answer.
    public var genLength = 256
    /// Tokens of a block.
    public var blockLength = 64
    /// Denoising steps of an answer.
    public var steps = 256
    /// Randomness of an answer.
    public var temperature = 0.0
    /// Classifier-free guidance of texts and likelihoods.
    public var cfgScale = 0.0
    /// Masks drawn for a likelihood, and in a round.
    public var likelihoodSamples = 128, likelihoodBatch = 16
    /// Standard errors by which the first must lead for a ranking to be settled early; 0 draws all masks.
    public var settledAt = 0.0
    /// Steps of painting.
    public var imageSteps = 50
    /// Guidance of painting.
    public var guidanceScale = 3.5
    /// Noise on what stays, in painting.
    public var imageTemperature = 1.0
    /// Pictures for each prompt.
    public var pictures = 1

    /// Every default.
    public init() {}

    /// All that counts for a method, under the names of the command line.
    public func json(_ method: AnswerMethod) -> JSONValue {
        var members: [(key: JSONString, value: JSONValue)] = [
            ("method", .string(JSONString(method.rawValue))), ("limit", limit.map { .integer(Int64($0)) } ?? .null),
            ("shots", .integer(Int64(shots))), ("seed", .string(JSONString("\(seed)"))),
        ]
        switch method {
        case .generation:
            members += [
                ("think", .bool(thinks)), ("gen_length", .integer(Int64(genLength))),
                ("block_length", .integer(Int64(blockLength))), ("steps", .integer(Int64(steps))),
                ("temperature", .number(temperature)), ("cfg_scale", .number(cfgScale)),
            ]
        case .likelihood:
            members += [
                ("mc_num", .integer(Int64(likelihoodSamples))), ("mc_batch_size", .integer(Int64(likelihoodBatch))),
                ("cfg_scale", .number(cfgScale)), ("settled_at", .number(settledAt)),
            ]
        case .painting:
            members += [
                ("timesteps", .integer(Int64(imageSteps))), ("guidance_scale", .number(guidanceScale)),
                ("image_temperature", .number(imageTemperature)), ("pictures", .integer(Int64(pictures))),
            ]
        }
        return .object(members)
    }
}
