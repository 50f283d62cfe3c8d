import Datasets
import ShapesWorld
import TestSupport
import Testing

@Suite struct SceneCaptionTests {
    /// Scenes with a caption each.
    private func captioned(_ level: Level, count: Int = 400) -> [(scene: Scene, caption: Caption)] {
        var random = SampleRandom(seed: 3)
        return Samples.scenes(level, .train, count: count).map { ($0, $0.caption(&random)) }
    }

    @Test(arguments: Level.allCases)
    func `a caption asks for just what its words say`(level: Level) {
        for (_, caption) in captioned(level) {
            #expect(CaptionTextParser.requirements(caption.text) == caption.requirements, "\(caption.text)")
        }
    }

    @Test(arguments: Level.allCases)
    func `a scene is what its caption asks for`(level: Level) {
        for (scene, caption) in captioned(level) {
            let score = SceneScore(scene, caption.requirements)
            #expect(score.isAllRight, "\(caption.text)")
            #expect(score.count && score.shape && score.color && score.size && score.binding && score.background)
            #expect(score.position)
        }
    }

    @Test(arguments: Level.allCases)
    func `a scene with one thing changed is not what the caption asks for`(level: Level) {
        var random = SampleRandom(seed: 9)
        for (scene, caption) in captioned(level) {
            let index = random.below(scene.objects.count)
            var changes = [Scene](repeating: scene, count: 6)
            let object = scene.objects[index]
            changes[0].objects[index].color = ShapeColor.allCases.filter { $0 != object.color }[random.below(5)]
            changes[1].objects[index].shape = ShapeKind.allCases.filter { $0 != object.shape }[random.below(3)]
            changes[2].objects[index].size = object.size == .small ? .large : .small
            changes[3].objects.remove(at: index)
            changes[4].objects.append(Samples.object(.small, .red, .circle, 30, 30))
            changes[5].background = Background.allCases.filter { $0 != scene.background }[random.below(3)]
            for (kind, change) in changes.enumerated() {
                #expect(!SceneScore(change, caption.requirements).isAllRight, "change \(kind) of \(caption.text)")
            }
        }
    }

    @Test(arguments: Level.allCases)
    func `a scene with an object elsewhere is not what a caption with places asks for`(level: Level) {
        var moved = 0
        for (scene, caption) in captioned(level) {
            var other = scene
            if caption.requirements.objects.contains(where: { $0.isTop != nil || $0.column != nil }) {
                other.objects[0].x = scene.objects[0].x < 32 ? 60 : 4
            } else if !caption.requirements.statements.isEmpty, scene.objects[0].kind != scene.objects[1].kind {
                for i in 0...1 {
                    other.objects[i].x = scene.objects[1 - i].x
                    other.objects[i].y = scene.objects[1 - i].y
                }
            } else {
                continue
            }
            moved += 1
            let score = SceneScore(other, caption.requirements)
            #expect(!score.isAllRight && !score.position && score.binding && score.count, "\(caption.text)")
        }
        #expect(moved > 60)
    }

    @Test func `captions are worded in many ways`() {
        let texts = captioned(.cells, count: 600).map(\.caption.text)
        for part in [
            " background", "on white , ", " and ", " at b ", "in the top left", " left of ", " above ", "two ",
        ] {
            #expect(texts.count { $0.contains(part) } >= 3, "\(part)")
        }
        #expect(texts.allSatisfy { $0 == $0.lowercased() && !$0.contains("  ") && $0.first != " " && $0.last != " " })
    }

    @Test func `a description gives the looks of the scene back`() {
        func looks(_ scene: Scene) -> [String] {
            scene.objects.map { "\($0.size) \($0.color) \($0.shape)" }.sorted()
        }
        for scene in Level.allCases.flatMap({ Samples.scenes($0, count: 150) }) {
            let found = Scene(description: scene.description)
            #expect(found.map(looks) == looks(scene) && found?.background == scene.background, "\(scene.description)")
            #expect(found?.isSameContent(as: scene) == true)
        }
    }

    @Test func `a description tells the objects in reading order, each with its cell`() {
        let (red, blue) = (
            Samples.object(.large, .red, .circle, 56, 40), Samples.object(.small, .blue, .square, 24, 24)
        )
        let text = "a small blue square at b 2 , a large red circle at d 3 , on gray"
        #expect(Samples.scene([red, blue], on: .gray).description == text)
        #expect(Samples.scene([blue, red], on: .gray).description == text)
        for scene in Samples.scenes(.cells, count: 150) {
            #expect(Scene(description: scene.description)?.objects == scene.objects, "\(scene.description)")
        }
    }

    @Test(arguments: [
        "", "on", "on pink", "a large red circle at b 2 , on pink",
        "a large red circle at b 2",
        "a large red circle , on gray", "a large red circle at b , on gray", "a large red circle at e 2 , on gray",
        "a large red circle at b 5 , on gray", "a large red circle at 2 b , on gray",
        "a huge red circle at b 2 , on gray", "a large circle at b 2 , on gray",
        "a large red red circle at b 2 , on gray", "two large red circles at b 2 , on gray",
        "the large red circle at b 2 , on gray", "a large red circle at b 2 , on gray , on gray",
        "a red large circle at b 2 , on gray", ", , ,",
    ])
    func `other texts are no description`(text: String) {
        #expect(Scene(description: text) == nil)
    }

    @Test func `damaged descriptions are read as something or nothing`() {
        let whole = Array("a large red circle at b 2 , a small blue square at d 3 , on gray".utf8)
        for seed in UInt64(0)..<500 {
            let text = String(decoding: Mutations.mutate(whole, seed: seed), as: UTF8.self)
            guard let scene = Scene(description: text) else { continue }
            let again = Scene(description: scene.description)
            #expect(again?.isSameContent(as: scene) == true || scene.objects.isEmpty, "\(text)")
        }
    }

    @Test func `content is compared by looks and background alone`() {
        let (a, b) = (Samples.object(.large, .red, .circle, 8, 8), Samples.object(.small, .blue, .square, 40, 8))
        let scene = Samples.scene([a, b])
        var moved = scene
        moved.objects[0].x = 60
        moved.objects.reverse()
        #expect(moved.isSameContent(as: scene))
        var changed = scene
        changed.objects[0].size = .small
        #expect(!changed.isSameContent(as: scene))
        #expect(!Samples.scene([a]).isSameContent(as: scene) && !Samples.scene([a, b, b]).isSameContent(as: scene))
        #expect(!Samples.scene([a, b], on: .sky).isSameContent(as: scene))
    }
}
