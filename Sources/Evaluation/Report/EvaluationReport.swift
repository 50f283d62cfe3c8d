import Datasets
public import Foundation
import StrictJSON

/// Results in folders, as one Markdown text and one page that needs nothing beside itself.
///
/// A folder holds what ``BenchmarkRun`` wrote (`summary.json`, `results.jsonl`) or what ``ShapesTable`` did
/// (`scores.json`, pictures, texts).
public struct EvaluationReport {
    /// A benchmark's score.
    struct Score {
        var folder: String
        var name: String
        var model: String
        var settings: [(String, String)]
        var scored, skipped: Int
        var metrics: [(name: String, value: Double)]
        var failures: [ItemResult]
    }

    /// The tasks of the Shapes world that one folder holds.
    struct World {
        var folder: String
        var settings: [(String, String)]
        var rows: [(task: String, steps: Int?, count: Int, accuracy: Double, aspects: [(String, Double)])]
        var pictures: [(name: String, png: Data)]
        var failures: [String]
    }

    var scores: [Score] = []
    var worlds: [World] = []

    /// Failures shown of a benchmark.
    static let shownFailures = 12

    /// Reads folders; at least one must hold results.
    ///
    /// - Throws: ``BenchmarkError``.
    public init(folders: [URL]) throws {
        for folder in folders {
            let summary = folder.appending(path: "summary.json")
            let table = folder.appending(path: "scores.json")
            if FileManager.default.fileExists(atPath: summary.path) {
                scores.append(try Self.score(folder, BenchmarkFiles.json(summary)))
            } else if FileManager.default.fileExists(atPath: table.path) {
                worlds.append(try Self.world(folder, BenchmarkFiles.json(table)))
            } else {
                throw BenchmarkError.missing(path: folder.path, expected: "summary.json or scores.json in it")
            }
        }
    }

    private static func text(_ value: JSONValue) -> String {
        if let text = value.stringValue { return text }
        if value.isNull { return "all" }
        return String(decoding: value.serialized(), as: UTF8.self)
    }

    private static func pairs(_ json: JSONValue?) -> [(String, String)] {
        (json?.objectValue ?? []).map { ($0.key.string, text($0.value)) }
    }

    private static func score(_ folder: URL, _ json: JSONValue) throws -> Score {
        guard let name = json["benchmark"]?.stringValue, let metrics = json["metrics"]?.objectValue else {
            throw BenchmarkError.damaged(place: folder.appending(path: "summary.json").path)
        }
        var failures: [ItemResult] = []
        for line in try BenchmarkFiles.lines(folder.appending(path: "results.jsonl")) {
            guard failures.count < shownFailures else { break }
            if let result = ItemResult(json: line.fields), result.skipped == nil, result.score == 0 {
                failures.append(result)
            }
        }
        let skipped = (json["skipped"]?.objectValue ?? []).compactMap { $0.value.intValue }.reduce(0, +)
        return Score(
            folder: folder.lastPathComponent, name: name, model: json["model"]?.stringValue ?? "",
            settings: pairs(json["settings"]), scored: json["scored"]?.intValue ?? 0, skipped: skipped,
            metrics: metrics.map { ($0.key.string, $0.value.doubleValue ?? 0) }, failures: failures)
    }

