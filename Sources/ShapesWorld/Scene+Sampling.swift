public import Datasets

/// A part of the world that does not meet the others.
public enum WorldSplit: String, Hashable, Sendable, CaseIterable, Codable {
    case train, validation, test
    /// Scenes with a pair of kinds that the other three never show together.
    case heldout

    var number: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension Scene {
    /// Draws a scene of a level for a split.
    public static func random(_ level: Level, _ split: WorldSplit, _ random: inout SampleRandom) -> Scene {
        while true {
            let scene = any(level, minimum: split == .heldout ? 2 : 1, &random)
            if scene.hasHeldOutPair == (split == .heldout) { return scene }
        }
    }

    private static func any(_ level: Level, minimum: Int, _ random: inout SampleRandom) -> Scene {
        let draw = random.unit()
        var count = draw < 0.35 ? 1 : draw < 0.75 ? 2 : 3
        if level == .crowded { count += 1 }
        count = max(count, minimum)
        let background = Background.allCases[random.below(Background.allCases.count)]
        let isGroup = minimum == 1 && count > 1 && random.unit() < 0.2
        let pattern = looks(&random)
        var objects: [SceneObject] = []
        let cells = random.permutation(16)
        while objects.count < count {
            var object = isGroup ? pattern : looks(&random)
            if level == .cells {
                let cell = cells[objects.count]
                object.x = Double(cell % 4) * 16 + 8
                object.y = Double(cell / 4) * 16 + 8
            } else {
                place(&object, &random)
                let gap = level == .free ? 3.0 : -3.0
                let touches = objects.contains { other in
                    let reach = object.size.radius + other.size.radius + gap
                    return abs(object.x - other.x) < reach && abs(object.y - other.y) < reach
                }
                if touches { continue }
            }
            objects.append(object)
        }
        return Scene(background: background, objects: objects, level: level, textureSeed: random.next() >> 1)
    }

    private static func looks(_ random: inout SampleRandom) -> SceneObject {
        SceneObject(
            shape: ShapeKind.allCases[random.below(ShapeKind.allCases.count)],
            color: ShapeColor.allCases[random.below(ShapeColor.allCases.count)],
            size: ShapeSize.allCases[random.below(ShapeSize.allCases.count)], x: 0, y: 0)
    }

    private static func place(_ object: inout SceneObject, _ random: inout SampleRandom) {
        let margin = object.size.radius + 1
        object.x = margin + random.unit() * (Double(side) - 2 * margin)
        object.y = margin + random.unit() * (Double(side) - 2 * margin)
    }
}
