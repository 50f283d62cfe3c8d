import Datasets
import Foundation
import Rewards
import StrictJSON
import Synchronization
import TestSupport
import Testing

@testable import Distillation

/// A folder for one test, gone when it is over.
final class Folder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "distillation-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }
    func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }
    func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
}

/// Answers by a rule, counts what it was asked, and fails when told to.
final class RuledSource: ResponseSource, Sendable {
    struct Broken: Error {}

    private let asked = Mutex<[ResponseQuery]>([])
    private let limit: Int
    private let rule: @Sendable (ResponseQuery, Int) -> Result<String, NoResponse>

    /// `limit`: Answers given before every further call fails.
    init(limit: Int = .max, _ rule: @escaping @Sendable (ResponseQuery, _ time: Int) -> Result<String, NoResponse>) {
        self.limit = limit
        self.rule = rule
    }

    var queries: [ResponseQuery] { asked.withLock { $0 } }

    func responses(to queries: [ResponseQuery]) async throws -> [Result<String, NoResponse>] {
        try asked.withLock { asked in
            guard asked.count < limit else { throw Broken() }
            return queries.map { query in
                let time = asked.count { $0.record.prompt == query.record.prompt }
                asked.append(query)
                return rule(query, time)
            }
        }
    }
}

@Suite struct DistillationTests {
    private let folder: Folder
    private let images = ImagePreparation(resolution: 16)

    init() throws { folder = try Folder() }

    /// Sums "n plus n", each with its gold answer, or without for every seventh.
    private func writePrompts(_ count: Int) throws {
        let records = (0..<count).map { n in
            StoredRecord(
                Record(
                    task: .chat, prompt: "\(n) plus \(n)", answer: "leave me out", gold: n % 7 == 6 ? "" : "\(2 * n)"))
        }
        try StoredRecord.write(records, to: folder.path("in.jsonl"))
    }

    private func settings(samples: Int = 3, kept: Int = 1, batch: Int = 4) -> Distillation.Settings {
        var settings = Distillation.Settings()
        settings.samples = samples
        settings.kept = kept
        settings.batchSize = batch
        settings.seed = 5
        return settings
    }

    private func run(_ source: RuledSource, _ settings: Distillation.Settings) async throws -> DistillationReport {
        try await Distillation(source, settings).run(
            folder.path("in.jsonl"), images: images, output: folder.path("out.jsonl"))
    }

    /// Right from the second time on for even numbers; malformed, wrong or silent for others.
    private static let mixed: @Sendable (ResponseQuery, Int) -> Result<String, NoResponse> = { query, time in
        let n = Int(query.record.prompt.prefix { $0.isNumber }) ?? 0
        switch n % 4 {
        case 0, 2: return .success("<think>double it \(query.seed)</think>\(time > 0 ? 2 * n : 2 * n + 1)")
        case 1: return .success(n % 8 == 1 ? "\(2 * n)" : "<think></think>\(2 * n)")
        default: return .failure(NoResponse(RuledSource.Broken()))
        }
    }

    @Test func `right answers are kept with their reasoning, and the others counted`() async throws {
        try writePrompts(12)
        let source = RuledSource(Self.mixed)
        let report = try await run(source, settings())
        let kept = try StoredRecord.read(contentsOf: folder.path("out.jsonl"))
        // 6 has no gold answer.
        #expect(kept.map(\.record.prompt) == ["0 plus 0", "2 plus 2", "4 plus 4", "8 plus 8", "10 plus 10"])
        for stored in kept {
            #expect(stored.record.reasoning.hasPrefix("double it ") && stored.record.answer == stored.record.gold)
        }
        #expect(report.prompts == 12 && report.solved == 5 && report.kept == 5)
        let verdicts: [String: Int] = [
            "kept": 5, "wrong answer": 5, "no think block": 6, "empty reasoning": 3, "no reply": 9, "no gold answer": 1,
        ]
        #expect(report.verdicts == verdicts)
        #expect(report.json["share_kept"]?.doubleValue == 5.0 / 29)
        #expect("\(report)".hasPrefix("5 of 12 prompts solved, 5 of 29 answers kept; 3 empty reasoning"))
        // Nothing more is asked about what is solved, and nothing at all without a gold answer.
        let expected = 5 * 2 + 6 * 3
        #expect(source.queries.count == expected)
        #expect(Set(source.queries.map(\.seed)).count == source.queries.count)
        #expect(!folder.holds("out.jsonl.partial"))
    }

    @Test func `prompts with a wrong answer are set aside as they were`() async throws {
        try writePrompts(12)
        _ = try await Distillation(RuledSource(Self.mixed), settings()).run(
            folder.path("in.jsonl"), images: images, output: folder.path("out.jsonl"), hard: folder.path("hard.jsonl"))
        let all = try StoredRecord.read(contentsOf: folder.path("in.jsonl"))
        // Without a reply or a gold answer nothing is known.
        let expected = [0, 1, 2, 4, 5, 8, 9, 10].map { all[$0] }
        #expect(try StoredRecord.read(contentsOf: folder.path("hard.jsonl")) == expected)
        _ = try await Distillation(
            RuledSource { query, _ in
                .success("<think>so</think>\(2 * (Int(query.record.prompt.prefix { $0.isNumber }) ?? 0))")
            }, settings()
        ).run(
            folder.path("in.jsonl"), images: images, output: folder.path("out.jsonl"), hard: folder.path("none.jsonl"))
        #expect(try folder.text("none.jsonl").isEmpty)
    }

