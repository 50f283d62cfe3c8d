public import Images
public import StrictJSON

/// What one task of the Shapes world gave.
public struct ShapesScores: Sendable {
    /// An item to look at.
    public struct Sample: Sendable {
        /// What was asked.
        public var prompt: String
        /// What was written.
        public var text = ""
        /// What would have been right.
        public var expected = ""
        /// What was painted or shown.
        public var picture: RGBImage?
        /// The verdict.
        public var isRight: Bool
    }

    /// What was scored.
    public let task: ShapesEvaluation.Task
    /// Items scored.
    public private(set) var count = 0
    /// Items that are all right.
    public private(set) var right = 0
    /// All items, for a report; the first ones with their pictures.
    public private(set) var samples: [Sample] = []
    private var sums: [String: (sum: Double, count: Int)] = [:]

    init(task: ShapesEvaluation.Task) { self.task = task }

    mutating func add(_ isRight: Bool, aspects: [String: Double] = [:]) {
        count += 1
        if isRight { right += 1 }
        for (name, value) in aspects {
            let old = sums[name] ?? (0, 0)
            sums[name] = (old.sum + value, old.count + 1)
        }
    }

    mutating func keep(_ sample: Sample) {
        var sample = sample
        if samples.count >= 64 { sample.picture = nil }
        samples.append(sample)
    }

    /// Share of items that are all right.
    public var accuracy: Double { count > 0 ? Double(right) / Double(count) : 0 }

    /// Means of each aspect over the items that have it.
    public var aspects: [(name: String, mean: Double)] {
        sums.map { ($0.key, $0.value.sum / Double(max(1, $0.value.count))) }.sorted { $0.name < $1.name }
    }

    /// The numbers.
    public var json: JSONValue {
        let means: [(key: JSONString, value: JSONValue)] = aspects.map { (JSONString($0.name), .number($0.mean)) }
        let fields: [(key: JSONString, value: JSONValue)] = [
            ("task", .string(JSONString(task.rawValue))), ("count", .integer(Int64(count))),
            ("accuracy", .number(accuracy)), ("aspects", .object(means)),
        ]
        return .object(fields)
    }
}
