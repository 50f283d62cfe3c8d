import Datasets
import Images
import StrictJSON
import TestSupport
import Testing

@Suite struct ReaderTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test(arguments: ["{\"n\":0}\n{\"n\":1}\n", "\n\r\n{\"n\":0}\r\n  \n{\"n\":1}"])
    func `lines are objects, blank ones aside`(text: String) throws {
        let reader = try JSONLinesReader(path: scratch.write(text, "a.jsonl"))
        #expect(try samples(of: reader).map { $0.fields["n"]?.intValue } == [0, 1])
    }

    @Test func `lines longer than a block are read whole`() throws {
        let long = String(repeating: "x", count: 200_000)
        let reader = try JSONLinesReader(path: scratch.write("{\"a\":\"\(long)\"}\n{\"a\":\"y\"}", "a.jsonl"))
        #expect(try samples(of: reader).map { $0.fields["a"]?.stringValue } == [long, "y"])
    }

    @Test func `a malformed line fails alone`() throws {
        let path = try scratch.write("{\"n\":0}\n{\"n\":\n[1]\n{\"n\":3}\n", "a.jsonl")
        let reader = try JSONLinesReader(path: path)
        let second = try #require(try reader.next(from: 7))
        #expect(throws: DatasetError.self) { try reader.load(at: second.position) }
        #expect(throws: DatasetError.notAnObject(file: path, offset: 14)) { try reader.load(at: 14) }
        #expect(try reader.load(at: 18).fields["n"]?.intValue == 3)
    }

    @Test(arguments: [
        "[{\"n\":0},{\"n\":1}]", " [ {\"n\":0} ,\n {\"s\":\"],\\\"{\",\"n\":1} ] \n",
        "[\n{\"n\":0,\"l\":[[1],{}]},{\"n\":1}]",
    ])
    func `elements of a list are found one by one`(text: String) throws {
        let reader = try JSONListReader(path: scratch.write(text, "a.json"))
        #expect(try samples(of: reader).map { $0.fields["n"]?.intValue } == [0, 1])
    }

    @Test(arguments: ["", "{}", "[{} {}]", "[{},]", "[,{}]", "[{}", "[{\"a\":\"", "[{}]x", "[{}],"])
    func `lists without brackets or commas are errors`(text: String) throws {
        let reader = try JSONListReader(path: scratch.write(text, "a.json"))
        #expect(throws: DatasetError.self) { try samples(of: reader) }
    }

    @Test func `an empty list has no samples`() throws {
        #expect(try samples(of: JSONListReader(path: scratch.write(" [ ] ", "a.json"))).isEmpty)
    }

    @Test func `damaged lists give samples or errors and always end`() throws {
        let valid = Array("[{\"a\": \"b,]\", \"c\": [1, {}]}, {\"d\": null}, {\"e\": \"\\\"\"}]".utf8)
        for seed in 0..<500 as Range<UInt64> {
            let reader = try JSONListReader(path: scratch.write(Mutations.mutate(valid, seed: seed), "a.json"))
            var (position, steps) = (0, 0)
            do {
                while let span = try reader.next(from: position) {
                    #expect(span.end > position)
                    position = span.end
                    steps += 1
                }
            } catch {}
            #expect(steps <= valid.count)
        }
    }

    @Test func `fields of CSV may hold commas, quotes and line breaks`() throws {
        let text = "\u{FEFF}image,question\r\n1.png,\"a, \"\"b\"\"\r\nc\"\r\n\r\n2.png,\r\n"
        let reader = try CSVReader(path: scratch.write(text, "a.csv"))
        #expect(reader.columns == ["image", "question"])
        let rows = try samples(of: reader)
        #expect(rows.map { $0.fields["image"]?.stringValue } == ["1.png", "2.png"])
        #expect(rows.map { $0.fields["question"]?.stringValue } == ["a, \"b\"\r\nc", ""])
    }

    @Test(arguments: [
        "a,b\n1\n", "a,b\n1,2,3\n", "a,b\n\"1,2\n", "a,b\n\"1\"x,2\n", "a,b\n1\"1,\"2\"\n", "a,a\n1,2\n", "",
    ])
    func `malformed CSV is an error`(text: String) throws {
        let path = try scratch.write(text, "a.csv")
        #expect(throws: DatasetError.self) { try samples(of: CSVReader(path: path)) }
    }

    @Test func `class folders are numbered in sorted order and named by labels`() throws {
        for name in ["n02/b.PNG", "n01/a.png", "n02/c.txt", "n10/d.png"] { try scratch.write("x", "set/" + name) }
        try scratch.write("0: tench\n1: goldfish: the fish\n\n 2 : shark\n", "labels.txt")
        let labels = try ImageFolderReader.labels(contentsOf: scratch.path + "/labels.txt")
        let reader = try ImageFolderReader(directory: scratch.path + "/set", layout: .classes(labels: labels))
        let found = try samples(of: reader)
        #expect(found.map(\.key) == ["n01/a.png", "n02/b.PNG", "n10/d.png"])
        #expect(found.map { $0.fields["text"]?.stringValue } == ["tench", "goldfish: the fish", "shark"])
        #expect(found.map { $0.fields["class"]?.intValue } == [0, 1, 2])
        #expect(reader.passedOver == ["txt": 1])
        #expect(throws: DatasetError.labelCount(file: scratch.path + "/set", expected: 3, found: 1)) {
            try ImageFolderReader(directory: scratch.path + "/set", layout: .classes(labels: ["one"]))
        }
    }

    @Test(arguments: ["tench\n", "0: a\n0: b\n", "1: a\n", "x: a\n", "0:\n"])
    func `malformed label files are errors`(text: String) throws {
        let path = try scratch.write(text, "labels.txt")
        #expect(throws: DatasetError.self) { try ImageFolderReader.labels(contentsOf: path) }
    }

    @Test func `a folder of other images names their kinds`() throws {
        try scratch.write("x", "set/a.tif")
        try scratch.write("x", "set/b.bmp")
        #expect(throws: DatasetError.unsupportedImages(directory: scratch.path + "/set", kinds: ["bmp", "tif"])) {
            try ImageFolderReader(directory: scratch.path + "/set", layout: .sideFiles(extension: "txt"))
        }
        #expect(throws: DatasetError.missingFile(path: scratch.path + "/none")) {
            try ImageFolderReader(directory: scratch.path + "/none", layout: .classes(labels: []))
        }
    }

    @Test func `text beside an image is a part`() throws {
        for name in ["a.png", "a.txt", "b.jpeg"] { try scratch.write(name, "set/" + name) }
        let reader = try ImageFolderReader(directory: scratch.path + "/set", layout: .sideFiles(extension: "txt"))
        let found = try samples(of: reader)
        #expect(found.map { $0.parts["txt"].map { String(decoding: $0, as: UTF8.self) } } == ["a.txt", nil])
    }

    @Test func `missing files are named`() {
        #expect(throws: DatasetError.missingFile(path: "/nowhere/a.tar")) { try TarReader(path: "/nowhere/a.tar") }
        #expect(throws: DatasetError.self) { try JSONLinesReader(path: "/tmp") }
    }
}