    @Test func `answers that were kept before do not count as others`() async throws {
        try writePrompts(5)
        let source = RuledSource { query, time in
            let n = Int(query.record.prompt.prefix(1)) ?? 0
            return .success("<think>way \(time / 2)</think>\(2 * n)")
        }
        let report = try await run(source, settings(samples: 4, kept: 3))
        let kept = try StoredRecord.read(contentsOf: folder.path("out.jsonl"))
        #expect(kept.map(\.record.reasoning) == Array(repeating: ["way 0", "way 1"], count: 5).flatMap(\.self))
        #expect(report.verdicts == ["kept": 10, "repeated": 10] && report.solved == 5)
    }

    @Test func `answers without a gold one are judged by form, if asked`() async throws {
        try writePrompts(8)
        var settings = settings()
        settings.requiresGold = false
        let report = try await run(RuledSource { _, _ in .success("<think>so</think>12") }, settings)
        let kept = try StoredRecord.read(contentsOf: folder.path("out.jsonl"))
        #expect(kept.map(\.record.gold) == [""] && report.verdicts == ["kept": 1, "wrong answer": 21])
    }

    @Test(arguments: [1, 5, 8, 17, 24])
    func `work that was interrupted goes on, and asks nothing twice`(limit: Int) async throws {
        try writePrompts(16)
        let whole = RuledSource(Self.mixed)
        let expected = try await run(whole, settings())
        let text = try folder.text("out.jsonl")
        try FileManager.default.removeItem(atPath: folder.path("out.jsonl"))

        // Prompts of a batch are asked by time, which the rule takes from what it was asked before.
        let first = RuledSource(limit: limit, Self.mixed)
        await #expect(throws: RuledSource.Broken.self) { try await run(first, settings()) }
        #expect(!folder.holds("out.jsonl") && folder.holds("out.jsonl.partial"))
        // The last line may be torn.
        let journal = try folder.text("out.jsonl.partial")
        try (journal + "{\"prompt\":3,\"verd").write(
            toFile: folder.path("out.jsonl.partial"), atomically: true, encoding: .utf8)
        let before = first.queries
        let second = RuledSource { query, time in
            Self.mixed(query, time + before.count { $0.record.prompt == query.record.prompt })
        }
        #expect(try await run(second, settings()) == expected)
        #expect(try folder.text("out.jsonl") == text)
        #expect(before.count + second.queries.count == whole.queries.count)
        #expect(Set((before + second.queries).map(\.seed)) == Set(whole.queries.map(\.seed)))
    }

    @Test func `work of other settings or another input is not gone on with`() async throws {
        try writePrompts(8)
        let broken = RuledSource(limit: 4, Self.mixed)
        await #expect(throws: RuledSource.Broken.self) { try await run(broken, settings()) }
        let path = folder.path("out.jsonl.partial")
        for other in [settings(samples: 2), settings(kept: 2)] {
            await #expect(throws: DistillationError.otherSettings(path: path)) {
                try await run(RuledSource(Self.mixed), other)
            }
        }
        try writePrompts(9)
        await #expect(throws: DistillationError.otherSettings(path: path)) {
            try await run(RuledSource(Self.mixed), settings())
        }
    }

    @Test(arguments: [
        "{\"prompt\":0}", "{\"verdict\":\"kept\"}", "x", "{\"prompt\":0,\"verdict\":\"kept\",\"record\":3}",
    ])
    func `a damaged note is named`(line: String) async throws {
        try writePrompts(4)
        let broken = RuledSource(limit: 0, Self.mixed)
        await #expect(throws: RuledSource.Broken.self) { try await run(broken, settings()) }
        let header = try folder.text("out.jsonl.partial")
        try (header + line + "\n").write(toFile: folder.path("out.jsonl.partial"), atomically: true, encoding: .utf8)
        await #expect(throws: (any Error).self) { try await run(RuledSource(Self.mixed), settings()) }
    }

    @Test(arguments: [
        "{\"task\":\"chat\"}", "{\"task\":\"mmu\",\"prompt\":\"x\",\"image\":\"missing.png\",\"gold\":\"1\"}", "[",
    ])
    func `a broken record is an error, and nothing is written`(line: String) async throws {
        try (line + "\n").write(toFile: folder.path("in.jsonl"), atomically: true, encoding: .utf8)
        await #expect(throws: DatasetError.self) { try await run(RuledSource(Self.mixed), settings()) }
        #expect(!folder.holds("out.jsonl"))
    }

    @Test func `no prompts give no records`() async throws {
        try Data().write(to: folder.url.appending(path: "in.jsonl"))
        let report = try await run(RuledSource(Self.mixed), settings())
        #expect(report.answers == 0 && report.json["share_kept"]?.doubleValue == 0)
        #expect(try folder.text("out.jsonl").isEmpty)
    }
}
