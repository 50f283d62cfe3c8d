public import Torch

/// Normalisation over groups of channels (Wu and He 2018).
public struct GroupNorm: Sendable {
    private let weight, bias: Tensor
    private let groups: Int
    private let epsilon: Double

    /// Takes `weight` and `bias` `[channels]` from the scope.
    public init(_ channels: Int, groups: Int, epsilon: Double, _ scope: ParameterScope) throws {
        weight = try scope.parameter("weight", channels)
        bias = try scope.parameter("bias", channels)
        self.groups = groups
        self.epsilon = epsilon
    }

    /// `x` is `[B, channels, ...]`, and so is the result.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        try x.groupNorm(groups: groups, weight: weight, bias: bias, epsilon: epsilon)
    }
}
