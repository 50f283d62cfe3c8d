import Datasets
import Images
import ShapesWorld
import Testing

@Suite struct WorldTests {
    private let world = World(level: .cells, seed: 1)

    @Test(arguments: TaskKind.allCases)
    func `an example depends on its number alone`(task: TaskKind) throws {
        let later = try world.example(task, .train, 7)
        for index in 0..<7 { _ = try world.example(task, .train, index) }
        let again = try world.example(task, .train, 7)
        #expect(again.record == later.record && again.scene == later.scene)
        #expect(try world.example(task, .train, 8).record != later.record)
        let other = try World(level: .cells, seed: 2).example(task, .train, 7).record
        #expect([other.prompt, other.answer] != [later.record.prompt, later.record.answer])
    }

    // Models were trained on these: after a change here they would be asked about another world than theirs.
    // Whoever changes the world on purpose puts the new values here, and trains again.
    @Test(arguments: [
        (Level.cells, "af67cfbd03473765", "ad20f55486ead061"), (.free, "1552722e056d76f4", "c5b49185d2a5ff9c"),
        (.crowded, "43a2365092a742bb", "8c8bd3632ec8dc2e"),
    ])
    func `examples are what they were`(level: Level, texts: String, pictures: String) throws {
        let world = World(level: level, seed: 1)
        var (written, drawn) = (Digest(), Digest())
        for task in [TaskKind.textToImage, .caption, .understanding, .chat, .reasonToImage, .text] {
            for split in WorldSplit.allCases {
                for index in 0..<10 {
                    let record = try world.example(task, split, index).record
                    for text in [record.id, record.prompt, record.reasoning, record.answer, record.gold] {
                        written.add(text)
                    }
                    drawn.add(record.image?.pixels ?? [])
                }
            }
        }
        #expect(String(written.value, radix: 16) == texts)
        #expect(String(drawn.value, radix: 16) == pictures)
    }

    @Test(arguments: TaskKind.allCases, WorldSplit.allCases)
    func `a record has the parts of its task`(task: TaskKind, split: WorldSplit) throws {
        for index in 0..<Samples.count(debug: 6, release: 40) {
            let example = try world.example(task, split, index)
            let record = example.record
            #expect(record.task == task && record.id == "\(task.rawValue)-\(split.rawValue)-\(index)")
            #expect(record.source == "shapes")
            let hasPicture = task != .chat && task != .text
            let isPainted = task == .textToImage || task == .reasonToImage
            let isAsked = task == .chat || task == .understanding
            #expect((record.image != nil) == hasPicture && (example.scene != nil) == hasPicture)
            #expect((example.requirements != nil) == isPainted && (example.topic != nil) == isAsked)
            #expect(record.prompt.isEmpty == (task == .text))
            #expect(record.reasoning.isEmpty == !(isAsked || task == .reasonToImage))
            #expect(record.answer.isEmpty == isPainted && record.gold.isEmpty == !isAsked)
            if let scene = example.scene {
                #expect(record.image == (try scene.rendered()))
                #expect(scene.hasHeldOutPair == (split == .heldout))
            }
            if task == .caption { #expect(record.answer == example.scene?.description) }
            #expect(AnswerComparison.agree(record.answer, record.gold) == isAsked)
        }
    }

    @Test func `splits have other examples`() throws {
        for task in [TaskKind.textToImage, .understanding, .reasonToImage] {
            let scenes = try [WorldSplit.train, .validation, .test].map { split in
                Set(try (0..<40).map { try #require(world.example(task, split, $0).scene?.description) })
            }
            // Scenes of one object may well meet.
            #expect(scenes[0].intersection(scenes[2]).count < 6 && scenes[0].intersection(scenes[1]).count < 6)
        }
    }

    @Test func `wrong answers are seen as wrong`() throws {
        for index in 0..<40 {
            let gold = try world.example(.understanding, .test, index).record.gold
            for other in ["yes", "no", "7", "small", "large", "circle", "orange", "sky"] where other != gold {
                #expect(!AnswerComparison.agree(other, gold))
            }
        }
    }

    @Test func `the vocabulary is small and in lower case`() throws {
        var words: Set<String> = []
        for line in try world.corpus(lines: Samples.count(debug: 1000, release: 20_000)) {
            words.formUnion(line.split(separator: " ").map(String.init))
        }
        let numbers = words.filter { Int($0) != nil }
        print("World: \(words.count - numbers.count) words and \(numbers.count) numbers")
        #expect(words.count - numbers.count < 200)
        #expect(numbers.allSatisfy { $0.count <= 3 })
        let isPlain = { (byte: UInt8) in (33...126).contains(byte) && !(65...90).contains(byte) }
        #expect(words.allSatisfy { $0.utf8.allSatisfy(isPlain) })
    }

    @Test func `a corpus has lines without breaks, as many as asked for`() throws {
        let lines = try world.corpus(lines: 60)
        #expect(lines.count == 60 && lines.allSatisfy { !$0.isEmpty && !$0.contains("\n") })
        #expect(try world.corpus(lines: 0).isEmpty && world.corpus(lines: -1).isEmpty)
    }
}
