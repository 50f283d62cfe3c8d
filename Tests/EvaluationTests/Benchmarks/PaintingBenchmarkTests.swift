import Foundation
import ImageTextScorers
import Images
import MMaDA
import Rewards
import StrictJSON
import TestSupport
import Testing

@testable import Evaluation

/// Gives each picture its mean brightness, so that scores tell pictures apart.
private struct Brightness: ImageTextScorer {
    func score(_ images: [RGBImage], prompts: [String]) throws -> [Double] {
        images.map { image in Double(image.pixels.reduce(0) { $0 + Int($1) }) / Double(image.pixels.count) }
    }
}

@Suite struct PaintingBenchmarkTests {
    private struct Interrupted: Error {}

    private let folder: Folder
    private let engine: InferenceEngine

    init() throws {
        folder = try Folder()
        let place = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Models/shapes")
        engine = InferenceEngine(try MMaDAModel(directory: place.standardized))
    }

    private func settings(pictures: Int = 1) -> BenchmarkSettings {
        var settings = BenchmarkSettings()
        settings.imageSteps = 4
        settings.guidanceScale = 0
        settings.pictures = pictures
        settings.seed = 2
        return settings
    }

    private func paint(
        _ benchmark: any PaintingBenchmark, _ name: String, pictures: Int = 1, batch: Int = 4, stopping: Int = .max
    ) async throws -> JSONValue {
        let settings = settings(pictures: pictures)
        let place = folder.url.appending(path: name)
        let run = try BenchmarkRun(folder: place, header: [("settings", settings.json(.painting))])
        let items = try benchmark.items()
        try await PaintingRunner(engine, settings, batchSize: batch).paint(
            benchmark, items, into: run, folder: place
        ) { if $0 >= stopping { throw Interrupted() } }
        return try run.finish(benchmark, items: items)
    }

    private func size(_ path: String) throws -> Int {
        try RGBImage(contentsOf: folder.url.appending(path: path)).width
    }

    @Test func `GenEval's pictures lie where its scorer looks, and its results are summed up`() async throws {
        let lines = [
            #"{"tag":"single_object","prompt":"a red circle","include":[{"class":"circle","count":1}]}"#,
            #"{"tag":"counting","prompt":"two red circles"}"#,
        ]
        try folder.write(lines.joined(separator: "\n") + "\n", "evaluation_metadata.jsonl")
        let benchmark = try BenchmarkCatalog.benchmark("geneval", .init(data: folder.url))
        let summary = try await paint(#require(benchmark as? any PaintingBenchmark), "out", pictures: 2)
        #expect(summary["metrics"]?["painted"]?.doubleValue == 2)
        for path in ["00000/samples/0000.png", "00000/samples/0001.png", "00001/samples/0001.png"] {
            #expect(try size("out/" + path) == 64)
        }
        #expect(try folder.text("out/00000/metadata.jsonl") == lines[0])
        let results = """
            {"tag":"counting","correct":true,"metadata":"m"}
            {"tag":"counting","correct":false,"metadata":"m"}
            {"tag":"position","correct":true,"metadata":"n"}

            """
        let found = try GenEvalSummary(contentsOf: folder.write(results, "results.jsonl"))
        #expect(found.overall == 0.75 && found.imageCount == 3)
        let broken = try folder.write("{\"tag\":\"counting\",\"correct\":\"yes\"}\n", "broken.jsonl")
        #expect(throws: BenchmarkError.self) { try GenEvalSummary(contentsOf: broken) }
    }

    @Test func `scores of models are means over pictures, and the same after an interruption`() async throws {
        let prompts = try folder.write(
            "a red circle on white\na large blue square on sky\na green cross on gray\n", "p.txt")
        var source = BenchmarkCatalog.Source(data: prompts)
        source.scorer = { Brightness() }
        let benchmark = try #require(
            try BenchmarkCatalog.benchmark("clip_score", source) as? any PaintingBenchmark)
        let whole = try await paint(benchmark, "whole", pictures: 2)
        let mean = try #require(whole["metrics"]?["clip_score"]?.doubleValue)
        #expect(mean > 0 && mean < 255)
        await #expect(throws: Interrupted.self) {
            try await paint(benchmark, "part", pictures: 2, batch: 2, stopping: 1)
        }
        #expect(try await paint(benchmark, "part", pictures: 2, batch: 6) == whole)
        #expect(throws: BenchmarkError.self) { try BenchmarkCatalog.benchmark("image_reward", .init(data: prompts)) }
    }

    private func wise(_ server: LocalServer, rule: String = "") throws -> any PaintingBenchmark {
        let list = #"[{"prompt_id":1,"Prompt":"p1","Explanation":"e1"},{"prompt_id":600,"Prompt":"p2"}]"#
        var source = BenchmarkCatalog.Source(data: try folder.write(list, "w.json"), rule: rule)
        var limits = ChatEndpoint.Limits()
        limits.concurrency = 1
        limits.retries = 0
        source.judge = try ChatEndpoint(url: server.url, model: "judge", limits: limits)
        return try #require(try BenchmarkCatalog.benchmark("wise", source) as? any PaintingBenchmark)
    }

    @Test func `WISE's pictures are rated by a judge`() async throws {
        let server = try LocalServer([
            .chat("<think>0</think>Consistency: 2 Realism: 1 Aesthetic Quality: 0"),
            .chat("Consistency: 1 Realism: 1 Aesthetic Quality: 1"),
        ])
        defer { server.close() }
        let summary = try await paint(wise(server), "out")
        #expect(abs((summary["metrics"]?["culture"]?.doubleValue ?? 0) - 0.8) < 1e-9)
        #expect(abs((summary["metrics"]?["space"]?.doubleValue ?? 0) - 0.5) < 1e-9)
        #expect(try size("out/600.png") == 64)
        #expect(server.requests[0].contains("e1") && server.requests[0].contains("data:image"))
    }

    @Test func `a judge that says nothing of use costs an item, one that is down the run`() async throws {
        let server = try LocalServer([.chat("Score: 1"), .chat("well")])
        defer { server.close() }
        let summary = try await paint(wise(server, rule: "verified"), "out")
        #expect(summary["scored"]?.intValue == 1 && summary["skipped"]?["no verdict"]?.intValue == 1)
        let down = try LocalServer([.init(status: 400, body: "no")])
        defer { down.close() }
        await #expect(throws: RewardError.self) { try await paint(wise(down), "down") }
        #expect(throws: BenchmarkError.self) { try BenchmarkCatalog.benchmark("wise", .init(data: folder.url)) }
    }
}
