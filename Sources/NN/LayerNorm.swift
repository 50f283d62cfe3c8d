public import Torch

/// Normalisation to mean 0 and variance 1 over the last dimension (Ba, Kiros and Hinton 2016), computed in float32.
public struct LayerNorm: Sendable {
    private let weight, bias: Tensor
    private let epsilon: Double

    /// Takes `weight` and `bias` `[width]` from the scope.
    public init(_ width: Int, epsilon: Double, _ scope: ParameterScope) throws {
        weight = try scope.parameter("weight", width)
        bias = try scope.parameter("bias", width)
        self.epsilon = epsilon
    }

    /// `x` is `[..., width]`, and so is the result, in the dtype of `x`.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        try x.to(dtype: .float32)
            .layerNorm(weight: weight.to(dtype: .float32), bias: bias.to(dtype: .float32), epsilon: epsilon)
            .to(dtype: x.dtype)
    }
}
