import Datasets
import Foundation
import Images
import StrictJSON

/// A directory for one test, removed with it.
final class Scratch {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path(percentEncoded: false) + "/datasets-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, and the directories above it.
    @discardableResult
    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let url = URL(filePath: path + "/" + name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
        return path + "/" + name
    }

    @discardableResult
    func write(_ text: String, _ name: String) throws -> String { try write(Array(text.utf8), name) }
}

/// Writes tar archives member by member.
struct TarWriter {
    var bytes: [UInt8] = []

    mutating func add(_ name: String, _ content: [UInt8], kind: Character = "0", prefix: String = "") {
        bytes += Self.header(name, size: content.count, kind: kind, prefix: prefix)
        bytes += content
        bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    mutating func add(_ name: String, _ text: String) { add(name, Array(text.utf8)) }

    /// The archive with its end.
    var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    static func header(_ name: String, size: Int, kind: Character = "0", prefix: String = "") -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, _ at: Int) { block.replaceSubrange(at..<at + text.utf8.count, with: Array(text.utf8)) }
        func octal(_ value: Int, _ width: Int) -> String {
            let digits = String(value, radix: 8)
            return String(repeating: "0", count: width - digits.count) + digits
        }
        put(String(name.prefix(100)), 0)
        put("0000644", 100)
        put(octal(size, 11), 124)
        put("ustar", 257)
        put("00", 263)
        put(String(kind), 156)
        put(prefix, 345)
        seal(&block, at: 0)
        return block
    }

    /// Puts the right checksum into the header at an offset.
    static func seal(_ archive: inout [UInt8], at offset: Int) {
        archive.replaceSubrange(offset + 148..<offset + 156, with: [UInt8](repeating: 32, count: 8))
        let digits = String(archive[offset..<offset + 512].reduce(0) { $0 + Int($1) }, radix: 8)
        let padded = String(repeating: "0", count: 6 - digits.count) + digits + "\0"
        archive.replaceSubrange(offset + 148..<offset + 155, with: Array(padded.utf8))
    }
}

/// A table in memory whose cells say where they are; every second text is null.
struct MemoryTable: TableReader {
    var rowGroupSizes = [2, 0, 3]
    var columns = ["content", "image"]
    var image: [UInt8] = []

    func strings(column: String, rowGroup: Int) throws -> [String?] {
        (0..<rowGroupSizes[rowGroup]).map { $0 == 1 ? nil : "\(column) \(rowGroup).\($0)" }
    }

    func bytes(column: String, rowGroup: Int) throws -> [[UInt8]?] {
        (0..<rowGroupSizes[rowGroup]).map { image.isEmpty ? [UInt8($0)] : image }
    }
}

/// A small picture that belongs to a number.
func picture(_ number: Int, side: Int = 8) throws -> RGBImage {
    let pixels = (0..<side * side * 3).map { UInt8(truncatingIfNeeded: number &* 31 &+ $0) }
    return try RGBImage(width: side, height: side, pixels: pixels)
}

/// A JSON Lines file of texts `text 0`, `text 1` and so on.
func linesFile(_ scratch: Scratch, _ name: String, _ numbers: Range<Int>) throws -> String {
    try scratch.write(numbers.map { "{\"content\": \"text \($0)\"}\n" }.joined(), name)
}

/// A source of plain texts over such files.
func textSource(_ name: String, _ shards: [String]) throws -> SampleSource {
    try SampleSource(name: name, shards: shards, builder: PlainTextBuilder()) { path throws(DatasetError) in
        try JSONLinesReader(path: path)
    }
}

/// Several shards of `each` texts with numbers that go on from shard to shard.
func textSource(_ name: String, _ scratch: Scratch, shards: Int, each: Int, from first: Int = 0) throws -> SampleSource
{
    var paths: [String] = []
    for shard in 0..<shards {
        let start = first + shard * each
        paths.append(try linesFile(scratch, "\(name)-\(shard).jsonl", start..<start + each))
    }
    return try textSource(name, paths)
}

/// All samples of a shard in order.
func samples(of reader: some ShardReader) throws -> [RawSample] {
    var found: [RawSample] = []
    var position = 0
    while let span = try reader.next(from: position) {
        found.append(try reader.load(at: span.position))
        position = span.end
    }
    return found
}

extension PrefetchingLoader {
    /// Answers of the next records, at most so many.
    func answers(_ count: Int = .max) throws -> [String] {
        var found: [String] = []
        while found.count < count, let record = try next() { found.append(record.answer) }
        return found
    }
}
