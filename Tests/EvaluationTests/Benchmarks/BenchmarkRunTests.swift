import Foundation
import Images
import MMaDA
import StrictJSON
import Testing
import TextTokenizer

@testable import Evaluation

/// Items in memory; an answer is right if it has the right number of letters of its prompt.
private struct Letters: Benchmark {
    let name = "letters"
    let method = AnswerMethod.generation
    var list: [BenchmarkItem]

    func items() throws -> [BenchmarkItem] { list }

    func verdict(on output: String, to item: BenchmarkItem) -> (answer: String, score: Double) {
        ("\(output.count)", output.count.isMultiple(of: 2) ? 1 : 0)
    }
}

@Suite struct BenchmarkRunTests {
    private struct Interrupted: Error {}

    private let folder: Folder
    private let model: MMaDAModel

    init() throws {
        folder = try Folder()
        let place = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Models/shapes")
        model = try MMaDAModel(directory: place.standardized)
    }

    private var settings: BenchmarkSettings {
        var settings = BenchmarkSettings()
        settings.genLength = 16
        settings.blockLength = 8
        settings.steps = 16
        settings.temperature = 0.7
        settings.seed = 3
        settings.likelihoodSamples = 16
        settings.likelihoodBatch = 4
        return settings
    }

    private func header(_ settings: BenchmarkSettings) -> [(key: JSONString, value: JSONValue)] {
        [("benchmark", .string("letters")), ("settings", settings.json(.generation))]
    }

    private func letters() throws -> Letters {
        var items = (0..<7).map { index in
            BenchmarkItem(
                id: "\(index)", group: index < 3 ? "few" : "many",
                messages: [ChatMessage(role: .user, content: "what is \(index) plus 1 ?")], gold: .integer(Int64(index))
            )
        }
        items[2].picture = .file(folder.url.appending(path: "missing.png").path)
        items[4].messages[0].content = String(repeating: "red ", count: 400)
        items[5].picture = .base64(try picture().base64EncodedString())
        return Letters(list: items)
    }

    private func run(_ name: String, batch: Int, stopping: Int = .max) throws -> JSONValue {
        let benchmark = try letters()
        let run = try BenchmarkRun(folder: folder.url.appending(path: name), header: header(settings))
        try BenchmarkRunner(model, settings, batchSize: batch).answer(
            benchmark, benchmark.items(), by: .generation, into: run
        ) { if $0 >= stopping { throw Interrupted() } }
        return try run.finish(benchmark, items: benchmark.items())
    }

    @Test func `a run that was interrupted after any item ends in the same summary and asks nothing twice`() throws {
        let whole = try run("whole", batch: 3)
        #expect(whole["scored"]?.intValue == 5 && whole["items"]?.intValue == 7)
        let skipped = whole["skipped"]?.objectValue?.map { "\($0.key.string) \($0.value.intValue ?? 0)" }
        #expect(skipped == ["prompt too long 1", "unreadable picture 1"])
        for stop in 1...6 {
            let name = "stopped-\(stop)"
            #expect(throws: Interrupted.self) { try run(name, batch: 1, stopping: stop) }
            // A line that was being written.
            let file = folder.url.appending(path: "\(name)/results.jsonl")
            let before = try folder.text("\(name)/results.jsonl")
            #expect(before.split(separator: "\n").count == stop)
            try Data((before + "{\"id\":\"9").utf8).write(to: file)
            #expect(try run(name, batch: 2) == whole)
            #expect(try folder.text("\(name)/summary.json") == folder.text("whole/summary.json"))
            #expect(try folder.text("\(name)/results.jsonl").hasPrefix(before))
            #expect(try folder.text("\(name)/results.jsonl").split(separator: "\n").count == 7)
        }
    }

