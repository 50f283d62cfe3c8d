import Datasets
public import Diffusion
import MMaDA
import Torch
import Transformer

/// An answer that the policy gave to a prompt, in the tokens that it chose.
struct Rollout: Hashable, Sendable {
    /// What kind of answer.
    var task: TaskKind
    /// Which of the prompts of its step it answers.
    var group: Int
    /// What stands before the answer; never masked, except by d1's noise.
    var prompt: [Int32]
    /// The answer: a text up to its end, that token included, or the tokens of a picture.
    var answer: [Int32]
    /// What stands after it: what was written behind a text's end, then masks; the mark of the end behind a picture.
    var suffix: [Int32]
    /// The step that revealed each token of the answer and, of a text, of what stands after it; ``never`` for what was not.
    var revealedAt: [Int]
    /// Whether the text was cut by the limit on its length.
    var isTruncated = false

    /// Whether the answer is a picture.
    var isPicture: Bool { task == .textToImage }

    /// No step.
    static let never = Int(Int32.max)

    /// What the model sees when `mask` of the answer and `promptMask` of the prompt are hidden.
    ///
    /// Behind a text are masks, but for what its sampler had written there already on a trajectory.
    func noised(_ mask: PolicyMask, promptMask: [Bool], maskID: Int32) -> [Int32] {
        zip(prompt, promptMask).map { $1 ? maskID : $0 } + zip(answer, mask.hidden).map { $1 ? maskID : $0 }
            + (isPicture
                ? suffix
                : zip(suffix, revealedAt.dropFirst(answer.count)).map { $1 < mask.step ?? 0 ? $0 : maskID })
    }
}

/// How answers are sampled.
public struct RolloutSampling: Hashable, Sendable {
    /// Of texts; how many steps follows from their lengths.
    public var text = TextSampling()
    /// Temperature of answers without a picture; that of other texts is in ``text``.
    public var chatTemperature = 0.0
    /// Tokens that an answer may have.
    public var genLength = 256
    /// Tokens that an answer without a picture may have.
    public var chatGenLength = 256
    /// Tokens revealed in a step of writing, one number or more; prompts take turns where there are several.
    public var tokensPerStep = [2]
    /// The same for answers without a picture; one number or more.
    public var chatTokensPerStep = [2]
    /// Tokens of a block.
    public var blockLength = 64
    /// Of pictures; their steps are in ``imageSteps``.
    public var image = ImageSampling()
    /// Steps of pictures, one number or more; prompts take turns where there are several.
    public var imageSteps = [16]
    /// Answers in work at the same time.
    public var rowsAtOnce = 64

    /// The defaults.
    public init() {}

    /// Tokens that a text may have.
    func length(of task: TaskKind) -> Int { LossPart(task) == .language ? chatGenLength : genLength }
    /// What logits of a text are divided by.
    func temperature(of task: TaskKind) -> Double {
        LossPart(task) == .language ? chatTemperature : text.temperature
    }
    /// Steps in which an answer to the prompt `group` is sampled.
    func steps(of task: TaskKind, group: Int) -> Int {
        func turn(_ paces: [Int]) -> Int { paces[group % paces.count] }
        if task == .textToImage { return turn(imageSteps) }
        return length(of: task) / turn(LossPart(task) == .language ? chatTokensPerStep : tokensPerStep)
    }
}

/// Samples answers with the ordinary samplers, many in one pass of the model.
///
/// Each has a generator of its own and leaves the batch when it is complete, so that its tokens are those that it would
/// have alone.
struct RolloutSampler {
    let model: LLaDA
    let vocabulary: VocabularyLayout
    let sampling: RolloutSampling
    /// The prefix of a picture without its caption.
    let unconditional: [Int32]

    /// A prompt to answer.
    struct Request {
        var task: TaskKind
        var group: Int
        /// What stands before the answer.
        var prompt: [Int32]
        /// Of the answer's own generator.
        var seed: UInt64
    }

    /// Answers every request, in their order.
    ///
    /// `progress`: Called after each pass with the answers that are complete; what it throws ends the work.
    func rollouts(_ requests: [Request], progress: (Int) throws -> Void = { _ in }) throws -> [Rollout] {
        let steps = try DenoiserBatch.run(
            model, count: requests.count, atOnce: sampling.rowsAtOnce, denoiser: { try denoiser(requests[$0]) },
            progress: progress)
        return zip(requests, steps).compactMap { request, step in step.map { rollout(request, $0) } }
    }

    private func denoiser(_ request: Request) throws -> any Denoiser {
        let random = try RandomSource(seed: request.seed, device: model.device)
        let steps = sampling.steps(of: request.task, group: request.group)
        if request.task == .textToImage {
            let count = model.configuration.imageTokenCount ?? 1024
            let row = ImageDenoiser.Row(
                prefix: request.prompt, unconditionalPrefix: unconditional, suffix: [vocabulary.endOfImage],
                codes: Array(repeating: nil, count: count))
            var image = sampling.image
            image.steps = steps
            return ImageDenoiser(
                model, rows: [row], imageTokens: vocabulary.image, maskID: vocabulary.mask, sampling: image,
                random: random)
        }
        let genLength = sampling.length(of: request.task)
        var text = sampling.text
        text.temperature = sampling.temperature(of: request.task)
        text.steps = steps
        text.earlyStop = .answerComplete(endToken: vocabulary.end)
        return TextDenoiser(
            model, prompts: [request.prompt], blockLength: sampling.blockLength,
            blockCount: genLength / sampling.blockLength, maskID: vocabulary.mask, sampling: text,
            random: random)
    }

    private func rollout(_ request: Request, _ step: DenoisingStep) -> Rollout {
        let revealedAt = step.fixedAt.map { $0 ?? Rollout.never }
        if request.task == .textToImage {
            return Rollout(
                task: request.task, group: request.group, prompt: request.prompt, answer: step.tokens,
                suffix: [vocabulary.endOfImage], revealedAt: revealedAt)
        }
        let written = step.tokens.dropFirst(request.prompt.count)
        // A mask that the policy chose itself ends the answer too: nothing was said there.
        let end = written.firstIndex { $0 == vocabulary.end || $0 == vocabulary.mask }
        let isComplete = end.map { written[$0] == vocabulary.end } ?? false
        let cut = end.map { isComplete ? $0 + 1 : $0 } ?? written.endIndex
        return Rollout(
            task: request.task, group: request.group, prompt: request.prompt, answer: Array(written[..<cut]),
            suffix: Array(written[cut...]), revealedAt: Array(revealedAt.dropFirst(request.prompt.count)),
            isTruncated: !isComplete)
    }
}
