import Foundation
import Images
import StrictJSON
import TestSupport
import Testing

@testable import Rewards

@Suite struct ChatEndpointTests {
    private typealias Answer = LocalServer.Answer

    private static func limits(retries: Int = 2, timeout: Duration = .seconds(10)) -> ChatEndpoint.Limits {
        var limits = ChatEndpoint.Limits()
        limits.retries = retries
        limits.timeout = timeout
        limits.firstDelay = .milliseconds(20)
        limits.longestDelay = .seconds(2)
        limits.maxResponseBytes = 100_000
        return limits
    }

    private let hello = [ChatEndpoint.Message(role: "user", parts: [.text("hello \"you\"")])]

    @Test func `words, pictures and the key are sent as the API wants them`() async throws {
        let server = try LocalServer([.chat("fine")])
        defer { server.close() }
        let endpoint = try ChatEndpoint(url: server.url + "/", model: "m", key: "secret", limits: Self.limits())
        let picture = try Samples.picture(side: 8, value: 7)
        let parts = [ChatEndpoint.Message.Part.text("look"), .picture(picture)]
        let messages = [
            ChatEndpoint.Message(role: "system", parts: [.text("be fair")]), .init(role: "user", parts: parts),
        ]
        #expect(try await endpoint.reply(to: messages) == "fine")

        let request = try #require(server.requests.first)
        let split = try #require(request.range(of: "\r\n\r\n"))
        let head = request[..<split.lowerBound]
        #expect(head.hasPrefix("POST /v1/chat/completions HTTP/1.1\r\n"))
        #expect(head.contains("Authorization: Bearer secret") && head.contains("Content-Type: application/json"))
        let body = try JSONValue(parsing: Array(request[split.upperBound...].utf8))
        #expect(body["model"]?.stringValue == "m" && body["temperature"]?.doubleValue == 0)
        #expect(body["max_tokens"]?.intValue == 512)
        let sent = try #require(body["messages"]?.arrayValue)
        #expect(sent.map { $0["role"]?.stringValue } == ["system", "user"])
        #expect(sent[0]["content"]?.stringValue == "be fair")
        let content = try #require(sent[1]["content"]?.arrayValue)
        #expect(content[0]["type"]?.stringValue == "text" && content[0]["text"]?.stringValue == "look")
        #expect(content[1]["type"]?.stringValue == "image_url")
        let url = try #require(content[1]["image_url"]?["url"]?.stringValue)
        let file = try #require(Data(base64Encoded: String(url.dropFirst("data:image/png;base64,".count))))
        #expect(try RGBImage(decoding: [UInt8](file)) == picture)
    }

    @Test func `without a key there is no authorization`() async throws {
        let server = try LocalServer([.chat("fine")])
        defer { server.close() }
        _ = try await ChatEndpoint(url: server.url, model: "m", limits: Self.limits()).reply(to: hello)
        #expect(server.requests.first?.contains("Authorization") == false)
    }

    @Test(arguments: [500, 502, 503, 504, 429, 408])
    func `a passing failure is tried again`(status: Int) async throws {
        let server = try LocalServer([Answer(status: status, body: "sorry"), .chat("fine")])
        defer { server.close() }
        let endpoint = try ChatEndpoint(url: server.url, model: "m", limits: Self.limits())
        #expect(try await endpoint.reply(to: hello) == "fine")
        #expect(server.requests.count == 2)
    }

    @Test(arguments: [400, 401, 404, 302])
    func `a lasting failure is not`(status: Int) async throws {
        let server = try LocalServer([
            Answer(status: status, headers: ["Location: http://127.0.0.1:9/other"], body: "no such\n thing")
        ])
        defer { server.close() }
        let endpoint = try ChatEndpoint(url: server.url, model: "m", key: "secret", limits: Self.limits())
        let expected = RewardError.refused(url: server.url, status: status, message: "no such thing")
        await #expect(throws: expected) { try await endpoint.reply(to: hello) }
        #expect(server.requests.count == 1 && !"\(expected)".contains("secret"))
    }

    @Test(arguments: [429, 503])
    func `the pause that is asked for is kept`(status: Int) async throws {
        let server = try LocalServer([Answer(status: status, headers: ["Retry-After: 1"]), .chat("fine")])
        defer { server.close() }
        let endpoint = try ChatEndpoint(url: server.url, model: "m", limits: Self.limits())
        let time = try await ContinuousClock().measure { _ = try await endpoint.reply(to: hello) }
        #expect(time >= .seconds(1))
    }

