public import Datasets

/// A question with worked reasoning and a short answer that can be checked.
public struct Question: Hashable, Sendable {
    /// What it is about, for tables.
    public enum Topic: String, Hashable, Sendable, CaseIterable, Codable {
        case count, exists, color, shape, size, relation, compare, background
        case addition, subtraction, multiplication, comparison, order
    }

    /// What it is about.
    public var topic: Topic
    /// The question.
    public var text: String
    /// The way to the answer.
    public var reasoning: String
    /// The answer.
    public var answer: String
}

extension Scene {
    /// A question about this picture.
    public func question(_ random: inout SampleRandom) -> Question {
        let makers: [(inout SampleRandom) -> Question?] = [
            countQuestion, countQuestion, existsQuestion, colorQuestion, shapeQuestion, sizeQuestion, relationQuestion,
            compareQuestion, backgroundQuestion,
        ]
        while true {
            if let question = makers[random.below(makers.count)](&random) { return question }
        }
    }

    /// "i see a large red circle at b 2 : yes , a small blue square at d 3 : no , on gray .": what there is, and for each
    /// thing what the question makes of it.
    ///
    /// So nothing has to be looked up in the list afterwards by its colour or shape, which small models hardly learn.
    private func listing(marked mark: (SceneObject) -> String) -> String {
        let things = objects.map { "\($0.placedPhrase) : \(mark($0))" }
        return "i see " + (things + ["on \(background.rawValue)"]).joined(separator: " , ") + " ."
    }

    private func seen(meant isMeant: (SceneObject) -> Bool) -> String {
        listing(marked: { isMeant($0) ? "yes" : "no" })
    }

    private func countQuestion(_ random: inout SampleRandom) -> Question? {
        let color = ShapeColor.allCases[random.below(6)]
        let shape = ShapeKind.allCases[random.below(4)]
        let (words, matches): (String, (SceneObject) -> Bool) =
            switch random.below(3) {
            case 0: ("\(color.rawValue) shapes", { $0.color == color })
            case 1: (shape.plural, { $0.shape == shape })
            default: ("shapes", { _ in true })
            }
        let found = objects.filter(matches)
        // Half of the questions whose answer would be none are given up: they would be most.
        if found.isEmpty, random.below(2) == 0 { return nil }
        return Question(
            topic: .count, text: "how many \(words) are there ?", reasoning: seen(meant: matches),
            answer: "\(found.count)")
    }

    private func existsQuestion(_ random: inout SampleRandom) -> Question? {
        guard !objects.isEmpty else { return nil }
        let object = objects[random.below(objects.count)]
        var kind = object.kind
        if random.below(2) == 0 {
            if random.below(2) == 0 {
                kind.color = ShapeColor.allCases[random.below(6)]
            } else {
                kind.shape = ShapeKind.allCases[random.below(4)]
            }
        }
        return Question(
            topic: .exists, text: "is there a \(kind.color.rawValue) \(kind.shape.rawValue) ?",
            reasoning: seen(meant: { $0.kind == kind }), answer: objects.contains { $0.kind == kind } ? "yes" : "no")
    }

    /// An object that alone has its value of `property`.
    private func unique(
        _ property: (SceneObject) -> String, _ random: inout SampleRandom
    ) -> SceneObject? {
        let single = objects.filter { object in objects.count { property($0) == property(object) } == 1 }
        return single.isEmpty ? nil : single[random.below(single.count)]
    }

    private func colorQuestion(_ random: inout SampleRandom) -> Question? {
        guard let object = unique({ $0.shape.rawValue }, &random) else { return nil }
        return Question(
            topic: .color, text: "what color is the \(object.shape.rawValue) ?",
            reasoning: seen(meant: { $0.shape == object.shape }),
            answer: object.color.rawValue)
    }

