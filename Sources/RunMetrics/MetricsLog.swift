import Foundation
import StrictJSON

/// `metrics.jsonl`: one object a line, steps never going back.
struct MetricsLog: Sendable {
    /// A longer line is none of ours.
    private static let longestLine = 1 << 20
    private static let reserved: Set<String> = ["step", "time"]

    let output: AppendedFile
    private var lastStep: Int

    /// Opens the file, keeping the lines up to `step`; without one there must be none.
    ///
    /// A last line without its end was being written when the run before died, and goes too.
    init(file: URL, resumingAfter step: Int?) throws(MetricsError) {
        let kept = try Self.length(of: file, upTo: step ?? .max)
        if step == nil, kept > 0 { throw .holdsEarlierRun(path: file.path) }
        output = try AppendedFile(file, cutTo: kept)
        lastStep = step ?? 0
    }

    /// Appends one line.
    mutating func append(
        step: Int, _ values: [(name: String, value: Double)], time: Date
    ) throws(MetricsError) {
        guard step >= lastStep else { throw .stepWentBack(last: lastStep, found: step) }
        var members: [(key: JSONString, value: JSONValue)] = [
            ("step", .integer(Int64(step))), ("time", .number((time.timeIntervalSince1970 * 1000).rounded() / 1000)),
        ]
        for (name, value) in values {
            guard !name.isEmpty, !Self.reserved.contains(name) else { throw .unusableName(name) }
            members.append((JSONString(name), Self.json(value)))
        }
        try output.append(JSONValue.object(members).serialized() + [UInt8(ascii: "\n")])
        lastStep = step
    }

    private static func json(_ value: Double) -> JSONValue {
        if value.isNaN { return .string("NaN") }
        if value.isInfinite { return .string(value > 0 ? "Infinity" : "-Infinity") }
        return .number(value)
    }

    /// Where the first line after `step` starts.
    private static func length(of file: URL, upTo step: Int) throws(MetricsError) -> UInt64 {
        guard FileManager.default.fileExists(atPath: file.path) else { return 0 }
        var kept: UInt64 = 0
        var lines = 0
        var rest: [UInt8] = []
        let handle: FileHandle
        do { handle = try FileHandle(forReadingFrom: file) } catch {
            throw .file(path: file.path, reason: error.localizedDescription)
        }
        while true {
            let chunk: Data?
            do { chunk = try handle.read(upToCount: longestLine) } catch {
                throw .file(path: file.path, reason: error.localizedDescription)
            }
            guard let chunk, !chunk.isEmpty else { return kept }
            rest.append(contentsOf: chunk)
            var start = 0
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                lines += 1
                guard try self.step(of: Array(rest[start..<end]), file.path, lines) <= step else { return kept }
                kept += UInt64(end + 1 - start)
                start = end + 1
            }
            rest.removeFirst(start)
            if rest.count > longestLine {
                throw .damagedLine(path: file.path, line: lines + 1, reason: "has more than \(longestLine) bytes")
            }
        }
    }

    private static func step(of line: [UInt8], _ path: String, _ number: Int) throws(MetricsError) -> Int {
        let value: JSONValue
        do { value = try JSONValue(parsing: line) } catch {
            throw .invalidJSON(path: path, line: number, reason: error)
        }
        guard let step = value["step"]?.intValue else {
            throw .damagedLine(path: path, line: number, reason: "has no integer 'step'")
        }
        return step
    }
}
