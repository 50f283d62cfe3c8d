import Diffusion

/// What a language stage does to its batches.
public struct LanguageSettings: Hashable, Sendable {
    /// Rows of each part in a micro-batch.
    public var batchSizes: [LossPart: Int] = [:]
    /// What each part counts in the total.
    public var coefficients: [LossPart: Double] = [:]
    /// Text budget S of pictures and answers (`max_seq_length`).
    public var maxTextLength = 512
    /// Length of text rows (`max_lm_text_length`); `nil` for S + N + 3, as in stage 1.
    public var languageLength: Int?
    /// Chance that a caption is left out, for guidance (`cond_dropout_prob`).
    public var captionDropout = 0.1
    /// Least mask ratio of pictures (`min_masking_rate`).
    public var minimumMaskRatio = 0.0
    /// How the ratio of pictures is drawn.
    public var schedule = MaskScheduleChoice.cosine
    /// How text losses are divided.
    public var textLossScale = TextLossScale.stage4
    /// What left padding does to attention.
    public var padAttention = PadAttention.masked
    /// Whether rows are padded to their budget, as in the official code, or to the longest of their part.
    public var padsToBudget = true
    /// Whether a text beyond the budget costs the example, or is cut.
    public var dropsLongSamples = true
    /// What each masked token of a picture counts.
    public var imageLossScale = ImageLossScale.tokens
    /// Loss weight of image codes other than the picture's most frequent one, against 1 for that.
    public var foregroundWeight = 1.0
    /// Micro-batches in which that weight falls to 1, evenly; 0 keeps it.
    ///
    /// A weighted loss teaches weighted chances: too many objects. It helps at the beginning only.
    public var foregroundWeightBatches = 0
    /// How reasoning-to-image rows are masked.
    public var reasonToImageNoise = ReasonToImageNoise.joint
    /// Share of texts that are masked as while a block of them is being written, rather than all over.
    public var blockNoiseShare = 0.0
    /// Tokens of such a block.
    public var blockNoiseLength = 16
    /// Whether blocks are computed anew in the backward pass, to save memory.
    public var recomputes = false

    /// The defaults.
    public init() {}

    /// ``foregroundWeight`` after that many micro-batches.
    func foregroundWeight(inBatch number: Int) -> Double {
        guard foregroundWeightBatches > 0 else { return foregroundWeight }
        return 1 + (foregroundWeight - 1) * max(0, 1 - Double(number) / Double(foregroundWeightBatches))
    }
}

/// How the cross-entropies of text-to-image rows are put together.
public enum ImageLossScale: String, Hashable, Sendable, Codable, CaseIterable {
    /// The mean over all masked tokens of the micro-batch and the marks around each picture (the official loss).
    ///
    /// Pictures of which nearly all is masked have nearly all of the weight.
    case tokens
    /// The mean over pictures of the mean over their masked tokens.
    ///
    /// With the linear schedule this is the bound on the likelihood of a picture that is revealed token by token
    /// (Sahoo et al. 2024, arXiv 2406.07524): the last tokens, which must complete what is there, count as much as the
    /// first.
    case pictures
}

/// The mask schedules that training knows by name.
public enum MaskScheduleChoice: String, Hashable, Sendable, Codable, CaseIterable {
    case cosine, linear, sigmoid

    var schedule: MaskSchedule {
        switch self {
        case .cosine: .cosine
        case .linear: .linear
        case .sigmoid: .sigmoid
        }
    }
}

/// How the answer part of reasoning-to-image rows is masked.
public enum ReasonToImageNoise: String, Hashable, Sendable, Codable, CaseIterable {
    /// Text and picture alike, with one ratio (the official loader).
    case joint
    /// As they are generated: the text before a picture that is all masked, or the picture after a whole text.
    case staged
}
