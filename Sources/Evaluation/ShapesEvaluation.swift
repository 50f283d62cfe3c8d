import Datasets
public import Diffusion
import Images
public import MMaDA
public import ShapesWorld
import TextTokenizer
import Torch
import Transformer

/// Scores a model on a world that it can be trained on: pictures by the scene reader, texts by their last line.
public struct ShapesEvaluation {
    /// What is scored.
    public enum Task: String, Hashable, Sendable, CaseIterable, Codable {
        /// Pictures through the image tokenizer and back.
        case reconstruction
        /// Pictures of captions.
        case painting
        /// Pictures of captions with pairs of kinds that training never shows together.
        case heldoutPainting = "heldout_painting"
        /// Descriptions of pictures.
        case description
        /// Questions about pictures.
        case questions
        /// Arithmetic and logic in text.
        case problems
        /// Riddles, reasoned out and painted.
        case riddles
    }

    /// How it is sampled and how much.
    public struct Options: Hashable, Sendable {
        /// Items of each task.
        public var count = 500
        /// Seed of the items and of sampling.
        public var seed: UInt64 = 0
        /// Items in one pass of the model.
        public var batchSize = 50
        /// Sampling of pictures.
        public var image = ImageSampling()
        /// Tokens that answers may have, in blocks.
        public var genLength = 96
        /// Tokens of a block.
        public var blockLength = 16
        /// Tokens revealed in a step.
        public var tokensPerStep = 1
        /// Text budget of captions, as in training.
        public var maxTextLength = 64

        /// The defaults.
        public init() {}
    }

    private let model: MMaDAModel
    private let world: World
    private let options: Options

    /// An evaluation of `model` on examples of `world` that training has not seen.
    public init(_ model: MMaDAModel, world: World, options: Options) {
        self.model = model
        self.world = world
        self.options = options
    }

    /// Scores one task.
    ///
    /// `progress`: Called with the items done; what it throws ends the work.
    public func score(_ task: Task, progress: (Int) throws -> Void = { _ in }) throws -> ShapesScores {
        var scores = ShapesScores(task: task)
        // Short prompts first: sequences of one length go through the model together.
        let items = try examples(task).sorted { $0.record.prompt.utf8.count < $1.record.prompt.utf8.count }
        for start in stride(from: 0, to: items.count, by: options.batchSize) {
            let batch = Array(items[start..<min(items.count, start + options.batchSize)])
            let random = try RandomSource(seed: options.seed &+ UInt64(start))
            switch task {
            case .reconstruction: try reconstruct(batch, &scores)
            case .painting, .heldoutPainting: try paint(batch, random, &scores)
            case .description, .questions, .problems: try answer(batch, task, random, &scores)
            case .riddles: try solve(batch, random, &scores)
            }
            try progress(start + batch.count)
        }
        return scores
    }

    private func examples(_ task: Task) throws -> [WorldExample] {
        let kind: TaskKind =
            switch task {
            case .reconstruction, .painting, .heldoutPainting: .textToImage
            case .description: .caption
            case .questions: .understanding
            case .problems: .chat
            case .riddles: .reasonToImage
            }
        let split: WorldSplit = task == .heldoutPainting ? .heldout : .test
        return try (0..<options.count).map { try world.example(kind, split, $0) }
    }

    // MARK: Tasks

    private func reconstruct(_ batch: [WorldExample], _ scores: inout ShapesScores) throws {
        for example in batch {
            guard let image = example.record.image, let scene = example.scene else { continue }
            let decoded = try model.reconstruct(image)
            let ratio = try min(99, decoded.psnr(against: image))
            let same = SceneReader().read(decoded).isSameContent(as: scene)
            scores.add(same, aspects: ["psnr": ratio])
        }
    }

    private func paint(
        _ batch: [WorldExample], _ random: RandomSource, _ scores: inout ShapesScores
    ) throws {
        let prefixes = batch.map {
            model.prompts.textToImage($0.record.prompt, maxTextLength: options.maxTextLength)
        }
        let empty = model.prompts.textToImage("", maxTextLength: options.maxTextLength)
        for (picture, example) in zip(try pictures(prefixes, unconditional: empty, random), batch) {
            add(picture, example, &scores)
        }
    }

    private func add(_ picture: RGBImage, _ example: WorldExample, _ scores: inout ShapesScores) {
        guard let wanted = example.requirements else { return }
        let score = SceneScore(SceneReader().read(picture), wanted)
        let aspects: [(String, Bool)] = [
            ("count", score.count), ("shape", score.shape), ("color", score.color), ("size", score.size),
            ("binding", score.binding), ("position", score.position), ("background", score.background),
        ]
        scores.add(
            score.isAllRight, aspects: Dictionary(uniqueKeysWithValues: aspects.map { ($0.0, $0.1 ? 1 : 0) }))
        scores.keep(ShapesScores.Sample(prompt: example.record.prompt, picture: picture, isRight: score.isAllRight))
    }

