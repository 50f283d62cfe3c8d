/// What became of the samples so far, source by source, and the first failures in full.
public struct FailureLog: Sendable {
    /// One sample, or the rest of one shard, that could not be read.
    public struct Failure: Hashable, Sendable {
        /// Name of the source.
        public let source: String
        /// Why; it names file and place.
        public let error: DatasetError
    }

    /// Counts of one source.
    public struct Tally: Hashable, Sendable {
        /// Samples tried.
        public fileprivate(set) var tried = 0
        /// Samples that became records.
        public fileprivate(set) var delivered = 0
        /// Broken samples and shards.
        public fileprivate(set) var failed = 0
        /// Sound samples passed over, by reason.
        public fileprivate(set) var skipped: [SkipReason: Int] = [:]
    }

    /// The first failures of each source, at most ``kept`` each.
    public private(set) var failures: [Failure] = []
    /// Counts by name of the source.
    public private(set) var tallies: [String: Tally] = [:]
    /// Failures of a source that are kept.
    public let kept: Int
    private let report: (@Sendable (Failure) -> Void)?

    /// An empty log.
    ///
    /// - Parameters:
    ///   - kept: Failures of a source that are kept.
    ///   - report: Called with every failure.
    public init(kept: Int = 10, report: (@Sendable (Failure) -> Void)? = nil) {
        self.kept = kept
        self.report = report
    }

    /// Notes what became of a sample.
    public mutating func note(_ outcome: BuildOutcome, source: String) {
        tallies[source, default: Tally()].tried += 1
        switch outcome {
        case .record: tallies[source]?.delivered += 1
        case .skip(let reason): tallies[source]?.skipped[reason, default: 0] += 1
        }
    }

    /// Notes a broken sample or shard.
    public mutating func note(_ error: DatasetError, source: String) {
        let before = tallies[source]?.failed ?? 0
        tallies[source, default: Tally()].tried += 1
        tallies[source]?.failed += 1
        let failure = Failure(source: source, error: error)
        if before < kept { failures.append(failure) }
        report?(failure)
    }

    /// Throws if a source breaks a limit.
    func check(_ limit: FailureLimit, source: String) throws(DatasetError) {
        guard let tally = tallies[source] else { return }
        if tally.tried >= limit.minimumTried, Double(tally.failed) > limit.share * Double(tally.tried) {
            throw tooMany(source, tally)
        }
        if tally.delivered == 0, tally.tried >= limit.minimumTried * 10 { throw nothing(source, tally) }
    }

    /// Throws if the end came without a single record though something was tried.
    func checkEnd() throws(DatasetError) {
        guard tallies.values.allSatisfy({ $0.delivered == 0 }) else { return }
        for (source, tally) in tallies.sorted(by: { $0.key < $1.key }) {
            throw tally.failed > 0 ? tooMany(source, tally) : nothing(source, tally)
        }
    }

    private func tooMany(_ source: String, _ tally: Tally) -> DatasetError {
        let first = failures.filter { $0.source == source }.prefix(3).map(\.error.description)
        return .tooManyFailures(source: source, failed: tally.failed, tried: tally.tried, first: first)
    }

    private func nothing(_ source: String, _ tally: Tally) -> DatasetError {
        let reasons = tally.skipped.sorted { $0.key.rawValue < $1.key.rawValue }.map {
            "\($0.value) \($0.key.rawValue)"
        }
        return .nothingUsable(source: source, tried: tally.tried, reasons: reasons)
    }
}

/// How many broken samples a source may have.
public struct FailureLimit: Codable, Hashable, Sendable {
    /// Largest share of broken samples among those tried.
    public var share: Double
    /// Samples tried before the share counts; after ten times as many without one record, a source is given up too.
    public var minimumTried: Int

    /// A limit.
    public init(share: Double = 0.1, minimumTried: Int = 100) {
        self.share = share
        self.minimumTried = max(1, minimumTried)
    }
}
