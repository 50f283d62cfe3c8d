import Datasets
import Foundation
import Rewards
import StrictJSON
import TestSupport
import Testing

@testable import Distillation

@Suite struct EndpointResponsesTests {
    private func endpoint(_ url: String) throws -> ChatEndpoint {
        var limits = ChatEndpoint.Limits()
        limits.concurrency = 1
        limits.retries = 1
        limits.firstDelay = .milliseconds(10)
        limits.temperature = 0.5
        return try ChatEndpoint(url: url, model: "m", limits: limits)
    }

    private func queries(_ count: Int) -> [ResponseQuery] {
        (0..<count).map { n in
            var record = Record(task: .chat, prompt: "prompt \(n)", answer: "secret", gold: "secret")
            if n == 1 { record.turns = [Turn(role: "user", text: "before"), Turn(role: "assistant", text: "yes")] }
            return ResponseQuery(record, seed: UInt64(n) + 1 << 33)
        }
    }

    @Test func `prompts are asked with their turns and seeds, and never with the answer`() async throws {
        let server = try LocalServer([.chat("<think>a</think>1"), .chat("<think>b</think>2")])
        defer { server.close() }
        let found = try await EndpointResponses(endpoint(server.url)).responses(to: queries(2))
        #expect(found == [.success("<think>a</think>1"), .success("<think>b</think>2")])
        #expect(server.requests.allSatisfy { !$0.contains("secret") })
        let bodies = try server.requests.map { request in
            try JSONValue(parsing: Array(request.utf8.suffix(from: #require(request.range(of: "\r\n\r\n")).upperBound)))
        }
        let roles = bodies.map { $0["messages"]?.arrayValue?.compactMap { $0["role"]?.stringValue } }
        #expect(roles == [["system", "user"], ["system", "user", "assistant", "user"]])
        #expect(bodies[0]["messages"]?.arrayValue?.first?["content"]?.stringValue == EndpointResponses.instruction)
        #expect(bodies.map { $0["seed"]?.intValue } == [0, 1] && bodies[0]["temperature"]?.doubleValue == 0.5)
    }

    @Test(arguments: ["reasoning_content", "reasoning"])
    func `reasoning that a server took out of the text is put back`(field: String) async throws {
        let body = "{\"choices\":[{\"message\":{\"content\":\"4\",\"\(field)\":\"two and two\"}}]}"
        let server = try LocalServer([.init(body: body)])
        defer { server.close() }
        let found = try await EndpointResponses(endpoint(server.url)).responses(to: queries(1))
        #expect(found == [.success("<think>two and two</think>4")])
    }

    @Test func `one failure costs one answer`() async throws {
        let server = try LocalServer([.init(status: 400, body: "no"), .chat("fine")])
        defer { server.close() }
        let found = try await EndpointResponses(endpoint(server.url)).responses(to: queries(2))
        guard case .failure(let failure) = found[0] else {
            Issue.record("\(found)")
            return
        }
        #expect(failure.description.contains("400") && found[1] == .success("fine"))
    }

    @Test func `an endpoint that is down ends the work`() async throws {
        let source = EndpointResponses(try endpoint(LocalServer.closedPort()))
        let error = await #expect(throws: RewardError.self) { try await source.responses(to: queries(3)) }
        guard case .endpointDown(_, attempts: 2, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
