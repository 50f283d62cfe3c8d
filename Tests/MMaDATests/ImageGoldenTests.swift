import Diffusion
import MMaDA
import StrictJSON
import TestSupport
import Testing
import Torch

@Suite struct ImageGoldenTests {
    @Test(arguments: GoldenSet.caseNames("t2i_generate"))
    func `every step of image generation equals the official sampler's`(name: String) throws {
        let golden = try GoldenSet("t2i_generate")
        let entry = try golden.named(name)
        let model = try goldenModel()
        let vocabulary = model.vocabulary
        let imageCount = try #require(golden.json["seq_len"]?.intValue)
        let textLength = try #require(golden.json["max_text_len"]?.intValue)
        let schedule = try #require(entry["schedule"]?.stringValue.flatMap { MaskSchedule($0) })

        var sampling = ImageSampling()
        sampling.steps = try #require(entry["timesteps"]?.intValue)
        sampling.guidanceScale = try #require(entry["guidance_scale"]?.doubleValue)
        sampling.temperature = try #require(entry["temperature"]?.doubleValue)
        sampling.schedule = schedule
        // The official argument is the length of the text part; where it is more, the unguided half keeps its masks.
        let resolution = try #require(entry["resolution"]?.intValue)
        let frozen = min(imageCount, max(0, resolution - textLength - 1))

        let inputs = try golden.ids(name + ".input_ids")
        let masks = try golden.ids(name + ".attention_mask")
        let isGuided = try golden.find(name + ".uncond_input_ids") != nil
        let unguided = try isGuided ? golden.ids(name + ".uncond_input_ids") : inputs
        let unguidedMasks = try isGuided ? golden.ids(name + ".uncond_attention_mask") : masks
        func prefix(_ ids: [Int32], _ mask: [Int32]) -> [Int32] {
            Array(ids.dropLast(imageCount + 1).drop { $0 == vocabulary.imagePad && mask[0] == 0 })
        }
        let rows = inputs.indices.map { r in
            ImageDenoiser.Row(
                prefix: prefix(inputs[r], masks[r]), unconditionalPrefix: prefix(unguided[r], unguidedMasks[r]),
                suffix: [vocabulary.endOfImage],
                codes: inputs[r].suffix(imageCount + 1).dropLast().map(vocabulary.code(of:)),
                paddedPrefixLength: textLength + 2,
                frozenUnconditionalCount: frozen)
        }
        var denoiser = ImageDenoiser(
            model.transformer, rows: rows, imageTokens: vocabulary.image, maskID: vocabulary.mask, sampling: sampling,
            random: try RandomSource(seed: UInt64(try #require(entry["seed"]?.intValue))))

        let trace = try golden.ids(name + ".trace_input_ids")  // [steps · rowCount][L], before each step
        let rowCount = rows.count
        var step = 0
        var last: [DenoisingStep] = []
        while let state = try denoiser.next() {
            step += 1
            if step < sampling.steps {
                for r in 0..<rowCount {
                    #expect(
                        state[r].tokens == Array(trace[step * rowCount + r].suffix(imageCount + 1).dropLast()),
                        "step \(step) row \(r)")
                }
            }
            last = state
        }
        #expect(step == sampling.steps)
        #expect(try last.map { $0.tokens.compactMap(vocabulary.code(of:)) } == golden.ids(name + ".output"))
    }
}
