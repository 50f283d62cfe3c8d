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

    /// "i see 2 : a large red blue no circle circle circle at b 2 so no , 1 : … so large , on gray .": what there is, each
    /// after the number of things that are left; beside its words what the question names and what both have in common; and
    /// what is known of the answer when it has been seen.
    ///
    /// What is compared stands side by side, and what is known stands at the same distance from thing to thing and at
    /// last from the answer. A small model learns this and hardly learns to find one of several things by its colour or
    /// shape, nor to say of two words that they are the same: the common word is voted for by both, "yes" by neither.
    private func listing(comparedWith wanted: [WantedLook], known: (ArraySlice<SceneObject>) -> String) -> String {
        let things = objects.enumerated().map { place, object in
            let color = wanted.compactMap(\.color).map { Self.comparison(object.color.rawValue, $0.rawValue) }
            let shape = wanted.compactMap(\.shape).map { Self.comparison(object.shape.rawValue, $0.rawValue) }
            let words =
                ["\(objects.count - place) : a", object.size.rawValue, object.color.rawValue] + color
                + [object.shape.rawValue] + shape + ["at", object.cellName, "so", known(objects[...place])]
            return words.joined(separator: " ")
        }
        return "i see " + (things + ["on \(background.rawValue)"]).joined(separator: " , ") + " ."
    }

    /// A listing in which what the question wants of the first thing that looks as asked is known from there on.
    private func listing(seeking wanted: WantedLook, for word: (SceneObject) -> String) -> String {
        listing(comparedWith: [wanted]) { seen in seen.first(where: wanted.isMet).map(word) ?? "no" }
    }

    /// "blue no" or "blue blue": what is asked for, and what it has in common with what is there.
    private static func comparison(_ own: String, _ asked: String) -> String { "\(asked) \(own == asked ? own : "no")" }

    /// "red blue no red red .": a word compared with one or two others, as in a listing.
    static func wordComparison(_ random: inout SampleRandom) -> String {
        let kinds = [
            ShapeColor.allCases.map(\.rawValue), ShapeKind.allCases.map(\.rawValue), Relation.allCases.map(\.word),
        ]
        let words = kinds[random.below(kinds.count)]
        let own = words[random.below(words.count)]
        let asked = (0...random.below(2)).map { _ in random.below(2) == 0 ? own : words[random.below(words.count)] }
        return ([own] + asked.map { comparison(own, $0) }).joined(separator: " ") + " ."
    }

    private func countQuestion(_ random: inout SampleRandom) -> Question? {
        let color = ShapeColor.allCases[random.below(6)]
        let shape = ShapeKind.allCases[random.below(4)]
        let (words, wanted) =
            switch random.below(3) {
            case 0: ("\(color.rawValue) shapes", WantedLook(color: color))
            case 1: (shape.plural, WantedLook(shape: shape))
            default: ("shapes", WantedLook())
            }
        let found = objects.filter(wanted.isMet)
        // Half of the questions whose answer would be none are given up: they would be most.
        if found.isEmpty, random.below(2) == 0 { return nil }
        return Question(
            topic: .count, text: "how many \(words) are there ?",
            reasoning: listing(comparedWith: [wanted]) { "\($0.count(where: wanted.isMet))" }, answer: "\(found.count)")
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
            reasoning: listing(seeking: WantedLook(kind)) { _ in "yes" },
            answer: objects.contains { $0.kind == kind } ? "yes" : "no")
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
            reasoning: listing(seeking: WantedLook(shape: object.shape), for: \.color.rawValue),
            answer: object.color.rawValue)
    }

    private func shapeQuestion(_ random: inout SampleRandom) -> Question? {
        guard let object = unique({ $0.color.rawValue }, &random) else { return nil }
        return Question(
            topic: .shape, text: "what shape is \(object.color.rawValue) ?",
            reasoning: listing(seeking: WantedLook(color: object.color), for: \.shape.rawValue),
            answer: object.shape.rawValue)
    }

    private func sizeQuestion(_ random: inout SampleRandom) -> Question? {
        guard let object = unique({ "\($0.color.rawValue) \($0.shape.rawValue)" }, &random) else { return nil }
        let name = "\(object.color.rawValue) \(object.shape.rawValue)"
        return Question(
            topic: .size, text: "what size is the \(name) ?",
            reasoning: listing(seeking: WantedLook(object.kind), for: \.size.rawValue), answer: object.size.rawValue)
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
        let list = listing(comparedWith: [a, b].map { WantedLook($0.kind) }) { seen in
            [a, b].map { seen.contains($0) ? $0.cellName : "no no" }.joined(separator: " ")
        }
        return Question(
            topic: .relation, text: "is the \(names[0]) \(asked.rawValue) the \(names[1]) ?",
            reasoning: list + SceneObject.order(a, b, truth, Self.comparison(truth.word, asked.word)),
            answer: asked == truth ? "yes" : "no")
    }

    private func compareQuestion(_ random: inout SampleRandom) -> Question? {
        let order = random.permutation(4)
        let (first, second) = (ShapeKind.allCases[order[0]], ShapeKind.allCases[order[1]])
        let counts = [first, second].map { shape in objects.count { $0.shape == shape } }
        guard counts[0] + counts[1] > 0 else { return nil }
        let looks = [first, second].map { WantedLook(shape: $0) }
        let list = listing(comparedWith: looks) { seen in
            looks.map { look in "\(seen.count(where: look.isMet))" }.joined(separator: " ")
        }
        let isMore = counts[0] > counts[1]
        return Question(
            topic: .compare, text: "are there more \(first.plural) than \(second.plural) ?",
            reasoning: "\(list) \(counts[0]) is \(isMore ? "" : "not ")more than \(counts[1]) .",
            answer: isMore ? "yes" : "no")
    }

    private func backgroundQuestion(_ random: inout SampleRandom) -> Question? {
        Question(
            topic: .background, text: "what color is the background ?", reasoning: "i see \(plan) .",
            answer: background.rawValue)
    }
}

/// What a question says of the things it means.
private struct WantedLook {
    var color: ShapeColor?
    var shape: ShapeKind?

    init(color: ShapeColor? = nil, shape: ShapeKind? = nil) {
        self.color = color
        self.shape = shape
    }

    init(_ kind: ObjectKind) { self.init(color: kind.color, shape: kind.shape) }

    func isMet(by object: SceneObject) -> Bool {
        [nil, object.color].contains(color) && [nil, object.shape].contains(shape)
    }
}

extension SceneObject {
    /// " b is left right no of c .": how two objects lie along an axis, by the names of their cells, with what is asked for
    /// and what it has in common with it; empty where those names agree.
    fileprivate static func order(
        _ a: SceneObject, _ b: SceneObject, _ relation: Relation, _ comparison: String
    ) -> String {
        let isColumn = relation == .leftOf || relation == .rightOf
        let names = [a, b].map { isColumn ? $0.cellName.prefix(1) : $0.cellName.suffix(1) }
        guard names[0] != names[1] else { return "" }
        return " \(names[0]) is \(relation.word) \(comparison) \(isColumn ? "of " : "")\(names[1]) ."
    }
}

extension Relation {
    /// "left" of "left of".
    fileprivate var word: String { rawValue.hasSuffix(" of") ? String(rawValue.dropLast(3)) : rawValue }
}