    @Test func `results of other settings are not gone on with`() throws {
        _ = try run("a", batch: 4)
        var other = settings
        other.steps = 8
        let error = #expect(throws: BenchmarkError.self) {
            try BenchmarkRun(folder: folder.url.appending(path: "a"), header: header(other))
        }
        guard case .otherSettings(_, "steps") = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: ["{}", "nonsense", "{\"id\":\"1\",\"group\":\"\"}"])
    func `a damaged line is named`(line: String) throws {
        _ = try run("a", batch: 4)
        let text = try folder.text("a/results.jsonl")
        try folder.write(text + line + "\n", "a/results.jsonl")
        #expect(throws: BenchmarkError.self) {
            try BenchmarkRun(folder: folder.url.appending(path: "a"), header: header(settings))
        }
    }

    @Test func `two items of one name are refused`() throws {
        let twice = Letters(list: [try letters().list[0], try letters().list[0]])
        let run = try BenchmarkRun(folder: folder.url, header: header(settings))
        #expect(throws: BenchmarkError.repeated(id: "0")) {
            try BenchmarkRunner(model, settings, batchSize: 2).answer(twice, twice.list, by: .generation, into: run)
        }
    }

    @Test func `likelihoods choose, and end early when the ranking is settled`() throws {
        // What the model has been trained on against what it has never met.
        let items = (0..<3).map { index in
            BenchmarkItem(
                id: "\(index)", messages: [], choices: [" is green .", " cross plus triangle tallest", " 7 7 7"],
                context: ["grass", "a frog", "the sea"][index], gold: .integer(index == 2 ? 1 : 0))
        }
        let benchmark = Letters(list: items)
        func results(_ name: String, _ settings: BenchmarkSettings) throws -> [ItemResult] {
            let run = try BenchmarkRun(folder: folder.url.appending(path: name), header: header(settings))
            try BenchmarkRunner(model, settings, batchSize: 2).answer(benchmark, items, by: .likelihood, into: run)
            return items.compactMap { run.results[$0.id] }
        }
        var settings = settings
        settings.likelihoodSamples = 64
        let all = try results("all", settings)
        #expect(all.map(\.score) == [1, 1, 0] && all.allSatisfy { $0.output.contains("\"rounds\":16") })
        settings.settledAt = 2
        let early = try results("early", settings)
        #expect(early.map(\.answer) == all.map(\.answer) && early.contains { !$0.output.contains("\"rounds\":16") })
    }

    @Test func `the report has measured and published scores, settings, steps, failures and pictures`() throws {
        let header: [(key: JSONString, value: JSONValue)] = [
            ("benchmark", .string("gsm8k")), ("model", .string("mine|<b>")), ("settings", settings.json(.generation)),
        ]
        let run = try BenchmarkRun(folder: folder.url.appending(path: "g"), header: header)
        let items = try letters().list
        try run.add(ItemResult(id: "0", group: "", prompt: "how <many>?", output: "5", gold: .string("6"), score: 0))
        try run.add(ItemResult(id: "1", group: "", prompt: "fine", output: "5", gold: .string("5"), score: 1))
        _ = try run.finish(Letters(list: items), items: Array(items.prefix(2)))
        let scores = """
            {"settings":{"seed":"0"},"tasks":[
            {"steps":4,"scores":{"task":"painting","count":10,"accuracy":0.5,"aspects":{"psnr":31.5}}},
            {"steps":8,"scores":{"task":"painting","count":10,"accuracy":0.8,"aspects":{"shape":0.9}}}]}
            """
        try folder.write(scores, "w/scores.json")
        try folder.write(picture(), "w/painting-8.png")
        try folder.write("right: a\nWRONG: b\n  -> c\n  == d\n", "w/painting-8.txt")
        let report = try EvaluationReport(folders: ["g", "w"].map { folder.url.appending(path: $0) })
        try report.write(to: folder.url.appending(path: "out"))
        let markdown = try folder.text("out/report.md")
        for part in [
            "| gsm8k | mine\\|<b> | 50.0 (accuracy) | 2 | MMaDA-8B 73.4", "| painting | 50.0 % | 80.0 % |",
            "PSNR 31.5 dB",
            "setting gen_length | 16", "how <many>?", "painting-8: b",
        ] { #expect(markdown.contains(part), "\(part)") }
        let html = try folder.text("out/report.html")
        #expect(html.contains("mine|&lt;b&gt;") && html.contains("how &lt;many&gt;?") && !html.contains("<many>"))
        #expect(html.contains("data:image/png;base64,") && !html.contains("http://") && !html.contains("https://"))
        #expect(throws: BenchmarkError.self) { try EvaluationReport(folders: [folder.url]) }
    }
}