    @Test func `a pause that is too long is not waited for`() async throws {
        let server = try LocalServer([Answer(status: 429, headers: ["Retry-After: 3600"])])
        defer { server.close() }
        let endpoint = try ChatEndpoint(url: server.url, model: "m", limits: Self.limits())
        await #expect(throws: RewardError.busy(url: server.url, wait: .seconds(3600))) {
            try await endpoint.reply(to: hello)
        }
    }

    @Test func `pauses are read as seconds and as dates`() {
        #expect(ChatEndpoint.duration(" 7 ") == .seconds(7) && ChatEndpoint.duration("-1") == nil)
        #expect(ChatEndpoint.duration("Thu, 01 Jan 1970 00:00:00 GMT") == .zero)
        #expect(ChatEndpoint.duration("soon") == nil)
        #expect(ChatEndpoint.duration("Fri, 01 Jan 2100 00:00:00 GMT").map { $0 > .seconds(3600) } == true)
    }

    @Test func `pauses double and attempts end`() async throws {
        let server = try LocalServer([Answer(status: 500)])
        defer { server.close() }
        var limits = Self.limits(retries: 3)
        limits.firstDelay = .milliseconds(100)
        let endpoint = try ChatEndpoint(url: server.url, model: "m", limits: limits)
        let time = await ContinuousClock().measure {
            await #expect(throws: RewardError.refused(url: server.url, status: 500, message: "")) {
                try await endpoint.reply(to: hello)
            }
        }
        #expect(server.requests.count == 4 && time >= .milliseconds(700))
    }

    @Test func `an answer that does not come is given up`() async throws {
        // A machine under load may miss a deadline or two that it could keep; the late answer is far beyond any.
        let server = try LocalServer([.chat("late", delay: 120)] + Array(repeating: .chat("fine"), count: 5))
        defer { server.close() }
        let patient = Self.limits(retries: 5, timeout: .seconds(1))
        #expect(try await ChatEndpoint(url: server.url, model: "m", limits: patient).reply(to: hello) == "fine")
        let slow = try LocalServer([.chat("late", delay: 120)])
        defer { slow.close() }
        let limits = Self.limits(retries: 0, timeout: .milliseconds(200))
        let endpoint = try ChatEndpoint(url: slow.url, model: "m", limits: limits)
        let time = await ContinuousClock().measure {
            await #expect(throws: RewardError.timedOut(url: slow.url, after: .milliseconds(200))) {
                try await endpoint.reply(to: hello)
            }
        }
        #expect(time < .seconds(60))
    }

    @Test(arguments: [
        "<html>", "", "{}", "{\"choices\": []}", "{\"choices\": [{\"message\": {\"content\": null}}]}", "[1",
    ])
    func `an answer of another kind is an error`(body: String) async throws {
        let server = try LocalServer([Answer(body: body)])
        defer { server.close() }
        let endpoint = try ChatEndpoint(url: server.url, model: "m", limits: Self.limits())
        let error = await #expect(throws: RewardError.self) { try await endpoint.reply(to: hello) }
        guard case .malformedReply = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(server.requests.count == 1)
    }

    @Test func `content in parts is joined`() async throws {
        let body =
            "{\"choices\": [{\"message\": {\"content\": [{\"type\": \"text\", \"text\": \"a\"}, {\"text\": \"b\"}]}}]}"
        let server = try LocalServer([Answer(body: body)])
        defer { server.close() }
        #expect(try await ChatEndpoint(url: server.url, model: "m", limits: Self.limits()).reply(to: hello) == "ab")
    }

    @Test func `a closed port is unreachable`() async throws {
        let endpoint = try ChatEndpoint(url: LocalServer.closedPort(), model: "m", limits: Self.limits())
        let error = await #expect(throws: RewardError.self) { try await endpoint.reply(to: hello) }
        guard case .unreachable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `an answer that is too large is not read`() async throws {
        let server = try LocalServer([.chat(String(repeating: "a", count: 4_000_000))])
        defer { server.close() }
        let endpoint = try ChatEndpoint(url: server.url, model: "m", limits: Self.limits())
        await #expect(throws: RewardError.tooLarge(url: server.url, limit: 100_000)) {
            try await endpoint.reply(to: hello)
        }
    }

    @Test func `no more requests are open than allowed, and replies keep their order`() async throws {
        let server = try LocalServer([.chat("fine", delay: 0.1)])
        defer { server.close() }
        var limits = Self.limits()
        limits.concurrency = 3
        let endpoint = try ChatEndpoint(url: server.url, model: "m", limits: limits)
        let replies = await endpoint.replies(to: Array(repeating: hello, count: 10))
        #expect(replies == Array(repeating: .success("fine"), count: 10))
        #expect(server.requests.count == 10 && server.busiest <= 3)
        #expect(await endpoint.replies(to: []).isEmpty)
    }

    @Test func `an endpoint that is down is not asked for ever`() async throws {
        let server = try LocalServer([Answer(status: 500)])
        defer { server.close() }
        let endpoint = try ChatEndpoint(url: server.url, model: "m", limits: Self.limits(retries: 0))
        let replies = await endpoint.replies(to: Array(repeating: hello, count: 60))
        #expect(replies.count == 60 && (8...11).contains(server.requests.count))
        #expect(
            replies.allSatisfy { reply in
                guard case .failure(let error) = reply else { return false }
                return error.isEndpointFailure
            })
    }

    @Test func `a cancelled task waits for nothing`() async throws {
        let server = try LocalServer([.chat("late", delay: 120)])
        defer { server.close() }
        let endpoint = try ChatEndpoint(url: server.url, model: "m", limits: Self.limits(timeout: .seconds(240)))
        let task = Task { try await endpoint.reply(to: hello) }
        try await Task.sleep(for: .milliseconds(200))
        task.cancel()
        let time = await ContinuousClock().measure {
            await #expect(throws: RewardError.unreachable(url: server.url, reason: "cancelled")) {
                try await task.value
            }
        }
        #expect(time < .seconds(60))
    }

    @Test(arguments: [
        "", "127.0.0.1", "file:///etc/passwd", "http://", "http://a?b=c", "http://u:p@host/v1", "http://a b",
    ])
    func `other URLs are refused`(url: String) {
        let error = #expect(throws: RewardError.self) { try ChatEndpoint(url: url, model: "m") }
        #expect(!"\(String(describing: error))".contains("u:p"))
    }

    @Test func `a key of other characters is refused and not repeated`() {
        let error = #expect(throws: RewardError.self) {
            try ChatEndpoint(url: "http://a/v1", model: "m", key: "k\r\nX: y")
        }
        #expect(!"\(String(describing: error))".contains("X: y"))
    }
}
