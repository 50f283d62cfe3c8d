public import Datasets

/// All rewards of one sample together.
public struct CombinedReward: Hashable, Sendable {
    /// The weighted sum of what applied (rewards §1.1); `nil` if nothing did, or if something that did failed.
    public let total: Double?
    /// Unweighted, by the rewards' names.
    public let parts: [String: RewardOutcome]

    /// A sum and its parts.
    public init(total: Double?, parts: [String: RewardOutcome]) {
        self.total = total
        self.parts = parts
    }
}

/// One reward over a batch, for the log.
public struct RewardStatistics: Hashable, Sendable {
    /// The reward's name.
    public let name: String
    /// Samples that it gave a value.
    public let count: Int
    /// Samples that it could not tell.
    public let failures: Int
    /// Mean of the values; 0 for none.
    public let mean: Double
    /// Their deviation, as of a whole population; 0 for none.
    public let standardDeviation: Double
    /// Why the first failure was one.
    public let firstFailure: String?
}

/// Rewards and what each counts.
public struct RewardList: Sendable {
    /// One reward in the list.
    public struct Entry: Sendable {
        /// The reward.
        public var reward: any Reward
        /// What it counts in the sum.
        public var weight: Double
        /// Tasks that it is asked about; empty for all.
        public var tasks: Set<TaskKind>

        /// An entry.
        public init(_ reward: any Reward, weight: Double = 1, tasks: Set<TaskKind> = []) {
            self.reward = reward
            self.weight = weight
            self.tasks = tasks
        }
    }

    /// The rewards, in the order in which they are asked.
    public let entries: [Entry]

    /// A list.
    ///
    /// - Throws: ``RewardError/invalidOption(name:expected:found:)`` if a name occurs twice or a weight is not finite.
    public init(_ entries: [Entry]) throws(RewardError) {
        var names: Set<String> = []
        for entry in entries {
            guard names.insert(entry.reward.name).inserted else {
                throw .invalidOption(
                    name: "name", expected: "another for each reward", found: "'\(entry.reward.name)' twice")
            }
            guard entry.weight.isFinite else {
                throw .invalidOption(
                    name: "\(entry.reward.name).weight", expected: "a finite number", found: "\(entry.weight)")
            }
        }
        self.entries = entries
    }

    /// Judges samples by every reward.
    ///
    /// - Returns: As many as samples, in their order.
    /// - Throws: ``RewardError/endpointDown(url:attempts:reason:)``; `CancellationError`. Every other failure of a reward
    ///   is an outcome of the samples that it had.
    public func combined(_ samples: [RewardSample]) async throws -> [CombinedReward] {
        var parts = [[String: RewardOutcome]](repeating: [:], count: samples.count)
        for entry in entries {
            let asked = samples.indices.filter { entry.tasks.isEmpty || entry.tasks.contains(samples[$0].task) }
            for index in samples.indices { parts[index][entry.reward.name] = .notApplicable }
            guard !asked.isEmpty else { continue }
            try Task.checkCancellation()
            let outcomes = try await Self.outcomes(entry.reward, asked.map { samples[$0] })
            for (index, outcome) in zip(asked, outcomes) { parts[index][entry.reward.name] = outcome }
        }
        return parts.map { CombinedReward(total: total($0), parts: $0) }
    }

    /// Mean, deviation and failures of each reward, in the list's order.
    public func statistics(of combined: [CombinedReward]) -> [RewardStatistics] {
        entries.map { entry in
            let outcomes = combined.compactMap { $0.parts[entry.reward.name] }
            let values = outcomes.compactMap(\.number)
            let failures = outcomes.compactMap { outcome -> String? in
                guard case .failed(let reason) = outcome else { return nil }
                return reason
            }
            let count = Double(max(1, values.count))
            let mean = values.reduce(0, +) / count
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
            return RewardStatistics(
                name: entry.reward.name, count: values.count, failures: failures.count, mean: mean,
                standardDeviation: variance.squareRoot(), firstFailure: failures.first)
        }
    }

    private func total(_ parts: [String: RewardOutcome]) -> Double? {
        var sum: Double?
        for entry in entries {
            switch parts[entry.reward.name] {
            case .value(let value): sum = (sum ?? 0) + entry.weight * value
            case .failed: return nil
            case .notApplicable, nil: continue
            }
        }
        return sum.flatMap { $0.isFinite ? $0 : nil }
    }

    private static func outcomes(_ reward: any Reward, _ samples: [RewardSample]) async throws -> [RewardOutcome] {
        do {
            let outcomes = try await reward.outcomes(of: samples)
            guard outcomes.count == samples.count else {
                let reason = "\(outcomes.count) outcomes for \(samples.count) samples"
                return samples.map { _ in .failed(reason) }
            }
            return outcomes.map { outcome in
                guard case .value(let value) = outcome, !value.isFinite else { return outcome }
                return .failed("its value is \(value)")
            }
        } catch let error as RewardError where error.endsRun {
            throw error
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            return samples.map { _ in .failed("\(error)") }
        }
    }
}
