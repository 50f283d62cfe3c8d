public import Datasets

extension SceneObject {
    /// "large red circle".
    var phrase: String { "\(size.rawValue) \(color.rawValue) \(shape.rawValue)" }
    /// "a large red circle at b 2".
    var placedPhrase: String { "a \(phrase) at \(cellName)" }
    /// "b 2": the column's letter and the row's number.
    var cellName: String { "\("abcd".map(String.init)[column]) \(row + 1)" }
    /// The middle of the cell of that ``cellName``; `nil` for any other text.
    fileprivate static func middle(column: String, row: String) -> (x: Double, y: Double)? {
        guard let column = ["a", "b", "c", "d"].firstIndex(of: column),
            let row = ["1", "2", "3", "4"].firstIndex(of: row)
        else { return nil }
        return (Double(column) * 16 + 8, Double(row) * 16 + 8)
    }
    /// "in the top left".
    var quarterName: String { "in the \(y < 32 ? "top" : "bottom") \(x < 32 ? "left" : "right")" }
}

/// A caption and what it asks for.
public struct Caption: Hashable, Sendable {
    /// The words.
    public var text: String
    /// What a picture must show.
    public var requirements: CaptionRequirements
}

extension Scene {
    /// A caption in one of several wordings.
    public func caption(_ random: inout SampleRandom) -> Caption {
        let draw = random.unit()
        let groups = Set(objects.map(\.phrase))
        if objects.count > 1, groups.count == 1, draw < 0.6 { return countCaption(&random) }
        // A picture is learnt from what is said of it: half of the captions say where things are, cell by cell.
        if draw < 0.5 { return cellCaption() }
        if draw < 0.65 { return placeCaption(&random) }
        if draw < 0.8, objects.count == 2, let caption = relationCaption(&random) { return caption }
        return listCaption(&random)
    }

    /// What all captions begin from: every look, and the background.
    private var looks: CaptionRequirements {
        CaptionRequirements(
            objects: objects.map(CaptionRequirements.Object.init), background: background)
    }

    /// The background's place in the sentence, before or after the objects.
    private func framed(_ list: String, _ random: inout SampleRandom) -> String {
        switch random.below(3) {
        case 0: "\(list) on \(background.rawValue)"
        case 1: "\(list) on a \(background.rawValue) background"
        default: "on \(background.rawValue) , \(list)"
        }
    }

    /// "a large red circle and a small blue square on gray"; the order of the objects is free.
    private func listCaption(_ random: inout SampleRandom) -> Caption {
        let order = random.permutation(objects.count)
        let text = framed(order.map { "a " + objects[$0].phrase }.listed, &random)
        var wanted = looks
        wanted.objects = order.map { wanted.objects[$0] }
        return Caption(text: text, requirements: wanted)
    }

    /// "two small green triangles on white".
    private func countCaption(_ random: inout SampleRandom) -> Caption {
        let first = objects[0]
        let look = "\(first.size.rawValue) \(first.color.rawValue) \(first.shape.plural)"
        return Caption(
            text: framed("\(Self.numeral(objects.count)) \(look)", &random), requirements: looks)
    }

    /// "a large red circle in the top left and a small blue square in the bottom right on gray".
    private func placeCaption(_ random: inout SampleRandom) -> Caption {
        var wanted = looks
        for (index, object) in objects.enumerated() {
            wanted.objects[index].isTop = object.y < 32
            wanted.objects[index].isLeft = object.x < 32
        }
        let text = framed(objects.map { "a \($0.phrase) \($0.quarterName)" }.listed, &random)
        return Caption(text: text, requirements: wanted)
    }

    /// "a large red circle left of a small blue square on gray"; `nil` when neither is clearly beside the other.
    private func relationCaption(_ random: inout SampleRandom) -> Caption? {
        let (first, second) = random.below(2) == 0 ? (0, 1) : (1, 0)
        let (a, b) = (objects[first], objects[second])
        let horizontal = abs(a.x - b.x) >= abs(a.y - b.y)
        let relation: Relation = horizontal ? (a.x < b.x ? .leftOf : .rightOf) : (a.y < b.y ? .above : .below)
        guard relation.holds(a, b, margin: 12) else { return nil }
        var wanted = looks
        wanted.objects = [wanted.objects[first], wanted.objects[second]]
        wanted.statements = [CaptionRequirements.Statement(subject: 0, relation: relation, other: 1)]
        return Caption(
            text: framed("a \(a.phrase) \(relation.rawValue) a \(b.phrase)", &random), requirements: wanted)
    }

    /// "a large red circle at b 2 , a small blue square at d 3 , on gray": every object with its cell.
    private func cellCaption() -> Caption {
        var wanted = looks
        for (index, object) in objects.enumerated() {
            wanted.objects[index].column = object.column
            wanted.objects[index].row = object.row
        }
        return Caption(text: description, requirements: wanted)
    }

    /// What is seen, in reading order: "a large red circle at b 2 , a small blue square at d 3 , on gray".
    ///
    /// The cells make the words about one object a matter of looking in one place, whatever is masked.
    public var description: String {
        objects.map(\.placedPhrase).joined(separator: " , ") + " , on \(background.rawValue)"
    }

    /// Reads a ``description`` back, objects in the middle of their cells; `nil` for any other text.
    public init?(description: String) {
        var parts = description.split(separator: ",").map { $0.split(separator: " ").map(String.init) }
        guard let last = parts.popLast(), last.count == 2, last[0] == "on",
            let background = Background(rawValue: last[1])
        else { return nil }
        var objects: [SceneObject] = []
        for words in parts {
            guard words.count == 7, words[0] == "a", words[4] == "at", let size = ShapeSize(rawValue: words[1]),
                let color = ShapeColor(rawValue: words[2]), let shape = ShapeKind(rawValue: words[3]),
                let place = SceneObject.middle(column: words[5], row: words[6])
            else { return nil }
            objects.append(SceneObject(shape: shape, color: color, size: size, x: place.x, y: place.y))
        }
        self.init(background: background, objects: objects, level: .cells)
    }

    /// Whether two scenes hold the same looks on the same background, wherever they are.
    public func isSameContent(as other: Scene) -> Bool {
        func content(_ scene: Scene) -> [String] { scene.objects.map(\.phrase).sorted() }
        return background == other.background && content(self) == content(other)
    }

    static func numeral(_ count: Int) -> String { ["zero", "one", "two", "three", "four"][min(4, max(0, count))] }
}

extension [String] {
    /// "a", "a and b", "a , b and c".
    var listed: String {
        guard let last, count > 1 else { return first ?? "" }
        return dropLast().joined(separator: " , ") + " and " + last
    }
}
