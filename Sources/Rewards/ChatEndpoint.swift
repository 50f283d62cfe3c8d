import Datasets
import Foundation
public import Images
import StrictJSON

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A model behind the chat API of OpenAI, which many servers speak.
public struct ChatEndpoint: Sendable {
    /// One message, in words and pictures.
    public struct Message: Sendable {
        /// A part of a message.
        public enum Part: Sendable {
            /// Words.
            case text(String)
            /// A picture, sent as a PNG in a data URL.
            case picture(RGBImage)
        }

        /// Who speaks: `system`, `user` or `assistant`.
        public var role: String
        /// What is said.
        public var parts: [Part]

        /// A message.
        public init(role: String, parts: [Part]) {
            self.role = role
            self.parts = parts
        }
    }

    /// How long, how often and how much.
    public struct Limits: Hashable, Sendable {
        /// Until an attempt is given up.
        public var timeout = Duration.seconds(60)
        /// Further attempts after a failed one.
        public var retries = 3
        /// Before the second attempt; before each further one twice as long.
        public var firstDelay = Duration.milliseconds(500)
        /// Longest pause between attempts; an endpoint that asks for more is given up.
        public var longestDelay = Duration.seconds(60)
        /// Requests at once.
        public var concurrency = 4
        /// Largest answer.
        public var maxResponseBytes = 1 << 20
        /// Tokens of a reply.
        public var maxTokens = 512
        /// 0 for the likeliest reply.
        public var temperature = 0.0

        /// Every default.
        public init() {}
    }

    private static let patience = 8

    /// Where it is, without `/chat/completions`.
    public let url: String
    /// How long, how often and how much.
    public let limits: Limits
    private let target: URL
    private let model: String
    private let key: String

