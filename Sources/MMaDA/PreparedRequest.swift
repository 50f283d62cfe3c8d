public import Diffusion
import ImageTokenizer
public import Images
import TextTokenizer
import Torch
import Transformer

/// A request laid out as tokens, ready to run.
public struct PreparedRequest: Sendable {
    /// What is written or painted.
    enum Work: Sendable {
        case text(prompt: [Int32], suffix: [Int32], blockLength: Int, blockCount: Int, TextSampling)
        case infill(canvas: [Int32], TextSampling)
        case image(ImageDenoiser.Row, ImageCanvas, ImageSampling)
    }

    let work: Work
    /// Of all random numbers.
    public var seed: UInt64

    /// Tokens that the model is given: those before the answer, or before the image.
    public var promptCount: Int {
        switch work {
        case .text(let prompt, _, _, _, _): prompt.count
        case .infill(let canvas, _): canvas.count
        case .image(let row, _, _): row.prefix.count
        }
    }

    /// Tokens of the whole sequence, with what is written or painted.
    public var sequenceLength: Int {
        switch work {
        case .text(let prompt, let suffix, let blockLength, let blockCount, _):
            prompt.count + blockLength * blockCount + suffix.count
        case .infill(let canvas, _): canvas.count
        case .image(let row, _, _): row.prefix.count + row.codes.count + row.suffix.count
        }
    }

    /// Tokens that a pass of the model sees, those of guidance included.
    public var tokenCount: Int {
        let isGuided =
            switch work {
            case .text(_, _, _, _, let sampling), .infill(_, let sampling): sampling.cfgScale > 0
            case .image(_, _, let sampling): sampling.guidanceScale > 0
            }
        return sequenceLength * (isGuided ? 2 : 1)
    }

    /// Denoising steps that the work takes, unless it ends early.
    public var stepCount: Int {
        switch work {
        case .text(_, _, _, _, let sampling), .infill(_, let sampling): sampling.steps
        case .image(_, _, let sampling): sampling.steps
        }
    }
}

// Requests become tokens here, and tokens become text and pictures.
extension MMaDAModel {
    /// Lays out a text request; encodes its picture, if it has one.
    public func prepare(_ request: TextRequest) throws -> PreparedRequest {
        try request.validate()
        let messages = request.thinks ? prompts.thinking(request.messages) : request.messages
        let prompt: [Int32]
        if let image = request.image {
            let side = try resolution(request.resolution)
            let codes: [Int32] = try codes(of: image.preprocessed(request.preprocessing, resolution: side))
            prompt = try prompts.understanding(messages, codes: codes)
        } else {
            prompt = try prompts.chat(messages)
        }
        return try prepareText(prompt, request)
    }

    /// Lays out the thought before a picture: a detailed description of `prompt` in think tags.
    ///
    /// `request`: Gives lengths and sampling; its messages are not used.
    public func prepareThought(_ prompt: String, _ request: TextRequest) throws -> PreparedRequest {
        try request.validate()
        // The picture is there from the start, all masked: so the model has met a thought in training.
        let count = transformer.configuration.imageTokenCount ?? 1024
        let masks = [Int32](repeating: vocabulary.mask, count: count)
        let suffix = [vocabulary.end, vocabulary.startOfImage] + masks + [vocabulary.endOfImage]
        return try prepareText(prompts.reasonToImage(prompt), request, suffix: suffix)
    }

    /// Lays out a plain text to go on with, without the form of a chat.
    ///
    /// `request`: Gives lengths and sampling; its messages are not used.
    public func prepareContinuation(_ prompt: String, _ request: TextRequest) throws -> PreparedRequest {
        try request.validate()
        return try prepareText(prompts.continuing(prompt), request)
    }

