/// The parts that a training loss is the weighted sum of.
public enum LossPart: String, Hashable, Sendable, CaseIterable, Codable, CodingKeyRepresentable {
    /// Painting a picture from a text.
    case textToImage = "t2i"
    /// Text alone.
    case language = "lm"
    /// Text about a picture.
    case understanding = "mmu"
    /// Reasoning, then a picture.
    case reasonToImage = "r2i"

    /// How the cross-entropies of its positions are put together (training §2).
    var isMeanOverPositions: Bool { self == .textToImage }
}

/// A position whose token has to be predicted.
public struct ScoredPosition: Hashable, Sendable {
    /// Where it is in its sequence.
    public var position: Int
    /// The right token.
    public var target: Int32
    /// What its cross-entropy counts before the part is normalised.
    public var weight: Float

    /// A position.
    public init(position: Int, target: Int32, weight: Float) {
        self.position = position
        self.target = target
        self.weight = weight
    }
}

/// One sequence of a training batch after noising: what the model sees, and what it has to say where.
public struct NoisedSequence: Hashable, Sendable {
    /// Which part of the loss it belongs to.
    public var part: LossPart
    /// The tokens, some of them masks.
    public var ids: [Int32]
    /// What is predicted, by ascending position.
    public var scored: [ScoredPosition]
    /// Padding on the left, which carries nothing; see ``PadAttention``.
    public var paddingCount: Int

    /// A sequence.
    public init(part: LossPart, ids: [Int32], scored: [ScoredPosition], paddingCount: Int = 0) {
        self.part = part
        self.ids = ids
        self.scored = scored
        self.paddingCount = paddingCount
    }

    /// The same without its padding: with padding hidden from all others nothing else changes, since rotary positions
    /// are relative.
    func withoutPadding() -> NoisedSequence {
        guard paddingCount > 0 else { return self }
        return NoisedSequence(
            part: part, ids: Array(ids.dropFirst(paddingCount)),
            scored: scored.compactMap {
                $0.position < paddingCount
                    ? nil
                    : ScoredPosition(position: $0.position - paddingCount, target: $0.target, weight: $0.weight)
            })
    }
}

/// What the padding of text-to-image rows does to attention in training.
public enum PadAttention: String, Hashable, Sendable, Codable, CaseIterable {
    /// Nobody sees it; it is not even computed. What sampling does too.
    case masked
    /// As the official code: its 0/1 mask is added to the scores, so that padding is seen, a little less (training §2).
    case additive
    /// As the code at the time of the releases: padding is seen like anything else.
    case none
}
