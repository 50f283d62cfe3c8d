public import Diffusion
public import Images
public import TextTokenizer

/// Text to write: a chat, possibly about an image.
public struct TextRequest: Sendable {
    /// The conversation; the answer follows.
    public var messages: [ChatMessage]
    /// A picture that the conversation is about.
    public var image: RGBImage?
    /// How the picture is brought to the model's resolution.
    public var preprocessing = ImagePreprocessing.crop
    /// Side of the picture in pixels; `nil` for the model's own.
    public var resolution: Int?
    /// Whether the model is asked to reason in think tags first.
    public var thinks = false
    /// New tokens (`gen_length`).
    public var genLength: Int
    /// Tokens of a block; blocks are written one after another (`block_length`).
    public var blockLength: Int
    /// How tokens are chosen.
    public var sampling: TextSampling
    /// Of all random numbers.
    public var seed: UInt64 = 0

    /// A request with the official defaults: 128 tokens, one block, a step for each token.
    ///
    /// `blockLength`: `nil` for 128, or the whole length when that is shorter.
    /// `steps`: `nil` for one a token.
    public init(
        _ messages: [ChatMessage], image: RGBImage? = nil, genLength: Int = 128, blockLength: Int? = nil,
        steps: Int? = nil, sampling: TextSampling = TextSampling()
    ) {
        self.messages = messages
        self.image = image
        self.genLength = genLength
        self.blockLength = blockLength ?? min(128, genLength)
        self.sampling = sampling
        self.sampling.steps = steps ?? genLength
    }

    /// Checks lengths and steps.
    ///
    /// - Throws: ``MMaDAError/notDivisible(name:value:by:divisor:nearest:)`` with the nearest legal values.
    public func validate() throws(MMaDAError) {
        try Limits.check("gen-length", genLength, 1...Limits.tokens)
        try Limits.check("block-length", blockLength, 1...Limits.tokens)
        try Limits.divisible("gen-length", genLength, by: "block-length", blockLength)
        try Limits.check("steps", sampling.steps, 1...Limits.steps)
        try Limits.divisible("steps", sampling.steps, by: "number of blocks", genLength / blockLength)
        try Limits.check(sampling)
    }
}

/// Gaps to fill in a text.
public struct InfillRequest: Sendable {
    /// The text; `[MASK]` or `[MASK*n]` stands for 1 or n missing tokens.
    public var text: String
    /// How tokens are chosen; `steps` at most.
    public var sampling: TextSampling
    /// Steps; `nil` for one a missing token.
    public var steps: Int?
    /// Of all random numbers.
    public var seed: UInt64 = 0

    /// A request for that text.
    public init(_ text: String, steps: Int? = nil, sampling: TextSampling = TextSampling()) {
        self.text = text
        self.steps = steps
        self.sampling = sampling
    }
}

/// A picture to paint, whole or in part.
public struct ImageRequest: Sendable {
    /// What is to be kept of an existing picture.
    public enum Source: Sendable {
        /// Nothing: a new picture.
        case nothing
        /// All but what the mask marks (white is painted).
        case inpaint(RGBImage, mask: GrayImage)
        /// All, with new picture on one side. `overlap` is how many tokens less than half are given to the model to
        /// continue from.
        case extend(RGBImage, Direction, overlap: Int)
    }

    /// A side of a picture.
    public enum Direction: String, Hashable, Sendable, CaseIterable {
        case left, right, up, down
    }

    /// What the picture should show.
    public var prompt: String
    /// What is kept.
    public var source = Source.nothing
    /// Side in pixels of the part that is painted at once; `nil` for the model's own.
    public var resolution: Int?
    /// How codes are chosen.
    public var sampling: ImageSampling
    /// Tokens that the prompt may have; a longer one is cut, as in training.
    public var maxTextLength = 512
    /// The prompt continued by the model's own description, from a thought (``PreparedRequest/thought``); `nil` to
    /// paint right away.
    public var reasoning: [Int32]?
    /// Of all random numbers.
    public var seed: UInt64 = 0

    /// A request for a new picture.
    public init(_ prompt: String, sampling: ImageSampling = ImageSampling()) {
        self.prompt = prompt
        self.sampling = sampling
    }

    /// Checks steps and scales.
    public func validate() throws(MMaDAError) {
        try Limits.check("steps", sampling.steps, 1...Limits.steps)
        try Limits.check("guidance-scale", sampling.guidanceScale, 0...1000)
        try Limits.check("temperature", sampling.temperature, 0...1000)
        if let resolution { try Limits.check("resolution", resolution, 16...4096) }
    }
}

/// What requests may ask for.
enum Limits {
    static let tokens = 32768
    static let steps = 65536

    static func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(MMaDAError) {
        guard range.contains(value) else {
            throw .outOfRange(
                name: name, value: "\(value)", allowed: "\(range.lowerBound) to \(range.upperBound)")
        }
    }

    static func check(_ name: String, _ value: Double, _ range: ClosedRange<Double>) throws(MMaDAError) {
        guard range.contains(value) else {  // a NaN is in no range
            throw .outOfRange(
                name: name, value: "\(value)", allowed: "\(range.lowerBound) to \(range.upperBound)")
        }
    }

    static func check(_ sampling: TextSampling) throws(MMaDAError) {
        try check("temperature", sampling.temperature, 0...1000)
        try check("cfg-scale", sampling.cfgScale, 0...1000)
    }

    static func divisible(_ name: String, _ value: Int, by: String, _ divisor: Int) throws(MMaDAError) {
        guard !value.isMultiple(of: divisor) else { return }
        let below = value / divisor * divisor
        throw .notDivisible(
            name: name, value: value, by: by, divisor: divisor,
            nearest: [below, below + divisor].filter { $0 > 0 })
    }
}
