public import Torch

/// A two-dimensional convolution.
public struct Conv2d: Sendable {
    private let weight: Tensor
    private let bias: Tensor?
    private let stride, padding: Int

    /// Takes `weight` `[outputs, inputs, kernel, kernel]` and, if asked, `bias` from the scope.
    public init(
        _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, bias: Bool = true,
        _ scope: ParameterScope
    ) throws {
        weight = try scope.parameter("weight", outputs, inputs, kernel, kernel)
        self.bias = bias ? try scope.parameter("bias", outputs) : nil
        self.stride = stride
        self.padding = padding
    }

    /// `x` is `[B, inputs, Y, X]`.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        try x.conv2d(
            weight.to(dtype: x.dtype), bias: bias?.to(dtype: x.dtype), stride: stride, padding: padding)
    }
}
