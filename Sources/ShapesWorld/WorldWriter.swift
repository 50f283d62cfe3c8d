import Datasets
public import Foundation
import Images
import StrictJSON

/// Writes a world in the formats of real datasets, so that the ordinary loaders read it.
///
/// In a folder for each split: `t2i-NNNNNN.tar` (WebDataset: `key.png`, `key.txt`, `key.json`), `caption-…`, `mmu-…` and
/// `r2i-….tar` (`key.png` and the record as `key.json`), `chat.jsonl` and `lm.jsonl` (records), `llava.json` with
/// `llava/` (a LLaVA-style list), and for training `images/` (an ImageFolder). `world.json` says what it is.
public struct WorldWriter {
    /// Examples of each task in the training split.
    public let count: Int
    private let world: World
    private static let shardSize = 4096

    /// A writer of `count` training examples a task; other splits have a tenth as many, at least 500 and at most `count`.
    public init(_ world: World, count: Int) {
        self.world = world
        self.count = max(1, count)
    }

    private func size(_ split: WorldSplit) -> Int { split == .train ? count : min(count, max(500, count / 10)) }

    /// Writes all files; a file appears whole or not at all, and is the same for the same world.
    ///
    /// `progress`: Called before each file with its name; what it throws ends the work between files.
    public func write(to folder: URL, progress: (String) throws -> Void = { _ in }) throws {
        for split in WorldSplit.allCases {
            let place = folder.appending(path: split.rawValue, directoryHint: .isDirectory)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            for task in [TaskKind.textToImage, .caption, .understanding, .reasonToImage] {
                try writeShards(task, split, to: place, progress)
            }
            for task in [TaskKind.chat, .text] where split != .heldout {
                let file = place.appending(path: task.rawValue + ".jsonl")
                try progress("\(split.rawValue)/\(file.lastPathComponent)")
                let records = try (0..<size(split)).map { StoredRecord(try world.example(task, split, $0).record) }
                try StoredRecord.write(records, to: file.path)
            }
            try progress("\(split.rawValue)/llava.json")
            try writeConversations(split, to: place)
        }
        try progress("train/images")
        try writeImageFolder(folder.appending(path: "train"))
        try progress("world.json")
        let fields: [(key: JSONString, value: JSONValue)] = [
            ("name", .string("shapes")), ("version", .integer(1)), ("level", .integer(Int64(world.level.rawValue))),
            ("seed", .string(JSONString(String(world.seed)))), ("count", .integer(Int64(count))),
        ]
        try Data(JSONValue.object(fields).serialized()).write(
            to: folder.appending(path: "world.json"), options: .atomic)
    }

    private func writeShards(
        _ task: TaskKind, _ split: WorldSplit, to folder: URL, _ progress: (String) throws -> Void
    ) throws {
        let total = size(split)
        for (number, start) in stride(from: 0, to: total, by: Self.shardSize).enumerated() {
            let digits = String(number)
            let name = "\(task.rawValue)-\(String(repeating: "0", count: max(0, 6 - digits.count)) + digits).tar"
            try progress("\(split.rawValue)/\(name)")
            var tar = TarWriter()
            for index in start..<min(total, start + Self.shardSize) {
                let example = try world.example(task, split, index)
                guard let image = example.record.image else { continue }
                let key = example.record.id
                tar.add(key + ".png", try image.pngData())
                if task == .textToImage { tar.add(key + ".txt", Array(example.record.prompt.utf8)) }
                // What a picture must show goes with its caption, so that painted ones can be judged by the file alone.
                var record = example.record
                if task == .textToImage { record.gold = example.requirements?.text ?? "" }
                tar.add(key + ".json", StoredRecord(record).json.serialized())
            }
            try tar.write(to: folder.appending(path: name))
        }
    }

    /// A small list in the manner of LLaVA, with an images folder.
    private func writeConversations(_ split: WorldSplit, to folder: URL) throws {
        let images = folder.appending(path: "llava", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
        let items = try (0..<min(200, size(split))).map { index -> JSONValue in
            let example = try world.example(.understanding, split, index)
            let name = example.record.id + ".png"
            if let image = example.record.image { try image.write(to: images.appending(path: name)) }
            func message(_ speaker: String, _ text: String) -> JSONValue {
                .object([("from", .string(JSONString(speaker))), ("value", .string(JSONString(text)))])
            }
            let fields: [(key: JSONString, value: JSONValue)] = [
                ("id", .string(JSONString(example.record.id))), ("image", .string(JSONString("llava/" + name))),
                (
                    "conversations",
                    .array([
                        message("human", "<image>\n" + example.record.prompt),
                        message("gpt", example.record.answer),
                    ])
                ),
            ]
            return .object(fields)
        }
        try Data(JSONValue.array(items).serialized()).write(
            to: folder.appending(path: "llava.json"), options: .atomic)
    }

    /// Pictures by background, as classes.
    private func writeImageFolder(_ folder: URL) throws {
        for index in 0..<min(2000, size(.train)) {
            let example = try world.example(.textToImage, .train, index)
            guard let image = example.record.image, let scene = example.scene else { continue }
            let place = folder.appending(components: "images", scene.background.rawValue)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            try image.write(to: place.appending(path: example.record.id + ".png"))
        }
    }
}
