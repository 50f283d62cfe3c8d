internal import CTorch

// The kernels under the layers of a network.
extension Tensor {
    /// Matrix product over the last two dimensions; the leading ones broadcast.
    ///
    /// - Parameter other: `[..., N, P]`, where `self` is `[..., M, N]`.
    /// - Returns: `[..., M, P]`, in the dtype of `self`.
    /// - Throws: ``TensorError`` naming the operation and both shapes.
    public func matmul(_ other: Tensor) throws(TensorError) -> Tensor {
        try Tensor(op: "matmul", self, other) { ctorch_matmul(raw, other.raw) }
    }

    /// `self · weightᵀ + bias`: `[..., N]` with a weight `[P, N]` gives `[..., P]`.
    public func linear(_ weight: Tensor, bias: Tensor? = nil) throws(TensorError) -> Tensor {
        try Tensor(op: "linear", self, weight) { ctorch_linear(raw, weight.raw, bias?.raw) }
    }

    /// Rows of `self` (`[V, D]`) for each of `indices` (int64 or int32, any shape): `[..., D]`.
    public func embedding(_ indices: Tensor) throws(TensorError) -> Tensor {
        try Tensor(op: "embedding", self, indices) { ctorch_embedding(raw, indices.raw) }
    }

    /// softmax(q·kᵀ / √E + bias)·v, with `self` as q: `[B, H, L, E]`, k and v `[B, H, M, E]`, bias `[B, 1, L, M]`.
    ///
    /// `bias`: bool (true where attention is allowed) or a number to add to each score.
    public func attention(_ key: Tensor, _ value: Tensor, bias: Tensor? = nil) throws(TensorError) -> Tensor {
        try Tensor(op: "attention", self, key, value) { ctorch_attention(raw, key.raw, value.raw, bias?.raw) }
    }

    /// Convolution of `[B, C, Y, X]` with `weight` `[O, C, h, w]`.
    public func conv2d(
        _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0
    ) throws(TensorError) -> Tensor {
        try Tensor(op: "conv2d", self, weight) {
            ctorch_conv2d(raw, weight.raw, bias?.raw, Int64(stride), Int64(padding))
        }
    }

    /// Normalisation over each of `groups` groups of channels of `[B, C, ...]`.
    public func groupNorm(
        groups: Int, weight: Tensor?, bias: Tensor?, epsilon: Double
    ) throws(TensorError) -> Tensor {
        try Tensor(op: "groupNorm", self) {
            ctorch_group_norm(raw, Int64(groups), weight?.raw, bias?.raw, epsilon)
        }
    }

    /// Normalisation over the last dimensions, those that `weight` has.
    public func layerNorm(weight: Tensor, bias: Tensor?, epsilon: Double) throws(TensorError) -> Tensor {
        try Tensor(op: "layerNorm", self, weight) { ctorch_layer_norm(raw, weight.raw, bias?.raw, epsilon) }
    }

    /// `[B, C, Y, X]` made larger by repeating pixels.
    public func upsampledNearest(height: Int, width: Int) throws(TensorError) -> Tensor {
        try Tensor(op: "upsampleNearest", self) { ctorch_upsample_nearest(raw, Int64(height), Int64(width)) }
    }
}
