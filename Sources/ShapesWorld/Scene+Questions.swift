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

    private var seen: String { "i see \(description) ." }

    /// "red circle , red square": what was counted, in the order of the alphabet.
    private static func names(_ objects: [SceneObject]) -> String {
        objects.map { "\($0.color.rawValue) \($0.shape.rawValue)" }.sorted().joined(separator: " , ")
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
        let list = found.isEmpty ? "none" : Self.names(found)
        return Question(
            topic: .count, text: "how many \(words) are there ?", reasoning: "\(seen) \(words) : \(list) .",
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
        let found = objects.filter { $0.kind == kind }
        let name = "\(kind.color.rawValue) \(kind.shape.rawValue)"
        return Question(
            topic: .exists, text: "is there a \(name) ?",
            reasoning: "\(seen) \(name) : \(found.isEmpty ? "none" : Self.names(found)) .",
            answer: found.isEmpty ? "no" : "yes")
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
            reasoning: "\(seen) the \(object.shape.rawValue) is \(object.color.rawValue) .",
            answer: object.color.rawValue)
    }

    private func shapeQuestion(_ random: inout SampleRandom) -> Question? {
        guard let object = unique({ $0.color.rawValue }, &random) else { return nil }
        return Question(
            topic: .shape, text: "what shape is \(object.color.rawValue) ?",
            reasoning: "\(seen) the \(object.color.rawValue) one is a \(object.shape.rawValue) .",
            answer: object.shape.rawValue)
    }

    private func sizeQuestion(_ random: inout SampleRandom) -> Question? {
        guard let object = unique({ "\($0.color.rawValue) \($0.shape.rawValue)" }, &random) else { return nil }
        let name = "\(object.color.rawValue) \(object.shape.rawValue)"
        return Question(
            topic: .size, text: "what size is the \(name) ?",
            reasoning: "\(seen) the \(name) is \(object.size.rawValue) .", answer: object.size.rawValue)
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
        let places = "the \(names[0]) is at \(a.cellName) . the \(names[1]) is at \(b.cellName) ."
        return Question(
            topic: .relation, text: "is the \(names[0]) \(asked.rawValue) the \(names[1]) ?",
            reasoning: [seen, places, SceneObject.order(a, b, truth)].filter { !$0.isEmpty }.joined(separator: " "),
            answer: asked == truth ? "yes" : "no")
    }

    private static func comparison(_ a: Int, _ b: Int) -> String {
        "\(a) is \(a > b ? "" : "not ")more than \(b) ."
    }

    private func compareQuestion(_ random: inout SampleRandom) -> Question? {
        let order = random.permutation(4)
        let (first, second) = (ShapeKind.allCases[order[0]], ShapeKind.allCases[order[1]])
        let counts = [first, second].map { shape in objects.count { $0.shape == shape } }
        guard counts[0] + counts[1] > 0 else { return nil }
        return Question(
            topic: .compare, text: "are there more \(first.plural) than \(second.plural) ?",
            reasoning: "\(seen) \(first.plural) : \(counts[0]) . \(second.plural) : \(counts[1]) . "
                + Self.comparison(counts[0], counts[1]),
            answer: counts[0] > counts[1] ? "yes" : "no")
    }

    private func backgroundQuestion(_ random: inout SampleRandom) -> Question? {
        Question(
            topic: .background, text: "what color is the background ?", reasoning: seen, answer: background.rawValue)
    }

    /// This scene in words and `count` statements about it, each a step that some question needs.
    ///
    /// Looking a thing up in a list is learnt slowly from questions, which do it once each.
    func statements(_ count: Int, _ random: inout SampleRandom) -> String {
        var line = seen
        for _ in 0..<count { line += " " + statement(&random) }
        return line
    }

    private func statement(_ random: inout SampleRandom) -> String {
        while true {
            let color = ShapeColor.allCases[random.below(6)]
            let shape = ShapeKind.allCases[random.below(4)]
            switch random.below(8) {
            case 0, 1:
                if let object = unique({ $0.color.rawValue }, &random) {
                    return "the \(object.color.rawValue) one is a \(object.shape.rawValue) ."
                }
            case 2:
                if let object = unique({ $0.shape.rawValue }, &random) {
                    return "the \(object.shape.rawValue) is \(object.color.rawValue) ."
                }
            case 3:
                if let object = unique({ "\($0.color.rawValue) \($0.shape.rawValue)" }, &random) {
                    let name = "the \(object.color.rawValue) \(object.shape.rawValue) is"
                    return random.below(2) == 0
                        ? "\(name) \(object.size.rawValue) ." : "\(name) at \(object.cellName) ."
                }
            case 4, 5:
                guard let object = objects.isEmpty ? nil : objects[random.below(objects.count)] else { continue }
                // One of its two words is right, or both are: what is asked for must be compared as a whole.
                let kind =
                    switch random.below(3) {
                    case 0: (color, object.shape)
                    case 1: (object.color, shape)
                    default: (object.color, object.shape)
                    }
                let found = objects.filter { $0.color == kind.0 && $0.shape == kind.1 }
                let name = "\(kind.0.rawValue) \(kind.1.rawValue)"
                return "\(name) : \(found.isEmpty ? "none" : Self.names(found)) ."
            case 6:
                let counts = [shape, ShapeKind.allCases[random.below(4)]].map { kind in
                    (kind, objects.count { $0.shape == kind })
                }
                return counts.map { "\($0.plural) : \($1) ." }.joined(separator: " ") + " "
                    + Self.comparison(counts[0].1, counts[1].1)
            default:
                guard objects.count > 1 else { continue }
                let order = random.permutation(objects.count)
                let (a, b) = (objects[order[0]], objects[order[1]])
                let text = SceneObject.order(a, b, random.below(2) == 0 ? .leftOf : .above)
                if !text.isEmpty { return text }
            }
        }
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
