import Datasets
import Foundation
import Images
import ShapesWorld
import StrictJSON
import TestSupport
import Testing

@Suite struct WorldWriterTests {
    private let scratch: Scratch
    private let world = World(level: .cells, seed: 5)

    init() throws { scratch = try Scratch() }

    /// All records of a source as the loaders of training give them.
    private func records(
        _ container: SourceDescription.Container, _ kind: SourceDescription.Kind, _ path: String
    ) throws -> [Record] {
        var description = SourceDescription()
        description.name = "shapes"
        description.container = container
        description.kind = kind
        description.paths = [path]
        description.resolution = Scene.side
        if kind == .conversations { description.imageRoot = scratch.url.appending(path: "train").path }
        let source = try description.source(relativeTo: scratch.url.path)
        let options = StreamOptions(shuffleBuffer: 1, order: .listed, isEndless: false)
        var stream = try SampleStream(source: source, options: options)
        var log = FailureLog()
        var records: [Record] = []
        while let ticket = try stream.next(&log) {
            guard case .record(let record) = try source.outcome(at: ticket.address, pass: 0, seed: 0) else { continue }
            records.append(record)
        }
        return records
    }

    @Test func `the ordinary loaders read what was written`() throws {
        try WorldWriter(world, count: 6).write(to: scratch.url)
        for split in WorldSplit.allCases {
            for task in [TaskKind.caption, .understanding, .reasonToImage] {
                let found = try records(.tar, .records, "\(split.rawValue)/\(task.rawValue)-*.tar")
                #expect(try found == (0..<6).map { try world.example(task, split, $0).record })
            }
            let painted = try records(.tar, .captions, "\(split.rawValue)/t2i-{000000..000000}.tar")
            for (index, record) in painted.enumerated() {
                let example = try world.example(.textToImage, split, index)
                #expect(record.prompt == example.record.prompt && record.image == example.record.image)
            }
            #expect(painted.count == 6)
            // As records they also say what a picture must show.
            for (index, record) in try records(.tar, .records, "\(split.rawValue)/t2i-*.tar").enumerated() {
                let example = try world.example(.textToImage, split, index)
                #expect(CaptionRequirements(text: record.gold) == example.requirements)
                #expect(record.prompt == example.record.prompt && record.image == example.record.image)
            }
            for task in [TaskKind.chat, .text] where split != .heldout {
                let found = try records(.jsonLines, .records, "\(split.rawValue)/\(task.rawValue).jsonl")
                #expect(try found == (0..<6).map { try world.example(task, split, $0).record })
            }
        }
        let asked = try records(.jsonList, .conversations, "train/llava.json")
        #expect(asked.count == 6)
        for (index, record) in asked.enumerated() {
            let example = try world.example(.understanding, .train, index).record
            #expect(record.prompt == example.prompt && record.answer == example.answer && record.image == example.image)
        }
    }

    @Test func `pictures lie in folders named for their backgrounds`() throws {
        try WorldWriter(world, count: 8).write(to: scratch.url)
        let labelled = try records(.classFolders, .labelled, "train/images")
        let pictures = try (0..<8).map { index in
            let example = try world.example(.textToImage, .train, index)
            return Record(
                task: .textToImage, prompt: example.scene?.background.rawValue ?? "", image: example.record.image)
        }
        #expect(labelled.count == 8)
        for picture in pictures {
            #expect(labelled.contains { $0.prompt == picture.prompt && $0.image == picture.image })
        }
    }

    @Test func `the same world is written byte for byte the same, over itself as well`() throws {
        let other = try Scratch()
        try WorldWriter(world, count: 4).write(to: scratch.url)
        try WorldWriter(world, count: 4).write(to: other.url)
        try WorldWriter(world, count: 4).write(to: other.url)
        let files = try scratch.files()
        #expect(try other.files() == files && files.count > 40)
        for file in files { #expect(try scratch.bytes(file) == other.bytes(file), "\(file)") }
        let third = try Scratch()
        try WorldWriter(World(level: .cells, seed: 6), count: 4).write(to: third.url)
        #expect(try third.bytes("train/t2i-000000.tar") != scratch.bytes("train/t2i-000000.tar"))
    }

    @Test func `the world says what it is`() throws {
        try WorldWriter(World(level: .free, seed: .max), count: 2).write(to: scratch.url)
        let about = try JSONValue(parsing: scratch.bytes("world.json"))
        #expect(about["name"]?.stringValue == "shapes" && about["level"]?.intValue == 2)
        #expect(about["seed"]?.stringValue == "18446744073709551615" && about["count"]?.intValue == 2)
        #expect(about["version"]?.intValue == 1)
    }

    @Test func `work that is stopped leaves whole files, and going on gives the rest`() throws {
        struct Stop: Error {}
        let whole = try Scratch()
        var names: [String] = []
        try WorldWriter(world, count: 3).write(to: whole.url) { names.append($0) }
        #expect(names.first == "train/t2i-000000.tar" && names.last == "world.json" && Set(names).count == names.count)
        for stop in [1, names.count - 1] {
            var left = stop
            #expect(throws: Stop.self) {
                try WorldWriter(world, count: 3).write(to: scratch.url) { _ in
                    if left == 0 { throw Stop() }
                    left -= 1
                }
            }
            let files = try scratch.files()
            #expect(!files.contains("world.json"))
            for file in files { #expect(try scratch.bytes(file) == whole.bytes(file), "\(file)") }
        }
        try WorldWriter(world, count: 3).write(to: scratch.url)
        #expect(try scratch.files() == whole.files())
    }

    @Test func `a folder that cannot be made is an error`() throws {
        let file = scratch.url.appending(path: "file")
        try Data("x".utf8).write(to: file)
        #expect(throws: (any Error).self) { try WorldWriter(world, count: 1).write(to: file) }
    }

    @Test func `archives are whole blocks that end in two empty ones`() throws {
        try WorldWriter(world, count: 2).write(to: scratch.url)
        let bytes = try scratch.bytes("train/t2i-000000.tar")
        #expect(bytes.count % 512 == 0 && bytes.suffix(1024).allSatisfy { $0 == 0 })
        #expect(bytes[257..<265].elementsEqual("ustar\u{0}00".utf8))
    }

    @Test(.enabled(if: PeerPython.executable != nil, "MMADA_PEERS_PYTHON names no Python"))
    func `Python reads the archives`() throws {
        try WorldWriter(world, count: 3).write(to: scratch.url)
        let path = scratch.url.appending(path: "test/t2i-000000.tar").path
        let (status, output) = try PeerPython.run(script: "tar_listing.py", [path])
        try #require(status == 0)
        let members = try #require(try JSONValue(parsing: output).arrayValue)
        let names = (0..<3).flatMap { index in ["png", "txt", "json"].map { "t2i-test-\(index).\($0)" } }
        #expect(members.map { $0["name"]?.stringValue } == names)
        for (place, member) in members.enumerated() {
            let bytes = (member["bytes"]?.arrayValue ?? []).compactMap { $0.intValue.map { UInt8(clamping: $0) } }
            #expect(member["size"]?.intValue == bytes.count && member["is_file"]?.boolValue == true)
            #expect(member["mode"]?.intValue == 0o644 && member["mtime"]?.intValue == 0)
            let record = try world.example(.textToImage, .test, place / 3).record
            switch place % 3 {
            case 0: #expect(try RGBImage(decoding: bytes) == record.image)
            case 1: #expect(String(decoding: bytes, as: UTF8.self) == record.prompt)
            default: #expect(try JSONValue(parsing: bytes)["prompt"]?.stringValue == record.prompt)
            }
        }
    }
}
