/// The shapes of the world.
public enum ShapeKind: String, Hashable, Sendable, CaseIterable, Codable {
    case circle, square, triangle, cross

    /// The word for several.
    public var plural: String { self == .cross ? "crosses" : rawValue + "s" }
}

/// The colours of objects.
public enum ShapeColor: String, Hashable, Sendable, CaseIterable, Codable {
    case red, green, blue, yellow, orange, purple

    /// Red, green and blue.
    public var components: [Double] {
        switch self {
        case .red: [214, 39, 40]
        case .green: [44, 160, 44]
        case .blue: [31, 100, 220]
        case .yellow: [245, 215, 30]
        case .orange: [250, 130, 20]
        case .purple: [150, 60, 190]
        }
    }
}

/// The sizes of objects.
public enum ShapeSize: String, Hashable, Sendable, CaseIterable, Codable {
    case small, large

    /// Half the extent, in pixels.
    public var radius: Double { self == .small ? 4 : 7 }
}

/// The plain colours behind the objects.
public enum Background: String, Hashable, Sendable, CaseIterable, Codable {
    case white, gray, beige, sky

    /// Red, green and blue.
    public var components: [Double] {
        switch self {
        case .white: [248, 248, 248]
        case .gray: [196, 196, 196]
        case .beige: [240, 224, 196]
        case .sky: [200, 226, 245]
        }
    }
}

/// How hard a world is.
public enum Level: Int, Hashable, Sendable, CaseIterable, Codable {
    /// 1 to 3 objects in the middle of the cells of a 4 × 4 grid, plain backgrounds.
    case cells = 1
    /// 1 to 3 objects anywhere without touching, backgrounds that darken or lighten downwards.
    case free = 2
    /// 2 to 4 objects that may overlap a little, backgrounds with noise.
    case crowded = 3
}

/// A colour and a shape: what compositions are made of.
public struct ObjectKind: Hashable, Sendable {
    /// The colour.
    public var color: ShapeColor
    /// The shape.
    public var shape: ShapeKind

    /// A kind.
    public init(_ color: ShapeColor, _ shape: ShapeKind) {
        self.color = color
        self.shape = shape
    }

    /// All of them, in a fixed order.
    public static let all = ShapeColor.allCases.flatMap { color in ShapeKind.allCases.map { ObjectKind(color, $0) } }

    fileprivate var index: UInt64 {
        let color = ShapeColor.allCases.firstIndex(of: color) ?? 0
        return UInt64(color * ShapeKind.allCases.count + (ShapeKind.allCases.firstIndex(of: shape) ?? 0))
    }

    /// Whether scenes with both kinds are kept from training: 22 of the 276 pairs of different kinds.
    public static func isHeldOut(_ a: ObjectKind, _ b: ObjectKind) -> Bool {
        guard a != b else { return false }
        var z = (min(a.index, b.index) << 8 | max(a.index, b.index)) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return (z ^ (z >> 31)) % 8 == 0
    }
}

/// One object of a scene.
public struct SceneObject: Hashable, Sendable, Codable {
    /// What it is.
    public var shape: ShapeKind
    /// Its colour.
    public var color: ShapeColor
    /// Its size.
    public var size: ShapeSize
    /// Its centre in pixels from the left and from the top.
    public var x, y: Double

    /// An object.
    public init(shape: ShapeKind, color: ShapeColor, size: ShapeSize, x: Double, y: Double) {
        self.shape = shape
        self.color = color
        self.size = size
        self.x = x
        self.y = y
    }

    /// Colour and shape.
    public var kind: ObjectKind { ObjectKind(color, shape) }
    /// Column and row of the 4 × 4 grid that the centre lies in, from 0.
    public var column: Int { Self.cell(x) }
    /// The row.
    public var row: Int { Self.cell(y) }

    /// Limited before it becomes a whole number: a decoded place may be any number at all.
    private static func cell(_ place: Double) -> Int { Int(min(3, max(0, place / 16))) }
}

/// A picture's content.
public struct Scene: Hashable, Sendable, Codable {
    /// What is behind.
    public var background: Background
    /// The objects, row by row from the top left; later ones lie over earlier ones.
    public var objects: [SceneObject]
    /// How the background is drawn.
    public var level: Level
    /// Seed of the background's texture and slope.
    public var textureSeed: UInt64

    /// Pixels on a side of every picture.
    public static let side = 64

    /// A scene; objects are put in reading order.
    public init(background: Background, objects: [SceneObject], level: Level, textureSeed: UInt64 = 0) {
        self.background = background
        self.objects = objects.sorted { ($0.row, $0.x, $0.y) < ($1.row, $1.x, $1.y) }
        self.level = level
        self.textureSeed = textureSeed
    }

    /// Whether two of its objects are of kinds that are kept from training.
    public var hasHeldOutPair: Bool {
        objects.indices.contains { i in
            objects[(i + 1)...].contains { ObjectKind.isHeldOut(objects[i].kind, $0.kind) }
        }
    }
}
