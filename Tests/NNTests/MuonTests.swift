import NN
import Testing
import Torch

@Suite struct MuonTests {
    /// A matrix of known singular vectors: U · diag(values) · Vᵀ, where U and V are reflections.
    private struct Spectrum {
        let rows: Int, columns: Int
        let values: [Double]

        /// I − 2·w·wᵀ/|w|².
        private static func reflection(_ count: Int, _ phase: Double) -> [[Double]] {
            let normal = (0..<count).map { 1.1 + (Double($0) * 1.7 + phase).remainder(dividingBy: 2) }
            let length = normal.map { $0 * $0 }.reduce(0, +)
            return (0..<count).map { i in
                (0..<count).map { j in (i == j ? 1 : 0) - 2 * normal[i] * normal[j] / length }
            }
        }

        func matrix(_ change: (Double) -> Double) -> [Float] {
            let (left, right) = (Self.reflection(rows, 0.3), Self.reflection(columns, 0.9))
            return (0..<rows).flatMap { i in
                (0..<columns).map { j in
                    Float(values.indices.map { left[i][$0] * change(values[$0]) * right[j][$0] }.reduce(0, +))
                }
            }
        }
    }

    /// What the iteration makes of one singular value, which it treats apart from the others.
    private func iterated(_ value: Double) -> Double {
        (0..<5).reduce(value) { x, _ in 3.4445 * x - 4.7750 * x * x * x + 2.0315 * x * x * x * x * x }
    }

    private func parameter(_ name: String, _ values: [Float], _ shape: [Int]) throws -> NamedParameter {
        let tensor = try Tensor(values).reshaped(shape)
        try tensor.requireGradientInPlace()
        return NamedParameter(name: name, tensor: tensor)
    }

    private func set(_ gradient: [Float], of parameter: NamedParameter) throws {
        try parameter.tensor.setGradientInPlace(Tensor(gradient).reshaped(parameter.tensor.shape))
    }

    @Test(arguments: [(5, 3), (3, 5), (4, 4)])
    func `a step moves along the orthogonalised gradient, as long as AdamW would`(rows: Int, columns: Int) throws {
        let spectrum = Spectrum(
            rows: rows, columns: columns, values: Array([4.0, 1.0, 0.25, 0.02].prefix(min(rows, columns))))
        let before = (0..<rows * columns).map { Float($0) * 0.1 }
        let parameter = try parameter("matrix", before, [rows, columns])
        let optimizer = Optimizer([.init([parameter], weightDecay: 0.5, rule: .muon)])
        // The second gradient tells the momentum with Nesterov's correction from the plain gradient.
        let steps: [(gradient: Double, direction: Double)] = [(1, 1), (-3, 0)]
        var mean = 0.0
        var expected = before.map(Double.init)
        for step in steps {
            try set(spectrum.matrix { $0 * step.gradient }, of: parameter)
            try optimizer.step(learningRate: 0.02)
            mean += 0.05 * (step.gradient - mean)
            let along = step.gradient + 0.95 * (mean - step.gradient)
            let length = spectrum.values.map { $0 * $0 }.reduce(0, +).squareRoot()
            let direction = spectrum.matrix { iterated($0 / length) * (along < 0 ? -1 : 1) }
            let scale = 0.2 * Double(max(rows, columns)).squareRoot() * 0.02
            expected = zip(expected, direction).map { $0 * (1 - 0.02 * 0.5) - scale * Double($1) }
        }
        let found: [Float] = try parameter.tensor.detached().reshaped(-1).array()
        for (found, expected) in zip(found, expected) { #expect(abs(Double(found) - expected) <= 2e-5) }
        // Singular values that differ by 200 : 1 have come close to each other.
        let length = spectrum.values.map { $0 * $0 }.reduce(0, +).squareRoot()
        #expect(spectrum.values.allSatisfy { (0.6...1.3).contains(iterated($0 / length)) || $0 < 0.1 })
    }

    @Test func `momentum is kept and given back`() throws {
        let spectrum = Spectrum(rows: 3, columns: 4, values: [2, 1, 0.5])
        func made() throws -> (NamedParameter, Optimizer) {
            let parameter = try parameter("matrix", Array(repeating: 0.5, count: 12), [3, 4])
            return (parameter, Optimizer([.init([parameter], weightDecay: 0, rule: .muon)]))
        }
        let (whole, first) = try made()
        try set(spectrum.matrix { $0 }, of: whole)
        try first.step(learningRate: 0.1)
        #expect(first.state.map(\.name) == ["momentum_buffer.matrix"])

        let (resumed, second) = try made()
        try resumed.tensor.detached().copyInPlace(from: whole.tensor.detached())
        let kept = Dictionary(uniqueKeysWithValues: first.state.map { ($0.name, $0.tensor) })
        try second.restore(from: Kept(kept)) { kept[$0] != nil }
        for (parameter, optimizer) in [(whole, first), (resumed, second)] {
            try set(spectrum.matrix { 1 - $0 }, of: parameter)
            try optimizer.step(learningRate: 0.1)
        }
        let (a, b): ([Float], [Float]) = (
            try whole.tensor.detached().reshaped(-1).array(), try resumed.tensor.detached().reshaped(-1).array()
        )
        #expect(a == b)
    }

    private final class Kept: ParameterSource {
        private let tensors: [String: Tensor]
        init(_ tensors: [String: Tensor]) { self.tensors = tensors }
        func parameter(_ name: String, shape: [Int]) throws -> Tensor { try #require(tensors[name]) }
    }

    @Test func `a tensor that is no matrix is refused`() throws {
        let parameter = try parameter("kernel", Array(repeating: 1, count: 8), [2, 2, 2])
        try set(Array(repeating: 1, count: 8), of: parameter)
        let optimizer = Optimizer([.init([parameter], weightDecay: 0, rule: .muon)])
        #expect(throws: TensorError.self) { try optimizer.step(learningRate: 0.1) }
    }
}
