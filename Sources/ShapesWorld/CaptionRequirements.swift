import Foundation

/// Where one object is as seen from another.
public enum Relation: String, Hashable, Sendable, CaseIterable, Codable {
    case leftOf = "left of"
    case rightOf = "right of"
    case above
    case below

    /// Whether `a` stands so to `b`, by at least `margin` pixels.
    public func holds(_ a: SceneObject, _ b: SceneObject, margin: Double = 4) -> Bool {
        switch self {
        case .leftOf: a.x <= b.x - margin
        case .rightOf: a.x >= b.x + margin
        case .above: a.y <= b.y - margin
        case .below: a.y >= b.y + margin
        }
    }
}

/// What a caption says of a picture; nothing else may be in it.
public struct CaptionRequirements: Hashable, Sendable, Codable {
    /// One object as the caption tells it; what is not told may be anything.
    public struct Object: Hashable, Sendable, Codable {
        /// Its shape.
        public var shape: ShapeKind?
        /// Its colour.
        public var color: ShapeColor?
        /// Its size.
        public var size: ShapeSize?
        /// The half of the picture, from the top and from the left, that it is in.
        public var isTop, isLeft: Bool?
        /// Its cell in the 4 × 4 grid.
        public var column, row: Int?

        /// All that can be seen of an object but its place.
        public init(_ object: SceneObject) {
            shape = object.shape
            color = object.color
            size = object.size
        }

        func matches(_ found: SceneObject) -> Bool {
            looksLike(found) && isAt(found)
        }

        func looksLike(_ found: SceneObject) -> Bool {
            (shape ?? found.shape) == found.shape && (color ?? found.color) == found.color
                && (size ?? found.size) == found.size
        }

        func isAt(_ found: SceneObject) -> Bool {
            (isTop ?? (found.y < 32)) == (found.y < 32) && (isLeft ?? (found.x < 32)) == (found.x < 32)
                && (column ?? found.column) == found.column && (row ?? found.row) == found.row
        }
    }

    /// One thing said about two objects, by their places in ``objects``.
    public struct Statement: Hashable, Sendable, Codable {
        /// The object that stands so.
        public var subject: Int
        /// How it stands.
        public var relation: Relation
        /// The object that it is seen from.
        public var other: Int

        /// A statement.
        public init(subject: Int, relation: Relation, other: Int) {
            self.subject = subject
            self.relation = relation
            self.other = other
        }
    }

    /// The objects, all of them.
    public var objects: [Object]
    /// What is said about pairs of them.
    public var statements: [Statement] = []
    /// The background, if it is told.
    public var background: Background?

    /// Requirements.
    public init(objects: [Object], statements: [Statement] = [], background: Background? = nil) {
        self.objects = objects
        self.statements = statements
        self.background = background
    }

    /// Reads what ``text`` gives, which the records of captions carry as their gold answer; `nil` for anything else.
    public init?(text: String) {
        guard text.hasPrefix("{"), let found = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else {
            return nil
        }
        self = found
    }

    /// The requirements as a JSON object.
    public var text: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        // Nothing in it but words, truth values and whole numbers, which JSON has.
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// How far a picture is what its caption says, the GenEval way: each aspect by itself, and all together.
public struct SceneScore: Hashable, Sendable {
    /// As many objects as told.
    public var count: Bool
    /// Each told shape, colour, size is there (as a set with repeats).
    public var shape, color, size: Bool
    /// Every object is there with all its attributes together.
    public var binding: Bool
    /// The objects of ``binding`` stand where, and as, told; where no place is told, the same as ``binding``.
    public var position: Bool
    /// The background is the one told.
    public var background: Bool
    /// Everything at once, with one assignment of objects.
    public var isAllRight: Bool

    /// Compares what was found in a picture with what was asked for.
    public init(_ found: Scene, _ wanted: CaptionRequirements) {
        func contains<Value: Hashable>(_ told: [Value?], _ seen: [Value]) -> Bool {
            var counts: [Value: Int] = [:]
            for value in seen { counts[value, default: 0] += 1 }
            for case .some(let value) in told {
                counts[value, default: 0] -= 1
                if counts[value, default: 0] < 0 { return false }
            }
            return true
        }
        count = found.objects.count == wanted.objects.count
        shape = contains(wanted.objects.map(\.shape), found.objects.map(\.shape))
        color = contains(wanted.objects.map(\.color), found.objects.map(\.color))
        size = contains(wanted.objects.map(\.size), found.objects.map(\.size))
        background = (wanted.background ?? found.background) == found.background
        let candidates = Self.assignments(wanted.objects.count, found.objects.count)
        let bound = candidates.filter { order in
            zip(wanted.objects, order).allSatisfy { $0.looksLike(found.objects[$1]) }
        }
        binding = !bound.isEmpty
        let placed = bound.contains { order in
            zip(wanted.objects, order).allSatisfy { $0.isAt(found.objects[$1]) }
                && wanted.statements.allSatisfy {
                    // Decoded requirements may speak of objects that they do not have.
                    order.indices.contains($0.subject) && order.indices.contains($0.other)
                        && $0.relation.holds(found.objects[order[$0.subject]], found.objects[order[$0.other]])
                }
        }
        position = placed
        isAllRight = count && background && placed
    }

    /// All ways to give each of `wanted` objects one of `found`, no one twice.
    private static func assignments(_ wanted: Int, _ found: Int) -> [[Int]] {
        guard wanted <= found, found <= 8 else { return [] }
        var lists: [[Int]] = [[]]
        for _ in 0..<wanted {
            lists = lists.flatMap { list in (0..<found).filter { !list.contains($0) }.map { list + [$0] } }
        }
        return lists
    }
}
