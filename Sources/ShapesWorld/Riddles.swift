public import Datasets

/// A request that has to be reasoned out before it can be painted.
public struct Riddle: Hashable, Sendable {
    /// The request.
    public var text: String
    /// The way to what is to be painted.
    public var reasoning: String
    /// What a picture must show.
    public var requirements: CaptionRequirements
}

extension Scene {
    /// How each colour is hinted at, and the fact that resolves it.
    private static let colorHints: [ShapeColor: [(hint: String, fact: String)]] = [
        .red: [
            ("blood", "blood is red"), ("a ripe tomato", "a ripe tomato is red"),
            ("a fire truck", "a fire truck is red"),
        ],
        .green: [
            ("grass", "grass is green"), ("a frog", "a frog is green"), ("the leaves of trees", "leaves are green"),
        ],
        .blue: [
            ("the deep sea", "the sea is blue"), ("the clear sky", "the sky is blue"), ("a whale", "a whale is blue"),
        ],
        .yellow: [
            ("the fruit monkeys like", "monkeys like bananas . bananas are yellow"), ("the sun", "the sun is yellow"),
            ("a lemon", "a lemon is yellow"),
        ],
        .orange: [
            ("a carrot", "a carrot is orange"), ("a pumpkin", "a pumpkin is orange"),
            ("what rabbits eat", "rabbits eat carrots . carrots are orange"),
        ],
        .purple: [
            ("grapes", "grapes are purple"), ("a plum", "a plum is purple"), ("lavender", "lavender is purple"),
        ],
    ]
    private static let shapeHints: [ShapeKind: [(hint: String, fact: String)]] = [
        .circle: [
            ("a wheel", "a wheel is a circle"), ("a coin", "a coin is a circle"), ("the moon", "the moon is a circle"),
        ],
        .square: [
            ("a box", "a box is a square"), ("a window", "a window is a square"),
            ("a chess field", "a chess field is a square"),
        ],
        .triangle: [
            ("a roof", "a roof is a triangle"), ("a tent", "a tent is a triangle"),
            ("a slice of pizza", "a slice of pizza is a triangle"),
        ],
        .cross: [
            ("a plus sign", "a plus sign is a cross"), ("a church roof sign", "a church roof sign is a cross"),
            ("a hospital sign", "a hospital sign is a cross"),
        ],
    ]

    /// All facts that riddles need, as sentences.
    public static let riddleFacts: [String] = (colorHints.values.flatMap(\.self) + shapeHints.values.flatMap(\.self))
        .map { $0.fact + " ." }.sorted()

    /// What is painted where, each thing after the number of those that are left.
    ///
    /// "2 : a large red circle at b 2 , 1 : a small blue square at d 3 , on gray". Without the number a small model goes
    /// on when it should not.
    public var plan: String {
        let things = objects.enumerated().map { "\(objects.count - $0) : \($1.placedPhrase)" }
        return (things + ["on \(background.rawValue)"]).joined(separator: " , ")
    }

    /// A request for a picture with this scene's first object in riddles, and the others, if any, by name.
    ///
    /// The reasoning ends with a ``plan``.
    public func riddle(_ random: inout SampleRandom) -> Riddle {
        var things: [String] = []
        var facts: [String] = []
        for (index, object) in objects.enumerated() {
            guard index == 0, let colors = Self.colorHints[object.color], let shapes = Self.shapeHints[object.shape]
            else {
                things.append("a " + object.phrase)
                continue
            }
            let kind = random.below(3)
            let color = colors[random.below(colors.count)]
            let shape = shapes[random.below(shapes.count)]
            let look = kind == 1 ? object.shape.rawValue : "thing shaped like \(shape.hint)"
            let tint = kind == 0 ? "\(object.color.rawValue) " : ""
            let hinted = kind == 0 ? "" : " in the color of \(color.hint)"
            things.append("a \(object.size.rawValue) \(tint)\(look)\(hinted)")
            if kind != 1 { facts.append(shape.fact + " .") }
            if kind != 0 { facts.append(color.fact + " .") }
        }
        return Riddle(
            text: "paint \(things.listed) on \(background.rawValue)",
            reasoning: (facts + ["so \(plan) ."]).joined(separator: " "),
            requirements: CaptionRequirements(
                objects: objects.map(CaptionRequirements.Object.init), background: background))
    }
}
