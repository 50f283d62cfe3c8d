import Datasets
public import Foundation
public import ImageTextScorers
public import Images
public import Rewards
import StrictJSON
import TextTokenizer

/// A benchmark whose items are painted.
public protocol PaintingBenchmark: Benchmark {
    /// Where picture `number` of an item lies below the folder of results, as the official scorer looks for it.
    func path(of item: BenchmarkItem, picture number: Int) -> String
    /// Files that the official scorer wants beside the pictures: paths and contents.
    func companions(of item: BenchmarkItem) -> [(path: String, content: [UInt8])]
    /// Judges pictures beside their items; `nil` where no verdict could be had.
    ///
    /// - Throws: What makes further questions pointless.
    func scores(_ pictures: [(RGBImage, BenchmarkItem)]) async throws -> [Double?]
}

extension PaintingBenchmark {
    /// How it is answered.
    public var method: AnswerMethod { .painting }
    /// Texts are not judged here.
    public func verdict(on output: String, to item: BenchmarkItem) -> (answer: String, score: Double) { ("", 0) }
    /// None.
    public func companions(of item: BenchmarkItem) -> [(path: String, content: [UInt8])] { [] }
}

/// GenEval's prompts (arXiv 2310.11513): `evaluation_metadata.jsonl`, painted into the folders that its own scorer reads.
///
/// Its detector is not part of this project: `mmada evaluate geneval-summary` sums up what the official
/// `evaluate_images.py` writes.
struct GenEval: PaintingBenchmark {
    let name = "geneval"
    let data: URL

    func items() throws -> [BenchmarkItem] {
        try BenchmarkFiles.lines(BenchmarkFiles.file(data, "evaluation_metadata.jsonl")).enumerated().map {
            index, line in
            BenchmarkItem(
                id: Self.padded(index, 5), group: try BenchmarkFiles.text(line, "tag"),
                messages: [ChatMessage(role: .user, content: try BenchmarkFiles.text(line, "prompt"))],
                gold: line.fields)
        }
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        String(repeating: "0", count: max(0, width - "\(number)".count)) + "\(number)"
    }

    func path(of item: BenchmarkItem, picture number: Int) -> String {
        "\(item.id)/samples/\(Self.padded(number, 4)).png"
    }

    func companions(of item: BenchmarkItem) -> [(path: String, content: [UInt8])] {
        [("\(item.id)/metadata.jsonl", Array(item.gold.serialized()))]
    }

    func scores(_ pictures: [(RGBImage, BenchmarkItem)]) async throws -> [Double?] { pictures.map { _ in 0 } }

    func summary(of results: [ItemResult]) -> [BenchmarkMetric] {
        [BenchmarkMetric("painted", Double(results.count))]
    }
}

extension GenEvalSummary {
    /// Reads the lines that GenEval's `evaluate_images.py` writes: `tag`, `correct`, `metadata`.
    ///
    /// - Throws: ``BenchmarkError``, `DatasetError`.
    public init(contentsOf file: URL) throws {
        self.init(
            try BenchmarkFiles.lines(file).map { line in
                guard let isCorrect = line.fields["correct"]?.boolValue else {
                    throw BenchmarkError.item(place: line.id, expected: "'correct', true or false", found: "neither")
                }
                return Image(
                    tag: try BenchmarkFiles.text(line, "tag"),
                    metadata: (try? BenchmarkFiles.text(line, "metadata")) ?? line.key,
                    isCorrect: isCorrect)
            })
    }
}

/// WISE's prompts: its JSON lists (`prompt_id`, `Prompt`), painted as `ID.png` and rated by a judge behind the chat API.
struct WISE: PaintingBenchmark {
    let name = "wise"
    let data: URL
    let edition: WiScore.Edition
    let judge: ChatEndpoint

    private static let names = ["cultural_common_sense.json", "spatio-temporal_reasoning.json", "natural_science.json"]

