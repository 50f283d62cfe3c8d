import Torch

/// softmax(q·kᵀ / √E + mask)·v in each of `heads` heads of width E.
///
/// `q` is `[B, L, D]`, `k` and `v` are `[B, M, D]`; `mask` is bool `[B or 1, 1, L or 1, M]`, true where attention is
/// allowed, `nil` for everywhere. The result is `[B, L, D]`.
func multiHeadAttention(_ q: Tensor, _ k: Tensor, _ v: Tensor, heads: Int, mask: Tensor?) throws -> Tensor {
    let (B, L, D) = try q.shape3
    let split = { (x: Tensor) throws in
        try x.reshaped(B, x.size(1), heads, D / heads).transposed(1, 2)  // [B, H, L or M, E]
    }
    let y = try split(q).attention(split(k), split(v), bias: mask)  // [B, H, L, E]
    return try y.transposed(1, 2).reshaped(B, L, D)
}
