import Datasets
import TestSupport
import Testing

@testable import Rewards

@Suite struct JudgeTests {
    private typealias Answer = LocalServer.Answer

    private static func judge(_ url: String, prompt: String = Judge.defaultPrompt) throws -> Judge {
        var limits = ChatEndpoint.Limits()
        limits.retries = 1
        limits.firstDelay = .milliseconds(20)
        limits.concurrency = 1
        return Judge(endpoint: try ChatEndpoint(url: url, model: "m", limits: limits), prompt: prompt)
    }

    @Test(
        arguments: [
            ("{\"score\": 7}", 0.7), ("```json\n{\"score\": 7.5, \"why\": \"3 of 4\"}\n```", 0.75), ("8", 0.8),
            ("Score: 8/10.", 0.8), ("8 out of 10", 0.8), ("It has 2 cats. I give 6.", 0.6), ("10", 1), ("0", 0),
            ("{\"score\": \"4\"}", 0.4), ("{\"score\": 1} no, {\"score\": 2}", 0.2), ("<think>9</think>3", 0.3),
            ("", nil), ("great", nil), ("11", nil), ("-1", nil), ("{\"score\": null} 5", nil), ("{\"score\": 12}", nil),
            ("<think>9", nil), ("6-10", nil), ("5. 10", 1),
        ] as [(String, Double?)])
    func `the score is the one named so, else the last number`(reply: String, score: Double?) throws {
        if let score {
            #expect(try abs(Judge.score(in: reply, 0...10) - score) < 1e-12)
        } else {
            #expect(throws: RewardError.self) { try Judge.score(in: reply, 0...10) }
        }
    }

    @Test func `any range is scaled to 0 to 1`() throws {
        #expect(try Judge.score(in: "{\"score\": 4}", 1...5) == 0.75)
        #expect(try Judge.score(in: "-1", -1...1) == 0)
    }

    @Test func `a template is filled in one pass`() {
        let filled = Judge.filled("{a} {b} {c} {{a}} {", ["a": "{b}", "b": "2"])
        #expect(filled == "{b} 2 {c} {{b}} {")
    }

    @Test func `samples are shown to the judge and scored`() async throws {
        let server = try LocalServer([.chat("{\"score\": 9}"), .chat("no idea"), .chat("{\"score\": 1}")])
        defer { server.close() }
        let judge = try Self.judge(server.url, prompt: "Q {prompt} R {reasoning} A {answer} G {gold}")
        let samples = [
            Samples.answer("<think>two and three</think>5<|eot_id|>", gold: "five"), Samples.answer(""),
            Samples.answer("no form"), RewardSample(task: .textToImage, prompt: "p", picture: try Samples.picture()),
        ]
        let outcomes = try await judge.outcomes(of: samples)
        #expect(outcomes[0] == .value(0.9) && outcomes[1] == .notApplicable && outcomes[3] == .value(0.1))
        #expect(outcomes[2] == .failed("no score from 0.0 to 10.0 in the reply 'no idea'"))
        let requests = server.requests
        #expect(requests.count == 3)
        #expect(requests[0].contains("Q how many ? R two and three A 5 G five"))
        #expect(requests[1].contains("R  A no form G 5") && requests[2].contains("data:image"))
    }

    @Test func `an endpoint that is down for all ends the run, for one it costs the sample`() async throws {
        let url = try LocalServer.closedPort()
        let list = try RewardList([.init(Correctness()), .init(Self.judge(url))])
        let error = await #expect(throws: RewardError.self) { try await list.combined([Samples.answer("5")]) }
        guard case .endpointDown(url, 2, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let locked = try LocalServer([Answer(status: 401)])
        defer { locked.close() }
        let refusal = RewardError.refused(url: locked.url, status: 401, message: "")
        await #expect(throws: RewardError.endpointDown(url: locked.url, attempts: 1, reason: "\(refusal)")) {
            try await Self.judge(locked.url).outcomes(of: [Samples.answer("5")])
        }
        let server = try LocalServer([Answer(status: 500), Answer(status: 500), .chat("5")])
        defer { server.close() }
        let combined = try await RewardList([.init(Self.judge(server.url))]).combined([
            Samples.answer("a"), Samples.answer("b"),
        ])
        #expect(combined.map(\.total) == [nil, 0.5])
    }

    @Test func `replies without a score end no run`() async throws {
        let server = try LocalServer([.chat("no idea")])
        defer { server.close() }
        let outcomes = try await Self.judge(server.url).outcomes(of: [Samples.answer("a")])
        #expect(outcomes.first.map { $0.number == nil } == true)
        #expect(try await Self.judge(server.url).outcomes(of: [Samples.answer("")]) == [.notApplicable])
    }
}
