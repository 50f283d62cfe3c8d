public import Foundation
public import StrictJSON

/// A benchmark's results in a folder: one line an item, written as they come in, and a summary of all lines.
///
/// `results.jsonl` holds the lines, `settings.json` what they depend on, `summary.json` the score beside every setting.
/// The summary is made of the lines alone, so that a run that was interrupted ends in the same summary.
public final class BenchmarkRun {
    /// Results so far, by item.
    public private(set) var results: [String: ItemResult] = [:]

    private let folder: URL
    private let file: FileHandle
    private let header: JSONValue

    /// Opens a folder, new or of an interrupted run.
    ///
    /// - Parameters:
    ///   - folder: Made where it does not exist.
    ///   - header: What results depend on: benchmark, model, data, settings.
    /// - Throws: ``BenchmarkError``.
    public init(folder: URL, header: [(key: JSONString, value: JSONValue)]) throws {
        self.folder = folder
        // As it is read back: a number without a fraction is an integer in a file.
        self.header = try JSONValue(parsing: JSONValue.object(header).serialized())
        let settings = folder.appending(path: "settings.json")
        let lines = folder.appending(path: "results.jsonl")
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            if FileManager.default.fileExists(atPath: settings.path) {
                try Self.compare(settings, self.header.objectValue ?? [])
            } else {
                try Data(self.header.serialized()).write(to: settings, options: .atomic)
            }
            if !FileManager.default.fileExists(atPath: lines.path) { try Data().write(to: lines) }
            file = try FileHandle(forUpdating: lines)
        } catch let error as BenchmarkError {
            throw error
        } catch {
            throw BenchmarkError.unwritable(path: folder.path)
        }
        try read(lines)
    }

    private static func compare(_ file: URL, _ header: [(key: JSONString, value: JSONValue)]) throws {
        guard let found = try? JSONValue(parsing: [UInt8](Data(contentsOf: file))) else {
            throw BenchmarkError.damaged(place: file.path)
        }
        for (key, value) in header {
            let before = found[key.string] ?? .null
            guard before != value else { continue }
            let names = value.objectValue?.map(\.key.string).filter { before[$0] != value[$0] } ?? []
            throw BenchmarkError.otherSettings(path: file.path, name: names.first ?? key.string)
        }
    }

    private func read(_ url: URL) throws {
        let lines = try (file.readToEnd() ?? Data()).split(separator: 0x0A, omittingEmptySubsequences: false)
        // What follows the last newline was being written when the run ended.
        let whole = lines.dropLast()
        for (number, line) in whole.enumerated() {
            guard let json = try? JSONValue(parsing: Array(line)), let result = ItemResult(json: json) else {
                throw BenchmarkError.damaged(place: "\(url.path):\(number + 1)")
            }
            results[result.id] = result
        }
        try file.truncate(atOffset: UInt64(whole.reduce(0) { $0 + $1.count + 1 }))
        try file.seekToEnd()
    }

    /// Those of `items` that have no result yet.
    ///
    /// - Throws: ``BenchmarkError/repeated(id:)``: a result could belong to either of two items of one name.
    func open(_ items: [BenchmarkItem]) throws(BenchmarkError) -> [BenchmarkItem] {
        var names: Set<String> = []
        for item in items where !names.insert(item.id).inserted { throw .repeated(id: item.id) }
        return items.filter { results[$0.id] == nil }
    }

    /// Notes a result, in the file first.
    public func add(_ result: ItemResult) throws {
        do {
            try file.write(contentsOf: Data(result.json.serialized() + [0x0A]))
        } catch {
            throw BenchmarkError.unwritable(path: folder.appending(path: "results.jsonl").path)
        }
        results[result.id] = result
    }

    /// Writes `summary.json` and gives its content: header, counts, metrics.
    ///
    /// `items`: All items, which give the order in which sums are made.
    public func finish(_ benchmark: some Benchmark, items: [BenchmarkItem]) throws -> JSONValue {
        let all = items.compactMap { results[$0.id] }
        let counted = all.filter { $0.skipped == nil }
        let skipped = Dictionary(grouping: all.compactMap(\.skipped)) { $0 }.sorted { $0.key < $1.key }
        let metrics = benchmark.summary(of: counted)
        let summary = JSONValue.object(
            (header.objectValue ?? []) + [
                ("items", .integer(Int64(items.count))), ("scored", .integer(Int64(counted.count))),
                ("skipped", .object(skipped.map { (JSONString($0.key), .integer(Int64($0.value.count))) })),
                ("metrics", .object(metrics.map { (JSONString($0.name), .number($0.value)) })),
            ])
        do {
            try Data(summary.serialized() + [0x0A]).write(to: folder.appending(path: "summary.json"), options: .atomic)
        } catch {
            throw BenchmarkError.unwritable(path: folder.appending(path: "summary.json").path)
        }
        return summary
    }
}