    func items() throws -> [BenchmarkItem] {
        var isDirectory: ObjCBool = false
        let isFolder =
            FileManager.default.fileExists(atPath: data.path, isDirectory: &isDirectory) && isDirectory.boolValue
        let files = isFolder ? Self.names.map { data.appending(path: $0) } : [data]
        return try files.flatMap { file in
            try BenchmarkFiles.objects(file).map { _, json, place in
                guard let id = json["prompt_id"]?.intValue, let category = edition.category(of: id) else {
                    throw BenchmarkError.item(place: place, expected: "a prompt_id from 1 to 1000", found: "another")
                }
                return BenchmarkItem(
                    id: "\(id)", group: category.rawValue,
                    messages: [ChatMessage(role: .user, content: try BenchmarkFiles.text(json, "Prompt", place))],
                    gold: .string(JSONString(json["Explanation"]?.stringValue ?? "")))
            }
        }
    }

    func path(of item: BenchmarkItem, picture number: Int) -> String {
        number == 0 ? "\(item.id).png" : "\(item.id)-\(number).png"
    }

    private var request: String {
        switch edition {
        case .legacy:
            """
            Rate the picture against its prompt, strictly, with whole numbers from 0 (poor) to 2 (excellent): how well it shows \
            what the prompt means once it is worked out (Consistency), how real it looks (Realism), and how pleasing it is \
            (Aesthetic Quality). Reply with three lines:
            Consistency: number
            Realism: number
            Aesthetic Quality: number
            """
        case .verified:
            """
            Does the picture show what the prompt means once it is worked out? Reply with one line, 1 for yes and 0 for no:
            Score: number
            """
        }
    }

    func scores(_ pictures: [(RGBImage, BenchmarkItem)]) async throws -> [Double?] {
        let conversations = pictures.map { picture, item in
            let explanation = item.gold.stringValue.map { $0.isEmpty ? "" : "\nWhat is meant: \($0)" } ?? ""
            let text = "\(request)\n\nPrompt: \(item.messages[0].content)\(explanation)"
            return [ChatEndpoint.Message(role: "user", parts: [.text(text), .picture(picture)])]
        }
        let replies = await judge.replies(to: conversations)
        try Task.checkCancellation()
        try judge.requireReply(among: replies)
        return replies.map { reply in
            guard case .success(let text) = reply else { return nil }
            let said = (try? ThinkBlock.split(text).answer) ?? text
            return edition.value(reading: said)
        }
    }

    func summary(of results: [ItemResult]) -> [BenchmarkMetric] {
        let score = WiScore(
            results.compactMap { result in Int(result.id).map { (promptID: $0, value: result.score) } },
            edition: edition)
        let means = WiScore.Category.allCases.compactMap { category in
            score.means[category].map { BenchmarkMetric(category.rawValue, $0) }
        }
        return (score.overall.map { [BenchmarkMetric("wiscore", $0)] } ?? []) + means
    }
}

/// Prompts, one a line (or JSON lines with `prompt`), whose pictures a model scores: CLIP or ImageReward.
struct PromptScore: PaintingBenchmark {
    let name: String
    let data: URL
    let scorer: any ImageTextScorer

    func items() throws -> [BenchmarkItem] {
        let prompts: [String]
        if data.pathExtension == "jsonl" {
            prompts = try BenchmarkFiles.lines(data).map { try BenchmarkFiles.text($0, "prompt") }
        } else {
            guard let text = try? String(contentsOf: data, encoding: .utf8) else {
                throw BenchmarkError.missing(path: data.path, expected: "a text of prompts, one a line")
            }
            prompts = text.split(whereSeparator: \.isNewline).map(String.init)
        }
        return prompts.enumerated().map { index, prompt in
            BenchmarkItem(id: "\(index)", messages: [ChatMessage(role: .user, content: prompt)], gold: .null)
        }
    }

    func path(of item: BenchmarkItem, picture number: Int) -> String { "pictures/\(item.id)-\(number).png" }

    func scores(_ pictures: [(RGBImage, BenchmarkItem)]) async throws -> [Double?] {
        try scorer.score(pictures.map(\.0), prompts: pictures.map { $0.1.messages[0].content })
    }

    func summary(of results: [ItemResult]) -> [BenchmarkMetric] {
        let sum = results.reduce(0) { $0 + $1.score }
        return [BenchmarkMetric(name, results.isEmpty ? 0 : sum / Double(results.count))]
    }
}
