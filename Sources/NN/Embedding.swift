public import Torch

/// A table of vectors, one for each token.
public struct Embedding: Sendable {
    /// `[count, width]`.
    public let weight: Tensor

    /// Takes `weight` from the scope.
    public init(_ count: Int, _ width: Int, _ scope: ParameterScope) throws {
        weight = try scope.parameter("weight", count, width)
    }

    /// Vectors of `ids` (int64, any shape), in `dtype`: only the rows that are looked up are converted.
    public func callAsFunction(_ ids: Tensor, dtype: DType) throws -> Tensor {
        try weight.embedding(ids).to(dtype: dtype)
    }
}