    /// Paints pictures after prefixes.
    private func pictures(
        _ prefixes: [[Int32]], unconditional: [Int32], _ random: RandomSource
    ) throws -> [RGBImage] {
        let tokens = model.transformer.configuration.imageTokenCount ?? 1024
        let rows = prefixes.map { prefix in
            ImageDenoiser.Row(
                prefix: prefix, unconditionalPrefix: unconditional, suffix: [model.vocabulary.endOfImage],
                codes: Array(repeating: nil, count: tokens))
        }
        var denoiser = ImageDenoiser(
            model.transformer, rows: rows, imageTokens: model.vocabulary.image, maskID: model.vocabulary.mask,
            sampling: options.image, random: random)
        var last: [DenoisingStep] = []
        while let step = try denoiser.next() { last = step }
        return try last.map { step in
            try model.picture(codes: step.tokens.map { model.vocabulary.code(of: $0) ?? 0 })
        }
    }

    private func answer(
        _ batch: [WorldExample], _ task: Task, _ random: RandomSource, _ scores: inout ShapesScores
    ) throws {
        let prompts = try batch.map { example -> [Int32] in
            let messages = [ChatMessage(role: .user, content: example.record.prompt)]
            guard let image = example.record.image else { return try model.prompts.chat(messages) }
            return try model.prompts.understanding(messages, codes: model.codes(of: image))
        }
        for (text, example) in zip(try texts(prompts, suffix: [], random), batch) {
            let isRight: Bool
            if task == .description {
                let found = Scene(description: text.trimmed)
                isRight = found.map { $0.isSameContent(as: example.scene ?? $0) } ?? false
            } else {
                let last = text.components(after: "</think>").trimmed
                isRight = AnswerComparison.agree(last, example.record.gold)
            }
            scores.add(isRight, aspects: example.topic.map { [$0.rawValue: isRight ? 1 : 0] } ?? [:])
            scores.keep(
                ShapesScores.Sample(
                    prompt: example.record.prompt, text: text, expected: example.record.answer,
                    picture: example.record.image, isRight: isRight))
        }
    }

    /// Continues prompts greedily; gives the texts.
    private func texts(_ prompts: [[Int32]], suffix: [Int32], _ random: RandomSource) throws -> [String] {
        try tokens(prompts, suffix: suffix, random).map { tokens in
            model.tokenizer.decode(tokens.filter { model.vocabulary.text.contains(Int($0)) })
        }
    }

    private func tokens(
        _ prompts: [[Int32]], suffix: [Int32], _ random: RandomSource
    ) throws -> [[Int32]] {
        var sampling = TextSampling()
        sampling.steps = max(1, options.genLength / options.tokensPerStep)
        sampling.wideConfidence = false
        sampling.earlyStop = .answerComplete(endToken: model.vocabulary.end)
        // Prompts of one length side by side.
        let order = prompts.indices.sorted { (prompts[$0].count, $0) < (prompts[$1].count, $1) }
        var denoiser = TextDenoiser(
            model.transformer, prompts: order.map { prompts[$0] }, blockLength: options.blockLength,
            blockCount: options.genLength / options.blockLength, maskID: model.vocabulary.mask, sampling: sampling,
            random: random, suffix: suffix)
        var last: [DenoisingStep] = []
        while let step = try denoiser.next() { last = step }
        var results = [[Int32]](repeating: [], count: prompts.count)
        for (place, step) in zip(order, last) {
            // What early stopping leaves masked comes after the end of the answer.
            let written = step.tokens.dropFirst(prompts[place].count).prefix(options.genLength)
            results[place] = written.map { $0 == model.vocabulary.mask ? model.vocabulary.end : $0 }
        }
        return results
    }

    private func solve(
        _ batch: [WorldExample], _ random: RandomSource, _ scores: inout ShapesScores
    ) throws {
        let prompts = try batch.map { try model.prompts.reasonToImage($0.record.prompt) }
        let count = model.transformer.configuration.imageTokenCount ?? 1024
        let masks = [Int32](repeating: model.vocabulary.mask, count: count)
        let vocabulary = model.vocabulary
        let suffix = [vocabulary.end, vocabulary.startOfImage] + masks + [vocabulary.endOfImage]
        let thoughts = try tokens(prompts, suffix: suffix, random)
        let prefixes = zip(prompts, thoughts).map { $0 + $1 + [vocabulary.end, vocabulary.startOfImage] }
        let found = try pictures(prefixes, unconditional: model.prompts.unconditionalReasoning, random)
        for ((picture, thought), example) in zip(zip(found, thoughts), batch) {
            var example = example
            let text = model.tokenizer.decode(thought.filter { vocabulary.text.contains(Int($0)) })
            example.record.prompt += "\n\(text)"
            add(picture, example, &scores)
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }

    /// What follows the last `mark`; all if there is none.
    fileprivate func components(after mark: String) -> String {
        guard let range = ranges(of: mark).last else { return self }
        return String(self[range.upperBound...])
    }
}
