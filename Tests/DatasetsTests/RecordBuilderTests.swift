import Datasets
import Images
import StrictJSON
import Testing

@Suite struct RecordBuilderTests {
    let scratch: Scratch
    let images = ImagePreparation(transform: .squash, resolution: 8)

    init() throws { scratch = try Scratch() }

    private func fields(_ json: String, shard: String = "s.jsonl") throws -> RawSample {
        RawSample(shard: shard, key: "0", fields: try JSONValue(parsing: Array(json.utf8)))
    }

    private func parts(_ parts: [String: String], key: String = "k", shard: String = "s.tar") throws -> RawSample {
        var bytes = parts.mapValues { Array($0.utf8) }
        bytes["png"] = try picture(1).pngData()
        return RawSample(shard: shard, key: key, parts: bytes)
    }

    private func record(
        _ builder: some RecordBuilder, _ sample: RawSample, seed: UInt64 = 1
    ) throws -> Record {
        var random = SampleRandom(seed: seed)
        guard case .record(let record) = try builder.build(sample, random: &random) else {
            throw DatasetError.missingField(sample: sample.id, field: "record", expected: "made")
        }
        return record
    }

    private func outcome(_ builder: some RecordBuilder, _ sample: RawSample) throws -> BuildOutcome {
        var random = SampleRandom(seed: 1)
        return try builder.build(sample, random: &random)
    }

    // MARK: Captions

    @Test(arguments: ["text", "txt", "caption"])
    func `captions stand in any of three parts`(part: String) throws {
        let builder = try CaptionedImageBuilder(captions: .parts, use: .painting(isShortened: false), images: images)
        let record = try record(builder, parts([part: "A cat.\n"]))
        let image = try picture(1)
        #expect(record.task == .textToImage && record.prompt == "A cat." && record.image == image)
    }

    @Test func `images without a caption are passed over, not given an empty one`() throws {
        let sources: [CaptionSource] = [
            .parts, .shardFiles(directory: scratch.path, extension: "caption"), .firstLines(directory: scratch.path),
            .lists(try CaptionLists(contentsOf: scratch.write("{\"k\": [], \"other\": [\"x\"]}", "lists.json"))),
        ]
        for source in sources {
            let builder = try CaptionedImageBuilder(captions: source, use: .painting(isShortened: true), images: images)
            #expect(try outcome(builder, parts([:])) == .skip(.noCaption))
        }
        let builder = try CaptionedImageBuilder(captions: .parts, use: .painting(isShortened: true), images: images)
        #expect(try outcome(builder, parts(["txt": " \n"])) == .skip(.noCaption))
    }

    @Test func `captions are found beside the archives`() throws {
        try scratch.write("from the shard", "c/00001/k7.caption")
        try scratch.write("first line\nsecond line", "c/k7.txt")
        try scratch.write("{\"./a/k7\": [\"listed\"]}", "lists.json")
        let sample = try parts(["json": "{\"prompt\": \"asked\"}"], key: "./a/k7", shard: "/data/00001.tar")
        let sources: [(CaptionSource, String)] = [
            (.shardFiles(directory: scratch.path + "/c", extension: "caption"), "from the shard"),
            (.firstLines(directory: scratch.path + "/c"), "first line"),
            (.lists(try CaptionLists(contentsOf: scratch.path + "/lists.json")), "listed"),
            (.json(field: "prompt"), "asked"),
        ]
        for (source, expected) in sources {
            let use = CaptionedImageBuilder.Use.captioning(requests: ["Describe."])
            let record = try record(CaptionedImageBuilder(captions: source, use: use, images: images), sample)
            #expect(record.task == .caption && record.prompt == "Describe." && record.answer == expected)
        }
    }

    @Test func `half of the captions are cut to a sentence, and stock phrases go`() {
        var seen: [String: Int] = [:]
        for seed in 0..<400 as Range<UInt64> {
            var random = SampleRandom(seed: seed)
            let text = CaptionRules.shortened("The image features a cat. In this image, it sits.", random: &random)
            seen[text, default: 0] += 1
        }
        #expect(Set(seen.keys) == ["a cat", "a cat. it sits."])
        #expect((150...250).contains(seen["a cat"] ?? 0))
        #expect(CaptionRules.stockPhrases.count == 15)
    }

    @Test func `person tags become words`() {
        var singles: Set<String> = []
        for seed in 0..<40 as Range<UInt64> {
            var random = SampleRandom(seed: seed)
            singles.insert(CaptionRules.withPersons("<PERSON>!", random: &random))
            #expect(CaptionRules.withPersons("by <person> <person><person>.", random: &random) == "by  people .")
        }
        #expect(singles == [" a person !", " someone !", " somebody !"])
    }

