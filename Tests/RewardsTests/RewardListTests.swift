import Datasets
import Rewards
import Testing

@Suite struct RewardListTests {
    private struct Fixed: Reward {
        var name: String
        var give: [RewardOutcome]
        func outcomes(of samples: [RewardSample]) -> [RewardOutcome] { give }
    }

    private struct Broken: Reward {
        var name = "broken"
        var error: any Error
        func outcomes(of samples: [RewardSample]) async throws -> [RewardOutcome] { throw error }
    }

    private struct Mishap: Error {}

    private let two = [Samples.answer("a"), Samples.answer("b", task: .caption)]

    @Test func `the total is the weighted sum of what applies`() async throws {
        let list = try RewardList([
            .init(Fixed(name: "a", give: [.value(1), .value(2)]), weight: 2),
            .init(Fixed(name: "b", give: [.value(0.5), .notApplicable])),
        ])
        let combined = try await list.combined(two)
        #expect(combined.map(\.total) == [2.5, 4])
        #expect(combined[1].parts == ["a": .value(2), "b": .notApplicable])
    }

    @Test func `a failure costs its sample, nothing else`() async throws {
        let list = try RewardList([
            .init(Fixed(name: "a", give: [.value(.nan), .value(2)])),
            .init(Fixed(name: "b", give: [.value(1), .value(1)])),
        ])
        let combined = try await list.combined(two)
        #expect(combined.map(\.total) == [nil, 3])
        #expect(combined[0].parts["a"] == .failed("its value is nan"))
        let statistics = list.statistics(of: combined)
        #expect(statistics.map(\.failures) == [1, 0] && statistics.map(\.count) == [1, 2])
        #expect(statistics[0].firstFailure == "its value is nan" && statistics[0].mean == 2)
    }

    @Test(arguments: [[], [.value(1)], [.value(.infinity), .value(-.infinity)]] as [[RewardOutcome]])
    func `outcomes that are not there or not finite are failures`(give: [RewardOutcome]) async throws {
        let combined = try await RewardList([.init(Fixed(name: "a", give: give))]).combined(two)
        #expect(combined.map(\.total) == [nil, nil])
    }

    @Test func `an error costs the samples, an endpoint that is down the run`() async throws {
        let combined = try await RewardList([.init(Broken(error: Mishap()))]).combined(two)
        #expect(combined.map(\.total) == [nil, nil])
        let down = RewardError.endpointDown(url: "http://a", attempts: 2, reason: "no")
        await #expect(throws: down) { try await RewardList([.init(Broken(error: down))]).combined(two) }
        await #expect(throws: CancellationError.self) {
            try await RewardList([.init(Broken(error: CancellationError()))]).combined(two)
        }
    }

    @Test func `a reward is asked only about its tasks`() async throws {
        let list = try RewardList([.init(Fixed(name: "a", give: [.value(1)]), tasks: [.caption])])
        let combined = try await list.combined(two)
        #expect(combined.map(\.total) == [nil, 1])
        #expect(combined[0].parts == ["a": .notApplicable])
    }

    @Test func `mean and deviation are those of the values`() throws {
        let list = try RewardList([.init(Fixed(name: "a", give: []))])
        let values = [2.5, 0.5, 0.5, 2.5, 0, 0.5, 2.5, 0]
        let statistics = list.statistics(of: values.map { CombinedReward(total: $0, parts: ["a": .value($0)]) })
        #expect(statistics[0].mean == 1.125 && abs(statistics[0].standardDeviation - 1.082532) < 1e-6)
        #expect(list.statistics(of: [])[0].mean == 0)
    }

    @Test func `names are told apart and weights are finite`() {
        let entry = RewardList.Entry(Fixed(name: "a", give: []))
        #expect(throws: RewardError.self) { try RewardList([entry, entry]) }
        #expect(throws: RewardError.self) {
            try RewardList([RewardList.Entry(Fixed(name: "a", give: []), weight: .nan)])
        }
    }
}
