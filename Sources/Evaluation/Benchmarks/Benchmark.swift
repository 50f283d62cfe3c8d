import Foundation
public import Images
public import StrictJSON
public import TextTokenizer

/// One question of a benchmark, ready to be put.
public struct BenchmarkItem: Sendable {
    /// Its name, which no other item has.
    public var id: String
    /// What it is counted under: a subject, a category.
    public var group: String
    /// The conversation that the answer follows; a single message for pictures to paint.
    public var messages: [ChatMessage]
    /// The picture that is asked about.
    public var picture: PictureSource?
    /// Answers among which likelihoods choose, as they continue ``context``.
    public var choices: [String]
    /// The text before ``choices``.
    public var context: String
    /// What is right; what that means is the benchmark's.
    public var gold: JSONValue

    /// An item.
    public init(
        id: String, group: String = "", messages: [ChatMessage], picture: PictureSource? = nil, choices: [String] = [],
        context: String = "", gold: JSONValue
    ) {
        self.id = id
        self.group = group
        self.messages = messages
        self.picture = picture
        self.choices = choices
        self.context = context
        self.gold = gold
    }
}

/// Where a picture is, until it is needed.
public enum PictureSource: Hashable, Sendable {
    /// A file.
    case file(String)
    /// A file's content in base64, as in tables.
    case base64(String)

    /// The picture.
    ///
    /// - Throws: `ImageError`, or ``BenchmarkError/picture(reason:)``.
    public func load() throws -> RGBImage {
        switch self {
        case .file(let path):
            return try RGBImage(contentsOf: URL(filePath: path))
        case .base64(let text):
            guard let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters), !data.isEmpty else {
                throw BenchmarkError.picture(reason: "it is not base64")
            }
            return try RGBImage(decoding: [UInt8](data))
        }
    }
}

/// What became of an item: a line of `results.jsonl`.
public struct ItemResult: Equatable, Sendable {
    /// The item's name.
    public var id: String
    /// What it is counted under.
    public var group: String
    /// What was asked, as text.
    public var prompt: String
    /// What was written, the file that was painted, or the likelihoods.
    public var output: String
    /// What the scorer read in it.
    public var answer: String
    /// What would have been right.
    public var gold: JSONValue
    /// From 0, wrong, to 1, right.
    public var score: Double
    /// Why it was not asked; such an item does not count.
    public var skipped: String?

    /// A result.
    public init(
        id: String, group: String, prompt: String = "", output: String = "", answer: String = "",
        gold: JSONValue = .null, score: Double = 0, skipped: String? = nil
    ) {
        self.id = id
        self.group = group
        self.prompt = prompt
        self.output = output
        self.answer = answer
        self.gold = gold
        self.score = score
        self.skipped = skipped
    }

    /// As an object.
    public var json: JSONValue {
        var members: [(key: JSONString, value: JSONValue)] = [
            ("id", .string(JSONString(id))), ("group", .string(JSONString(group))),
        ]
        if let skipped { return .object(members + [("skipped", .string(JSONString(skipped)))]) }
        members += [
            ("prompt", .string(JSONString(prompt))), ("output", .string(JSONString(output))),
            ("answer", .string(JSONString(answer))), ("gold", gold), ("score", .number(score)),
        ]
        return .object(members)
    }

    /// Reads ``json`` back; `nil` for anything else.
    public init?(json: JSONValue) {
        guard let id = json["id"]?.stringValue, let group = json["group"]?.stringValue else { return nil }
        self.init(id: id, group: group)
        if let reason = json["skipped"]?.stringValue {
            skipped = reason
            return
        }
        guard let prompt = json["prompt"]?.stringValue, let output = json["output"]?.stringValue,
            let answer = json["answer"]?.stringValue, let gold = json["gold"], let score = json["score"]?.doubleValue
        else { return nil }
        self.prompt = prompt
        self.output = output
        self.answer = answer
        self.gold = gold
        self.score = score
    }
}

