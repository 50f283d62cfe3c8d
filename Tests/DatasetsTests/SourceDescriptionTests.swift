import Datasets
import Foundation
import Images
import Testing

@Suite struct SourceDescriptionTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func records(_ description: SourceDescription, opener: TableOpener? = nil) throws -> [Record] {
        let source = try description.source(relativeTo: scratch.path, opener: opener)
        let stream = try MixedStream(source, options: StreamOptions(isEndless: false))
        let loader = try PrefetchingLoader(stream: stream, limit: FailureLimit(share: 1))
        var found: [Record] = []
        while let record = try loader.next() { found.append(record) }
        return found
    }

    @Test func `archives of captioned images become records`() throws {
        for shard in 0..<3 {
            var tar = TarWriter()
            for number in 0..<4 {
                tar.add("\(number).png", try picture(number).pngData())
                tar.add("\(number).txt", "caption \(shard).\(number)")
            }
            try scratch.write(tar.finished, "a/\(shard).tar")
        }
        var description = SourceDescription()
        description.name = "cats"
        description.paths = ["a/{0..2}.tar"]
        description.resolution = 16
        let found = try records(description)
        #expect(Set(found.map(\.prompt)).count == 12)
        #expect(found.allSatisfy { $0.image?.width == 16 && $0.source == "cats" && $0.task == .textToImage })
        #expect(found.contains { $0.id == "1.tar/3" && $0.prompt == "caption 1.3" })
    }

    @Test func `a damaged archive and a corrupt image cost only themselves`() throws {
        var tar = TarWriter()
        for number in 0..<6 {
            tar.add("\(number).jpg", number == 2 ? Array("not a jpeg".utf8) : try picture(number).jpegData())
            tar.add("\(number).txt", "caption \(number)")
        }
        try scratch.write(Array(tar.bytes.dropLast(1100)), "cut.tar")
        try scratch.write(tar.finished, "whole.tar")
        var description = SourceDescription()
        description.name = "cats"
        description.paths = ["*.tar"]
        #expect(try records(description).map(\.prompt).sorted() == [0, 0, 1, 1, 3, 3, 4, 4, 5].map { "caption \($0)" })
    }

    @Test func `class folders become prompts of their labels`() throws {
        for name in ["n1/a.png", "n2/b.png"] { try scratch.write(picture(1).pngData(), "set/" + name) }
        try scratch.write("0: tench\n1: goldfish\n", "labels.txt")
        var description = SourceDescription()
        description.name = "imagenet"
        description.container = .classFolders
        description.kind = .labelled
        description.paths = ["set"]
        description.labels = "labels.txt"
        #expect(try records(description).map(\.prompt).sorted() == ["goldfish", "tench"])
    }

    @Test func `lists of conversations become records`() throws {
        try scratch.write(picture(1).pngData(), "coco/a.png")
        let item =
            "{\"image\":\"a.png\",\"conversations\":[{\"from\":\"human\",\"value\":\"q\\n<image>\"},"
            + "{\"from\":\"gpt\",\"value\":\"a\"}]}"
        try scratch.write("[\(item),{\"conversations\":[]}]", "mix.json")
        var description = SourceDescription()
        description.name = "llava"
        description.container = .jsonList
        description.kind = .conversations
        description.paths = ["mix.json"]
        description.imageRoot = "coco"
        #expect(try records(description).map(\.prompt) == ["q"])
    }

    @Test func `tables give texts, and images from a column of bytes`() throws {
        try scratch.write("", "t.parquet")
        var description = SourceDescription()
        description.name = "table"
        description.container = .parquet
        description.paths = ["t.parquet"]
        description.kind = .text
        let texts = try records(description) { _ in MemoryTable() }
        #expect(texts.map(\.answer).sorted() == ["content 0.0", "content 2.0", "content 2.2"])
        description.kind = .labelled
        description.field = "content"
        description.imageField = "image"
        description.resolution = 8
        let image = try picture(1)
        let png = try image.pngData()
        let pairs = try records(description) { _ in MemoryTable(image: png) }
        #expect(pairs.map(\.prompt).sorted() == ["content 0.0", "content 2.0", "content 2.2"])
        #expect(pairs.allSatisfy { $0.image == image })
        description.imageField = "picture"
        #expect(throws: DatasetError.self) { try records(description) { _ in MemoryTable() } }
    }

    @Test func `a source can be narrowed to prompts with certain words`() throws {
        let prompts = ["what is 3 times 4 ?", "what is 3 plus 4 ?", "what is 9 minus 4 ?", ""]
        let lines = prompts.map { "{\"task\":\"chat\",\"prompt\":\"\($0)\",\"answer\":\"7\"}\n" }
        try scratch.write(lines.joined(), "a.jsonl")
        var description = SourceDescription()
        description.name = "x"
        description.container = .jsonLines
        description.kind = .records
        description.paths = ["a.jsonl"]
        #expect(try records(description).count == 4)
        description.promptContains = [" times ", " minus "]
        #expect(try Set(records(description).map(\.prompt)) == [prompts[0], prompts[2]])
    }

    @Test func `a description survives being written and read`() throws {
        var description = SourceDescription()
        description.name = "x"
        description.transform = .pad
        description.kind = .captionLists
        let read = try JSONDecoder().decode(SourceDescription.self, from: JSONEncoder().encode(description))
        #expect(read == description)
    }

    @Test func `descriptions that cannot be are refused`() throws {
        try scratch.write("{}\n", "a.jsonl")
        var description = SourceDescription()
        #expect(throws: DatasetError.self) { try description.source() }
        description.name = "x"
        description.paths = ["a.jsonl"]
        description.task = .chat
        #expect(throws: DatasetError.self) { try description.source(relativeTo: scratch.path) }
        description.task = .caption
        description.container = .parquet
        #expect(throws: DatasetError.noTableOpener(file: "a.jsonl")) {
            try description.source(relativeTo: scratch.path)
        }
        description.container = .jsonLines
        description.maxTokens = 10
        #expect(throws: DatasetError.self) { try description.source(relativeTo: scratch.path) }
        description.maxTokens = 0
        description.paths = ["b.jsonl"]
        #expect(throws: DatasetError.missingFile(path: scratch.path + "/b.jsonl")) {
            try description.source(relativeTo: scratch.path)
        }
    }
}
