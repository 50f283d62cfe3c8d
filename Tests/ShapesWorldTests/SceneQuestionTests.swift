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
            guard let a = words.last.flatMap({ Int($0) }), let b = Int(said) else { return nil }
            let answer = a > b ? "yes" : "no"
            return answer == listed ? answer : nil
        case .relation:
            let cells = sentences.compactMap { cell($0.suffix(2)) }
            guard cells.count == 2, let relation = Relation.allCases.first(where: question.asks) else { return nil }
            return relation.holds(cells[0], cells[1]) ? "yes" : "no"
        default: return nil
        }
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
