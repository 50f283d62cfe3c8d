public import Torch

/// A two-dimensional convolution with bias.
public struct Conv2d: Sendable {
    private let weight, bias: Tensor
    private let stride, padding: Int

    /// Takes `weight` `[outputs, inputs, kernel, kernel]` and `bias` from the scope.
    public init(
        _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, _ scope: ParameterScope
    ) throws {
        weight = try scope.parameter("weight", outputs, inputs, kernel, kernel)
        bias = try scope.parameter("bias", outputs)
        self.stride = stride
        self.padding = padding
    }

    /// `x` is `[B, inputs, Y, X]`.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        try x.conv2d(weight, bias: bias, stride: stride, padding: padding)
    }
}
