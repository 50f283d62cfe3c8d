import Diffusion
import Foundation
import MMaDA
import NN
import StrictJSON
import Torch
import Transformer

/// Work to measure: tokens in, tokens out, no tokenizer.
struct BenchTask {
    private enum Work {
        case text(prompt: [Int32], blockLength: Int, blockCount: Int, TextSampling)
        case image(ImageDenoiser.Row, ImageSampling)
        case forward(length: Int, passes: Int)
    }

    private let work: Work
    private let maskID: Int32
    private let imageTokens: Range<Int>
    private let seed: UInt64

    /// Whether the work is text.
    var isText: Bool { if case .image = work { false } else { true } }

    /// Work of the usual size, with random prompts.
    init(_ task: Bench.Task, steps: Int?, _ configuration: LLaDAConfiguration) throws {
        let codes = configuration.codebookSize ?? min(8192, configuration.vocabularySize / 2)
        let textCount = configuration.vocabularySize - codes
        let random = try RandomSource(seed: 0)
        func ids(_ count: Int) throws -> [Int32] {
            try random.integers([count], in: 0..<min(textCount, configuration.maskTokenID)).to(dtype: .int32).array()
        }
        let imageCount = configuration.imageTokenCount ?? 1024
        maskID = Int32(configuration.maskTokenID)
        imageTokens = textCount..<configuration.vocabularySize
        seed = 0
        var text = TextSampling()
        text.steps = steps ?? 32
        guard (1...65536).contains(text.steps) else {
            throw MMaDAError.outOfRange(name: "steps", value: "\(text.steps)", allowed: "1 to 65536")
        }
        switch task {
        case .text: work = .text(prompt: try ids(64), blockLength: 128, blockCount: 1, text)
        case .answer: work = .text(prompt: try ids(imageCount + 66), blockLength: 128, blockCount: 1, text)
        case .image:
            var sampling = ImageSampling()
            sampling.steps = steps ?? 15
            let row = ImageDenoiser.Row(
                prefix: try ids(24), unconditionalPrefix: try ids(4), suffix: try ids(1),
                codes: Array(repeating: nil, count: imageCount))
            work = .image(row, sampling)
        case .forward: work = .forward(length: 192, passes: steps ?? 5)
        }
    }

    /// Work that a task file describes.
    init(file: URL) throws {
        let json = try JSONValue(parsing: [UInt8](Data(contentsOf: file)))
        let fields = try ConfigurationFields(json, path: file.lastPathComponent)
        let vocabulary = try fields.nested("vocabulary")
        let tokens = 0...(1 << 24)
        func id(_ key: String) throws -> Int32 { Int32(try vocabulary.integer(key, in: tokens)) }
        func ids(_ key: String) throws -> [Int32] { try fields.integers(key, in: tokens, or: []).map(Int32.init) }
        let offset = Int(try id("image_offset"))
        maskID = try id("mask_id")
        imageTokens = offset..<offset + (try vocabulary.integer("codebook_size", in: 1...(1 << 24)))
        seed = UInt64(try fields.integer("seed", in: 0...Int.max))
        let steps = try fields.integer("steps", in: 1...65536)
        if try fields.string("task", or: "text") == "image" {
            var sampling = ImageSampling()
            sampling.steps = steps
            sampling.guidanceScale =
                try fields.has("guidance_scale") && json["guidance_scale"]?.doubleValue == 0
                ? 0 : fields.positive("guidance_scale", or: 3.5)
            sampling.temperature = try json["temperature"]?.doubleValue == 0 ? 0 : fields.positive("temperature", or: 1)
            let name = try fields.string("schedule", or: "cosine")
            guard let schedule = MaskSchedule(name) else {
                throw ConfigurationError.unsupported(
                    key: "schedule", found: name, supported: "cosine, linear, sigmoid, powN")
            }
            sampling.schedule = schedule
            let (begin, end) = (try id("bos"), try id("eos"))
            let (mark, soi) = (try id("t2i"), try id("soi"))
            let row = ImageDenoiser.Row(
                prefix: [mark, begin] + (try ids("text_ids")) + [end, soi],
                unconditionalPrefix: [mark, begin, end, soi],
                suffix: [try id("eoi")],
                codes: Array(repeating: nil, count: try fields.integer("image_tokens", in: 1...(1 << 16))),
                paddedPrefixLength: try fields.integer("text_slots", in: 1...(1 << 16)) + 2)
            work = .image(row, sampling)
        } else {
            var sampling = TextSampling()
            sampling.steps = steps
            sampling.temperature = json["temperature"]?.doubleValue ?? 0
            sampling.cfgScale = json["cfg_scale"]?.doubleValue ?? 0
            sampling.remasking =
                Remasking(rawValue: try fields.string("remasking", or: "low_confidence")) ?? .lowConfidence
            let blockLength = try fields.integer("block_length", in: 1...32768)
            let genLength = try fields.integer("gen_length", in: 1...32768)
            var request = TextRequest([], genLength: genLength, blockLength: blockLength, steps: steps)
            request.sampling = sampling
            try request.validate()
            work = .text(
                prompt: try ids("prompt_ids"), blockLength: blockLength, blockCount: genLength / blockLength, sampling)
        }
    }

    /// Does the work; `stepEnded` is called after each step.
    ///
    /// - Returns: New text ids, or image codes.
    func run(_ transformer: LLaDA, stepEnded: () -> Void) throws -> [Int32] {
        let random = try RandomSource(seed: seed, device: transformer.device)
        switch work {
        case .text(let prompt, let blockLength, let blockCount, let sampling):
            var denoiser = TextDenoiser(
                transformer, prompts: [prompt], blockLength: blockLength, blockCount: blockCount, maskID: maskID,
                sampling: sampling, random: random)
            var tokens: [Int32] = []
            while let step = try denoiser.next() {
                tokens = Array(step[0].tokens.dropFirst(prompt.count))
                stepEnded()
            }
            return tokens
        case .image(let row, let sampling):
            var denoiser = ImageDenoiser(
                transformer, rows: [row], imageTokens: imageTokens, maskID: maskID, sampling: sampling, random: random)
            var tokens: [Int32] = []
            while let step = try denoiser.next() {
                tokens = step[0].tokens.map { $0 - Int32(imageTokens.lowerBound) }
                stepEnded()
            }
            return tokens
        case .forward(let length, let passes):
            let ids = try random.integers([length], in: 0..<imageTokens.lowerBound).to(dtype: .int32)
            let sequence: [Int32] = try ids.array()
            for _ in 0..<passes {
                try withoutGradient { () throws in
                    let hidden = try transformer.hiddenStates(
                        [sequence], at: [Array(0..<length)], startingAt: [0])
                    _ = try transformer.logits(hidden, vocabulary: 0..<transformer.vocabularySize)
                }
                stepEnded()
            }
            return sequence
        }
    }
}
