import ConfigurationFiles
import Datasets
import Rewards
import Testing

@Suite struct RewardDescriptionTests {
    private static func read(_ yaml: String) throws -> RewardDescription {
        let defaults = try ConfigurationTree(encoding: RewardDescription())
        return try defaults.merged(with: ConfigurationTree(yaml: yaml)).decoded(as: RewardDescription.self)
    }

    @Test func `a description is read from YAML, its other properties by default`() throws {
        var expected = RewardDescription()
        expected.kind = .imageReward
        expected.weight = 0.1
        expected.tasks = [.textToImage, .reasonToImage]
        expected.folder = "models/reward"
        let yaml = "{kind: image_reward, weight: 0.1, tasks: [t2i, r2i], folder: models/reward}"
        #expect(try Self.read(yaml) == expected)
        expected = RewardDescription()
        expected.kind = .judge
        expected.apiKeyEnvironment = "KEY"
        expected.maxTokens = 9
        #expect(try Self.read("{kind: judge, api_key_environment: KEY, max_tokens: 9}") == expected)
    }

    @Test(arguments: RewardDescription.Kind.allCases)
    func `every kind makes a reward of its name`(kind: RewardDescription.Kind) throws {
        var description = RewardDescription()
        description.kind = kind
        description.endpoint = "http://127.0.0.1:9/v1"
        let reward = try description.reward { Correctness(name: $0.title) }
        #expect(reward.name == kind.rawValue)
        description.name = "other"
        #expect(try description.reward { Correctness(name: $0.title) }.name == "other")
    }

    @Test func `what cannot work is refused at once`() throws {
        var clip = RewardDescription()
        clip.kind = .clip
        #expect(throws: RewardError.noModel(kind: "clip")) { try clip.reward() }
        var judge = RewardDescription()
        judge.kind = .judge
        #expect(throws: RewardError.self) { try judge.reward() }
        judge.endpoint = "http://127.0.0.1:9/v1"
        judge.apiKeyEnvironment = "SOME_KEY"
        #expect(throws: RewardError.missingKey(variable: "SOME_KEY")) {
            try judge.reward(environment: ["SOME_KEY": ""])
        }
        #expect(try judge.reward(environment: ["SOME_KEY": "k"]).name == "judge")
        for change in [
            { $0.timeout = 0 }, { $0.retries = -1 }, { $0.concurrency = 0 }, { $0.highest = 0 }, { $0.timeout = .nan },
            { $0.maxTokens = 0 }, { $0.endpoint = "ftp://a" }, { $0.endpoint = "http://a:b@c/v1" },
        ] as [(inout RewardDescription) -> Void] {
            var wrong = judge
            change(&wrong)
            #expect(throws: RewardError.self) { try wrong.reward(environment: ["SOME_KEY": "k"]) }
        }
    }

    @Test func `a list keeps weights and tasks`() throws {
        var format = RewardDescription()
        format.kind = .format
        format.weight = 0.5
        format.tasks = [.chat]
        let list = try RewardList([RewardDescription(), format])
        #expect(list.entries.map(\.weight) == [1, 0.5] && list.entries[1].tasks == [.chat])
        #expect(throws: RewardError.self) { try RewardList([format, format]) }
    }
}
