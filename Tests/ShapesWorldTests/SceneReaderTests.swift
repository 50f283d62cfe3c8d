import Datasets
import Images
import Testing

@testable import ShapesWorld

@Suite struct SceneReaderTests {
    /// The share of scenes whose objects are all found with shape, colour and size, within three pixels.
    private func exactShare(_ level: Level, count: Int, isUsed: (Scene) -> Bool = { _ in true }) throws -> Double {
        var (right, total) = (0, 0)
        for index in 0..<count {
            var random = SampleRandom(seed: 11, pass: level.rawValue, id: "\(index)")
            let scene = Scene.random(level, .test, &random)
            guard isUsed(scene) else { continue }
            total += 1
            if Self.isSame(SceneReader().read(try scene.rendered()), scene) { right += 1 }
        }
        return Double(right) / Double(max(1, total))
    }

    static func isSame(_ found: Scene, _ scene: Scene) -> Bool {
        guard found.background == scene.background, found.objects.count == scene.objects.count else { return false }
        return scene.objects.allSatisfy { object in
            found.objects.contains {
                $0.kind == object.kind && $0.size == object.size && abs($0.x - object.x) < 3 && abs($0.y - object.y) < 3
            }
        }
    }

    @Test(arguments: [Level.cells, .free])
    func `clean pictures of levels 1 and 2 are read exactly`(level: Level) throws {
        #expect(try exactShare(level, count: 150) >= 0.995)
    }

    @Test func `crowded pictures without contact are read nearly always`() throws {
        let share = try exactShare(.crowded, count: 100) { scene in
            scene.objects.indices.allSatisfy { i in
                scene.objects[(i + 1)...].allSatisfy { other in
                    let object = scene.objects[i]
                    let reach = object.size.radius + other.size.radius + 2
                    return abs(object.x - other.x) > reach || abs(object.y - other.y) > reach
                }
            }
        }
        #expect(share >= 0.95)
    }

    @Test func `every look in every cell on every background is read`() throws {
        for (index, background) in Background.allCases.enumerated() {
            for kind in ObjectKind.all {
                for (place, size) in ShapeSize.allCases.enumerated() {
                    let cell = (index * 5 + place * 7 + kind.shape.hashValue.magnitude.trailingZeroBitCount) % 16
                    let object = SceneObject(
                        shape: kind.shape, color: kind.color, size: size, x: Double(cell % 4) * 16 + 8,
                        y: Double(cell / 4) * 16 + 8)
                    let scene = Scene(background: background, objects: [object], level: .cells)
                    #expect(Self.isSame(SceneReader().read(try scene.rendered()), scene), "\(scene)")
                }
            }
        }
    }

    @Test func `an empty picture, a tiny one and noise are read without objects of sense or a crash`() throws {
        let gray = try RGBImage(width: 64, height: 64, pixels: Array(repeating: 196, count: 64 * 64 * 3))
        #expect(SceneReader().read(gray).objects.isEmpty)
        let dot = try RGBImage(width: 1, height: 1, pixels: [1, 2, 3])
        #expect(SceneReader().read(dot).objects.isEmpty)
        var random = SampleRandom(seed: 1)
        let noise = (0..<64 * 64 * 3).map { _ in UInt8(random.below(256)) }
        _ = SceneReader().read(try RGBImage(width: 64, height: 64, pixels: noise))
    }
}
