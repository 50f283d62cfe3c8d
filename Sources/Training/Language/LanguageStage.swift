import Datasets
public import Foundation
public import ImageTokenizer
import Images
public import MMaDA
public import NN
public import StrictJSON
public import TextTokenizer
public import Torch
public import Transformer

/// Stages 1 and 2: masked-token prediction on a mixture of painting, text and understanding (MMaDA §3.2, §3.3).
public final class LanguageStage: TrainingStage {
    /// What the optimizer does to the parameters.
    public let groups: [Optimizer.Group]
    /// The model in training.
    public let model: LLaDA

    private let settings: LanguageSettings
    private let builder: BatchBuilder
    private let feeds: PartFeeds
    private let random: RandomSource
    private let writer: ([NamedParameter], URL) throws -> Void
    private let validator: (LLaDA, Int, URL) throws -> [String: Double]
    private let cache: CodeCache
    private var batchCount = 0
    /// Examples given up because they did not fit.
    public private(set) var droppedCount = 0

    /// A stage.
    ///
    /// - Parameters:
    ///   - model: Its parameters are those of `groups`.
    ///   - groups: What is trained.
    ///   - settings: Of the batches.
    ///   - language: Tokenizer, prompts and image tokenizer.
    ///   - feeds: Examples for each part that has rows in a batch.
    ///   - random: For noising.
    ///   - writer: Writes a model folder with given values.
    ///   - validator: Looks at the model.
    /// - Throws: ``TrainingError/noData(part:)``.
    public init(
        _ model: LLaDA, groups: [Optimizer.Group], settings: LanguageSettings, language: LanguageParts,
        feeds: [LossPart: any RecordFeed], random: RandomSource,
        writer: @escaping ([NamedParameter], URL) throws -> Void,
        validator: @escaping (LLaDA, Int, URL) throws -> [String: Double] = { _, _, _ in [:] }
    ) throws {
        self.model = model
        self.groups = groups
        self.settings = settings
        self.feeds = try PartFeeds(feeds, counts: settings.batchSizes)
        self.random = random
        self.writer = writer
        self.validator = validator
        let cache = CodeCache(language.imageTokenizer, device: model.device)
        self.cache = cache
        builder = BatchBuilder(
            settings, tokenizer: language.tokenizer, prompts: language.prompts,
            codes: { image, name in try cache.codes(of: image, named: name) })
    }

    /// The loss on the next micro-batch.
    public func microStep() throws -> MicroStep {
        var batch: [LossPart: [BatchBuilder.Tokens]] = [:]
        var names: [String] = []
        for part in LossPart.allCases {
            let rows = try feeds.draw(part) { record in
                guard let tokens = try builder.tokens(record, part) else {
                    droppedCount += 1
                    return BatchBuilder.Tokens?.none
                }
                names.append("\(record.source)/\(record.id)")
                return tokens
            }
            if !rows.isEmpty { batch[part] = rows }
        }
        let sequences = try builder.sequences(batch, number: batchCount, random)
        batchCount += 1
        let scored = try ScoredBatch(
            sequences, coefficients: settings.coefficients, padAttention: settings.padAttention)
        let loss = try scored.loss(of: model, recomputing: settings.recomputes)
        var parts: [String: Double] = [:]
        for (part, value) in loss.parts { parts[part.rawValue] = value }
        return MicroStep(
            loss: loss.total, parts: parts, tokenCount: scored.ids.count, sampleCount: sequences.count, samples: names)
    }

    /// Batches seen, the noise generator and each feed's position.
    public var state: JSONValue {
        get throws {
            let fields: [(key: JSONString, value: JSONValue)] = [
                ("batches", .integer(Int64(batchCount))), ("random", try random.stateText),
                ("data", try feeds.state),
            ]
            return .object(fields)
        }
    }

    /// Puts them back.
    public func restore(_ state: JSONValue) throws {
        batchCount = state["batches"]?.intValue ?? 0
        try random.restore(text: state["random"])
        try feeds.restore(state["data"])
    }

    /// Writes a model folder.
    public func writeModel(_ parameters: [NamedParameter], to folder: URL) throws { try writer(parameters, folder) }

    /// Looks at the model as it is.
    public func validate(step: Int, folder: URL) throws -> [String: Double] { try validator(model, step, folder) }
}

/// What turns examples into tokens.
public struct LanguageParts {
    /// The text tokenizer.
    public var tokenizer: Tokenizer
    /// Lays out prompts.
    public var prompts: PromptBuilder
    /// The image tokenizer; `nil` where no part has pictures.
    public var imageTokenizer: (any VisualTokenizer)?

    /// All three.
    public init(tokenizer: Tokenizer, prompts: PromptBuilder, imageTokenizer: (any VisualTokenizer)?) {
        self.tokenizer = tokenizer
        self.prompts = prompts
        self.imageTokenizer = imageTokenizer
    }
}

/// Image codes of examples seen before: the tokenizer is constant, so that a picture is encoded once.
final class CodeCache {
    private let tokenizer: (any VisualTokenizer)?
    private let device: Device
    private var known: [String: [Int32]] = [:]
    private var room = 64 << 20

    init(_ tokenizer: (any VisualTokenizer)?, device: Device) {
        self.tokenizer = tokenizer
        self.device = device
    }

    func codes(of image: RGBImage, named name: String) throws -> [Int32] {
        if let codes = known[name] { return codes }
        guard let tokenizer else {
            throw TrainingError.unsupported("an example has a picture, but model.vq_model names no image tokenizer")
        }
        let codes: [Int32] = try withoutGradient { () throws in
            try tokenizer.encode(PixelConversion.pixels(of: image).to(device)).to(.cpu, dtype: .int32).array()
        }
        let size = 4 * codes.count + name.utf8.count + 64
        if size <= room {
            room -= size
            known[name] = codes
        }
        return codes
    }
}
