import NN
import StrictJSON
import TestSupport
import Testing
import Torch
import Transformer

@testable import Training

@Suite struct OptimizerGoldenTests {
    private let losses: GoldenSet
    private let golden: GoldenSet

    init() throws {
        losses = try GoldenSet("losses")
        golden = try GoldenSet("optimizer")
    }

    @Test func `one step of AdamW gives the reference's weights and moments`() throws {
        let facts = try #require(golden.json["one_step"])
        let model = try GoldenModel()
        var before: [String: Tensor] = [:]
        for parameter in model.parameters {
            before[parameter.name] = try parameter.tensor.detached().to(copying: true)
        }
        let optimizer = Optimizer([.init(model.parameters, weightDecay: facts["weight_decay"]?.doubleValue ?? .nan)])
        try model.backward(losses)
        let norm = try clippedStep(optimizer, learningRate: facts["lr"]?.doubleValue ?? .nan)
        let expected = try #require(facts["grad_norm_before_clipping"]?.doubleValue)
        #expect(abs(norm - expected) <= 1e-5 * expected)
        for parameter in model.parameters {
            try compare(parameter.tensor, facts["updated"]?[parameter.name], parameter.name, 1e-6)
            let old = try #require(before[parameter.name])
            let change = try parameter.tensor.detached() - old
            // A change is at most about the learning rate; elements without gradient may go either way.
            try compare(change, facts["change"]?[parameter.name], parameter.name, 5e-3, elements: false)
        }
        try compareWhole("one_step", model)
        for state in optimizer.state {
            guard let whole = try golden.find("one_step." + state.name) else { continue }
            let largest = try whole.magnitude().reshaped(-1).max(along: 0).item()
            #expect(try state.tensor.largestDifference(from: whole) <= 1e-4 * largest, "\(state.name)")
        }
    }

    @Test func `nine steps with the cosine schedule follow the reference`() throws {
        let facts = try #require(golden.json["run"])
        let model = try GoldenModel()
        let single = try #require(golden.json["one_step"])
        let base = try #require(single["lr"]?.doubleValue)
        let decay = try #require(single["weight_decay"]?.doubleValue)
        let optimizer = Optimizer([.init(model.parameters, weightDecay: decay)])
        let schedule = LearningRateSchedule(
            .cosine, warmupSteps: facts["num_warmup_steps"]?.intValue ?? 0,
            totalSteps: facts["num_training_steps"]?.intValue ?? 0)
        for entry in try #require(facts["log"]?.arrayValue) {
            let step = try #require(entry["step"]?.intValue)
            let rate = base * schedule.factor(step: step)
            #expect(abs(rate - (entry["lr_used"]?.doubleValue ?? .nan)) <= 1e-12)
            let found = try model.backward(losses)
            let expected = try #require(entry["total"]?.doubleValue)
            #expect(abs(found.total - expected) <= 1e-4 * expected, "step \(step)")
            let norm = try clippedStep(optimizer, learningRate: rate)
            let expectedNorm = try #require(entry["grad_norm_before_clipping"]?.doubleValue)
            #expect(abs(norm - expectedNorm) <= 1e-3 * expectedNorm, "step \(step)")
        }
        for parameter in model.parameters {
            try compare(parameter.tensor, facts["final"]?[parameter.name], parameter.name, 1e-5)
        }
        try compareWhole("run", model)
    }

    @Test func `accumulated gradients give the reference's step`() throws {
        let facts = try #require(golden.json["accumulate_two"])
        let model = try GoldenModel()
        let single = try #require(golden.json["one_step"])
        let decay = try #require(single["weight_decay"]?.doubleValue)
        let optimizer = Optimizer([.init(model.parameters, weightDecay: decay)])
        for _ in 0..<2 { try model.backward(losses, scale: 0.5) }
        try optimizer.step(learningRate: #require(single["lr"]?.doubleValue))
        for parameter in model.parameters {
            try compare(parameter.tensor, facts["updated"]?[parameter.name], parameter.name, 1e-6)
        }
    }

    @Test(arguments: LearningRateSchedule.Shape.allCases)
    func `learning rates are the reference's`(shape: LearningRateSchedule.Shape) throws {
        let tables = try GoldenSet("schedules").json
        let base = try #require(tables["base_lr"]?.doubleValue)
        let schedule = LearningRateSchedule(
            shape, warmupSteps: tables["warmup_steps"]?.intValue ?? 0,
            totalSteps: tables["training_steps"]?.intValue ?? 0)
        let name = shape == .constant ? "constant_with_warmup" : shape.rawValue
        let table = try #require(tables["learning_rates"]?[name]?.numbers)
        for (step, expected) in table.enumerated() {
            #expect(abs(base * schedule.factor(step: step) - expected) <= 1e-15 + 1e-9 * base, "step \(step)")
        }
    }

    /// Clips to 1, steps and clears; gives the norm before clipping.
    private func clippedStep(_ optimizer: Optimizer, learningRate: Double) throws -> Double {
        let norm = try Tensor.norm(of: optimizer.gradients())
        try optimizer.step(learningRate: learningRate, gradientDivisor: max(1, norm + 1e-6))
        try optimizer.clearGradients()
        return norm
    }

    private func compareWhole(_ name: String, _ model: GoldenModel) throws {
        let kept = try #require(losses.json["rows_kept_of_wte_and_ff_out"]?.integers)
        for parameter in model.parameters {
            guard let whole = try golden.find("\(name).weight." + parameter.name) else { continue }
            let found =
                whole.shape == parameter.tensor.shape
                ? parameter.tensor : try parameter.tensor.indexSelect(Tensor(kept.map(Int64.init)))
            #expect(try found.largestDifference(from: whole) <= 2e-5, "\(parameter.name)")
        }
    }

    private func compare(
        _ tensor: Tensor, _ facts: JSONValue?, _ name: String, _ tolerance: Double, elements: Bool = true
    ) throws {
        let facts = try #require(facts)
        let flat = try tensor.detached().reshaped(-1).to(dtype: .float64)
        let absolute = try #require(facts["abs_sum"]?.doubleValue)
        let found = (sum: try flat.sum().item(), absolute: try flat.magnitude().sum().item())
        let sum = try #require(facts["sum"]?.doubleValue)
        #expect(abs(found.absolute - absolute) <= tolerance * absolute, "\(name)")
        #expect(abs(found.sum - sum) <= tolerance * absolute, "\(name)")
        guard elements else { return }
        let all: [Double] = try flat.array()
        let indices = try #require(facts["index"]?.integers)
        for (index, value) in zip(indices, facts["values"]?.numbers ?? []) {
            #expect(abs(all[index] - value) <= 2e-5, "\(name)[\(index)]")
        }
    }
}