    private func prepareText(
        _ prompt: [Int32], _ request: TextRequest, suffix: [Int32] = []
    ) throws -> PreparedRequest {
        guard prompt.count + request.genLength + suffix.count <= Limits.tokens else {
            throw MMaDAError.promptTooLong(tokens: prompt.count, limit: Limits.tokens - request.genLength)
        }
        return PreparedRequest(
            work: .text(
                prompt: prompt, suffix: suffix, blockLength: request.blockLength,
                blockCount: request.genLength / request.blockLength, request.sampling), seed: request.seed)
    }

    /// Lays out a text with gaps.
    public func prepare(_ request: InfillRequest) throws -> PreparedRequest {
        let canvas = try prompts.infilling(request.text)
        guard canvas.count <= Limits.tokens else {
            throw MMaDAError.promptTooLong(tokens: canvas.count, limit: Limits.tokens)
        }
        var sampling = request.sampling
        sampling.steps = request.steps ?? canvas.count { $0 == vocabulary.mask }
        try Limits.check("steps", sampling.steps, 1...Limits.steps)
        try Limits.check(sampling)
        return PreparedRequest(work: .infill(canvas: canvas, sampling), seed: request.seed)
    }

    /// Lays out a picture to paint; encodes what is kept of an existing one.
    public func prepare(_ request: ImageRequest) throws -> PreparedRequest {
        try request.validate()
        let canvas = try canvas(of: request)
        let prefix, unconditional: [Int32]
        if let reasoning = request.reasoning {
            prefix = prompts.image(afterReasoning: reasoning)
            unconditional = prompts.unconditionalReasoning
        } else {
            prefix = prompts.textToImage(request.prompt, maxTextLength: request.maxTextLength)
            unconditional = prompts.textToImage("", maxTextLength: request.maxTextLength)
        }
        let row = ImageDenoiser.Row(
            prefix: prefix, unconditionalPrefix: unconditional, suffix: [vocabulary.endOfImage],
            codes: canvas.square.codes, paddedPrefixLength: request.maxTextLength + 2)
        return PreparedRequest(work: .image(row, canvas, request.sampling), seed: request.seed)
    }

    private func canvas(of request: ImageRequest) throws -> ImageCanvas {
        let pixels = try resolution(request.resolution)
        let side = try pixels / imageTokenizer().downsampling
        switch request.source {
        case .nothing:
            return ImageCanvas(CodeGrid(unknown: side))
        case .inpaint(let image, let mask):
            guard image.width == mask.width, image.height == mask.height else {
                throw MMaDAError.conflict(
                    "the mask is \(mask.width)×\(mask.height) pixels, the picture \(image.width)×\(image.height)")
            }
            let known: CodeGrid = try codes(of: image.preprocessed(.crop, resolution: pixels))
            let painted = try mask.preprocessed(.crop, resolution: pixels).latentMask(side: side)
            return ImageCanvas(
                CodeGrid(
                    height: side, width: side,
                    codes: zip(known.codes, painted).map { code, paints in paints ? nil : code }))
        case .extend(let image, let direction, let overlap):
            let known: CodeGrid = try codes(of: image.preprocessed(.crop, resolution: pixels))
            return try ImageCanvas(extending: known, direction, side: side, offset: overlap)
        }
    }

    /// Pixels on a side: as asked, else the model's own, else 512.
    public func resolution(_ asked: Int? = nil) throws -> Int {
        let patch = try imageTokenizer().downsampling
        if let asked {
            try Limits.divisible("resolution", asked, by: "patch size", patch)
            return asked
        }
        let count = transformer.configuration.imageTokenCount ?? 1024
        return Int(Double(count).squareRoot()) * patch
    }

    /// Codes of a picture whose sides are multiples of the patch size.
    func codes(of image: RGBImage) throws -> CodeGrid {
        let tokenizer = try imageTokenizer()
        return try withoutGradient { () throws in
            let codes = try tokenizer.encode(PixelConversion.pixels(of: image).to(transformer.device))  // [1, y, x]
            let (_, Y, X) = try codes.shape3
            return CodeGrid(height: Y, width: X, codes: try codes.to(dtype: .int32).array(of: Int32.self))
        }
    }

