import Torch

/// How much of an answer is masked in each inner update (UniGRPO §4.1 and its ablation).
public enum PolicyNoiseKind: String, Codable, Hashable, Sendable, CaseIterable {
    /// A random start, and from there evenly spread over the whole range, wrapped around (the paper's worked example).
    case structured
    /// A random start, and from there evenly spread up to a whole mask (the paper's Algorithm 1).
    case rising
    /// Each update by itself, anywhere: the fully random masking of the ablation.
    case random
    /// All of it, always: d1's diffu-GRPO.
    case full
}

/// Draws of masks for the answers of a rollout, the same for every policy that is compared on them.
///
/// A draw depends on nothing but the seed, the rollout's number, the inner update and the answer, so that it can be had
/// again at any time.
public struct PolicyNoise: Hashable, Sendable {
    /// Timesteps in which a mask ratio is counted (T).
    static let timesteps = 1000

    /// How much is masked.
    public var kind: PolicyNoiseKind
    /// Inner updates (μ).
    public var updates: Int
    /// Chance that a token of the prompt is masked too; 0 except for d1.
    public var promptMaskProbability: Double
    private let seed: UInt64

    /// Draws of a run.
    public init(_ kind: PolicyNoiseKind, updates: Int, promptMaskProbability: Double = 0, seed: UInt64) {
        self.kind = kind
        self.updates = updates
        self.promptMaskProbability = promptMaskProbability
        self.seed = seed
    }

    /// Timesteps t₁ … t_μ in 1…T for a start in 0…T − 1; not for ``PolicyNoiseKind/random``, which has no order.
    static func timesteps(_ kind: PolicyNoiseKind, start: Int, updates: Int) -> [Int] {
        let count = timesteps
        switch kind {
        case .structured:
            return (0..<updates).map { n in
                let t = (start + n * count / updates) % count
                return t == 0 ? count : t
            }
        case .rising:
            guard updates > 1 else { return [max(1, start)] }
            return (0..<updates).map { max(1, start + $0 * (count - start) / (updates - 1)) }
        case .random, .full:
            return (0..<updates).map { _ in count }
        }
    }

    /// A generator of its own for each purpose.
    private func random(_ rollout: Int, _ answer: Int, _ purpose: UInt64) throws -> RandomSource {
        try RandomSource(seed: Self.key([seed, UInt64(rollout), UInt64(answer), purpose]))
    }

    /// One seed of several numbers.
    static func key(_ parts: [UInt64]) -> UInt64 { parts.reduce(0) { mixed($0 ^ mixed($1)) } }

    /// SplitMix64's finalizer (Steele, Lea and Flood 2014): near numbers come far apart.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// The share of an answer that is masked in an inner update, in 0 < p ≤ 1.
    func ratio(rollout: Int, answer: Int, update: Int) throws -> Double {
        let count = Self.timesteps
        switch kind {
        case .full: return 1
        case .random:
            let draw = try random(rollout, answer, 16 + UInt64(update)).uniform([1]).item()
            return max(1 / Double(count), draw)
        case .structured, .rising:
            let draw = try random(rollout, answer, 0).integers([1], in: 0..<count).item()
            return Double(Self.timesteps(kind, start: Int(draw), updates: updates)[update]) / Double(count)
        }
    }

    /// Which of `count` positions of an answer are masked in an inner update: an exact number, at least one.
    ///
    /// `fraction`: What a ratio means for the answer: itself for text, the cosine schedule for pictures.
    public func mask(
        rollout: Int, answer: Int, update: Int, count: Int, fraction: (Double) -> Double = { $0 }
    ) throws -> [Bool] {
        let share = fraction(try ratio(rollout: rollout, answer: answer, update: update))
        let masked = min(count, max(1, Int((share * Double(count)).rounded())))
        let order: [Int64] = try random(rollout, answer, (1 << 32) + UInt64(update)).permutation(count).array()
        var mask = [Bool](repeating: false, count: count)
        for position in order.prefix(masked) { mask[Int(position)] = true }
        return mask
    }

    /// Which tokens of a prompt are masked in an inner update.
    public func promptMask(rollout: Int, answer: Int, update: Int, count: Int) throws -> [Bool] {
        guard promptMaskProbability > 0, count > 0 else { return Array(repeating: false, count: count) }
        let draws: [Float] = try random(rollout, answer, (2 << 32) + UInt64(update)).uniform([count]).array()
        return draws.map { Double($0) < promptMaskProbability }
    }
}
