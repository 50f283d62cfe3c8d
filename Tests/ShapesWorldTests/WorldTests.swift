import Datasets
import Foundation
import Images
import TestSupport
import Testing

@testable import ShapesWorld

@Suite struct WorldTests {
    @Test(arguments: Level.allCases)
    func `an example depends on its number alone`(level: Level) throws {
        let world = World(level: level, seed: 4)
        for task in TaskKind.allCases {
            let first = try world.example(task, .train, 17)
            _ = try world.example(task, .train, 3)
            #expect(try world.example(task, .train, 17).record == first.record)
            #expect(try World(level: level, seed: 5).example(task, .train, 17).record != first.record)
        }
    }

    @Test(arguments: Level.allCases)
    func `held-out pairs are in every held-out scene and in no other`(level: Level) throws {
        let world = World(level: level, seed: 4)
        for split in WorldSplit.allCases {
            for index in 0..<200 {
                let scene = try #require(try world.example(.textToImage, split, index).scene)
                #expect(scene.hasHeldOutPair == (split == .heldout))
            }
        }
        let pairs = ObjectKind.all.enumerated().flatMap { i, a in ObjectKind.all[(i + 1)...].map { (a, $0) } }
        #expect(pairs.count == 276)
        #expect(pairs.count { ObjectKind.isHeldOut($0.0, $0.1) } == 22)
    }

    @Test(arguments: Level.allCases)
    func `a scene is what its own caption and riddle ask for, and a changed one is not`(level: Level) throws {
        for index in 0..<300 {
            var random = SampleRandom(seed: 2, pass: level.rawValue, id: "\(index)")
            let scene = Scene.random(level, .train, &random)
            let caption = scene.caption(&random)
            #expect(SceneScore(scene, caption.requirements).isAllRight, "\(caption.text)")
            #expect(SceneScore(scene, scene.riddle(&random).requirements).isAllRight)

            var changed = scene
            let place = random.below(changed.objects.count)
            let color = changed.objects[place].color
            changed.objects[place].color = ShapeColor.allCases.first { $0 != color } ?? .red
            #expect(!SceneScore(changed, caption.requirements).isAllRight)
            changed = scene
            changed.objects.removeLast()
            let score = SceneScore(changed, caption.requirements)
            #expect(!score.count && !score.isAllRight)
            changed = scene
            changed.background = Background.allCases.first { $0 != scene.background } ?? .white
            #expect(!SceneScore(changed, caption.requirements).background)
        }
    }

    @Test func `places and relations of captions are checked`() {
        let circle = SceneObject(shape: .circle, color: .red, size: .large, x: 8, y: 8)
        let square = SceneObject(shape: .square, color: .blue, size: .small, x: 56, y: 8)
        let scene = Scene(background: .white, objects: [circle, square], level: .cells)
        var wanted = CaptionRequirements(objects: [.init(circle), .init(square)], background: .white)
        wanted.statements = [.init(subject: 0, relation: .leftOf, other: 1)]
        #expect(SceneScore(scene, wanted).isAllRight)
        wanted.statements = [.init(subject: 0, relation: .rightOf, other: 1)]
        let score = SceneScore(scene, wanted)
        #expect(score.binding && score.count && !score.position && !score.isAllRight)
        wanted.statements = []
        wanted.objects[0].isLeft = false
        #expect(!SceneScore(scene, wanted).position)
    }

    @Test func `descriptions are read back`() throws {
        for index in 0..<200 {
            var random = SampleRandom(seed: 9, pass: 1, id: "\(index)")
            let scene = Scene.random(.cells, .train, &random)
            let read = try #require(Scene(description: scene.description))
            #expect(read.isSameContent(as: scene))
        }
        for text in ["", "a red circle", "a large red circle at e 9 , on white", "on", "a large red circle at a 1 , on pink"] {
            #expect(Scene(description: text) == nil)
        }
    }

    /// The answer worked out from the scene in another way than the question was made.
    private func answer(_ question: Question, _ scene: Scene) -> String? {
        let words = question.text.split(separator: " ").map(String.init)
        func shape(_ word: String) -> ShapeKind? { ShapeKind.allCases.first { $0.rawValue == word || $0.plural == word } }
        func find(_ color: String, _ kind: String) -> [SceneObject] {
            scene.objects.filter { $0.color.rawValue == color && $0.shape.rawValue == kind }
        }
        switch question.topic {
        case .count:
            return String(scene.objects.count { object in
                words.allSatisfy { word in
                    if let color = ShapeColor(rawValue: word) { return object.color == color }
                    if let kind = shape(word) { return object.shape == kind }
                    return true
                }
            })
        case .exists: return find(words[3], words[4]).isEmpty ? "no" : "yes"
        case .color: return scene.objects.first { $0.shape.rawValue == words[4] }?.color.rawValue
        case .shape: return scene.objects.first { $0.color.rawValue == words[3] }?.shape.rawValue
        case .size: return find(words[4], words[5]).first?.size.rawValue
        case .background: return scene.background.rawValue
        case .compare:
            let counts = [words[3], words[5]].map { word in scene.objects.count { $0.shape == shape(word) } }
            return counts[0] > counts[1] ? "yes" : "no"
        case .relation:
            guard let a = find(words[2], words[3]).first,
                let b = find(words[words.count - 3], words[words.count - 2]).first
            else { return nil }
            let isTrue =
                switch words[4] {
                case "left": a.x < b.x
                case "right": a.x > b.x
                case "above": a.y < b.y
                default: a.y > b.y
                }
            return isTrue ? "yes" : "no"
        default: return nil
        }
    }