    @Test func `a corrupt image is an error that names the sample`() throws {
        let builder = try CaptionedImageBuilder(captions: .parts, use: .painting(isShortened: false), images: images)
        var sample = RawSample(shard: "d/s.tar", key: "k", parts: ["txt": Array("cat".utf8)])
        #expect(throws: DatasetError.noImage(sample: "s.tar/k", found: ["txt"])) { try outcome(builder, sample) }
        sample.parts["jpg"] = Array(try picture(3, side: 32).jpegData().prefix(300))
        #expect {
            try outcome(builder, sample)
        } throws: { error in
            guard case DatasetError.image("s.tar/k", .corrupt) = error else { return false }
            return true
        }
    }

    // MARK: Text

    @Test(arguments: [
        (PlainTextBuilder.Newlines.space, "one two"), (.deleted, "onetwo"), (.kept, "one\ntwo"),
    ])
    func `line breaks of plain text become what was asked for`(rule: PlainTextBuilder.Newlines, text: String) throws {
        let record = try record(PlainTextBuilder(newlines: rule), fields("{\"content\": \"one\\ntwo\"}"))
        #expect(record.task == .text && record.answer == text && record.prompt.isEmpty)
    }

    @Test func `long texts give a window at any place`() throws {
        let sample = try fields("{\"content\": \"\(String(repeating: "äbcdefghij", count: 10))\"}")
        var starts: Set<String> = []
        for seed in 0..<60 as Range<UInt64> {
            let text = try record(PlainTextBuilder(window: 15), sample, seed: seed).answer
            #expect(text.unicodeScalars.count == 15)
            starts.insert(String(text.prefix(1)))
        }
        #expect(starts.count == 10)
    }

    @Test func `a wrong field is an error`() throws {
        let expected = DatasetError.missingField(sample: "s.jsonl/0", field: "content", expected: "text")
        #expect(throws: expected) { try outcome(PlainTextBuilder(), fields("{\"text\": \"a\"}")) }
        #expect(throws: expected) { try outcome(FormattedChatBuilder(), fields("{\"content\": [1]}")) }
    }

    @Test func `chat text and instructions keep their form`() throws {
        #expect(try record(FormattedChatBuilder(), fields("{\"content\": \"<|x|> hi\"}")).formatted == "<|x|> hi")
        let alpaca = "{\"instruction\": \"Add.\", \"input\": \"1 2\", \"output\": \"3\"}"
        let added = try record(InstructionBuilder(), fields(alpaca))
        #expect(added.prompt == "Add.\n1 2" && added.answer == "3" && added.task == .chat)
        #expect(
            try record(InstructionBuilder(), fields("{\"instruction\": \"Hi.\", \"output\": \"Ho.\"}")).prompt == "Hi.")
    }

    @Test func `conversations give some of their first turns`() throws {
        let image = try picture(2)
        try scratch.write(image.pngData(), "img/a.png")
        let turns = (0..<3).map {
            "{\"from\":\"human\",\"value\":\"<image>\\nq\($0)\"},{\"from\":\"gpt\",\"value\":\"a\($0)\"}"
        }
        let json =
            "{\"image\": \"img/a.png\", \"conversations\": [\(turns.joined(separator: ",")),"
            + "{\"from\":\"human\",\"value\":\"odd\"}]}"
        let builder = ConversationBuilder(images: images, origin: .path(field: "image", root: scratch.path))
        var counts: Set<Int> = []
        for seed in 0..<40 as Range<UInt64> {
            let record = try record(builder, fields(json), seed: seed)
            counts.insert(record.turns.count)
            let last = record.turns.count / 2
            #expect(record.answer == "a\(last)" && record.image == image && record.task == .understanding)
            #expect(record.prompt == (last == 0 ? "q0" : "<image>\nq\(last)"))
            #expect(record.turns.first?.text ?? "q0" == "q0")
        }
        #expect(counts == [0, 2, 4])
    }

    @Test func `conversations without image or answer are passed over`() throws {
        let builder = ConversationBuilder(images: images, origin: .path(field: "image", root: scratch.path))
        let pair = "[{\"from\":\"human\",\"value\":\"q\"},{\"from\":\"gpt\",\"value\":\"a\"}]"
        #expect(try outcome(builder, fields("{\"conversations\": \(pair)}")) == .skip(.noImage))
        #expect(try outcome(builder, fields("{\"conversations\": []}")) == .skip(.noTurns))
        #expect(throws: DatasetError.self) { try outcome(builder, fields("{\"image\": \"a.png\"}")) }
        for path in ["/etc/passwd", "../a.png", "a/../../b.png"] {
            #expect(throws: DatasetError.unsafePath(sample: "s.jsonl/0", path: path)) {
                try outcome(builder, fields("{\"image\": \"\(path)\", \"conversations\": \(pair)}"))
            }
        }
        #expect(throws: DatasetError.missingFile(path: scratch.path + "/no.png")) {
            try outcome(builder, fields("{\"image\": \"no.png\", \"conversations\": \(pair)}"))
        }
    }

    // MARK: Questions

    @Test func `one of an image's rows is drawn, and its think block split off`() throws {
        let csv =
            "image,question,solution\nk.png,q1,<think>r1</think>a1\nk.png,q2,<think>r2</think><answer> a2 </answer>\n"
            + "k.jpg,q3,no\n"
        let table = try ImageTable(path: scratch.write(csv, "t.csv"))
        let builder = try QuestionBuilder(table: table, images: images, origin: .part)
        var seen: [String: Record] = [:]
        for seed in 0..<30 as Range<UInt64> {
            let record = try record(builder, parts([:], key: "dir/k"), seed: seed)
            seen[record.prompt] = record
        }
        #expect(seen.keys.sorted() == ["q1", "q2"])
        #expect(seen["q1"]?.reasoning == "r1" && seen["q1"]?.answer == "a1" && seen["q1"]?.gold == "")
        #expect(seen["q2"]?.answer == "a2" && seen["q2"]?.gold == "a2" && seen["q2"]?.task == .understanding)
        #expect(try outcome(builder, parts([:], key: "other")) == .skip(.noCaption))
    }

    @Test func `a table without the columns is refused at once`() throws {
        let path = try scratch.write("image,problem\n", "t.csv")
        let expected = DatasetError.missingColumn(file: path, expected: "question", found: ["image", "problem"])
        #expect(throws: expected) {
            try QuestionBuilder(table: ImageTable(path: path), images: images, origin: .part)
        }
        #expect(throws: DatasetError.self) { try ImageTable(path: path, column: "file") }
    }

    @Test func `questions in text carry a gold answer of their own field`() throws {
        let names = QuestionFields(question: "question", solution: "solution", gold: "answer")
        let builder = try QuestionBuilder(fields: names, images: images, origin: .none)
        let json = "{\"question\": \"q\", \"solution\": \"long\", \"answer\": 42}"
        let record = try record(builder, fields(json))
        #expect(record.task == .chat && record.answer == "long" && record.gold == "42" && record.image == nil)
        #expect(throws: DatasetError.self) {
            try outcome(builder, fields("{\"question\":\"q\",\"solution\":\"<think>x\",\"answer\":1}"))
        }
    }

    @Test(arguments: ["\"long\"", "[\"long\", \"other\"]"])
    func `reasoning may stand in a field of its own`(reasoning: String) throws {
        let names = QuestionFields(solution: "answer", gold: "answer", reasoning: "trace")
        let builder = try QuestionBuilder(fields: names, images: images, origin: .none)
        let json = "{\"question\": \"q\", \"trace\": \(reasoning), \"answer\": \"7\"}"
        let made = try record(builder, fields(json))
        #expect(made.reasoning == "long" && made.answer == "7" && made.gold == "7")
    }

    @Test func `short captions ask for an image, long ones are the reasoning`() throws {
        let builder = ReasonedImageBuilder(images: images)
        let made = try record(builder, parts(["shortcaption": "a cat\n", "caption": "A cat sits."]))
        #expect(made.task == .reasonToImage && made.prompt == "a cat" && made.reasoning == "A cat sits.")
        #expect(try outcome(builder, parts(["caption": "A cat sits."])) == .skip(.noCaption))
    }

    // MARK: Our own

    @Test func `records survive being kept as lines`() throws {
        var records = TaskKind.allCases.map { StoredRecord(Record(task: $0, prompt: "p\n\"\($0)\"", answer: "a")) }
        records[0].record.turns = [Turn(role: "user", text: "u"), Turn(role: "assistant", text: "v")]
        records[1].record.reasoning = "r"
        records[2].record.formatted = "f"
        records[3].record.gold = "g"
        records[4].record.source = "s"
        records[5].image = "i.png"
        try StoredRecord.write(records, to: scratch.path + "/r.jsonl")
        let read = try samples(of: JSONLinesReader(path: scratch.path + "/r.jsonl"))
        #expect(try read.map { try StoredRecord(json: $0.fields, sample: $0.id) } == records)
    }

    @Test func `images of our own records are beside the file or in the archive`() throws {
        let (first, fifth) = (try picture(1), try picture(5))
        try scratch.write(fifth.pngData(), "sub/i.png")
        let line = "{\"task\":\"mmu\",\"prompt\":\"q\",\"image\":\"i.png\",\"answer\":\"a\",\"id\":\"x\"}"
        let builder = StoredRecordBuilder(images: images)
        let beside = try record(builder, fields(line, shard: scratch.path + "/sub/r.jsonl"))
        #expect(beside.image == fifth && beside.id == "x")
        let within = try record(builder, parts(["json": line]))
        #expect(within.image == first && within.answer == "a")
    }

    @Test(arguments: ["{}", "{\"task\":\"t3i\"}", "{\"task\":\"lm\",\"turns\":{}}", "{\"task\":\"lm\",\"prompt\":[]}"])
    func `malformed records of our own are errors`(json: String) throws {
        #expect(throws: DatasetError.self) { try outcome(StoredRecordBuilder(images: images), fields(json)) }
    }

    @Test func `what a sample chooses depends on seed, pass and name only`() {
        var draws: Set<UInt64> = []
        for (seed, pass, id) in [(1, 0, "a"), (2, 0, "a"), (1, 1, "a"), (1, 0, "b")] as [(UInt64, Int, String)] {
            var (first, second) = (
                SampleRandom(seed: seed, pass: pass, id: id), SampleRandom(seed: seed, pass: pass, id: id)
            )
            let draw = first.next()
            #expect(second.next() == draw)
            draws.insert(draw)
        }
        #expect(draws.count == 4)
    }
}