/// How items are answered.
public enum AnswerMethod: String, Hashable, Sendable, CaseIterable, Codable {
    /// A text is written.
    case generation
    /// The likeliest choice is taken.
    case likelihood
    /// A picture is painted.
    case painting
}

/// A number of a summary, with its name.
public struct BenchmarkMetric: Hashable, Sendable {
    /// Such as `accuracy` or `f1`.
    public var name: String
    /// Its value.
    public var value: Double

    /// A metric.
    public init(_ name: String, _ value: Double) {
        self.name = name
        self.value = value
    }
}

/// A set of questions in its public files, and how answers to them are judged.
public protocol Benchmark: Sendable {
    /// Name on the command line.
    var name: String { get }
    /// How it is answered, unless something else is asked for.
    var method: AnswerMethod { get }
    /// Every item, in the order of the files.
    ///
    /// - Throws: ``BenchmarkError``, `DatasetError`.
    func items() throws -> [BenchmarkItem]
    /// What a written answer is worth.
    func verdict(on output: String, to item: BenchmarkItem) -> (answer: String, score: Double)
    /// The benchmark's own numbers, of all results that were not skipped, the first being the one to compare.
    func summary(of results: [ItemResult]) -> [BenchmarkMetric]
}

extension Benchmark {
    /// The share of right answers, and that of each group.
    public func summary(of results: [ItemResult]) -> [BenchmarkMetric] { Self.accuracies(results) }

    /// The share of right answers, and that of each group.
    static func accuracies(_ results: [ItemResult]) -> [BenchmarkMetric] {
        func mean(_ results: [ItemResult]) -> Double {
            results.isEmpty ? 0 : 100 * results.reduce(0) { $0 + $1.score } / Double(results.count)
        }
        let groups = Dictionary(grouping: results, by: \.group).filter { !$0.key.isEmpty }
        return [BenchmarkMetric("accuracy", mean(results))]
            + groups.sorted { $0.key < $1.key }.map { BenchmarkMetric("accuracy/\($0.key)", mean($0.value)) }
    }
}

/// Why a benchmark cannot be run.
public enum BenchmarkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no benchmark of that name.
    case unknown(name: String, known: [String])
    /// No rule of this name reads answers here.
    case unknownRule(name: String, known: [String])
    /// Its files are not where they should be.
    case missing(path: String, expected: String)
    /// An item is not as its public format has it.
    case item(place: String, expected: String, found: String)
    /// Two items have one name.
    case repeated(id: String)
    /// A picture cannot be read.
    case picture(reason: String)
    /// The output folder holds results of other settings.
    case otherSettings(path: String, name: String)
    /// A line of results is not what was written.
    case damaged(place: String)
    /// Results cannot be written.
    case unwritable(path: String)
    /// It cannot be answered in that way.
    case method(name: String, asked: String, possible: String)

    /// One line for a terminal.
    public var description: String {
        switch self {
        case .unknown(let name, let known):
            "there is no benchmark '\(name)'; known are \(known.joined(separator: ", "))"
        case .unknownRule(let name, let known):
            "there is no rule '\(name)'; known are \(known.joined(separator: ", "))"
        case .missing(let path, let expected):
            "\(path): expected \(expected)"
        case .item(let place, let expected, let found):
            "\(place): expected \(expected), found \(found)"
        case .repeated(let id):
            "two items are called '\(id)'"
        case .picture(let reason):
            "a picture cannot be read: \(reason)"
        case .otherSettings(let path, let name):
            "\(path) holds results with another \(name); repeat that, or give another --output"
        case .damaged(let place):
            "\(place): expected a result of an earlier run; remove the line or the file"
        case .unwritable(let path):
            "\(path) cannot be written"
        case .method(let name, let asked, let possible):
            "\(name) is answered by \(possible), not by \(asked)"
        }
    }
}
