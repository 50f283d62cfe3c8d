import Datasets
import ShapesWorld
import Testing

@Suite struct SceneQuestionTests {
    /// Scenes with a question each.
    private func asked(_ level: Level, count: Int = 800) -> [(scene: Scene, question: Question)] {
        var random = SampleRandom(seed: 5)
        return Samples.scenes(level, .train, count: count).map { ($0, $0.question(&random)) }
    }

    @Test(arguments: Level.allCases)
    func `answers are what an independent reading of the question gives`(level: Level) {
        for (scene, question) in asked(level) {
            let answer = QuestionReader(scene: scene).answer(question.text)
            #expect(answer == question.answer, "\(question.text) of \(scene.description)")
        }
    }

    @Test(arguments: Level.allCases)
    func `reasoning begins with what is seen`(level: Level) {
        for (scene, question) in asked(level, count: 300) {
            #expect(question.reasoning.hasPrefix("i see \(scene.description) ."))
        }
    }

    @Test func `the answer follows from the reasoning alone`() {
        for (_, question) in asked(.cells) {
            #expect(Self.conclusion(question) == question.answer, "\(question.text) \(question.reasoning)")
        }
    }

    /// The answer as a reader without the picture finds it, and that each step fits what is listed as seen.
    private static func conclusion(_ question: Question) -> String? {
        var sentences = question.reasoning.split(separator: ".").map { $0.split(separator: " ").map(String.init) }
        let first = sentences.removeFirst().joined(separator: " ")
        guard first.hasPrefix("i see "), let seen = Scene(description: String(first.dropFirst(6))) else { return nil }
        if question.topic == .background { return sentences.isEmpty ? seen.background.rawValue : nil }
        guard let words = sentences.first, let last = sentences.last, let said = last.last else { return nil }
        // What is asked is asked again of what is listed, which has no places.
        let listed = QuestionReader(scene: seen).answer(question.text)
        switch question.topic {
        case .count, .exists:
            let items = words.drop { $0 != ":" }.dropFirst().split(separator: ",")
            let count = items.first?.first == "none" ? 0 : items.count
            guard items.allSatisfy({ $0.first == "none" || isSeen(Array($0), in: seen) }) else { return nil }
            let answer = question.topic == .count ? "\(count)" : count == 0 ? "no" : "yes"
            return answer == listed ? answer : nil
        case .color, .shape, .size: return said == listed ? said : nil
        case .compare:
            guard let a = words.last.flatMap({ Int($0) }), let b = Int(said),
                sentences.count == 3, sentences[1].last == said, last.first == "\(a)"
            else { return nil }
            let answer = last.contains("not") ? "no" : "yes"
            guard (answer == "yes") == (a > b) else { return nil }
            return answer == listed ? answer : nil
        case .relation:
            let cells = sentences.compactMap { cell($0.suffix(2)) }
            guard cells.count == 2, let relation = Relation.allCases.first(where: question.asks),
                Self.isOrder(last, of: cells)
            else { return nil }
            return relation.holds(cells[0], cells[1]) ? "yes" : "no"
        default: return nil
        }
    }

    /// Whether "b is left of c" is so of two cells' names.
    private static func isOrder(_ words: [String], of cells: [SceneObject]) -> Bool {
        guard words.count >= 4, let a = words.first, let b = words.last,
            let relation = Relation(rawValue: words.dropFirst(2).dropLast().joined(separator: " "))
        else { return false }
        let isColumn = relation == .leftOf || relation == .rightOf
        let names = cells.map { isColumn ? ["a", "b", "c", "d"][$0.column] : "\($0.row + 1)" }
        return names == [a, b] && relation.holds(cells[0], cells[1])
    }

    private static func isSeen(_ words: [String], in scene: Scene) -> Bool {
        scene.objects.contains { [$0.color.rawValue, $0.shape.rawValue] == words }
    }

    /// Any object in the cell "b 2".
    private static func cell(_ words: ArraySlice<String>) -> SceneObject? {
        guard let letter = words.first, let column = ["a", "b", "c", "d"].firstIndex(of: letter),
            let row = words.last.flatMap({ Int($0) })
        else { return nil }
        return Samples.object(.small, .red, .circle, Double(column) * 16 + 8, Double(row) * 16 - 8)
    }

