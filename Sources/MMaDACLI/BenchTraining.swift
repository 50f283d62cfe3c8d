import ArgumentParser
import Foundation
import MMaDA
import NN
import StrictJSON
import Torch
import Training
import Transformer

/// The command `mmada bench-training`: forward, backward and AdamW on one batch, again and again.
struct BenchTraining: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-training", abstract: "Measure the speed and memory of training steps on a given batch.",
        discussion: "benchmarks/README.md describes the batch file and the figures that are printed.")

    @Option(help: ArgumentHelp("The model's folder; only the transformer is read.", valueName: "dir"))
    var model: String
    @Option(help: ArgumentHelp("Noised rows and their scored positions.", valueName: "file.json"))
    var batch: String
    @Option(help: "Steps to take.") var steps = 4
    @Option(help: "masked, additive (as the official code) or none.") var padAttention = "additive"
    @Option(help: "Learning rate of AdamW.") var learningRate = 1e-4
    @Flag(help: "Compute blocks anew in the backward pass.") var recompute = false
    @OptionGroup(title: "Compute options") var compute: ComputeOptions

    func run() async throws {
        try compute.apply()
        guard let padding = PadAttention(rawValue: padAttention), steps > 0 else {
            throw ValidationError("--pad-attention is masked, additive or none; --steps at least 1")
        }
        let (shape, checkpoint) = try MMaDAModel.transformerFiles(directory: URL(filePath: model))
        let trained = TrainableParameters(CheckpointParameters(checkpoint), device: compute.device)
        let transformer = try LLaDA(shape, dtype: compute.dtype?.dtype ?? .float32, ParameterScope(trained))
        let (sequences, coefficients) = try rows()
        let scored = try ScoredBatch(sequences, coefficients: coefficients, padAttention: padding)
        let optimizer = Optimizer([Optimizer.Group(trained.parameters, weightDecay: 0.01)])
        var seconds: [Double] = []
        var losses: [Double] = []
        var norms: [Double] = []
        for _ in 0..<steps {
            let start = ContinuousClock.now
            let loss = try scored.loss(of: transformer, recomputing: recompute)
            try loss.total.backward()
            let norm = try Tensor.norm(of: optimizer.gradients())
            try optimizer.step(learningRate: learningRate, gradientDivisor: max(1, norm + 1e-6))
            try optimizer.clearGradients()
            try compute.device.synchronize()
            losses.append(try loss.total.item())
            norms.append(norm)
            seconds.append((ContinuousClock.now - start) / .seconds(1))
        }
        let numbers = { (values: [Double]) in JSONValue.array(values.map { .number($0) }) }
        let fields: [(key: JSONString, value: JSONValue)] = [
            ("seconds", numbers(seconds)), ("losses", numbers(losses)), ("gradient_norms", numbers(norms)),
            ("peak_rss_bytes", .integer(Int64(ProcessMemory.peak))),
            ("threads", .integer(Int64(TensorRuntime.threadCount))),
        ]
        standardOutput(String(decoding: JSONValue.object(fields).serialized(), as: UTF8.self) + "\n")
    }

    private func rows() throws -> ([NoisedSequence], [LossPart: Double]) {
        let json = try JSONValue(parsing: [UInt8](Data(contentsOf: URL(filePath: batch))))
        func malformed(_ what: String) -> MMaDAError { .unreadable(URL(filePath: batch), reason: what) }
        guard let list = json["rows"]?.arrayValue else { throw malformed("no 'rows'") }
        let sequences = try list.map { row -> NoisedSequence in
            guard let part = row["part"]?.stringValue.flatMap(LossPart.init(rawValue:)),
                let ids = row["ids"]?.arrayValue, let positions = row["positions"]?.arrayValue,
                let targets = row["targets"]?.arrayValue, let weights = row["weights"]?.arrayValue,
                positions.count == targets.count, positions.count == weights.count
            else { throw malformed("a row lacks part, ids, positions, targets or weights") }
            let scored = try positions.indices.map { index -> ScoredPosition in
                guard let position = positions[index].intValue, ids.indices.contains(position),
                    let target = targets[index].intValue, let weight = weights[index].doubleValue
                else { throw malformed("a position outside its row") }
                return ScoredPosition(position: position, target: Int32(target), weight: Float(weight))
            }
            return NoisedSequence(
                part: part, ids: ids.compactMap { $0.intValue.map(Int32.init) }, scored: scored,
                paddingCount: row["padding"]?.intValue ?? 0)
        }
        var coefficients: [LossPart: Double] = [:]
        for part in LossPart.allCases { coefficients[part] = json["coefficients"]?[part.rawValue]?.doubleValue }
        return (sequences, coefficients)
    }
}
