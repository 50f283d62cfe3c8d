import Datasets
import Foundation
import StrictJSON
import TextTokenizer

/// Grade-school mathematics (arXiv 2110.14168): `test.jsonl`, and `train.jsonl` for shots, of `question` and `answer`.
struct GSM8K: Benchmark {
    let name = "gsm8k"
    let method = AnswerMethod.generation
    let data: URL
    let shots: Int
    /// How predictions are read.
    let rule: GSM8KAnswer.Rule

    func items() throws -> [BenchmarkItem] {
        let examples = shots > 0 ? try Array(Self.questions(data.appending(path: "train.jsonl")).prefix(shots)) : []
        let intro = examples.map { "Question: \($0.question)\nAnswer: \($0.answer)\n\n" }.joined()
        return try Self.questions(BenchmarkFiles.file(data, "test.jsonl")).enumerated().map { index, item in
            guard let gold = GSM8KAnswer.gold(of: item.answer) else {
                throw BenchmarkError.item(
                    place: "gsm8k \(index)", expected: "'#### ' and a number in the answer", found: "neither")
            }
            return BenchmarkItem(
                id: "\(index)",
                messages: [ChatMessage(role: .user, content: "\(intro)Question: \(item.question)\nAnswer:")],
                gold: .string(JSONString(gold)))
        }
    }

    private static func questions(_ file: URL) throws -> [(question: String, answer: String)] {
        try BenchmarkFiles.lines(file).map { sample in
            (try BenchmarkFiles.text(sample, "question"), try BenchmarkFiles.text(sample, "answer"))
        }
    }

    func verdict(on output: String, to item: BenchmarkItem) -> (answer: String, score: Double) {
        // Where the harness would have stopped writing.
        let end = ["Question:", "</s>", "<|im_end|>"].compactMap { output.range(of: $0)?.lowerBound }.min()
        let text = String(output[..<(end ?? output.endIndex)])
        let gold = item.gold.stringValue ?? ""
        return (
            GSM8KAnswer.extracted(from: text, rule: rule) ?? "",
            GSM8KAnswer.verdict(of: text, gold: gold, rule: rule) ? 1 : 0
        )
    }
}

/// Competition mathematics (arXiv 2103.03874): JSON lines of `problem`, `solution` and, if given, `subject`, `level`;
/// or OpenCompass's one object of all.
struct MATH: Benchmark {
    let name = "math"
    let method = AnswerMethod.generation
    let data: URL

    func items() throws -> [BenchmarkItem] {
        try BenchmarkFiles.objects(BenchmarkFiles.file(data, "test.jsonl", "math.json")).map { key, json, place in
            let solution = try BenchmarkFiles.text(json, "solution", place)
            guard let gold = MathAnswer.gold(of: solution) else {
                throw BenchmarkError.item(place: place, expected: "a \\boxed answer in the solution", found: "none")
            }
            let problem = try BenchmarkFiles.text(json, "problem", place)
            let request = "\nPlease reason step by step, and put your final answer within \\boxed{}."
            return BenchmarkItem(
                id: key, group: json["subject"]?.stringValue ?? json["type"]?.stringValue ?? "",
                messages: [ChatMessage(role: .user, content: problem + request)], gold: .string(JSONString(gold)))
        }
    }

    func verdict(on output: String, to item: BenchmarkItem) -> (answer: String, score: Double) {
        (MathAnswer.extracted(from: output), MathAnswer.verdict(of: output, gold: item.gold.stringValue) ? 1 : 0)
    }
}

/// Questions with lettered options, whose likelihood or whose written letter is judged.
struct ChoiceBenchmark: Benchmark {
    /// One question.
    struct Question {
        var id: String
        var group: String
        var text: String
        var options: [String]
        /// Place of the right option.
        var answer: Int
    }

    let name: String
    let method: AnswerMethod
    let rule: ChoiceAnswer.Rule
    /// Solved examples before the questions of a group.
    let shots: [String: [Question]]
    let questions: @Sendable () throws -> [Question]
    /// What is said of a group first, if anything.
    let intro: @Sendable (_ group: String) -> String
    /// How a question is written, without its options.
    let label: String
    /// Whether likelihoods are those of whole options, after the question alone, or of letters, after all options.
    let ranksText: Bool

    private static let letters = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"]

    private func listed(_ question: Question) -> String {
        let options = zip(Self.letters, question.options).map { "\($0). \($1)\n" }.joined()
        return "\(label)\(question.text)\n\(options)Answer:"
    }

    func items() throws -> [BenchmarkItem] {
        try questions().map { question in
            guard (2...Self.letters.count).contains(question.options.count),
                question.options.indices.contains(question.answer)
            else {
                throw BenchmarkError.item(
                    place: "\(name) \(question.id)", expected: "2 to \(Self.letters.count) options, one of them right",
                    found: "\(question.options.count), answer \(question.answer)")
            }
            let solved = (shots[question.group] ?? []).map { ($0, Self.letters[$0.answer]) }
            var messages = solved.flatMap { shot, letter in
                [
                    ChatMessage(role: .user, content: listed(shot)), ChatMessage(role: .assistant, content: letter),
                ]
            }
            let intro = intro(question.group)
            messages.append(ChatMessage(role: .user, content: intro + listed(question)))
            let before = solved.map { "\(listed($0)) \($1)\n\n" }.joined()
            return BenchmarkItem(
                id: question.id, group: question.group, messages: messages,
                choices: ranksText
                    ? question.options.map { " " + $0 }
                    : question.options.indices.map { " " + Self.letters[$0] },
                context: ranksText ? "\(label)\(question.text)\nAnswer:" : intro + before + listed(question),
                gold: .integer(Int64(question.answer)))
        }
    }

    func verdict(on output: String, to item: BenchmarkItem) -> (answer: String, score: Double) {
        let found = ChoiceAnswer.extracted(from: output, rule: rule) ?? ""
        let gold = item.gold.intValue.map { Self.letters[$0] }
        return (found, found == gold ? 1 : 0)
    }

    func summary(of results: [ItemResult]) -> [BenchmarkMetric] {
        var metrics = Self.accuracies(results)
        let groups = Dictionary(grouping: results, by: \.group)
        if groups.count > 1 {
            // The mean over subjects, each counting the same.
            let means = groups.values.map { $0.reduce(0) { $0 + $1.score } / Double($0.count) }.sorted()
            metrics.insert(BenchmarkMetric("mean_of_groups", 100 * means.reduce(0, +) / Double(means.count)), at: 1)
        }
        let normalized = results.compactMap { result in
            try? JSONValue(parsing: Array(result.output.utf8))["acc_norm"]?.doubleValue
        }
        if !results.isEmpty, normalized.count == results.count {
            let mean = normalized.reduce(0, +) / Double(normalized.count)
            metrics.insert(BenchmarkMetric("acc_norm", 100 * mean), at: 1)
        }
        return metrics
    }
}
