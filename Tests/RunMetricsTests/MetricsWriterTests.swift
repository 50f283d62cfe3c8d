import Foundation
import Images
import StrictJSON
import TestSupport
import Testing

@testable import RunMetrics

@Suite struct MetricsWriterTests {
    private func inFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mmada-metrics-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    private func text(_ folder: URL) throws -> String {
        try String(contentsOf: folder.appending(path: "metrics.jsonl"), encoding: .utf8)
    }

    private func steps(_ folder: URL) throws -> [Int?] {
        try text(folder).split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8))["step"]?.intValue }
    }

    @Test func `a line holds step, time and the numbers in order of name`() throws {
        try inFolder { folder in
            let writer = try MetricsWriter(folder: folder)
            let time = Date(timeIntervalSince1970: 1000.25)
            try writer.write(step: 1, ["loss/t2i": 2.5, "loss/lm": 1, "\"x\"": -0.125], time: time)
            try writer.write(step: 2, ["a": .nan, "b": .infinity, "c": -.infinity], time: time)
            #expect(
                try text(folder) == """
                    {"step":1,"time":1000.25,"\\"x\\"":-0.125,"loss/lm":1.0,"loss/t2i":2.5}
                    {"step":2,"time":1000.25,"a":"NaN","b":"Infinity","c":"-Infinity"}

                    """)
        }
    }

    @Test(arguments: [(resume: 0, kept: []), (3, [1, 2, 3, 3]), (4, [1, 2, 3, 3]), (9, [1, 2, 3, 3, 5])])
    func `resuming drops the lines of later steps`(resume: Int, kept: [Int]) throws {
        try inFolder { folder in
            let first = try MetricsWriter(folder: folder)
            for step in [1, 2, 3, 3, 5] { try first.write(step: step, ["loss": 1]) }
            let second = try MetricsWriter(folder: folder, resumingAfter: resume)
            #expect(try steps(folder) == kept)
            try second.write(step: resume + 1, ["loss": 2])
            #expect(try steps(folder) == kept + [resume + 1])
        }
    }

    @Test func `a line cut short at the end is dropped`() throws {
        try inFolder { folder in
            try MetricsWriter(folder: folder).write(step: 1, ["loss": 1])
            let file = folder.appending(path: "metrics.jsonl")
            let whole = try Data(contentsOf: file)
            try (whole + Data(#"{"step":2,"ti"#.utf8)).write(to: file)
            _ = try MetricsWriter(folder: folder, resumingAfter: 5)
            #expect(try Data(contentsOf: file) == whole)
        }
    }

    @Test(arguments: ["{\"time\":1}\n", "nonsense\n", "[]\n", String(repeating: "x", count: 3 << 20)])
    func `a file that is not ours is refused and left alone`(content: String) throws {
        try inFolder { folder in
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let file = folder.appending(path: "metrics.jsonl")
            try Data(content.utf8).write(to: file)
            #expect(throws: MetricsError.self) { try MetricsWriter(folder: folder, resumingAfter: 1) }
            #expect(try String(contentsOf: file, encoding: .utf8) == content)
        }
    }

    @Test func `steps that go back and reserved names are refused`() throws {
        try inFolder { folder in
            let writer = try MetricsWriter(folder: folder, resumingAfter: 4)
            #expect(throws: MetricsError.stepWentBack(last: 4, found: 3)) { try writer.write(step: 3, ["loss": 1]) }
            for name in ["", "step", "time"] {
                #expect(throws: MetricsError.unusableName(name)) { try writer.write(step: 5, [name: 1]) }
            }
            #expect(try text(folder).isEmpty)
        }
    }

    @Test func `a new run does not begin on top of another`() throws {
        try inFolder { folder in
            _ = try MetricsWriter(folder: folder)
            try MetricsWriter(folder: folder).write(step: 1, ["loss": 1])  // nothing was written before
            let file = folder.appending(path: "metrics.jsonl")
            #expect(throws: MetricsError.holdsEarlierRun(path: file.path)) { try MetricsWriter(folder: folder) }
            #expect(try steps(folder) == [1])
        }
    }

    @Test func `a folder that cannot be made is an error`() {
        #expect(throws: MetricsError.self) { try MetricsWriter(folder: URL(filePath: "/dev/null/x")) }
    }

    @Test func `each run has an event file of its own, later in order`() throws {
        try inFolder { folder in
            for step in [nil, 7, 7] { _ = try MetricsWriter(folder: folder, resumingAfter: step) }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
                $0.hasPrefix("events.out.tfevents.")
            }
            #expect(Set(names.map { $0.split(separator: ".")[3] }).count == 3)
        }
    }

    static let checksums: [(text: String, expected: UInt32)] = [
        ("", 0), ("123456789", 0xE306_9283), (String(repeating: "\0", count: 32), 0x8A91_36AA),
    ]

    @Test(arguments: checksums) func `checksums are those of RFC 3720`(text: String, expected: UInt32) {
        #expect(CRC32C.checksum(Array(text.utf8)) == expected)
    }

    @Test(.enabled(if: PeerPython.executable != nil, "set MMADA_PEERS_PYTHON to a Python with Pillow"))
    func `an independent reader finds what was written`() throws {
        try inFolder { folder in
            let image = try RGBImage(width: 3, height: 2, pixels: (0..<18).map { UInt8($0 * 14) })
            let first = try MetricsWriter(folder: folder)
            try first.write(step: 1, ["loss": 0.5, "lr": 1e-4], time: Date(timeIntervalSince1970: 12.5))
            try first.write(step: 300, "sample/ü", image)
            try first.write(step: 300, ["loss": .nan])
            let second = try MetricsWriter(folder: folder, resumingAfter: 200)
            try second.write(step: 201, ["loss": -.infinity])
            try second.flush()
            let reply = try PeerPython.run(script: "events_peer.py", [folder.path])
            try #require(reply.status == 0)
            let files = try #require(try JSONValue(parsing: reply.output).arrayValue)
            try #require(files.count == 2)
            let one = try #require(files[0].arrayValue)
            #expect(one.map { $0["step"]?.intValue } == [0, 1, 300, 300])
            #expect(one.first?["version"]?.stringValue == "brain.Event:2")
            #expect(one[1]["time"]?.doubleValue == 12.5)
            #expect(one[1]["scalars"]?["loss"]?.stringValue == "0.5")
            #expect(one[1]["scalars"]?["lr"]?.stringValue.flatMap(Float.init) == 1e-4)
            let picture = try #require(one[2]["images"]?["sample/ü"]?.arrayValue)
            #expect(picture[0].intValue == 3 && picture[1].intValue == 2)
            #expect(picture[2].arrayValue?.compactMap(\.intValue) == image.pixels.map(Int.init))
            #expect(one[3]["scalars"]?["loss"]?.stringValue == "nan")
            let two = try #require(files[1].arrayValue)
            #expect(two.map { $0["step"]?.intValue } == [0, 201, 201])
            #expect(two[1]["session"]?.intValue == 1)
            #expect(two[2]["scalars"]?["loss"]?.stringValue == "-inf")
        }
    }

    @Test(.enabled(if: PeerPython.has("tensorboard"), "the peers' Python has no tensorboard"))
    func `TensorBoard finds what was written, and forgets what a resumed run does again`() throws {
        try inFolder { folder in
            let image = try RGBImage(width: 3, height: 2, pixels: [UInt8](repeating: 9, count: 18))
            let first = try MetricsWriter(folder: folder)
            for step in 1...5 { try first.write(step: step, ["loss": Double(step)]) }
            try first.write(step: 3, "sample", image)
            try first.write(step: 5, "sample", image)
            let second = try MetricsWriter(folder: folder, resumingAfter: 3)
            try second.write(step: 4, ["loss": 40])
            let reply = try PeerPython.run(script: "events_peer.py", ["--tensorboard", folder.path])
            try #require(reply.status == 0)
            let found = try JSONValue(parsing: reply.output)
            let expected = #"{"scalars":{"loss":[[1,1.0],[2,2.0],[3,3.0],[4,40.0]]},"images":{"sample":[[3,3,2]]}}"#
            #expect(found == (try JSONValue(parsing: Array(expected.utf8))))
        }
    }
}
