/// The figures of POPE, a benchmark of objects that are not there (VLMEvalKit `POPE_rating`).
public struct POPEScore: Hashable, Sendable {
    /// One question with its answer.
    public struct Item: Hashable, Sendable {
        /// What the model said.
        public var answer: YesNoAnswer
        /// Whether the object is there.
        public var expectedYes: Bool
        /// How the question was sampled: of `random`, `popular` and `adversarial` those that share it.
        public var categories: [String]

        /// A question with its answer.
        public init(answer: YesNoAnswer, expectedYes: Bool, categories: [String]) {
            self.answer = answer
            self.expectedYes = expectedYes
            self.categories = categories
        }
    }

    /// The figures of some questions, each 0 to 1, and 0 where nothing can be divided.
    public struct Rates: Hashable, Sendable {
        /// Questions counted.
        public let count: Int
        /// Share of right answers; an unknown one is wrong.
        public let accuracy: Double
        /// Of the answers "yes", the share that is right.
        public let precision: Double
        /// Of the objects that are there, the share answered "yes".
        public let recall: Double
        /// The harmonic mean of precision and recall, with "yes" as positive.
        public let f1: Double
        /// Share of answers "yes", as in POPE's own evaluation.
        public let yesRatio: Double

        /// Counts answers; for precision and recall, an unknown one is like "no".
        init(_ items: [Item]) {
            let claimed = items.count { $0.answer == .yes }
            let present = items.count { $0.expectedYes }
            let found = items.count { $0.answer == .yes && $0.expectedYes }
            count = items.count
            accuracy = share(items.count { $0.answer.isRight(expectedYes: $0.expectedYes) }, of: items.count)
            precision = share(found, of: claimed)
            recall = share(found, of: present)
            f1 = found == 0 ? 0 : 2 * precision * recall / (precision + recall)
            yesRatio = share(claimed, of: items.count)
        }
    }

    /// The figures of all questions, one in several categories counted for each: its F1 is what is called POPE's score.
    public let overall: Rates
    /// The figures of each category that occurs.
    public let categories: [String: Rates]

    /// Sums up answers.
    public init(_ items: [Item]) {
        overall = Rates(items.flatMap { Array(repeating: $0, count: max(1, $0.categories.count)) })
        var groups: [String: [Item]] = [:]
        for item in items {
            for category in item.categories { groups[category, default: []].append(item) }
        }
        categories = groups.mapValues(Rates.init)
    }
}