    @Test(arguments: Level.allCases)
    func `answers to questions are true`(level: Level) {
        var topics: Set<Question.Topic> = []
        for index in 0..<600 {
            var random = SampleRandom(seed: 6, pass: level.rawValue, id: "\(index)")
            let scene = Scene.random(level, .train, &random)
            let question = scene.question(&random)
            topics.insert(question.topic)
            #expect(answer(question, scene) == question.answer, "\(question.text) \(scene.description)")
            #expect(question.reasoning.contains(scene.description))
        }
        #expect(topics.count == 8)
    }

    @Test func `the worked steps of sums are right`() throws {
        for index in 0..<800 {
            var random = SampleRandom(seed: 7, pass: 0, id: "\(index)")
            let problem = TextProblems.random(.train, &random)
            // Each "a op b is c" must hold; a step that begins with the operation goes on from the last result.
            var last = 0
            for step in problem.reasoning.split(separator: ".") {
                let words = step.split(separator: " ").map(String.init)
                guard let place = words.firstIndex(where: { ["plus", "minus", "times"].contains($0) }),
                    let right = Int(words[place + 1]), let result = words.last.flatMap({ Int($0) })
                else { continue }
                let left = place > 0 ? Int(words[place - 1]) ?? last : last
                let expected = words[place] == "plus" ? left + right : words[place] == "minus" ? left - right : left * right
                #expect(expected == result, "\(problem.reasoning)")
                last = result
            }
            let numbers = problem.text.split(separator: " ").compactMap { Int($0) }
            switch problem.topic {
            case .addition: #expect(Int(problem.answer) == numbers[0] + numbers[1])
            case .subtraction: #expect(Int(problem.answer) == numbers[0] - numbers[1])
            case .multiplication: #expect(Int(problem.answer) == numbers[0] * numbers[1])
            case .comparison: #expect(Int(problem.answer) == numbers.max())
            default: #expect(problem.reasoning.hasSuffix("\(problem.answer) is first ."))
            }
        }
    }

    @Test func `problems of the test split are not met in training`() {
        func texts(_ split: WorldSplit) -> Set<String> {
            Set((0..<2000).map { index in
                var random = SampleRandom(seed: 8, pass: 0, id: "\(split.rawValue)\(index)")
                return TextProblems.random(split, &random).text
            })
        }
        let train = texts(.train)
        #expect(train.isDisjoint(with: texts(.test)))
        #expect(train.isDisjoint(with: texts(.validation)))
    }

    @Test func `the same world is written in the same bytes, and its archives are read by the ordinary reader`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mmada-world-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let writer = WorldWriter(World(level: .cells, seed: 12), count: 20)
        try writer.write(to: folder.appending(path: "a"))
        try writer.write(to: folder.appending(path: "b"))
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.appending(path: "a").path).sorted()
        #expect(names.count > 40)
        for name in names where name.contains(".") {
            let (a, b) = (folder.appending(path: "a/\(name)").path, folder.appending(path: "b/\(name)").path)
            #expect(FileManager.default.contentsEqual(atPath: a, andPath: b), "\(name)")
        }
        let tar = try TarReader(path: folder.appending(path: "a/train/mmu-000000.tar").path)
        var position = 0
        var found = 0
        while let span = try tar.next(from: position) {
            let sample = try tar.load(at: span.position)
            #expect(sample.parts["png"] != nil && sample.parts["json"] != nil)
            position = span.end
            found += 1
        }
        #expect(found == 20)
    }

    @Test func `interrupting the writer leaves whole files only`() throws {
        struct Stop: Error {}
        let folder = FileManager.default.temporaryDirectory.appending(path: "mmada-world-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var count = 0
        #expect(throws: Stop.self) {
            try WorldWriter(World(level: .cells, seed: 1), count: 4).write(to: folder) { _ in
                count += 1
                if count == 4 { throw Stop() }
            }
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "train").path)
        #expect(names.sorted() == ["caption-000000.tar", "mmu-000000.tar", "t2i-000000.tar"])
    }
}
