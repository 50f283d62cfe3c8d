import Datasets
import Images
import ShapesWorld
import Testing

@testable import Rewards

@Suite struct ShapesRewardTests {
    private let red = SceneObject(shape: .circle, color: .red, size: .large, x: 24, y: 24)
    private let blue = SceneObject(shape: .square, color: .blue, size: .small, x: 40, y: 40)

    private func scene(_ objects: [SceneObject], on background: Background = .white) -> Scene {
        Scene(background: background, objects: objects, level: .cells)
    }

    private var wanted: CaptionRequirements {
        CaptionRequirements(objects: [red, blue].map(CaptionRequirements.Object.init), background: .white)
    }

    @Test func `the value is the share of aspects that are right`() {
        var green = red
        green.color = .green
        let seven = 7.0
        #expect(ShapesReward.value(of: scene([red, blue]), wanted) == 1)
        #expect(ShapesReward.value(of: scene([red, blue], on: .sky), wanted) == 6 / seven)
        // Colour, and with it binding and position.
        #expect(ShapesReward.value(of: scene([green, blue]), wanted) == 4 / seven)
        #expect(ShapesReward.value(of: scene([]), wanted) == 1 / seven)
    }

    @Test func `painting everything does not pay`() {
        let all = ObjectKind.all.prefix(8).map { kind in
            SceneObject(shape: kind.shape, color: kind.color, size: .large, x: 8, y: 8)
        }
        let one = CaptionRequirements(objects: [CaptionRequirements.Object(all[0])], background: .white)
        #expect(ShapesReward.value(of: scene(all), one) < 0.25)
        #expect(
            ShapesReward.value(of: scene([red, blue, blue]), wanted)
                < ShapesReward.value(of: scene([red, blue]), wanted))
    }

    @Test func `pictures of the world get 1 for their own captions and less for others`() throws {
        let world = World(level: .cells, seed: 3)
        let examples = try (0..<8).map { try world.example(.textToImage, .test, $0) }
        func samples(shift: Int) -> [RewardSample] {
            examples.indices.map { index in
                RewardSample(
                    task: .textToImage, prompt: "", picture: examples[(index + shift) % examples.count].record.image,
                    requirements: examples[index].requirements)
            }
        }
        #expect(ShapesReward().outcomes(of: samples(shift: 0)).allSatisfy { $0 == .value(1) })
        #expect(ShapesReward().outcomes(of: samples(shift: 1)).allSatisfy { ($0.number ?? 1) < 1 })
    }

    @Test func `what cannot be judged is not`() throws {
        let picture = try Samples.picture(side: 32)
        let samples = [
            RewardSample(task: .textToImage, prompt: "", picture: picture),
            RewardSample(task: .textToImage, prompt: "", requirements: wanted),
            RewardSample(task: .caption, prompt: "", requirements: wanted),
            RewardSample(task: .textToImage, prompt: "", picture: picture, requirements: wanted),
        ]
        let outcomes = ShapesReward().outcomes(of: samples)
        #expect(Array(outcomes.prefix(3)) == [.notApplicable, .value(0), .notApplicable])
        #expect(outcomes[3] == .failed("a picture of 32×32 pixels; scenes have 64×64"))
        let meant = RewardSample(task: .textToImage, prompt: "", picture: picture, gold: "{\"objects\": 3}")
        #expect(ShapesReward().outcomes(of: [meant])[0].number == nil)
        #expect(ShapesReward().outcomes(of: [meant])[0] != .notApplicable)
    }
}
