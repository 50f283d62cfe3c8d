public import Torch

/// y = x·Wᵀ + b.
///
/// The weight is kept as it was loaded and taken to the dtype of `x` where it is used: a bfloat16 file stays in its
/// mapping while float32 is computed, one layer at a time.
public struct Linear: Sendable {
    /// `[outputs, inputs]`.
    public let weight: Tensor
    /// `[outputs]`.
    public let bias: Tensor?
    private let adapter: LowRankAdapter?

    /// Takes `weight` and, if asked, `bias` from the scope.
    public init(_ inputs: Int, _ outputs: Int, bias: Bool, _ scope: ParameterScope) throws {
        weight = try scope.parameter("weight", outputs, inputs)
        self.bias = bias ? try scope.parameter("bias", outputs) : nil
        adapter = try scope.adapter(inputs: inputs, outputs: outputs)
    }

    /// `x` is `[..., inputs]`; the result `[..., outputs]`.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        let y = try x.linear(weight.to(dtype: x.dtype), bias: bias?.to(dtype: x.dtype))
        return try adapter.map { try y + $0(x) } ?? y
    }

    /// Elements that a converted part of the weight may have, so that a large head does not double in memory.
    private static let convertedElements = 1 << 25

    /// The outputs in `range` only, from those rows of the weight alone.
    public func callAsFunction(_ x: Tensor, outputs range: Range<Int>) throws -> Tensor {
        let part = range.count == weight.size(0) ? weight : try weight.slice(range)
        let bias = try bias?.slice(range).to(dtype: x.dtype)
        if weight.dtype == x.dtype { return try x.linear(part, bias: bias) }
        let rows = max(1, Self.convertedElements / weight.size(1))
        let pieces = try stride(from: 0, to: range.count, by: rows).map { start in
            let rows = start..<min(start + rows, range.count)
            return try x.linear(part.slice(rows).to(dtype: x.dtype), bias: bias?.slice(rows))
        }
        return try Tensor.cat(pieces, along: -1)
    }
}