    /// A picture of codes.
    func image(of grid: CodeGrid) throws -> RGBImage {
        let tokenizer = try imageTokenizer()
        return try withoutGradient { () throws in
            let codes = try Tensor(
                grid.codes.map { Int64($0 ?? 0) }, shape: [1, grid.height, grid.width]
            ).to(transformer.device)
            return try PixelConversion.images(of: tokenizer.decode(codes))[0]
        }
    }

    /// The picture as the square that the model sees.
    public func preprocessed(
        _ image: RGBImage, _ kind: ImagePreprocessing = .crop, resolution asked: Int? = nil
    ) throws -> RGBImage {
        try image.preprocessed(kind, resolution: resolution(asked))
    }

    /// The picture, whose sides are multiples of the patch size, through the image tokenizer and back.
    public func reconstruct(_ image: RGBImage) throws -> RGBImage { try self.image(of: codes(of: image)) }

    /// The picture as it would be if painting ended after `step`.
    public func picture(_ step: DenoisingStep, of request: PreparedRequest) throws -> RGBImage? {
        guard case .image(_, let canvas, _) = request.work else { return nil }
        return try image(of: canvas.finished(step.predicted.map { vocabulary.code(of: $0) ?? 0 }))
    }

    /// A thought for ``ImageRequest/reasoning``: the prompt and what was written after it.
    public func thought(_ step: DenoisingStep, of request: PreparedRequest) -> [Int32] {
        Array(step.tokens.prefix(request.promptCount)) + newTokens(step, of: request)
    }

    /// The picture after `step` with the places that are still undecided in gray; `nil` for a text.
    public func pictureSoFar(_ step: DenoisingStep, of request: PreparedRequest) throws -> RGBImage? {
        guard case .image(_, let canvas, _) = request.work, let whole = try picture(step, of: request) else {
            return nil
        }
        let patch = try imageTokenizer().downsampling
        let (rows, columns) = (canvas.square.height, canvas.square.width)
        // Where the painted square is only a part of the picture, its place is not marked.
        guard whole.width == columns * patch, whole.height == rows * patch else { return whole }
        var pixels = whole.pixels
        for (place, token) in step.tokens.enumerated() where token == vocabulary.mask {
            for y in 0..<patch {
                let start = ((place / columns * patch + y) * whole.width + place % columns * patch) * 3
                for byte in start..<start + patch * 3 { pixels[byte] = 128 }
            }
        }
        return try RGBImage(width: whole.width, height: whole.height, pixels: pixels)
    }

    /// Codes of a picture whose sides are multiples of the patch size, row by row.
    public func codes(of image: RGBImage) throws -> [Int32] {
        try (codes(of: image) as CodeGrid).codes.compactMap(\.self)
    }

    /// The square picture of codes, row by row.
    public func picture(codes: [Int32]) throws -> RGBImage {
        let side = Int(Double(codes.count).squareRoot())
        guard side * side == codes.count else {
            throw MMaDAError.outOfRange(name: "number of codes", value: "\(codes.count)", allowed: "a square")
        }
        return try image(of: CodeGrid(height: side, width: side, codes: codes))
    }

    /// The text that `step` has written so far: special tokens, masks and image codes are left out.
    public func text(_ step: DenoisingStep, of request: PreparedRequest) -> String {
        tokenizer.decode(newTokens(step, of: request).filter { vocabulary.text.contains(Int($0)) })
    }

    /// The tokens of the answer, or all of an infilled text.
    public func newTokens(_ step: DenoisingStep, of request: PreparedRequest) -> [Int32] {
        switch request.work {
        case .text(let prompt, let suffix, _, _, _):
            Array(step.tokens.dropFirst(prompt.count).dropLast(suffix.count))
        case .infill, .image: step.tokens
        }
    }
}
