import Foundation
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
    /// The answer as its sampler saw it before one of its steps, and only what that step revealed is scored: the likelihood is
    /// that of the choices that were made. Steps are spread over the answer as ratios are in `structured`.
    case trajectory
    /// Every step before which several answers to a prompt were the same and after which they were not, seen as on a
    /// trajectory; an answer's advantage there is among those that were the same. See ``PolicyBranches``.
    case branches
}

/// What is hidden of an answer, and which of it counts.
public struct PolicyMask: Hashable, Sendable {
    /// For each position whether it is hidden.
    public var hidden: [Bool]
    /// The hidden positions whose likelihood counts, ascending: all, but on a trajectory those that the step revealed.
    public var scored: [Int]
    /// The step of the sampler before which the answer is seen, on a trajectory.
    public var step: Int?

    /// Hides positions, all of which count.
    init(hidden: [Bool]) {
        self.hidden = hidden
        scored = hidden.indices.filter { hidden[$0] }
    }

    /// Hides what was not revealed before a step, and counts what it revealed.
    init(before step: Int, revealedAt: some Collection<Int>) {
        hidden = revealedAt.map { $0 >= step }
        scored = revealedAt.enumerated().filter { $0.element == step }.map(\.offset)
        self.step = step
    }
}

/// Draws of masks for the answers of a rollout, the same for every policy that is compared on them.
///
/// A draw depends on nothing but the seed, the rollout's number, the inner update and the answer, so that it can be had
/// again at any time.
public struct PolicyNoise: Hashable, Sendable {
    /// Timesteps in which a mask ratio is counted (T).
    static let timesteps = 1000

    /// How much is masked of texts.
    public var kind: PolicyNoiseKind
    /// How much is masked of pictures.
    public var pictureKind: PolicyNoiseKind
    /// Inner updates (μ).
    public var updates: Int
    /// Chance that a token of the prompt is masked too; 0 except for d1.
    public var promptMaskProbability: Double
    private let seed: UInt64

    /// Draws of a run.
    public init(
        _ kind: PolicyNoiseKind, pictures: PolicyNoiseKind = .structured, updates: Int,
        promptMaskProbability: Double = 0, seed: UInt64
    ) {
        self.kind = kind
        pictureKind = pictures
        self.updates = updates
        self.promptMaskProbability = promptMaskProbability
        self.seed = seed
    }

    /// How much of an answer is masked.
    func kind(isPicture: Bool) -> PolicyNoiseKind { isPicture ? pictureKind : kind }

    /// Timesteps t₁ … t_μ in 1…T for a start in 0…T − 1; not for ``PolicyNoiseKind/random``, which has no order.
    static func timesteps(_ kind: PolicyNoiseKind, start: Int, updates: Int) -> [Int] {
        let count = timesteps
        switch kind {
        case .structured, .trajectory, .branches:
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
    func ratio(rollout: Int, answer: Int, update: Int, isPicture: Bool = false) throws -> Double {
        let count = Self.timesteps
        let kind = kind(isPicture: isPicture)
        switch kind {
        case .full: return 1
        case .random:
            let draw = try random(rollout, answer, 16 + UInt64(update)).uniform([1]).item()
            return max(1 / Double(count), draw)
        case .structured, .trajectory, .branches, .rising:
            let draw = try random(rollout, answer, 0).integers([1], in: 0..<count).item()
            return Double(Self.timesteps(kind, start: Int(draw), updates: updates)[update]) / Double(count)
        }
    }

    /// What of an answer is hidden in an inner update: an exact number, at least one.
    ///
    /// A picture's ratio goes through the cosine schedule (UniGRPO §4.2), but on a trajectory.
    ///
    /// - Parameters:
    ///   - rollout: The number of the rollout phase.
    ///   - answer: What the draw depends on.
    ///   - update: The inner update, from 0.
    ///   - revealedAt: The step that revealed each of the answer's tokens.
    ///   - isPicture: Whether the answer is a picture.
    ///   - step: The step before which it is seen, where that is settled.
    /// - Returns: The mask.
    /// - Throws: ``TensorError``.
    public func mask(
        rollout: Int, answer: Int, update: Int, revealedAt: some Collection<Int>, isPicture: Bool = false,
        step: Int? = nil
    ) throws -> PolicyMask {
        if let step { return PolicyMask(before: step, revealedAt: revealedAt) }
        let ratio = try ratio(rollout: rollout, answer: answer, update: update, isPicture: isPicture)
        if [.trajectory, .branches].contains(kind(isPicture: isPicture)) {
            let steps = Set(revealedAt).sorted()
            let place = min(steps.count, max(1, Int((ratio * Double(steps.count)).rounded(.up)))) - 1
            return PolicyMask(before: steps[place], revealedAt: revealedAt)
        }
        let count = revealedAt.count
        // A draw for each position: answers of other lengths have the same where both have positions.
        let draws: [Float] = try random(rollout, answer, (1 << 32) + UInt64(update)).uniform([count]).array()
        let order = (0..<count).sorted { (draws[$0], $0) < (draws[$1], $1) }
        let share = isPicture ? cos(.pi / 2 * (1 - ratio)) : ratio
        var hidden = [Bool](repeating: false, count: count)
        for position in order.prefix(max(1, Int((share * Double(count)).rounded()))) { hidden[position] = true }
        return PolicyMask(hidden: hidden)
    }

    /// Which tokens of a prompt are masked in an inner update.
    public func promptMask(rollout: Int, answer: Int, update: Int, count: Int) throws -> [Bool] {
        guard promptMaskProbability > 0, count > 0 else { return Array(repeating: false, count: count) }
        let draws: [Float] = try random(rollout, answer, (2 << 32) + UInt64(update)).uniform([count]).array()
        return draws.map { Double($0) < promptMaskProbability }
    }
}
