import Datasets
import Foundation
import ShapesWorld
import Testing

@Suite struct RiddleTests {
    private func riddles(_ level: Level = .cells) -> [(scene: Scene, riddle: Riddle)] {
        var random = SampleRandom(seed: 6)
        return Samples.scenes(level, .train, count: 500).map { ($0, $0.riddle(&random)) }
    }

    @Test(arguments: Level.allCases)
    func `a riddle asks for its scene and nothing else`(level: Level) {
        for (scene, riddle) in riddles(level) {
            #expect(SceneScore(scene, riddle.requirements).isAllRight)
            var other = scene
            other.objects[0].color = scene.objects[0].color == .red ? .blue : .red
            #expect(!SceneScore(other, riddle.requirements).isAllRight)
        }
    }

    @Test func `reasoning ends in a plan of the scene`() throws {
        for (scene, riddle) in riddles() {
            let last = try #require(riddle.reasoning.split(separator: " so ").last ?? nil)
            let text = last.hasPrefix("so ") ? last.dropFirst(3) : last[...]
            #expect(text.hasSuffix(" .") && text.dropLast(2) == scene.plan)
            // Each thing follows the number of those that are left.
            var things = text.dropLast(2).components(separatedBy: " , ")
            for index in things.indices.dropLast() {
                let number = "\(things.count - 1 - index) : "
                #expect(things[index].hasPrefix(number))
                things[index].removeFirst(number.count)
            }
            let plan = try #require(Scene(description: things.joined(separator: " , ")), "\(riddle.reasoning)")
            #expect(plan.objects == scene.objects && SceneScore(plan, riddle.requirements).isAllRight)
        }
    }

    @Test func `every hint in a riddle is resolved by a fact in the reasoning`() {
        for (scene, riddle) in riddles() {
            let object = scene.objects[0]
            let facts = riddle.reasoning.split(separator: " . ").map(String.init).dropLast()
            if riddle.text.contains(" in the color of ") {
                #expect(facts.contains { $0.hasSuffix(" \(object.color.rawValue)") }, "\(riddle)")
            }
            if riddle.text.contains(" thing shaped like ") {
                #expect(facts.contains { $0.hasSuffix(" a \(object.shape.rawValue)") }, "\(riddle)")
            }
            #expect(!facts.isEmpty)
        }
    }

    @Test func `hints do not name what they hint at`() {
        for (scene, riddle) in riddles() where scene.objects.count == 1 {
            let words = Set(riddle.text.split(separator: " ").map(String.init))
            let object = scene.objects[0]
            if riddle.text.contains(" in the color of ") { #expect(!words.contains(object.color.rawValue)) }
            if riddle.text.contains(" shaped like ") { #expect(!words.contains(object.shape.rawValue)) }
        }
    }

    @Test func `facts are sentences, each once, three for a colour and three for a shape`() {
        #expect(Scene.riddleFacts.count == 30 && Set(Scene.riddleFacts).count == 30)
        for color in ShapeColor.allCases {
            #expect(Scene.riddleFacts.count { $0.hasSuffix(" \(color.rawValue) .") } == 3)
        }
        for shape in ShapeKind.allCases {
            #expect(Scene.riddleFacts.count { $0.hasSuffix(" a \(shape.rawValue) .") } == 3)
        }
    }
}
