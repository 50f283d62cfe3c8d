import MMaDA
import NN
import StrictJSON
import TestSupport
import Testing
import Torch
import Transformer

@testable import Training

@Suite struct LossGoldenTests {
    @Test(arguments: ["stage1", "stage4", "r2i", "t2i_only"])
    func `every part of the loss is the reference's`(name: String) throws {
        let golden = try GoldenSet("losses")
        let model = try GoldenModel()
        let batch = try GoldenBatch(name, golden, mask: Int32(model.model.configuration.maskTokenID))
        let found = try ScoredBatch(batch.sequences, padAttention: .additive).loss(of: model.model)
        #expect(Set(found.parts.keys) == Set(batch.expected.keys))
        for (part, expected) in batch.expected {
            let value = try #require(found.parts[part])
            #expect(abs(value - expected) <= 1e-5 * abs(expected), "\(part): \(value), expected \(expected)")
        }
    }

    @Test func `padding that is really masked gives the value that the reference names`() throws {
        let golden = try GoldenSet("losses")
        let model = try GoldenModel()
        let batch = try GoldenBatch("stage1", golden, mask: Int32(model.model.configuration.maskTokenID))
        let expected = try #require(golden.json["stage1"]?["loss_t2i_if_padding_were_really_masked"]?.doubleValue)
        let rows = batch.sequences.filter { $0.part == .textToImage }
        let found = try ScoredBatch(rows, padAttention: .masked).loss(of: model.model)
        #expect(abs(try #require(found.parts[.textToImage]) - expected) <= 1e-5 * expected)
    }

    @Test(arguments: [false, true])
    func `gradients of the weighted total are the reference's`(recomputing: Bool) throws {
        let golden = try GoldenSet("losses")
        let model = try GoldenModel()
        let total = try backward(golden, model, recomputing: recomputing)
        let expected = try #require(golden.json["stage1"]?["total"]?.doubleValue)
        #expect(abs(total - expected) <= 1e-5 * expected)

        let kept = try #require(golden.json["rows_kept_of_wte_and_ff_out"]?.integers)
        for parameter in model.parameters {
            let gradient = try #require(try parameter.tensor.gradient())
            let facts = try #require(golden.json["stage1_grads"]?[parameter.name])
            try compare(gradient, facts, parameter.name)
            if let whole = try golden.find("stage1.grad." + parameter.name) {
                let found =
                    whole.shape == gradient.shape
                    ? gradient : try gradient.indexSelect(Tensor(kept.map(Int64.init)))
                let largest = try whole.magnitude().reshaped(-1).max(along: 0).item()
                #expect(try found.largestDifference(from: whole) <= 1e-4 * largest, "\(parameter.name)")
            }
            if let norms = try golden.find("stage1.grad_row_norms." + parameter.name) {
                let found = try gradient.to(dtype: .float64).power(2).sum(along: 1).squareRoot()
                let largest = try norms.max(along: 0).item()
                #expect(try found.largestDifference(from: norms) <= 1e-4 * largest, "\(parameter.name)")
            }
        }
    }

    @Test func `one part alone gives gradients of the reference's norms`() throws {
        let golden = try GoldenSet("losses")
        let parts: [(LossPart, String)] = [
            (.textToImage, "stage1_t2i_grad_norms"), (.language, "stage1_lm_grad_norms"),
            (.understanding, "stage1_mmu_grad_norms"),
        ]
        for (part, key) in parts {
            let model = try GoldenModel()
            let mask = Int32(model.model.configuration.maskTokenID)
            let batch = try GoldenBatch("stage1", golden, mask: mask)
            let only = Dictionary(uniqueKeysWithValues: LossPart.allCases.map { ($0, $0 == part ? 1.0 : 0.0) })
            try ScoredBatch(batch.sequences, coefficients: only, padAttention: .additive).loss(of: model.model)
                .total.backward()
            for parameter in model.parameters {
                let expected = try #require(golden.json[key]?[parameter.name]?.doubleValue)
                let gradient = try #require(try parameter.tensor.gradient())
                let found = try Tensor.norm(of: [gradient])
                #expect(abs(found - expected) <= 1e-4 * expected, "\(part) \(parameter.name)")
            }
        }
    }

    /// Adds up the gradients of the weighted total of `stage1`; gives the total.
    func backward(_ golden: GoldenSet, _ model: GoldenModel, recomputing: Bool = false) throws -> Double {
        try model.backward(golden, recomputing: recomputing).total
    }

    private func compare(_ gradient: Tensor, _ facts: JSONValue, _ name: String) throws {
        let flat = try gradient.reshaped(-1).to(dtype: .float64)
        let sum = try flat.sum().item()
        let absolute = try flat.magnitude().sum().item()
        let expectedAbsolute = try #require(facts["abs_sum"]?.doubleValue)
        #expect(abs(absolute - expectedAbsolute) <= 1e-4 * expectedAbsolute, "\(name)")
        #expect(abs(sum - (facts["sum"]?.doubleValue ?? .nan)) <= 1e-4 * expectedAbsolute, "\(name)")
        let norm = try Tensor.norm(of: [gradient])
        let expectedNorm = try #require(facts["l2"]?.doubleValue)
        #expect(abs(norm - expectedNorm) <= 1e-4 * norm, "\(name)")
        let largest = try flat.magnitude().max(along: 0).item()
        let indices = try #require(facts["index"]?.integers)
        let values = try #require(facts["values"]?.numbers)
        let all: [Double] = try flat.array()
        for (index, value) in zip(indices, values) {
            #expect(abs(all[index] - value) <= 1e-4 * largest, "\(name)[\(index)]")
        }
    }
}

extension GoldenModel {
    /// Adds up the gradients of the weighted total of `stage1`.
    @discardableResult
    func backward(
        _ golden: GoldenSet, recomputing: Bool = false, scale: Double = 1
    ) throws -> (total: Double, parts: [LossPart: Double]) {
        let mask = Int32(model.configuration.maskTokenID)
        let batch = try GoldenBatch("stage1", golden, mask: mask)
        var coefficients: [LossPart: Double] = [:]
        for part in LossPart.allCases {
            coefficients[part] = golden.json["coefficients"]?[part.rawValue]?.doubleValue
        }
        let loss = try ScoredBatch(batch.sequences, coefficients: coefficients, padAttention: .additive)
            .loss(of: model, recomputing: recomputing)
        try (loss.total * .real(scale)).backward()
        return (try loss.total.item(), loss.parts)
    }
}
