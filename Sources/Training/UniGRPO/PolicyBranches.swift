/// Steps at which answers to one prompt part ways.
///
/// Until then they were the same, so that what they are worth later is told apart by the choices of that step alone, and the
/// mean of those that were the same is the baseline that belongs to it. Steps of an answer that is alone, or at which all
/// chose alike, teach nothing about choices: they would add noise to the gradient and nothing to its mean.
enum PolicyBranches {
    /// A step, and the answers that were the same before it.
    struct Branch: Hashable {
        var step: Int
        /// Indices of the answers, ascending.
        var members: [Int]
    }

    /// Every step before which some answers were the same, at which they chose differently, and whose rewards differ.
    ///
    /// - Parameters:
    ///   - rollouts: Answers to one prompt.
    ///   - rewards: What each is worth; one without takes no part.
    /// - Returns: Branches by their steps, and by their first members.
    static func branches(_ rollouts: [Rollout], rewards: [Double?]) -> [Branch] {
        let known = rollouts.indices.filter { rewards[$0] != nil }
        let steps = Set(known.flatMap { rollouts[$0].revealedAt.prefix(rollouts[$0].answer.count) }).sorted()
        return steps.flatMap { step -> [Branch] in
            var same: [[Int32?]: [Int]] = [:]
            for index in known where !choices(rollouts[index], at: step).isEmpty {
                same[seen(rollouts[index], before: step), default: []].append(index)
            }
            return same.values.filter { members in
                Set(members.map { choices(rollouts[$0], at: step) }).count > 1
                    && GroupAdvantages.advantages(members.map { rewards[$0] }) != nil
            }
            .map { Branch(step: step, members: $0) }
            .sorted { $0.members[0] < $1.members[0] }
        }
    }

    /// What had been written before a step; `nil` where nothing had.
    private static func seen(_ rollout: Rollout, before step: Int) -> [Int32?] {
        let written = rollout.isPicture ? rollout.answer : rollout.answer + rollout.suffix
        return zip(written, rollout.revealedAt).map { $1 < step ? $0 : nil }
    }

    /// What a step wrote of the answer, by place.
    private static func choices(_ rollout: Rollout, at step: Int) -> [Int: Int32] {
        let made = rollout.answer.indices.filter { rollout.revealedAt[$0] == step }
        return Dictionary(uniqueKeysWithValues: made.map { ($0, rollout.answer[$0]) })
    }
}