    private func shapeQuestion(_ random: inout SampleRandom) -> Question? {
        guard let object = unique({ $0.color.rawValue }, &random) else { return nil }
        return Question(
            topic: .shape, text: "what shape is \(object.color.rawValue) ?",
            reasoning: seen(meant: { $0.color == object.color }),
            answer: object.shape.rawValue)
    }

    private func sizeQuestion(_ random: inout SampleRandom) -> Question? {
        guard let object = unique({ "\($0.color.rawValue) \($0.shape.rawValue)" }, &random) else { return nil }
        let name = "\(object.color.rawValue) \(object.shape.rawValue)"
        return Question(
            topic: .size, text: "what size is the \(name) ?",
            reasoning: seen(meant: { $0.kind == object.kind }), answer: object.size.rawValue)
    }

    private func relationQuestion(_ random: inout SampleRandom) -> Question? {
        guard objects.count > 1 else { return nil }
        let order = random.permutation(objects.count)
        let (a, b) = (objects[order[0]], objects[order[1]])
        let isClear = a.kind != b.kind && objects.count { $0.kind == a.kind || $0.kind == b.kind } == 2
        guard isClear else { return nil }
        let horizontal = abs(a.x - b.x) >= abs(a.y - b.y)
        let truth: Relation = horizontal ? (a.x < b.x ? .leftOf : .rightOf) : (a.y < b.y ? .above : .below)
        let opposite: Relation =
            switch truth {
            case .leftOf: .rightOf
            case .rightOf: .leftOf
            case .above: .below
            case .below: .above
            }
        guard truth.holds(a, b, margin: 12) else { return nil }
        let asked = random.below(2) == 0 ? truth : opposite
        let names = [a, b].map { "\($0.color.rawValue) \($0.shape.rawValue)" }
        let list = listing(marked: { $0 == a ? "one" : $0 == b ? "two" : "no" })
        let places = "one is at \(a.cellName) . two is at \(b.cellName) ."
        return Question(
            topic: .relation, text: "is the \(names[0]) \(asked.rawValue) the \(names[1]) ?",
            reasoning: [list, places, SceneObject.order(a, b, truth)].filter { !$0.isEmpty }.joined(separator: " "),
            answer: asked == truth ? "yes" : "no")
    }

    private func compareQuestion(_ random: inout SampleRandom) -> Question? {
        let order = random.permutation(4)
        let (first, second) = (ShapeKind.allCases[order[0]], ShapeKind.allCases[order[1]])
        let counts = [first, second].map { shape in objects.count { $0.shape == shape } }
        guard counts[0] + counts[1] > 0 else { return nil }
        // Each thing is marked with the word that stands before its kind in the question.
        let list = listing(marked: { $0.shape == first ? "more" : $0.shape == second ? "than" : "no" })
        let isMore = counts[0] > counts[1]
        return Question(
            topic: .compare, text: "are there more \(first.plural) than \(second.plural) ?",
            reasoning: "\(list) \(counts[0]) is \(isMore ? "" : "not ")more than \(counts[1]) .",
            answer: isMore ? "yes" : "no")
    }

    private func backgroundQuestion(_ random: inout SampleRandom) -> Question? {
        Question(
            topic: .background, text: "what color is the background ?", reasoning: "i see \(description) .",
            answer: background.rawValue)
    }
}

extension SceneObject {
    /// "b is left of c .": how two objects lie along an axis, by the names of their cells; empty where those agree.
    fileprivate static func order(_ a: SceneObject, _ b: SceneObject, _ axis: Relation) -> String {
        switch axis {
        case .leftOf, .rightOf:
            let names = [a, b].map { $0.cellName.prefix(1) }
            let relation: Relation = a.column < b.column ? .leftOf : .rightOf
            return a.column == b.column ? "" : "\(names[0]) is \(relation.rawValue) \(names[1]) ."
        case .above, .below:
            let names = [a, b].map { $0.cellName.suffix(1) }
            let relation: Relation = a.row < b.row ? .above : .below
            return a.row == b.row ? "" : "\(names[0]) is \(relation.rawValue) \(names[1]) ."
        }
    }
}