@Suite struct TableShardTests {
    @Test func `rows of all row groups are samples`() throws {
        let shard = try TableShard(
            path: "t.parquet", opener: { _ in MemoryTable() }, stringColumns: ["content"], bytesColumns: ["image"])
        let rows = try samples(of: shard)
        #expect(
            rows.map { $0.fields["content"]?.stringValue } == ["content 0.0", nil, "content 2.0", nil, "content 2.2"])
        #expect(rows.map { $0.parts["image"] } == [[0], [1], [0], [1], [2]])
        #expect(throws: DatasetError.self) { try shard.load(at: 5) }
    }

    @Test func `a wrong column is named with those there are`() {
        let expected = DatasetError.missingColumn(file: "t", expected: "text", found: ["content", "image"])
        #expect(throws: expected) {
            try TableShard(path: "t", opener: { _ in MemoryTable() }, stringColumns: ["text"])
        }
    }

    @Test func `a null text fails alone`() throws {
        let source = try SampleSource(name: "t", shards: ["t"], builder: PlainTextBuilder()) {
            path throws(DatasetError) in
            try TableShard(path: path, opener: { _ in MemoryTable() }, stringColumns: ["content"])
        }
        let limit = FailureLimit(share: 0.5)
        let loader = try PrefetchingLoader(
            stream: MixedStream(source, options: StreamOptions(isEndless: false)), limit: limit)
        #expect(Set(try loader.answers()) == ["content 0.0", "content 2.0", "content 2.2"])
        #expect(loader.failures.tallies["t"]?.failed == 2)
    }
}
