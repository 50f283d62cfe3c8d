/// What the rewards of a group are divided by, after their mean has been taken away.
public enum AdvantageScale: String, Codable, Hashable, Sendable, CaseIterable {
    /// Their unbiased deviation, plus 1e-4.
    case unbiased
    /// Their deviation as a population.
    case population
    /// Nothing, as in d1.
    case none
}

/// Rewards of the answers to one prompt, made relative to each other (GRPO; UniGRPO §3.4).
public enum GroupAdvantages {
    /// Deviations below it are float noise of a scorer, not a difference.
    static let leastDeviation = 1e-6

    /// The advantage of each answer.
    ///
    /// - Parameters:
    ///   - rewards: Of each answer; `nil` for one whose reward could not be had, which takes no part.
    ///   - scale: The divisor.
    /// - Returns: Advantages, which add up to 0, `nil` where there was no reward; or `nil` for a group from which nothing
    ///   can be learnt: fewer than two rewards, or all the same.
    public static func advantages(_ rewards: [Double?], scale: AdvantageScale = .unbiased) -> [Double?]? {
        let known = rewards.compactMap(\.self)
        guard known.count > 1 else { return nil }
        let mean = known.reduce(0, +) / Double(known.count)
        let squares = known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let population = (squares / Double(known.count)).squareRoot()
        guard population > leastDeviation else { return nil }
        let divisor =
            switch scale {
            case .unbiased: (squares / Double(known.count - 1)).squareRoot() + 1e-4
            case .population: population
            case .none: 1.0
            }
        return rewards.map { $0.map { ($0 - mean) / divisor } }
    }
}
