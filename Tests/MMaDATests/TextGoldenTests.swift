import Diffusion
import MMaDA
import StrictJSON
import TestSupport
import Testing
import Torch

@Suite struct TextGoldenTests {
    @Test(arguments: GoldenSet.caseNames("text_generate"))
    func `every step of text generation equals the official sampler's`(name: String) throws {
        let golden = try GoldenSet("text_generate")
        let entry = try golden.named(name)
        let arguments = try #require(entry["args"])
        let function = try #require(entry["function"]?.stringValue)
        let model = try goldenModel()
        let vocabulary = model.vocabulary
        let genLength = try #require((arguments["max_new_tokens"] ?? arguments["gen_length"])?.intValue)
        let blockLength = try #require(arguments["block_length"]?.intValue)

        var sampling = TextSampling()
        sampling.steps = try #require(arguments["steps"]?.intValue)
        sampling.temperature = arguments["temperature"]?.doubleValue ?? 0
        sampling.cfgScale = arguments["cfg_scale"]?.doubleValue ?? 0
        sampling.remasking = arguments["remasking"]?.stringValue.flatMap(Remasking.init) ?? .lowConfidence
        sampling.wideConfidence = function != "llada_generate"
        if let token = arguments["eot_token"]?.intValue {
            sampling.earlyStop = .lastTokenOfBlock(endToken: Int32(token))
        }
        if arguments["logits_eos_inf"]?.boolValue == true { sampling.forbidden = [vocabulary.end] }
        if arguments["confidence_eos_eot_inf"]?.boolValue == true {
            sampling.revealedLast = .init(greedyOnly: vocabulary.end, always: vocabulary.endOfTurn)
        }

        // Left padding, which the official code masks, is simply left out here.
        let padded = try golden.ids(name + ".prompt")
        let masks =
            try golden.find(name + ".attention_mask") != nil
            ? golden.ids(name + ".attention_mask") : padded.map { $0.map { _ in 1 } }
        let pads = masks.map { $0.prefix { $0 == 0 }.count }
        let prompts = zip(padded, pads).map { Array($0.dropFirst($1)) }
        var denoiser = TextDenoiser(
            model.transformer, prompts: prompts, blockLength: blockLength, blockCount: genLength / blockLength,
            maskID: vocabulary.mask, sampling: sampling,
            random: try RandomSource(seed: UInt64(entry["seed"]?.intValue ?? 0)))

        let rowCount = prompts.count
        let traceX = try golden.ids(name + ".trace_x")  // [(steps + 1) · B][width]
        let traceX0 = try golden.ids(name + ".trace_x0")  // [steps · B][width]
        let traceConfidence: [Double] = try golden[name + ".trace_confidence"].to(dtype: .float64).array()
        let width = traceX[0].count
        var step = 0
        while let rows = try denoiser.next() {
            for (r, row) in rows.enumerated() {
                let before = traceX[step * rowCount + r].dropFirst(pads[r])
                #expect(
                    Array(traceX[(step + 1) * rowCount + r].dropFirst(pads[r])) == row.tokens,
                    "row \(r) after step \(step)")
                let guesses = traceX0[step * rowCount + r].dropFirst(pads[r])
                let scores = traceConfidence[(step * rowCount + r) * width..<(step * rowCount + r + 1) * width]
                    .dropFirst(pads[r])
                for (i, score) in scores.enumerated() where score.isFinite && row.newlyFixed.contains(i) {
                    #expect(row.predicted[i] == Array(guesses)[i])
                    if sampling.remasking == .lowConfidence {
                        #expect(abs(Double(row.confidence[i]) - score) < 1e-5 * max(1, abs(score)))
                    }
                }
                #expect(before.count == row.tokens.count)
            }
            step += 1
        }
        #expect(step == entry["steps_run"]?.intValue)
    }
}
