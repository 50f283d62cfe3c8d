public import Torch

/// A model that predicts masked tokens: all that a denoiser knows of it.
public protocol TokenPredictor {
    /// Rows of the output head.
    var vocabularySize: Int { get }
    /// Where hidden states and logits lie.
    var device: Device { get }

    /// Final hidden states of some positions of each sequence, in order: `[N, D]` for N positions in all.
    ///
    /// `positions`: Ascending indices into the sequence beside them.
    /// `starts`: The place that each sequence's first token has, for position embeddings.
    func hiddenStates(_ sequences: [[Int32]], at positions: [[Int]], startingAt starts: [Int]) throws -> Tensor

    /// Logits `[N, range.count]` of hidden states `[N, D]` over a range of the vocabulary.
    func logits(_ hidden: Tensor, vocabulary range: Range<Int>) throws -> Tensor
}

extension TokenPredictor {
    /// Hidden states whose logits are the guided ones: (1 + s)·conditional − s·unconditional.
    ///
    /// The head is linear, so in float32 guiding before it gives the guided logits with half of its work.
    /// Returns `nil` for narrower types, where that would round differently from the reference.
    func guided(_ conditional: Tensor, _ unconditional: Tensor, scale: Double) throws -> Tensor? {
        guard conditional.dtype == .float32 || conditional.dtype == .float64 else { return nil }
        return try conditional.guided(from: unconditional, scale: scale)
    }
}

extension Tensor {
    /// (1 + s)·self − s·unconditional: classifier-free guidance of logits, or of the states that a linear head makes them of.
    public func guided(from unconditional: Tensor, scale: Double) throws -> Tensor {
        try (1 + scale) * self - scale * unconditional
    }
}
