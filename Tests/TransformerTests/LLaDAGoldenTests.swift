import Checkpoints
import NN
import StrictJSON
import TestSupport
import Testing
import Torch
import Transformer

@Suite struct LLaDAGoldenTests {
    private func model(dtype: DType) throws -> LLaDA {
        let configuration = try LLaDAConfiguration(JSONValue(parsing: Golden.bytes("llada-tiny/config.json")))
        let checkpoint = try Checkpoint(directory: Golden.file("llada-tiny"), stems: ["model"])
        let parameters = CheckpointParameters(checkpoint, dtype: dtype)
        let model = try LLaDA(configuration, dtype: dtype, ParameterScope(parameters))
        try parameters.finish()
        return model
    }

    @Test(arguments: GoldenSet.caseNames("forward"))
    func `logits and hidden states equal the official ones`(name: String) throws {
        let golden = try GoldenSet("forward")
        let isNarrow = try golden.named(name)["logits_dtype"]?.stringValue == "bfloat16"
        let model = try model(dtype: isNarrow ? .bfloat16 : .float32)
        let embeddings: Tensor
        let (B, L): (Int, Int)
        if let ids = try golden.find(name + ".input_ids") {
            (B, L) = try ids.shape2
            embeddings = try model.embed(ids.reshaped(-1))
        } else {
            let given = try golden[name + ".inputs_embeds"]
            (B, L) = (given.shape[0], given.shape[1])
            embeddings = try given.reshaped(B * L, -1)
        }
        var layout = SequenceLayout(lengths: Array(repeating: L, count: B))
        if let bias = try golden.find(name + ".attention_bias") {
            layout.attention = bias.dtype == .bool ? .allowed(bias) : .added(bias)
        } else if let mask = try golden.find(name + ".attention_mask") {
            layout.attention = .officialKeyMask(mask)
        }
        var states: [Tensor] = []
        let final = try model.hiddenStates(embeddings, layout) { states.append($0) }
        let hidden = try Tensor.stack((states + [final]).map { try $0.reshaped(B, L, -1) })  // [layers + 1, B, L, D]
        let logits = try model.logits(final).reshaped(B, L, -1)
        let rows = try golden.find(name + ".logits_rows")
        let seenHidden = try rows.map { try hidden.indexSelect($0, along: 2) } ?? hidden
        let seenLogits = try rows.map { try logits.indexSelect($0, along: 1) } ?? logits
        // bfloat16 is not exact across machines: the golden notes allow 0.11 where float32 must agree to 1e-4.
        let tolerance = isNarrow ? 0.15 : 1e-4
        #expect(try seenLogits.largestDifference(from: golden[name + ".logits"]) < tolerance)
        if let expected = try golden.find(name + ".hidden_states") {
            #expect(try seenHidden.largestDifference(from: expected) < tolerance)
        }
    }

    @Test func `chosen rows and a part of the vocabulary give the same logits as everything`() throws {
        let golden = try GoldenSet("forward")
        let model = try model(dtype: .float32)
        let ids = try golden["plain.input_ids"]
        let (B, L) = try ids.shape2
        let rows = [1, 4, 5, L + 2, 2 * L - 1]
        let range = 100..<333
        let hidden = try model.hiddenStates(
            model.embed(ids.reshaped(-1)), SequenceLayout(lengths: Array(repeating: L, count: B)), rows: rows)
        let expected = try golden["plain.logits"].reshaped(B * L, -1)
            .indexSelect(Tensor(rows.map(Int64.init))).slice(range, along: 1)
        #expect(try model.logits(hidden, vocabulary: range).largestDifference(from: expected) < 1e-4)
    }

    @Test func `sequences of different lengths do not see each other`() throws {
        let model = try model(dtype: .float32)
        let random = try RandomSource(seed: 3)
        let parts = try [5, 9, 2].map { try random.integers([$0], in: 0..<100) }
        let together = try model.hiddenStates(
            model.embed(Tensor.cat(parts)), SequenceLayout(lengths: [5, 9, 2]), rows: [0, 4, 7, 13, 15])
        let apart = try Tensor.cat(
            parts.map { try model.hiddenStates(model.embed($0), SequenceLayout(lengths: [$0.size(0)])) })
        let expected = try apart.indexSelect(Tensor([0, 4, 7, 13, 15] as [Int64]))
        #expect(try together.largestDifference(from: expected) < 1e-5)
    }

    @Test func `a block computed against cached keys and values equals the whole sequence`() throws {
        let model = try model(dtype: .float32)
        let ids = try RandomSource(seed: 4).integers([24], in: 0..<100)
        let whole = try model.hiddenStates(model.embed(ids), SequenceLayout(lengths: [24]))
        let cache = KeyValueCache()
        _ = try model.hiddenStates(model.embed(ids), SequenceLayout(lengths: [24], cache: cache))
        #expect(cache.length == 24)
        let block = try model.hiddenStates(
            model.embed(ids.slice(8..<16)), SequenceLayout(lengths: [8], starts: [8], cache: cache))
        #expect(try block.largestDifference(from: whole.slice(8..<16)) < 1e-5)
    }
}