    private static func world(_ folder: URL, _ json: JSONValue) throws -> World {
        guard let list = json["tasks"]?.arrayValue else {
            throw BenchmarkError.damaged(place: folder.appending(path: "scores.json").path)
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()) ?? []
        let pictures = names.filter { $0.hasSuffix(".png") }.compactMap { name in
            FileManager.default.contents(atPath: folder.appending(path: name).path).map {
                (String(name.dropLast(4)), $0)
            }
        }
        let failures = names.filter { $0.hasSuffix(".txt") }.flatMap { name -> [String] in
            let text = (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? ""
            return text.components(separatedBy: "\nWRONG: ").dropFirst().prefix(4).map { block in
                "\(name.dropLast(4)): " + (block.components(separatedBy: "\nright: ").first ?? block)
            }
        }
        return World(
            folder: folder.lastPathComponent, settings: pairs(json["settings"]),
            rows: list.map { row in
                let scores = row["scores"]
                return (
                    scores?["task"]?.stringValue ?? "", row["steps"]?.intValue, scores?["count"]?.intValue ?? 0,
                    scores?["accuracy"]?.doubleValue ?? 0,
                    (scores?["aspects"]?.objectValue ?? []).map { ($0.key.string, $0.value.doubleValue ?? 0) }
                )
            }, pictures: pictures, failures: Array(failures.prefix(shownFailures)))
    }

    // MARK: Tables

    /// Rows of cells under a heading.
    struct Table {
        var title: String
        var heading: [String]
        var rows: [[String]]
    }

    static func number(_ value: Double) -> String { String(format: "%.1f", value) }

    /// The first metric of every benchmark, beside what the paper reports.
    var comparison: Table? {
        guard !scores.isEmpty else { return nil }
        let rows = scores.map { score in
            let published = (try? BenchmarkCatalog.entry(score.name).published) ?? []
            let first = score.metrics.first
            return [
                score.name, score.model, first.map { "\(Self.number($0.value)) (\($0.name))" } ?? "–",
                "\(score.scored)",
                published.map { "\($0.model) \(Self.number($0.value))" }.joined(separator: ", "),
            ]
        }
        return Table(
            title: "Scores", heading: ["benchmark", "model", "measured", "items", "published (arXiv 2505.15809)"],
            rows: rows)
    }

    /// Every metric and setting of a benchmark.
    func details(_ score: Score) -> Table {
        let settings = score.settings.map { ["setting \($0.0)", $0.1] }
        let counts = [["items scored", "\(score.scored)"], ["items skipped", "\(score.skipped)"]]
        return Table(
            title: "\(score.name) (\(score.folder))", heading: ["", ""],
            rows: score.metrics.map { [$0.name, Self.number($0.value)] } + counts + settings)
    }

    /// A world's tasks at the number of steps that they are usually scored at.
    func tasks(_ world: World) -> Table {
        Table(
            title: "The Shapes world (\(world.folder))", heading: ["task", "steps", "items", "all right", "aspects"],
            rows: world.rows.map { row in
                let aspects = row.aspects.map { name, mean in
                    name == "psnr" ? "PSNR \(Self.number(mean)) dB" : "\(name) \(Self.number(100 * mean)) %"
                }
                return [
                    row.task, row.steps.map(String.init) ?? "–", "\(row.count)", "\(Self.number(100 * row.accuracy)) %",
                    aspects.joined(separator: ", "),
                ]
            })
    }

    /// Tasks that were scored at several numbers of steps, side by side.
    func steps(_ world: World) -> Table? {
        let steps = Set(world.rows.compactMap(\.steps)).sorted()
        guard steps.count > 1 else { return nil }
        var names: [String] = []
        for row in world.rows where row.steps != nil && !names.contains(row.task) { names.append(row.task) }
        return Table(
            title: "By denoising steps (\(world.folder))", heading: ["task"] + steps.map { "\($0)" },
            rows: names.map { name in
                [name]
                    + steps.map { count in
                        world.rows.first { $0.task == name && $0.steps == count }
                            .map { "\(Self.number(100 * $0.accuracy)) %" } ?? "–"
                    }
            })
    }

    /// Every table, in the order of the report.
    var tables: [Table] {
        [comparison].compactMap(\.self)
            + worlds.flatMap { [tasks($0), steps($0)].compactMap(\.self) + [settings($0)].compactMap(\.self) }
            + scores.map(details)
    }

    private func settings(_ world: World) -> Table? {
        world.settings.isEmpty
            ? nil
            : Table(
                title: "Settings (\(world.folder))", heading: ["setting", "value"],
                rows: world.settings.map { [$0.0, $0.1] })
    }
}
