import Datasets
import Foundation
import StrictJSON

/// How the public files of benchmarks are found and read.
enum BenchmarkFiles {
    /// `data` itself if it is a file, else the first of `names` in it.
    static func file(_ data: URL, _ names: String...) throws -> URL {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: data.path, isDirectory: &isDirectory) else {
            throw BenchmarkError.missing(
                path: data.path, expected: "a file, or a folder with \(names.joined(separator: " or "))")
        }
        guard isDirectory.boolValue else { return data }
        for name in names {
            let file = data.appending(path: name)
            if FileManager.default.fileExists(atPath: file.path) { return file }
        }
        throw BenchmarkError.missing(path: data.path, expected: names.joined(separator: " or ") + " in it")
    }

    /// A sample's member that must be text.
    static func text(_ sample: RawSample, _ field: String) throws -> String {
        try text(sample.fields, field, sample.id)
    }

    /// A member that must be text; numbers are taken as they are written.
    static func text(_ json: JSONValue, _ field: String, _ place: String) throws -> String {
        switch json[field] {
        case .string(let text)?: return text.string
        case .integer(let number)?: return "\(number)"
        case .number(let number)?: return "\(number)"
        case nil: throw BenchmarkError.item(place: place, expected: "'\(field)'", found: "no such field")
        default: throw BenchmarkError.item(place: place, expected: "text in '\(field)'", found: "something else")
        }
    }

    /// Objects of a JSON Lines file.
    static func lines(_ file: URL) throws -> [RawSample] { try all(JSONLinesReader(path: file.path)) }

    /// Rows of a table with commas or, where the name ends in `tsv`, tabs.
    static func rows(_ file: URL, columns: [String]? = nil, requiring names: [String] = []) throws -> [RawSample] {
        let reader = try CSVReader(
            path: file.path, columns: columns, separator: file.pathExtension.lowercased() == "tsv" ? "\t" : ",")
        try reader.require(names)
        return try all(reader)
    }

    private static func all(_ reader: some ShardReader) throws -> [RawSample] {
        var samples: [RawSample] = []
        var position = 0
        while let span = try reader.next(from: position) {
            samples.append(try reader.load(at: span.position))
            position = span.end
        }
        return samples
    }

    /// A whole JSON file.
    static func json(_ file: URL) throws -> JSONValue {
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw BenchmarkError.missing(path: file.path, expected: "a file that can be read")
        }
        do {
            return try JSONValue(parsing: [UInt8](data), limits: JSONLimits(maxBytes: 1 << 30))
        } catch {
            throw BenchmarkError.item(place: file.path, expected: "JSON", found: "\(error)")
        }
    }

    /// Named objects of a JSON Lines file (named by their line), of a list, or of one object that holds all.
    static func objects(_ file: URL) throws -> [(key: String, json: JSONValue, place: String)] {
        if file.pathExtension == "jsonl" {
            return try lines(file).enumerated().map { ("\($0)", $1.fields, $1.id) }
        }
        let whole = try json(file)
        if let list = whole.arrayValue {
            return list.enumerated().map { ("\($0)", $1, "\(file.path) \($0)") }
        }
        guard let members = whole.objectValue else {
            throw BenchmarkError.item(place: file.path, expected: "a list or an object", found: "something else")
        }
        return members.map { ($0.key.string, $0.value, "\(file.path) \($0.key.string)") }
    }

    /// A folder's files with an extension, by name.
    static func names(_ folder: URL, extension suffix: String) -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return all.filter { $0.hasSuffix("." + suffix) }.sorted()
    }
}
