import Datasets
public import StrictJSON

/// What became of prompts and their answers.
public struct DistillationReport: Hashable, Sendable, CustomStringConvertible {
    /// The verdict on a prompt that was not answered.
    static let noReply = "no reply"
    /// The verdict on an answer that was kept before.
    static let repeated = "repeated"

    /// Prompts in all, and those with an answer that was kept.
    public let prompts, solved: Int
    /// Answers, by what became of them.
    public let verdicts: [String: Int]

    init(_ entries: [DistillationJournal.Entry], prompts: Int) {
        self.prompts = prompts
        solved = Set(entries.filter { $0.kept != nil }.map(\.prompt)).count
        verdicts = entries.reduce(into: [:]) { $0[$1.verdict, default: 0] += 1 }
    }

    /// Answers in all, and those kept.
    public var answers: Int { verdicts.values.reduce(0, +) }
    /// Answers that were kept.
    public var kept: Int { verdicts[ReasoningFilter.Verdict.kept.name] ?? 0 }

    private var dropped: [(key: String, value: Int)] {
        verdicts.filter { $0.key != ReasoningFilter.Verdict.kept.name }.sorted { $0.key < $1.key }
    }

    /// One line for a terminal.
    public var description: String {
        "\(solved) of \(prompts) prompts solved, \(kept) of \(answers) answers kept"
            + (dropped.isEmpty ? "" : "; " + dropped.map { "\($0.value) \($0.key)" }.joined(separator: ", "))
    }

    /// The counts, and the share of answers kept.
    public var json: JSONValue {
        let share = answers == 0 ? 0 : Double(kept) / Double(answers)
        return .object([
            ("prompts", .integer(Int64(prompts))), ("solved", .integer(Int64(solved))),
            ("answers", .integer(Int64(answers))), ("kept", .integer(Int64(kept))), ("share_kept", .number(share)),
            ("dropped", .object(dropped.map { (key: JSONString($0.key), value: .integer(Int64($0.value))) })),
        ])
    }
}
