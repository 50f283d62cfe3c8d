public import Torch

/// Root-mean-square normalisation over the last dimension (Zhang and Sennrich 2019).
///
/// The normalised value is rounded to the dtype of `x` before it is multiplied by the weight, as in LLaDA.
public struct RMSNorm: Sendable {
    /// `[width]`.
    public let weight: Tensor
    private let epsilon: Double

    /// Takes `weight` from the scope.
    public init(_ width: Int, epsilon: Double, _ scope: ParameterScope) throws {
        weight = try scope.parameter("weight", width)
        self.epsilon = epsilon
    }

    /// `x` is `[..., width]`, and so is the result.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        let wide = try x.to(dtype: .float32)
        let variance = try wide.power(2).mean(along: -1, keeping: true)  // [..., 1]
        let y = try wide * (variance + .real(epsilon)).reciprocalSquareRoot()
        return try weight.to(dtype: x.dtype) * y.to(dtype: x.dtype)
    }
}
