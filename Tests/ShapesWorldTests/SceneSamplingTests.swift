import Datasets
import ShapesWorld
import Testing

@Suite struct SceneSamplingTests {
    @Test(arguments: Level.allCases)
    func `the same seed gives the same scene, another seed another`(level: Level) {
        let (once, again) = (Samples.scenes(level, count: 40), Samples.scenes(level, count: 40))
        #expect(once == again)
        #expect(Set(once).count > 35)
        var other = SampleRandom(seed: 18, pass: level.rawValue, id: "test 0")
        #expect(Scene.random(level, .test, &other) != once[0])
    }

    @Test(arguments: Level.allCases, WorldSplit.allCases)
    func `only held-out scenes have held-out pairs, and all of those do`(level: Level, split: WorldSplit) {
        for scene in Samples.scenes(level, split, count: Samples.count(debug: 300, release: 5000)) {
            // Written out, not asked of the scene itself.
            let kinds = scene.objects.map { ObjectKind($0.color, $0.shape) }
            let pairs = kinds.indices.flatMap { i in kinds.indices.map { (kinds[i], kinds[$0]) } }
            #expect(pairs.contains { ObjectKind.isHeldOut($0.0, $0.1) } == (split == .heldout), "\(scene.description)")
        }
    }

    @Test func `22 of the 276 pairs of kinds are held out, whatever their order`() {
        let kinds = ObjectKind.all
        #expect(Set(kinds).count == 24)
        var heldOut = 0
        for i in kinds.indices {
            #expect(!ObjectKind.isHeldOut(kinds[i], kinds[i]))
            for j in kinds.indices.dropFirst(i + 1) {
                #expect(ObjectKind.isHeldOut(kinds[i], kinds[j]) == ObjectKind.isHeldOut(kinds[j], kinds[i]))
                if ObjectKind.isHeldOut(kinds[i], kinds[j]) { heldOut += 1 }
            }
        }
        #expect(heldOut == 22)
        // Every kind is met in training beside most others: what is new in held-out scenes is the pair alone.
        for kind in kinds {
            #expect(kinds.count { ObjectKind.isHeldOut(kind, $0) } <= 8)
        }
    }

    @Test func `objects of level 1 fill no more than their own cells of the grid`() {
        for scene in Samples.scenes(.cells, .train, count: 300) {
            #expect((1...3).contains(scene.objects.count))
            #expect(Set(scene.objects.map { [$0.column, $0.row] }).count == scene.objects.count)
            for object in scene.objects {
                #expect(object.x == Double(object.column) * 16 + 8 && object.y == Double(object.row) * 16 + 8)
            }
        }
    }

    @Test(arguments: [Level.free, .crowded])
    func `objects stay within the picture, apart at level 2 and not one inside another at level 3`(level: Level) {
        for scene in Samples.scenes(level, .train, count: 200) {
            #expect((level == .free ? 1...3 : 2...4).contains(scene.objects.count))
            for (i, a) in scene.objects.enumerated() {
                #expect(min(a.x, a.y, 64 - a.x, 64 - a.y) >= a.size.radius)
                for b in scene.objects.dropFirst(i + 1) {
                    let apart = max(abs(a.x - b.x), abs(a.y - b.y))
                    #expect(apart >= a.size.radius + b.size.radius + (level == .free ? 3 : -3))
                }
            }
        }
    }

    @Test(arguments: Level.allCases)
    func `every background, shape, colour, size and number of objects occurs`(level: Level) {
        let scenes = Samples.scenes(level, .train, count: 300)
        let objects = scenes.flatMap(\.objects)
        #expect(Set(scenes.map(\.background)).count == 4)
        #expect(Set(objects.map(\.kind)).count == 24)
        #expect(Set(objects.map(\.size)).count == 2)
        #expect(Set(scenes.map(\.objects.count)).count == 3)
    }

    @Test func `objects are in reading order`() {
        let scene = Samples.scene([
            Samples.object(.large, .red, .circle, 56, 8), Samples.object(.small, .blue, .cross, 8, 40),
            Samples.object(.small, .green, .square, 8, 8),
        ])
        #expect(scene.objects.map(\.color) == [.green, .red, .blue])
    }

    @Test(arguments: [-1e300, -20, 0, 63.9, 64, 1e300, .infinity, -.infinity, .nan])
    func `a place outside the picture has a column and a row all the same`(place: Double) {
        let object = Samples.object(.small, .red, .circle, place, place)
        #expect((0...3).contains(object.column) && (0...3).contains(object.row))
    }
}
