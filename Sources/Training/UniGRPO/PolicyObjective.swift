public import Torch

/// What is compared and clipped: tokens, or the mean of an answer.
public enum RatioLevel: String, Codable, Hashable, Sendable, CaseIterable {
    /// r = exp(log p − log p_old) for each masked token, averaged over the answer afterwards (the paper's equation 5).
    case token
    /// R = exp(ℓ − ℓ_old) of the means over masked tokens.
    case sequence
}

/// How far the policy has gone from the reference.
public enum DivergenceEstimator: String, Codable, Hashable, Sendable, CaseIterable {
    /// exp(δ) − δ − 1 with δ = log p_ref − log p: never negative (Schulman's k3).
    case k3
    /// −δ.
    case k1
}

/// The clipped surrogate of UniGRPO with its penalty (arXiv 2505.15809 §3.4), on log-probabilities of masked tokens.
public struct PolicyObjective: Hashable, Sendable {
    /// What is compared and clipped.
    public var ratioLevel = RatioLevel.sequence
    /// Ratios below 1 − this earn nothing more (ε).
    public var clipRange = 0.2
    /// Ratios above 1 + this earn nothing more.
    public var clipRangeHigh = 0.2
    /// What the divergence costs (β).
    public var divergenceWeight = 0.01
    /// How it is estimated.
    public var divergence = DivergenceEstimator.k3

    /// Log-ratios are brought within this before they are exponentiated.
    static let logRatioLimit = 10.0

    /// The defaults.
    public init() {}

    /// Answers of a micro-batch, each with its masked tokens one after another.
    public struct Rows: Hashable, Sendable {
        /// Masked tokens of each answer.
        public var counts: [Int]
        /// Each answer's advantage.
        public var advantages: [Double]
        /// log p of every masked token when the answers were made.
        public var old: [Float]
        /// log p of every masked token under the reference; empty where the divergence costs nothing.
        public var reference: [Float]

        /// Rows.
        public init(counts: [Int], advantages: [Double], old: [Float], reference: [Float]) {
            self.counts = counts
            self.advantages = advantages
            self.old = old
            self.reference = reference
        }
    }

    /// The loss and what is worth watching.
    public struct Result {
        /// −surrogate + β·divergence, the mean over answers.
        public let loss: Tensor
        /// Means over answers.
        public let surrogate, divergence: Double
        /// Mean of the ratios, and the share of them that the clip holds.
        public let ratio, clippedShare: Double
    }

    /// Evaluates it.
    ///
    /// - Parameters:
    ///   - logProbabilities: `[M]` of all masked tokens under the policy, through which gradients flow.
    ///   - rows: What they belong to.
    /// - Returns: The loss to minimise, and its parts.
    /// - Throws: ``TensorError``.
    public func callAsFunction(_ logProbabilities: Tensor, _ rows: Rows) throws -> Result {
        let device = logProbabilities.device
        let (R, M) = (rows.counts.count, logProbabilities.count)
        guard R > 0, rows.counts.allSatisfy({ $0 > 0 }), rows.counts.reduce(0, +) == M, rows.old.count == M,
            rows.advantages.count == R, divergenceWeight == 0 || rows.reference.count == M
        else {
            throw TensorError.operation(
                "policy objective", shapes: [[M], rows.counts], reason: "the rows do not fit the log-probabilities")
        }
        let means = try Self.means(rows.counts).to(device)  // [R, M]
        let policy = try averaged(logProbabilities, means)  // [n], n = M or R
        let old = try averaged(Tensor(rows.old).to(device), means)
        let perItem = zip(rows.advantages, rows.counts).flatMap { advantage, count in
            [Float](repeating: Float(advantage), count: ratioLevel == .token ? count : 1)
        }
        let advantages = try Tensor(perItem).to(device)

        let ratio = try (policy - old).clamped(-Self.logRatioLimit, Self.logRatioLimit).exp()
        let clipped = try ratio.clamped(1 - clipRange, 1 + clipRangeHigh)
        // min(a, b) = −max(−a, −b)
        let gain = try -(-(ratio * advantages)).maximum(-(clipped * advantages))
        let surrogate = try mean(gain, means)
        var loss = try -surrogate
        var divergenceValue = 0.0
        if divergenceWeight > 0 {
            let reference = try averaged(Tensor(rows.reference).to(device), means)
            let delta = try (reference - policy).clamped(-Self.logRatioLimit, Self.logRatioLimit)
            let each = try divergence == .k3 ? delta.exp() - delta - 1.0 : -delta
            let mean = try mean(each, means)
            loss = try loss + divergenceWeight * mean
            divergenceValue = try mean.detached().item()
        }
        let held: [Float] = try ratio.detached().to(.cpu).array()
        let outside = held.count { Double($0) < 1 - clipRange || Double($0) > 1 + clipRangeHigh }
        return Result(
            loss: loss, surrogate: try surrogate.detached().item(), divergence: divergenceValue,
            ratio: held.reduce(0) { $0 + Double($1) } / Double(held.count),
            clippedShare: Double(outside) / Double(held.count))
    }

    /// Tokens as they are, or the mean of each answer.
    private func averaged(_ values: Tensor, _ means: Tensor) throws -> Tensor {
        ratioLevel == .token ? values : try means.matmul(values.unsqueezed(1)).squeezed(1)
    }

    /// The mean over answers of what is per token or per answer.
    private func mean(_ values: Tensor, _ means: Tensor) throws -> Tensor {
        let perAnswer = ratioLevel == .token ? try means.matmul(values.unsqueezed(1)).squeezed(1) : values
        return try perAnswer.sum() / .integer(perAnswer.count)
    }

    /// `[R, M]`: 1/m in the m columns of each row's tokens.
    private static func means(_ counts: [Int]) throws -> Tensor {
        let total = counts.reduce(0, +)
        var values = [Float](repeating: 0, count: counts.count * total)
        var start = 0
        for (row, count) in counts.enumerated() {
            for column in start..<start + count { values[row * total + column] = 1 / Float(count) }
            start += count
        }
        return try Tensor(values, shape: [counts.count, total])
    }
}
