import Diffusion
import Images
import MMaDA
import StrictJSON
import TestSupport
import Testing
import TextTokenizer
import Torch

@Suite struct PipelineGoldenTests {
    @Test(arguments: GoldenSet.caseNames("pipeline"))
    func `whole paths give the official tokens, answers and pictures`(name: String) async throws {
        let golden = try GoldenSet("pipeline")
        let entry = try golden.named(name)
        let engine = InferenceEngine(try goldenModel())
        if entry["prompts"] != nil {
            try paint(name, entry, golden, engine.model)
        } else {
            try await answer(name, entry, golden, engine)
        }
    }

    private func answer(_ name: String, _ entry: JSONValue, _ golden: GoldenSet, _ engine: InferenceEngine) async throws
    {
        let messages = try #require(entry["messages"]?.arrayValue).map { message in
            ChatMessage(
                role: try #require(message["role"]?.stringValue.flatMap(ChatMessage.Role.init)),
                content: try #require(message["content"]?.stringValue))
        }
        var request = TextRequest(
            messages, genLength: try #require(entry["max_new_tokens"]?.intValue),
            blockLength: entry["block_length"]?.intValue, steps: entry["steps"]?.intValue)
        request.image = try entry["image"]?.stringValue.map { try RGBImage(contentsOf: Golden.file($0)) }
        request.resolution = entry["resolution"]?.intValue
        request.preprocessing = entry["preprocessing"]?.stringValue.flatMap(ImagePreprocessing.init) ?? .crop
        let prepared = try engine.model.prepare(request)
        let input = try golden.ids(name + ".input_ids")[0]
        #expect(prepared.promptCount == input.count)
        var last: DenoisingStep?
        for try await step in engine.steps(for: prepared) { last = step }
        let step = try #require(last)
        #expect(try step.tokens == golden.ids(name + ".output")[0])
        #expect(engine.model.text(step, of: prepared) == entry["answer"]?.stringValue)
    }

    /// The official code paints all prompts of a case as one batch with one stream of random numbers.
    private func paint(_ name: String, _ entry: JSONValue, _ golden: GoldenSet, _ model: MMaDAModel) throws {
        let textLength = try #require(GoldenSet("prompting").json["max_text_len"]?.intValue)
        var sampling = ImageSampling()
        sampling.steps = try #require(entry["timesteps"]?.intValue)
        sampling.guidanceScale = try #require(entry["guidance_scale"]?.doubleValue)
        sampling.temperature = try #require(entry["temperature"]?.doubleValue)
        let prompts = try #require(entry["prompts"]?.arrayValue).compactMap(\.stringValue)
        let expected = try golden.ids(name + ".codes")
        let rows = prompts.map { prompt in
            ImageDenoiser.Row(
                prefix: model.prompts.textToImage(prompt, maxTextLength: textLength),
                unconditionalPrefix: model.prompts.textToImage("", maxTextLength: textLength),
                suffix: [model.vocabulary.endOfImage], codes: Array(repeating: nil, count: expected[0].count))
        }
        let seed = UInt64(try #require(entry["seed"]?.intValue))
        var denoiser = ImageDenoiser(
            model.transformer, rows: rows, imageTokens: model.vocabulary.image, maskID: model.vocabulary.mask,
            sampling: sampling, random: try RandomSource(seed: seed))
        var last: [DenoisingStep] = []
        while let steps = try denoiser.next() { last = steps }
        #expect(last.map { $0.tokens.compactMap(model.vocabulary.code(of:)) } == expected)

        let images = try golden[name + ".image_uint8"]
        for r in prompts.indices {
            // One prompt alone is one request; in a batch the numbers of the second differ from those of a request.
            guard let pixels = try picture(prompts, r, sampling, seed, last[r], textLength, model) else { continue }
            let reference: [UInt8] = try images.select(r).array()
            let furthest = zip(pixels.pixels, reference).map { abs(Int($0) - Int($1)) }.max()
            #expect((furthest ?? 256) <= 1)
        }
    }

    private func picture(
        _ prompts: [String], _ r: Int, _ sampling: ImageSampling, _ seed: UInt64, _ step: DenoisingStep,
        _ textLength: Int,
        _ model: MMaDAModel
    ) throws -> RGBImage? {
        var request = ImageRequest(prompts[r], sampling: sampling)
        request.seed = seed
        request.maxTextLength = textLength
        let prepared = try model.prepare(request)
        if prompts.count == 1 {
            var denoiser = try model.denoiser(for: prepared)
            var last: DenoisingStep?
            while let next = try denoiser.next()?.first { last = next }
            #expect(last?.tokens == step.tokens)
        }
        return try model.picture(step, of: prepared)
    }
}
