import NN
import TestSupport
import Testing
import Torch

@testable import Transformer

@Suite struct MixedLengthTests {
    private func model() throws -> (LLaDA, [NamedParameter]) {
        let shape = LLaDAConfiguration(
            hiddenSize: 32, layers: 2, attentionHeads: 4, keyValueHeads: 2, mlpHiddenSize: 48, vocabularySize: 40,
            maskTokenID: 0)
        let trained = TrainableParameters(RandomParameters(try RandomSource(seed: 3)))
        return (try LLaDA(shape, dtype: .float32, ParameterScope(trained)), trained.parameters)
    }

    /// Ids of sequences of those lengths.
    private func ids(_ lengths: [Int]) throws -> Tensor {
        try RandomSource(seed: 5).integers([lengths.reduce(0, +)], in: 0..<40)
    }

    @Test(arguments: [[5, 3], [3, 4, 5, 6, 7, 9], [7, 2, 7, 11, 2, 5, 1, 8]])
    func `sequences together are what each is alone, gradients included`(lengths: [Int]) throws {
        let (together, parameters) = try model()
        let (alone, others) = try model()
        let all = try ids(lengths)
        // Some sequences ask for all their states, some for one, one for none.
        var rows: [Int] = []
        var start = 0
        for (index, length) in lengths.enumerated() {
            rows += index % 3 == 0 ? Array(start..<start + length) : index % 3 == 1 ? [start + length - 1] : []
            start += length
        }
        let found = try together.hiddenStates(together.embed(all), SequenceLayout(lengths: lengths), rows: rows)
        try found.power(2).sum().backward()

        start = 0
        var expected: [Tensor] = []
        for length in lengths {
            let mine = rows.filter { (start..<start + length).contains($0) }.map { $0 - start }
            if !mine.isEmpty {
                let x = try alone.embed(all.slice(start..<start + length))
                expected.append(try alone.hiddenStates(x, SequenceLayout(lengths: [length]), rows: mine))
            }
            start += length
        }
        let joined = try Tensor.cat(expected)
        try joined.power(2).sum().backward()
        #expect(try found.detached().largestDifference(from: joined.detached()) < 1e-5)
        for (a, b) in zip(parameters, others) where !a.name.hasSuffix("transformer.ff_out.weight") {
            let gradient = try #require(try a.tensor.gradient())
            let other = try #require(try b.tensor.gradient())
            let scale = try other.magnitude().reshaped(-1).max(along: 0).item()
            #expect(try gradient.largestDifference(from: other) <= 1e-4 * max(1, scale), "\(a.name)")
        }
    }
}
