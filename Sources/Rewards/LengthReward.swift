/// 0 for texts up to a length, then falling evenly to −1 (rewards §8): against captions that drift into lists of words.
public struct LengthReward: Reward {
    /// Name, for logs.
    public let name: String
    private let free, full: Int

    /// The penalty.
    ///
    /// - Parameters:
    ///   - name: Name, for logs.
    ///   - free: Characters that cost nothing.
    ///   - full: Characters at which it is −1; more than `free`.
    /// - Throws: ``RewardError/invalidOption(name:expected:found:)``.
    public init(name: String = "length", free: Int, full: Int) throws(RewardError) {
        guard free >= 0, full > free else {
            throw .invalidOption(
                name: "\(name).full_length", expected: "more than free_length \(free)", found: "\(full)")
        }
        self.name = name
        self.free = free
        self.full = full
    }

    /// Judges samples one by one; a text that the length limit cut is −1, and where nothing is written it does not apply.
    public func outcomes(of samples: [RewardSample]) -> [RewardOutcome] {
        samples.map { sample in
            if sample.isTruncated { return .value(-1) }
            guard !sample.text.isEmpty else { return .notApplicable }
            let excess = Response(sample.text).text.unicodeScalars.count - free
            return .value(-min(1, max(0, Double(excess) / Double(full - free))))
        }
    }
}
