/// Accuracy in multiple-choice benchmarks, by split and category (VLMEvalKit `report_acc`).
public struct OptionScore: Hashable, Sendable {
    /// One question with its verdict.
    public struct Item: Hashable, Sendable {
        /// Whether the answer is right; in MMBench, whether all are.
        public var isRight: Bool
        /// The part of the benchmark, `none` if it has only one.
        public var split: String
        /// What the question is about.
        public var category: String?
        /// The wider field, called `l2-category`.
        public var field: String?

        /// A question with its verdict.
        public init(isRight: Bool, split: String = "none", category: String? = nil, field: String? = nil) {
            self.isRight = isRight
            self.split = split
            self.category = category
            self.field = field
        }
    }

    /// The figures of a split, each 0 to 1.
    public struct Accuracy: Hashable, Sendable {
        /// Questions counted.
        public let count: Int
        /// Share of right answers.
        public let overall: Double
        /// The same for each category that occurs.
        public let categories: [String: Double]
        /// The same for each field that occurs.
        public let fields: [String: Double]
    }

    /// The figures of each split that occurs; of no questions, none.
    public let splits: [String: Accuracy]

    /// Sums up verdicts.
    public init(_ items: [Item]) {
        splits = Dictionary(grouping: items, by: \.split).mapValues { items in
            Accuracy(
                count: items.count, overall: Self.accuracy(items), categories: Self.accuracies(items, by: \.category),
                fields: Self.accuracies(items, by: \.field))
        }
    }

    /// The verdicts of MMBench, which asks each question with its options rotated: all rotations must be right.
    ///
    /// Rotations of a question have its index plus multiples of a million (VLMEvalKit `mcq_circular_eval`).
    ///
    /// - Parameter rows: The index of each row of the benchmark, and whether its answer is right.
    /// - Returns: A verdict for each question whose first rotation is there, by its index.
    public static func circular(_ rows: [(index: Int, isRight: Bool)]) -> [Int: Bool] {
        let questions = Dictionary(grouping: rows) { $0.index % 1_000_000 }
        return questions.filter { index, rotations in rotations.contains { $0.index == index } }
            .mapValues { $0.allSatisfy(\.isRight) }
    }

    private static func accuracy(_ items: [Item]) -> Double { share(items.count { $0.isRight }, of: items.count) }

    private static func accuracies(_ items: [Item], by name: KeyPath<Item, String?>) -> [String: Double] {
        var groups: [String: [Item]] = [:]
        for item in items {
            if let group = item[keyPath: name] { groups[group, default: []].append(item) }
        }
        return groups.mapValues(accuracy)
    }
}
