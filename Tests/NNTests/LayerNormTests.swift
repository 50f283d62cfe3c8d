import NN
import TestSupport
import Testing
import Torch

@Suite struct LayerNormTests {
    private func norm(_ weight: [Float], _ bias: [Float], epsilon: Double = 1e-5) throws -> LayerNorm {
        let tensors = ["weight": try Tensor(weight), "bias": try Tensor(bias)]
        return try LayerNorm(weight.count, epsilon: epsilon, ParameterScope(DictionaryParameters(tensors)))
    }

    @Test func `the last dimension is brought to mean 0 and variance 1, then scaled and shifted`() throws {
        let y = try norm([1, 2, 1, 1], [0, 0, 0.5, 0])(Tensor([Float(1), 2, 3, 6, -1, -1, 1, 1], shape: [2, 4]))
        let expected: [Float] = [-1.0690, -1.0690, 0.5, 1.6036, -1, -2, 1.5, 1]
        #expect(try y.largestDifference(from: Tensor(expected, shape: [2, 4])) < 1e-4)
    }

    @Test func `half-precision input is normalised in float32`() throws {
        // Squares of these overflow float16.
        let x = try Tensor([Float(300), -300, 600, -600], shape: [1, 4]).to(dtype: .float16)
        let y = try norm([1, 1, 1, 1], [0, 0, 0, 0])(x)
        #expect(y.dtype == .float16)
        let expected = try Tensor([Float(0.6325), -0.6325, 1.2649, -1.2649], shape: [1, 4])
        #expect(try y.largestDifference(from: expected) < 1e-3)
    }

    @Test func `activations are those of their names`() throws {
        let x = try Tensor([Float(-1), 0, 1, 2])
        let exact = try Tensor([Float(-0.158655), 0, 0.841345, 1.954500])
        #expect(try Activation.gelu(x).largestDifference(from: exact) < 1e-6)
        let quick = try Tensor([Float(-0.154204), 0, 0.845796, 1.935659])
        #expect(try Activation.quickGELU(x).largestDifference(from: quick) < 2e-6)
        #expect(Activation(rawValue: "quick_gelu") == .quickGELU)
    }
}