    /// An endpoint; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - url: Where `/chat/completions` is found, such as `http://127.0.0.1:8000/v1`.
    ///   - model: The model's name there.
    ///   - key: Sent as a bearer token, and never part of an error; empty for none.
    ///   - limits: How long, how often and how much.
    /// - Throws: ``RewardError/invalidOption(name:expected:found:)``.
    public init(url: String, model: String, key: String = "", limits: Limits = Limits()) throws(RewardError) {
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        guard URL(string: url)?.host?.isEmpty == false, let target = URL(string: base + "/chat/completions"),
            target.scheme == "http" || target.scheme == "https", target.user == nil, target.query == nil,
            target.fragment == nil
        else {
            // A URL with a name and a password is not repeated.
            let found = url.contains("@") ? "another" : "'\(url)'"
            throw .invalidOption(name: "endpoint", expected: "a URL such as http://127.0.0.1:8000/v1", found: found)
        }
        guard key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .invalidOption(name: "key", expected: "visible ASCII characters", found: "others")
        }
        try Self.check("retries", limits.retries, 0...20)
        try Self.check("concurrency", limits.concurrency, 1...256)
        try Self.check("max_tokens", limits.maxTokens, 1...1_000_000)
        try Self.check("max_response_bytes", limits.maxResponseBytes, 1...1 << 30)
        guard limits.timeout > .zero, limits.timeout <= .seconds(86_400) else {
            throw .invalidOption(name: "timeout", expected: "up to a day", found: "\(limits.timeout)")
        }
        self.url = base
        self.target = target
        self.model = model
        self.key = key
        self.limits = limits
    }

    private static func check(_ name: String, _ found: Int, _ allowed: ClosedRange<Int>) throws(RewardError) {
        guard allowed.contains(found) else {
            throw .invalidOption(
                name: name, expected: "\(allowed.lowerBound) to \(allowed.upperBound)", found: "\(found)")
        }
    }

    /// The endpoint's words on a conversation.
    ///
    /// Time-outs, broken connections and the statuses 408, 425, 429, 500, 502, 503, 504 are tried again, after pauses that
    /// double, or after what `Retry-After` asks for.
    ///
    /// `seed`: Of the endpoint's random numbers, for servers that honour it.
    ///
    /// - Throws: ``RewardError``; in a cancelled task ``RewardError/unreachable(url:reason:)``.
    public func reply(to messages: [Message], seed: UInt64? = nil) async throws(RewardError) -> String {
        let request = try request(messages, seed)
        var delay = limits.firstDelay
        for attempt in 0... {
            let failure: RewardError
            var pause = delay
            switch await HTTPExchange.answer(to: request, within: limits.timeout, upTo: limits.maxResponseBytes) {
            case .success(let answer) where (200...299).contains(answer.status):
                return try content(answer.body)
            case .success(let answer):
                failure = .refused(url: url, status: answer.status, message: Self.excerpt(answer.body))
                guard failure.isPassing else { throw failure }
                if [429, 503].contains(answer.status), let asked = answer.retryAfter.flatMap(Self.duration) {
                    guard asked <= limits.longestDelay else { throw .busy(url: url, wait: asked) }
                    pause = asked
                }
            case .failure(.timedOut): failure = .timedOut(url: url, after: limits.timeout)
            case .failure(.unreachable(let reason)): failure = .unreachable(url: url, reason: reason)
            case .failure(.tooLarge): throw .tooLarge(url: url, limit: limits.maxResponseBytes)
            }
            guard attempt < limits.retries, !Task.isCancelled else { throw failure }
            do {
                try await Task.sleep(for: min(pause, limits.longestDelay))
            } catch {
                throw .unreachable(url: url, reason: "cancelled")
            }
            delay = min(delay * 2, limits.longestDelay)
        }
        throw .unreachable(url: url, reason: "not asked")
    }

    /// Replies to many conversations, in their order, with as many requests at once as the limits allow.
    ///
    /// Where the endpoint fails for the first eight and has given no reply at all, the others are not asked.
    ///
    /// `seeds`: One for each, or none.
    public func replies(to conversations: [[Message]], seeds: [UInt64] = []) async -> [Result<String, RewardError>] {
        await withTaskGroup(of: (Int, Result<String, RewardError>).self) { group in
            var replies = [Result<String, RewardError>](
                repeating: .failure(.unreachable(url: url, reason: "not asked")), count: conversations.count)
            var next = 0
            var (failures, hasReply) = (0, false)
            func start() {
                guard next < conversations.count, hasReply || failures < Self.patience else { return }
                let index = next
                next += 1
                let seed = seeds.indices.contains(index) ? seeds[index] : nil
                group.addTask {
                    do throws(RewardError) {
                        return (index, .success(try await reply(to: conversations[index], seed: seed)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            for _ in 0..<limits.concurrency { start() }
            while let (index, reply) = await group.next() {
                replies[index] = reply
                if case .failure(let error) = reply, error.isEndpointFailure { failures += 1 } else { hasReply = true }
                start()
            }
            return replies
        }
    }

    /// Checks that not every one of `replies` failed for a fault of the endpoint, where further questions are pointless.
    ///
    /// - Throws: ``RewardError/endpointDown(url:attempts:reason:)``.
    public func requireReply(among replies: [Result<String, RewardError>]) throws(RewardError) {
        let failures = replies.compactMap { reply -> RewardError? in
            if case .failure(let error) = reply, error.isEndpointFailure { error } else { nil }
        }
        guard let first = failures.first, failures.count == replies.count else { return }
        throw .endpointDown(url: url, attempts: first.isPassing ? limits.retries + 1 : 1, reason: "\(first)")
    }

    // MARK: Requests and answers

    private func request(_ messages: [Message], _ seed: UInt64?) throws(RewardError) -> URLRequest {
        var list: [JSONValue] = []
        for message in messages {
            let content = try Self.content(message.parts)
            list.append(Self.object(("role", Self.string(message.role)), ("content", content)))
        }
        var members: [(key: JSONString, value: JSONValue)] = [
            ("model", Self.string(model)), ("messages", .array(list)), ("temperature", .number(limits.temperature)),
            ("max_tokens", .integer(Int64(limits.maxTokens))),
        ]
        // Servers read it as a whole number of 32 bits.
        if let seed { members.append(("seed", .integer(Int64(seed & 0x7FFF_FFFF)))) }
        let body = JSONValue.object(members)
        var request = URLRequest(url: target)
        request.httpMethod = "POST"
        request.httpBody = Data(body.serialized())
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        if !key.isEmpty { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
        return request
    }

    /// Words alone are sent as a plain string, which every server understands.
    private static func content(_ parts: [Message.Part]) throws(RewardError) -> JSONValue {
        if parts.count == 1, case .text(let text) = parts[0] { return string(text) }
        var list: [JSONValue] = []
        for part in parts {
            switch part {
            case .text(let text):
                list.append(object(("type", string("text")), ("text", string(text))))
            case .picture(let picture):
                let file: [UInt8]
                do {
                    file = try picture.pngData()
                } catch {
                    throw .picture(reason: "\(error)")
                }
                let url = string("data:image/png;base64," + Data(file).base64EncodedString())
                list.append(object(("type", string("image_url")), ("image_url", object(("url", url)))))
            }
        }
        return .array(list)
    }

    private static func string(_ text: String) -> JSONValue { .string(JSONString(text)) }

    private static func object(_ members: (String, JSONValue)...) -> JSONValue {
        .object(members.map { (key: JSONString($0.0), value: $0.1) })
    }

    private func content(_ body: [UInt8]) throws(RewardError) -> String {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: body)
        } catch {
            throw .malformedReply(url: url, reason: "\(error)")
        }
        let message = json["choices"]?.arrayValue?.first?["message"]
        let content = message?["content"]
        guard let text = content?.stringValue ?? content?.arrayValue.map(Self.joined) else {
            throw .malformedReply(url: url, reason: "choices[0].message.content is missing")
        }
        // Some servers take the reasoning out of the text.
        let reasoning = message?["reasoning_content"]?.stringValue ?? message?["reasoning"]?.stringValue ?? ""
        return reasoning.isEmpty || text.contains(ThinkBlock.opening) ? text : ThinkBlock.join(reasoning, text)
    }

    private static func joined(_ parts: [JSONValue]) -> String {
        parts.compactMap { $0["text"]?.stringValue }.joined()
    }

    /// One line of an error's body.
    private static func excerpt(_ body: [UInt8]) -> String {
        let text = String(decoding: body.prefix(400), as: UTF8.self)
        return String(text.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(200))
    }

    /// What a `Retry-After` header says: seconds, or a date.
    static func duration(_ header: String) -> Duration? {
        let header = header.trimmingCharacters(in: .whitespaces)
        if let seconds = Int(header) { return seconds >= 0 && seconds < 1 << 31 ? .seconds(seconds) : nil }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return formatter.date(from: header).map { .seconds(max(0, $0.timeIntervalSinceNow)) }
    }
}
