import ShapesWorld

/// Reads a caption's words back into what they ask for, knowing nothing of how captions are made.
struct CaptionTextParser {
    /// What the caption says; `nil` for words that no caption has.
    static func requirements(_ text: String) -> CaptionRequirements? {
        guard let (words, background) = withoutBackground(text.split(separator: " ").map(String.init)) else {
            return nil
        }
        var parser = CaptionTextParser(words: words)
        var wanted = CaptionRequirements(objects: [], background: background)
        while !parser.words.isEmpty {
            guard let (object, count) = parser.object() else { return nil }
            wanted.objects += Array(repeating: object, count: count)
            if let relation = parser.relation() {
                guard let (other, _) = parser.object(), parser.words.isEmpty else { return nil }
                wanted.objects.append(other)
                wanted.statements = [Self.statement(relation)].compactMap(\.self)
            }
            if ["and", ","].contains(parser.words.first) { parser.words.removeFirst() }
        }
        return wanted
    }

    private static func statement(_ relation: Relation) -> CaptionRequirements.Statement? {
        CaptionRequirements.Statement(subject: 0, relation: relation, other: 1)
    }

    private static func withoutBackground(_ words: [String]) -> (words: [String], Background)? {
        func parts(_ count: Int, _ name: String?, _ rest: some Sequence<String>) -> ([String], Background)? {
            name.flatMap(Background.init).map { (Array(rest), $0) }
        }
        let count = words.count
        guard count > 4 else { return nil }
        if words[0] == "on", words[2] == "," { return parts(3, words[1], words.dropFirst(3)) }
        if words[count - 1] == "background", words[count - 4] == "on", words[count - 3] == "a" {
            return parts(4, words[count - 2], words.dropLast(4))
        }
        guard words[count - 2] == "on" else { return nil }
        let kept = words.dropLast(2)
        return parts(2, words[count - 1], kept.last == "," ? kept.dropLast() : kept)
    }

    private var words: [String]

    /// "a large red circle in the top left", "two small green triangles".
    private mutating func object() -> (CaptionRequirements.Object, count: Int)? {
        let counts = ["a": 1, "two": 2, "three": 3, "four": 4]
        guard words.count >= 4, let count = counts[words[0]], let size = ShapeSize(rawValue: words[1]),
            let color = ShapeColor(rawValue: words[2]),
            let shape = ShapeKind.allCases.first(where: { words[3] == (count == 1 ? $0.rawValue : $0.plural) })
        else { return nil }
        words.removeFirst(4)
        let look = SceneObject(shape: shape, color: color, size: size, x: 0, y: 0)
        var object = CaptionRequirements.Object(look)
        if words.starts(with: ["in", "the"]), words.count >= 4 {
            object.isTop = words[2] == "top"
            object.isLeft = words[3] == "left"
            words.removeFirst(4)
        } else if words.first == "at", words.count >= 3 {
            object.column = ["a", "b", "c", "d"].firstIndex(of: words[1])
            object.row = Int(words[2]).map { $0 - 1 }
            words.removeFirst(3)
        }
        return (object, count)
    }

    private mutating func relation() -> Relation? {
        let names: [([String], Relation)] = [
            (["left", "of"], .leftOf), (["right", "of"], .rightOf), (["above"], .above), (["below"], .below),
        ]
        guard let (name, relation) = names.first(where: { words.starts(with: $0.0) }) else { return nil }
        words.removeFirst(name.count)
        return relation
    }
}
