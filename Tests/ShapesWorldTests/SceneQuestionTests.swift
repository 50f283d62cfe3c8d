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

    /// The answer as a reader without the picture finds it: from the listed objects and the named cells.
    private static func conclusion(_ question: Question) -> String? {
        var sentences = question.reasoning.split(separator: ".").map {
            $0.split(separator: " ").joined(separator: " ")
        }
        let first = sentences.removeFirst()
        guard first.hasPrefix("i see "), let seen = Scene(description: String(first.dropFirst(6))) else { return nil }
        if question.topic == .background { return sentences.isEmpty ? seen.background.rawValue : nil }
        func cell(_ words: some StringProtocol) -> String {
            words.split(separator: " ").suffix(2).joined(separator: " ")
        }
        func object(_ sentence: String) -> SceneObject? {
            seen.objects.first { "\(["a", "b", "c", "d"][$0.column]) \($0.row + 1)" == cell(sentence) }
        }
        /// What stands behind the colon: cells, or a number.
        func items(_ sentence: String) -> [String] {
            guard let list = sentence.split(separator: ":").last.map(String.init), list != " none" else { return [] }
            return list.split(separator: ",").map { cell($0) }
        }
        guard let sentence = sentences.first, let last = sentences.last else { return nil }
        switch question.topic {
        case .count: return "\(items(sentence).count)"
        case .exists: return items(sentence).isEmpty ? "no" : "yes"
        case .color: return object(sentence)?.color.rawValue
        case .shape: return object(sentence)?.shape.rawValue
        case .size: return object(sentence)?.size.rawValue
        case .compare:
            guard let a = items(sentence).first.flatMap(Int.init), let b = items(last).first.flatMap(Int.init) else {
                return nil
            }
            return a > b ? "yes" : "no"
        case .relation:
            guard let a = object(sentence), let b = object(last) else { return nil }
            let relation = Relation.allCases.first { question.text.contains(" \($0.rawValue) ") }
            return relation.map { $0.holds(a, b) ? "yes" : "no" }
        default: return nil
        }
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
