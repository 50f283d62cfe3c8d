public import Foundation
import Images
public import StrictJSON

extension ShapesEvaluation.Task {
    /// Whether the result is a text.
    public var isText: Bool { [.description, .questions, .problems].contains(self) }
}

/// Scores of several tasks, as a table and as files.
public struct ShapesTable {
    private var rows: [(scores: ShapesScores, steps: Int?)] = []

    /// An empty table.
    public init() {}

    /// Adds a row; `steps`: of painting, if anything was painted.
    public mutating func add(_ scores: ShapesScores, steps: Int?) { rows.append((scores, steps)) }

    private static func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }

    /// The table in Markdown.
    public var markdown: String {
        var text = "| task | steps | items | all right | aspects |\n| --- | --- | --- | --- | --- |\n"
        for (scores, steps) in rows {
            let aspects = scores.aspects.map { name, mean in
                name == "psnr" ? "PSNR \((mean * 100).rounded() / 100) dB" : "\(name) \(Self.percent(mean))"
            }
            text += "| \(scores.task.rawValue) | \(steps.map(String.init) ?? "–") | \(scores.count) "
            text += "| \(Self.percent(scores.accuracy)) | \(aspects.joined(separator: ", ")) |\n"
        }
        return text
    }

    /// Writes `scores.json`, `scores.md`, and for each row its items as `NAME.txt`, the first pictures as `NAME.png`.
    ///
    /// `settings`: What the scores depend on, to stand beside them.
    public func write(to folder: URL, settings: [(key: JSONString, value: JSONValue)] = []) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let list = rows.map { scores, steps -> JSONValue in
            let fields: [(key: JSONString, value: JSONValue)] = [
                ("steps", steps.map { .integer(Int64($0)) } ?? .null), ("scores", scores.json),
            ]
            return .object(fields)
        }
        let whole = JSONValue.object([("settings", .object(settings)), ("tasks", .array(list))])
        try Data(whole.serialized()).write(
            to: folder.appending(path: "scores.json"), options: .atomic)
        try Data(markdown.utf8).write(to: folder.appending(path: "scores.md"), options: .atomic)
        for (scores, steps) in rows where !scores.samples.isEmpty {
            let name = scores.task.rawValue + (steps.map { "-\($0)" } ?? "")
            let lines = scores.samples.map { sample in
                let answer = sample.text.isEmpty ? "" : "\n  -> \(sample.text)\n  == \(sample.expected)"
                return "\(sample.isRight ? "right" : "WRONG"): \(sample.prompt)\(answer)"
            }
            try Data((lines.joined(separator: "\n") + "\n").utf8).write(
                to: folder.appending(path: name + ".txt"), options: .atomic)
            let pictures = scores.samples.compactMap(\.picture)
            guard !pictures.isEmpty else { continue }
            try RGBImage.grid(pictures, columns: 8).write(to: folder.appending(path: name + ".png"))
        }
    }
}
