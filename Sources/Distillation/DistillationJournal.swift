import Datasets
import Foundation
import StrictJSON

/// Answers as they came in, beside the output until that is written: one JSON object a line, after one of settings.
final class DistillationJournal {
    /// What became of one answer.
    struct Entry: Hashable {
        /// Which prompt it belongs to, from 0.
        var prompt: Int
        var verdict: String
        /// The record, if it was kept.
        var kept: StoredRecord?
    }

    private let url: URL
    private let file: FileHandle
    private(set) var entries: [Entry] = []
    private var byPrompt: [Int: [Int]] = [:]

    /// Goes on with the journal of `output`, or begins one.
    ///
    /// - Throws: ``DistillationError``.
    init(beside output: String, of settings: [(key: JSONString, value: JSONValue)]) throws {
        url = URL(filePath: output + ".partial")
        let header = JSONValue.object([("format", .integer(1))] + settings)
        if !FileManager.default.fileExists(atPath: url.path) {
            guard FileManager.default.createFile(atPath: url.path, contents: nil) else {
                throw DistillationError.unwritable(path: url.path)
            }
        }
        do {
            file = try FileHandle(forUpdating: url)
        } catch {
            throw DistillationError.unwritable(path: url.path)
        }
        let lines = try (file.readToEnd() ?? Data()).split(separator: 0x0A, omittingEmptySubsequences: false)
        // What follows the last newline was being written when the work ended.
        let whole = lines.dropLast()
        guard let first = whole.first else {
            try file.truncate(atOffset: 0)
            try write(header)
            return
        }
        guard let found = try? JSONValue(parsing: Array(first)), found == header else {
            throw DistillationError.otherSettings(path: url.path)
        }
        for (number, line) in whole.enumerated().dropFirst() {
            remember(try Self.entry(line, "\(url.path):\(number + 1)"))
        }
        try file.truncate(atOffset: UInt64(whole.reduce(0) { $0 + $1.count + 1 }))
        try file.seekToEnd()
    }

    private static func entry(_ line: Data, _ place: String) throws -> Entry {
        guard let json = try? JSONValue(parsing: Array(line)), let prompt = json["prompt"]?.intValue,
            let verdict = json["verdict"]?.stringValue
        else { throw DistillationError.damaged(place: place) }
        let kept = try json["record"].map { try StoredRecord(json: $0, sample: place) }
        return Entry(prompt: prompt, verdict: verdict, kept: kept)
    }

    /// Notes an answer, in the file first.
    func add(_ entry: Entry) throws {
        var members: [(key: JSONString, value: JSONValue)] = [
            ("prompt", .integer(Int64(entry.prompt))), ("verdict", .string(JSONString(entry.verdict))),
        ]
        if let kept = entry.kept { members.append(("record", kept.json)) }
        try write(.object(members))
        remember(entry)
    }

    private func remember(_ entry: Entry) {
        byPrompt[entry.prompt, default: []].append(entries.count)
        entries.append(entry)
    }

    private func write(_ json: JSONValue) throws {
        do {
            try file.write(contentsOf: Data(json.serialized() + [0x0A]))
        } catch {
            throw DistillationError.unwritable(path: url.path)
        }
    }

    /// Answers to a prompt so far.
    func attempts(_ prompt: Int) -> Int { byPrompt[prompt]?.count ?? 0 }

    /// The kept ones among them.
    func kept(_ prompt: Int) -> [StoredRecord] { (byPrompt[prompt] ?? []).compactMap { entries[$0].kept } }

    /// Whether nothing more is asked about a prompt.
    func isDone(_ prompt: Int, _ settings: Distillation.Settings) -> Bool {
        guard let indices = byPrompt[prompt] else { return settings.samples == 0 }
        return indices.count >= settings.samples || kept(prompt).count >= settings.kept
            || entries[indices[0]].verdict == ReasoningFilter.Verdict.noGold.name
    }

    /// All kept records, prompt after prompt.
    var kept: [StoredRecord] { byPrompt.keys.sorted().flatMap { kept($0) } }

    /// Prompts with an answer that was not right, in order.
    var missed: [Int] {
        let others =
            [ReasoningFilter.Verdict.kept.name, ReasoningFilter.Verdict.noGold.name]
            + [DistillationReport.noReply, DistillationReport.repeated]
        return byPrompt.keys.sorted().filter { (byPrompt[$0] ?? []).contains { !others.contains(entries[$0].verdict) } }
    }

    /// Takes the file away: its work is done.
    func remove() {
        try? file.close()
        try? FileManager.default.removeItem(at: url)
    }
}
