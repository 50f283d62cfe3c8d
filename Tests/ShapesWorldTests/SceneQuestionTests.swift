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

    /// What is listed as seen, with the comparisons of each thing and what is known after it.
    private struct Listing {
        var scene: Scene?
        /// For each thing what is there, what is asked for and what they have in common, colours before shapes.
        var comparisons: [[(own: String, asked: String, common: String)]] = []
        var known: [[String]] = []
        /// Whether each thing follows the number of those that are left.
        var isCountedDown = true
        /// The sentences after it.
        var rest: [[String]]

        init(_ reasoning: String) {
            rest = reasoning.split(separator: ".").map { $0.split(separator: " ").map(String.init) }
            var plain: [[String]] = []
            var left: Int?
            for part in rest.removeFirst().dropFirst(2).split(separator: ",") {
                // "2 :" counts down to 1.
                let numbered = part.first != "on"
                if numbered {
                    let number = part.first.flatMap { Int($0) } ?? -1
                    isCountedDown = isCountedDown && part.prefix(2).last == ":" && [nil, number + 1].contains(left)
                    left = number
                }
                var words = Array(part.prefix { $0 != "so" }.dropFirst(numbered ? 2 : 0))
                var found: [(own: String, asked: String, common: String)] = []
                // "red blue no red red": pairs after the word of the thing itself, up to its place.
                for own in [2, 3] where part.contains("so") {
                    let isLook: (String) -> Bool = { word in
                        own == 2 ? ShapeColor(rawValue: word) != nil : ShapeKind(rawValue: word) != nil
                    }
                    while words.count > own + 2, isLook(words[own + 1]) {
                        found.append((words[own], words[own + 1], words[own + 2]))
                        words.removeSubrange(own + 1...own + 2)
                    }
                }
                plain.append(words)
                guard let so = part.firstIndex(of: "so") else { continue }
                comparisons.append(found)
                known.append(Array(part[(so + 1)...]))
            }
            isCountedDown = isCountedDown && [nil, 1].contains(left)
            scene = Scene(description: plain.map { $0.joined(separator: " ") }.joined(separator: " , "))
        }
    }

    @Test(arguments: Level.allCases)
    func `reasoning begins with what is seen`(level: Level) {
        for (scene, question) in asked(level, count: 300) {
            #expect(question.reasoning.hasPrefix("i see "))
            let listing = Listing(question.reasoning)
            #expect(listing.scene?.description == scene.description)
            #expect(listing.isCountedDown)
            #expect(listing.known.count == (question.topic == .background ? 0 : scene.objects.count))
        }
    }

    @Test func `each thing is compared with what the question names`() {
        for (scene, question) in asked(.cells) where question.topic != .background {
            let words = question.text.split(separator: " ").map(String.init)
            let listing = Listing(question.reasoning)
            let named = words.compactMap { word in
                ShapeColor(rawValue: word)?.rawValue
                    ?? ShapeKind.allCases.first { [$0.rawValue, $0.plural].contains(word) }?.rawValue
            }
            #expect(listing.comparisons.count == scene.objects.count)
            for (object, comparisons) in zip(scene.objects, listing.comparisons) {
                #expect(comparisons.map(\.asked).sorted() == named.sorted(), "\(question.text) \(question.reasoning)")
                for (own, asked, common) in comparisons {
                    #expect([object.color.rawValue, object.shape.rawValue].contains(own))
                    #expect(common == (own == asked ? own : "no"), "\(question.text) \(question.reasoning)")
                }
            }
        }
    }

    @Test func `the answer follows from the reasoning alone`() {
        for (_, question) in asked(.cells) {
            #expect(Self.conclusion(question) == question.answer, "\(question.text) \(question.reasoning)")
        }
    }

    /// The answer as a reader without the picture finds it from what is known at last, and that it fits what is listed.
    private static func conclusion(_ question: Question) -> String? {
        let listing = Listing(question.reasoning)
        guard let scene = listing.scene else { return nil }
        if question.topic == .background { return listing.rest.isEmpty ? scene.background.rawValue : nil }
        let last = listing.known.last ?? []
        let answer: String? =
            switch question.topic {
            case .count, .exists, .color, .shape, .size: last.count == 1 && listing.rest.isEmpty ? last[0] : nil
            case .compare: compared(last, listing.rest)
            case .relation: related(question, last, listing.rest)
            default: nil
            }
        // What is asked is asked again of what is listed, which stands in the middle of its cells.
        return answer == QuestionReader(scene: scene).answer(question.text) ? answer : nil
    }

    /// "2 is more than 0" of the counts "2 0".
    private static func compared(_ counts: [String], _ rest: [[String]]) -> String? {
        guard rest.count == 1, counts.count == 2, let words = rest.first, let a = Int(counts[0]),
            let b = Int(counts[1]), words.first == counts[0], words.last == counts[1], words.contains("not") == (a <= b)
        else { return nil }
        return a > b ? "yes" : "no"
    }

    /// "a is left right no of c" of the cells "a 2 c 2".
    private static func related(_ question: Question, _ cells: [String], _ rest: [[String]]) -> String? {
        guard rest.count == 1, let words = rest.first, words.count == (words.contains("of") ? 7 : 6), cells.count == 4,
            let relation = Relation.allCases.first(where: { $0.rawValue.hasPrefix(words[2]) }),
            let asked = Relation.allCases.first(where: question.asks), asked.rawValue.hasPrefix(words[3]),
            words[4] == (relation == asked ? words[2] : "no"),
            let a = cell(cells[0...1]), let b = cell(cells[2...3]), relation.holds(a, b)
        else { return nil }
        let isColumn = relation == .leftOf || relation == .rightOf
        guard words[0] == cells[isColumn ? 0 : 1], words.last == cells[isColumn ? 2 : 3] else { return nil }
        return words[4] == "no" ? "no" : "yes"
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
