import Foundation
import ShapesWorld
import Testing

@Suite struct CaptionRequirementsTests {
    private let red = Samples.object(.large, .red, .circle, 8, 24)
    private let blue = Samples.object(.small, .blue, .square, 40, 24)

    private func wanted(_ objects: [SceneObject]) -> CaptionRequirements {
        CaptionRequirements(objects: objects.map(CaptionRequirements.Object.init), background: .white)
    }

    @Test func `each aspect is judged by itself`() {
        var swapped = Samples.scene([red, blue])
        swapped.objects[0].color = .blue
        swapped.objects[1].color = .red
        let score = SceneScore(swapped, wanted([red, blue]))
        // All told colours and shapes are there, but not together: what GenEval calls binding.
        #expect(score.color && score.shape && score.size && score.count && score.background)
        #expect(!score.binding && !score.isAllRight)
    }

    @Test func `repeats count`() {
        let two = wanted([red, red])
        #expect(SceneScore(Samples.scene([red, red]), two).isAllRight)
        let other = SceneScore(Samples.scene([red, blue]), two)
        #expect(!other.shape && !other.color && !other.size && !other.binding && other.count)
    }

    @Test func `an object too many is wrong in number alone`() {
        let score = SceneScore(Samples.scene([red, blue, blue]), wanted([red, blue]))
        #expect(score.shape && score.color && score.size && score.binding && score.position && score.background)
        #expect(!score.count && !score.isAllRight)
    }

    @Test func `what is not told may be anything`() {
        var anything = wanted([red])
        anything.background = nil
        anything.objects[0].color = nil
        anything.objects[0].size = nil
        var other = red
        other.color = .green
        other.size = .small
        #expect(SceneScore(Samples.scene([other], on: .sky), anything).isAllRight)
        #expect(!SceneScore(Samples.scene([blue], on: .sky), anything).isAllRight)
    }

    @Test func `one assignment of objects must do for everything that is told`() {
        // Both circles are red; the one at the top must be the one left of the square.
        let low = Samples.object(.large, .red, .circle, 8, 56)
        let high = Samples.object(.large, .red, .circle, 56, 8)
        let square = Samples.object(.small, .blue, .square, 40, 40)
        var wanted = wanted([high, square, low])
        wanted.objects[0].isTop = true
        wanted.statements = [.init(subject: 0, relation: .leftOf, other: 1)]
        let score = SceneScore(Samples.scene([low, high, square]), wanted)
        #expect(score.binding && score.count && !score.position && !score.isAllRight)
        wanted.statements = [.init(subject: 2, relation: .leftOf, other: 1)]
        #expect(SceneScore(Samples.scene([low, high, square]), wanted).isAllRight)
    }

    @Test(arguments: [(Relation.leftOf, true), (.rightOf, false), (.above, false), (.below, false)])
    func `relations hold by a margin`(relation: Relation, holds: Bool) {
        #expect(relation.holds(red, blue) == holds)
        #expect(!relation.holds(red, blue, margin: 33))
    }

    @Test func `opposite relations hold for exchanged objects`() {
        let under = Samples.object(.small, .green, .cross, 8, 56)
        #expect(Relation.above.holds(red, under) && Relation.below.holds(under, red))
        #expect(Relation.rightOf.holds(blue, red) && !Relation.leftOf.holds(red, under))
    }

    @Test func `an empty picture and a picture full of specks have nothing right but what holds of them`() {
        let empty = SceneScore(Samples.scene([]), wanted([red]))
        #expect(empty.background && !empty.count && !empty.color && !empty.binding && !empty.isAllRight)
        let specks = SceneScore(Samples.scene(Array(repeating: blue, count: 200)), wanted([blue, blue]))
        #expect(specks.color && !specks.count && !specks.isAllRight)
    }

    @Test(arguments: [-1, 2, Int.max])
    func `a statement about an object that is not told is never right`(index: Int) throws {
        let text = """
            {"objects": [{"shape": "circle"}, {"shape": "square"}], "background": "white",
             "statements": [{"subject": 0, "relation": "left of", "other": \(index)}]}
            """
        let wanted = try JSONDecoder().decode(CaptionRequirements.self, from: Data(text.utf8))
        #expect(!SceneScore(Samples.scene([red, blue]), wanted).isAllRight)
    }

    @Test func `requirements are kept and read back`() throws {
        var told = wanted([red, blue])
        told.objects[0].isTop = true
        told.objects[1].column = 2
        told.statements = [.init(subject: 0, relation: .leftOf, other: 1)]
        let bytes = try JSONEncoder().encode(told)
        #expect(try JSONDecoder().decode(CaptionRequirements.self, from: bytes) == told)
    }
}