    @Test func `statements about a scene are true of it`() throws {
        var kinds: Set<String> = []
        for index in 0..<600 {
            let line = try World(level: .cells, seed: 3).example(.text, .train, index).record.answer
            guard line.hasPrefix("i see ") else { continue }
            var sentences = line.split(separator: ".").map { $0.split(separator: " ").map(String.init) }
            let scene = try #require(Scene(description: sentences.removeFirst().dropFirst(2).joined(separator: " ")))
            #expect(sentences.count >= 5)
            for words in sentences {
                let (isTrue, kind) = Self.judge(words, of: scene)
                #expect(isTrue, "\(words) of \(line)")
                kinds.insert(kind)
            }
        }
        #expect(kinds == ["one is a", "color", "size", "place", "list", "number", "more", "order"])
    }

    /// Whether a statement is true, and of what kind it is.
    private static func judge(_ words: [String], of scene: Scene) -> (Bool, kind: String) {
        let objects = scene.objects
        func named(_ color: String, _ shape: String) -> [SceneObject] {
            objects.filter { $0.color.rawValue == color && $0.shape.rawValue == shape }
        }
        if words.count == 3, words[1] == ":", let number = Int(words[2]) {
            return (objects.count { $0.shape.plural == words[0] } == number, "number")
        }
        if words.count > 3, words[2] == ":" {
            let found = named(words[0], words[1]).count
            let listed = words[3] == "none" ? 0 : words.dropFirst(3).split(separator: ",").count
            return (found == listed, "list")
        }
        if words.suffix(3).starts(with: ["more", "than"]), let a = Int(words[0]), let b = Int(words[words.count - 1]) {
            return ((a > b) == !words.contains("not"), "more")
        }
        if words.first == "the", words.dropFirst(2).starts(with: ["one", "is", "a"]) {
            let found = objects.filter { $0.color.rawValue == words[1] }
            return (found.count == 1 && found[0].shape.rawValue == words[5], "one is a")
        }
        if words.first == "the", words.count == 4 {
            let found = objects.filter { $0.shape.rawValue == words[1] }
            return (found.count == 1 && found[0].color.rawValue == words[3], "color")
        }
        if words.first == "the", words.count == 5 {
            let found = named(words[1], words[2])
            return (found.count == 1 && found[0].size.rawValue == words[4], "size")
        }
        if words.first == "the", words.count == 7 {
            let found = named(words[1], words[2])
            let place = cell(words.suffix(2))
            return (found.count == 1 && found[0].x == place?.x && found[0].y == place?.y, "place")
        }
        let isOrdered = objects.contains { a in objects.contains { b in isOrder(words, of: [a, b]) } }
        return (isOrdered, "order")
    }

    @Test func `every topic is asked about, and no answer can be guessed from the topic`() {
        let questions = asked(.cells, count: 3000).map(\.question)
        for topic in [Question.Topic.count, .exists, .color, .shape, .size, .relation, .compare, .background] {
            let answers = questions.filter { $0.topic == topic }.map(\.answer)
            let most = Dictionary(grouping: answers, by: \.self).values.map(\.count).max() ?? 0
            #expect(answers.count > 100, "\(topic)")
            #expect(Double(most) < 0.75 * Double(answers.count), "\(topic)")
        }
    }

    @Test func `a scene without objects has questions too`() {
        var random = SampleRandom(seed: 1)
        let empty = Samples.scene([], on: .beige)
        for _ in 0..<50 {
            let question = empty.question(&random)
            #expect(QuestionReader(scene: empty).answer(question.text) == question.answer)
            #expect(!empty.caption(&random).text.isEmpty && !empty.riddle(&random).text.isEmpty)
        }
    }
}

extension Question {
    /// Whether the question is about this relation.
    fileprivate func asks(_ relation: Relation) -> Bool { text.contains(" \(relation.rawValue) ") }
}
