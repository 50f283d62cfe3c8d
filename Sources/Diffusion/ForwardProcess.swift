public import Torch

/// Which tokens of the rows of a batch are masked, and with what probability they were.
public struct MaskDraw: Hashable, Sendable {
    /// For each row and position whether it is masked.
    public var masked: [[Bool]]
    /// For each row the ratio that was drawn.
    public var ratios: [Float]
}

/// Draws which tokens of image rows are masked: a ratio γ(t) with t ~ U(0, 1), then that share of positions, at least
/// one, uniformly (MaskGIT §3.2).
///
/// Draws `[rows]`, then `[rows, count]`, both uniform float32.
public func drawImageMask(
    rows: Int, count: Int, schedule: MaskSchedule, minimumRatio: Double, _ random: RandomSource
) throws -> MaskDraw {
    let drawn = try schedule.maskRatio(random.uniform([rows])).maximum(.real(minimumRatio))
    let ratios: [Float] = try drawn.array()
    let noise = try random.uniform([rows, count])
    let order: [Int64] = try noise.sorted(along: -1).indices.array()
    let masked = ratios.enumerated().map { row, ratio in
        let wanted = max(1, Int((Float(count) * ratio).rounded(.toNearestOrEven)))
        // As in the official code the sorted indices, not the ranks, are compared: a uniform subset just the same.
        return order[row * count..<(row + 1) * count].map { $0 < wanted }
    }
    return MaskDraw(masked: masked, ratios: ratios)
}

/// Draws which tokens of text rows are masked: p = (1 − ε)·t + ε with t ~ U(0, 1), then each position by itself with
/// probability p (LLaDA §2.2).
///
/// Draws `[rows]`, then `[rows, length]`, both uniform float32.
public func drawTextMask(
    rows: Int, length: Int, epsilon: Double = 1e-3, _ random: RandomSource
) throws -> MaskDraw {
    let drawn = try (1 - epsilon) * random.uniform([rows]) + .real(epsilon)
    let ratios: [Float] = try drawn.array()
    let noise: [Float] = try random.uniform([rows, length]).array()
    let masked = ratios.enumerated().map { row, ratio in
        noise[row * length..<(row + 1) * length].map { $0 < ratio }
    }
    return MaskDraw(masked: masked, ratios: ratios)
}
