public import StrictJSON

/// Keeps reasoning whose form is sound and whose final answer is right, as LMM-R1's responses were kept.
public struct ReasoningFilter: Sendable {
    /// What the filter found.
    public enum Verdict: Hashable, Sendable {
        /// Sound, and right where that can be told.
        case kept
        /// Not one think block and an answer.
        case malformed(ThinkBlock.Fault)
        /// Nothing to compare the answer with.
        case noGold
        /// Another answer than the gold one.
        case wrong

        /// A short name for reports.
        public var name: String {
            switch self {
            case .kept: "kept"
            case .malformed(let fault): fault.rawValue
            case .noGold: "no gold answer"
            case .wrong: "wrong answer"
            }
        }
    }

    /// How many records met which verdict.
    public struct Report: Hashable, Sendable, CustomStringConvertible {
        /// Counts; verdicts that did not occur are left out.
        public private(set) var counts: [Verdict: Int] = [:]
        /// Records looked at.
        public var total: Int { counts.values.reduce(0, +) }
        /// Records kept.
        public var kept: Int { counts[.kept] ?? 0 }

        /// One line for a terminal.
        public var description: String {
            let lost = sorted.filter { $0.verdict != .kept }.map { "\($0.count) \($0.verdict.name)" }
            return "\(kept) of \(total) kept" + (lost.isEmpty ? "" : "; " + lost.joined(separator: ", "))
        }

        /// The counts as an object.
        public var json: JSONValue {
            .object(
                [("total", .integer(Int64(total)))]
                    + sorted.map {
                        (key: JSONString($0.verdict.name), value: .integer(Int64($0.count)))
                    })
        }

        private var sorted: [(verdict: Verdict, count: Int)] {
            counts.map { (verdict: $0.key, count: $0.value) }.sorted { $0.verdict.name < $1.verdict.name }
        }

        fileprivate mutating func add(_ verdict: Verdict) { counts[verdict, default: 0] += 1 }
    }

    private let requiresGold: Bool

    /// A filter; without `requiresGold`, records without a gold answer are judged by their form alone.
    public init(requiresGold: Bool = true) { self.requiresGold = requiresGold }

    /// Judges a complete response: think block and answer.
    public func verdict(on response: String, gold: String) -> Verdict {
        judge(response, gold).verdict
    }

    /// Judges a record, whose reasoning may stand in its own field or in a think block of the answer.
    public func verdict(on record: Record) -> Verdict { judge(Self.response(of: record), record.gold).verdict }

    /// Keeps the good records, with reasoning and answer in fields of their own.
    ///
    /// - Parameter records: Records of any source.
    /// - Returns: The kept ones in order, and what became of all.
    public func filter(_ records: some Sequence<StoredRecord>) -> (kept: [StoredRecord], report: Report) {
        var report = Report()
        var kept: [StoredRecord] = []
        for var stored in records {
            let (verdict, reasoning, answer) = judge(Self.response(of: stored.record), stored.record.gold)
            report.add(verdict)
            guard verdict == .kept else { continue }
            stored.record.reasoning = reasoning
            stored.record.answer = answer
            kept.append(stored)
        }
        return (kept, report)
    }

    private static func response(of record: Record) -> String {
        record.reasoning.isEmpty ? record.answer : ThinkBlock.join(record.reasoning, record.answer)
    }

    private func judge(_ response: String, _ gold: String) -> (verdict: Verdict, reasoning: String, answer: String) {
        do {
            let (reasoning, answer) = try ThinkBlock.split(response)
            if gold.trimmed.isEmpty { return (requiresGold ? .noGold : .kept, reasoning, answer) }
            return (AnswerComparison.agree(answer, gold) ? .kept : .wrong, reasoning, answer)
        } catch {
            return (.malformed(error), "", "")
        }
    }
}
