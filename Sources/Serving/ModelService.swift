import Diffusion
import Foundation
import Images
public import MMaDA
import StrictJSON
import TextTokenizer
import Torch
import Transformer

/// Answers the requests of the API with one model; it knows nothing of HTTP.
public final class ModelService: Sendable {
    let engine: InferenceEngine
    let settings: ServingSettings
    let metrics = ServerMetrics()
    let admission: Admission
    let created = Int64(Date().timeIntervalSince1970)

    /// A service of a model.
    public init(_ engine: InferenceEngine, _ settings: ServingSettings) {
        self.engine = engine
        self.settings = settings
        admission = Admission(running: settings.capacity.requests, waiting: settings.queueLength)
    }

    /// Errors of the model as the client should see them.
    static func apiError(_ error: any Error) -> APIError {
        switch error {
        case let error as APIError: error
        case let error as MMaDAError: .invalid("\(error)")
        case is ImageError: .invalid("\(error)")
        case let error as TensorError where error.isOutOfMemory:
            .unavailable("There is no memory left for this request.")
        default: .failed
        }
    }

    /// Runs `body` in places of its own; they are free again when it ends, which it does at the latest when its time is over
    /// or the server gives up what still runs.
    func admitted<Value: Sendable>(
        _ count: Int = 1, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        do {
            try admission.enter(count)
        } catch {
            if error.status == 429 { metrics.refuse() }
            throw error
        }
        let start = ContinuousClock.now
        defer { admission.leave(count, after: (ContinuousClock.now - start) / .seconds(1)) }
        do {
            return try await withThrowingTaskGroup(of: Value.self) { group in
                group.addTask { try await body() }
                group.addTask { [admission, limit = settings.requestTimeout] in
                    while !admission.isGivenUp {
                        guard ContinuousClock.now - start < .seconds(limit) else {
                            throw APIError.tooSlow(seconds: limit)
                        }
                        try await Task.sleep(for: .milliseconds(100))
                    }
                    throw APIError.unavailable("The server is shutting down.")
                }
                defer { group.cancelAll() }
                guard let value = try await group.next() else { throw APIError.failed }
                return value
            }
        } catch is CancellationError {
            metrics.cancel()
            throw CancellationError()
        }
    }

    static func id(_ kind: String) -> String {
        kind + "-" + UUID().uuidString.replacingOccurrences(of: "-", with: "").lowercased()
    }

    static func usage(prompt: Int, completion: Int) -> JSONValue {
        .members([
            "prompt_tokens": .integer(Int64(prompt)), "completion_tokens": .integer(Int64(completion)),
            "total_tokens": .integer(Int64(prompt + completion)),
        ])
    }

    /// The list of models, which has one.
    var models: JSONValue {
        .members(["object": .text("list"), "data": .array([model])])
    }

    /// What is known of the model.
    var model: JSONValue {
        let outputs = engine.model.vocabulary.image.isEmpty ? ["text"] : ["text", "image"]
        return .members([
            "id": .text(settings.modelName), "object": .text("model"), "created": .integer(created),
            "owned_by": .text("mmada"),
            "architecture": .members([
                "input_modalities": .array(outputs.map { .text($0) }),
                "output_modalities": .array(outputs.map { .text($0) }),
            ]),
        ])
    }
}

// What is around the answers.
extension ModelService {
    /// What the page starts from.
    var defaults: JSONValue {
        let defaults = settings.defaults
        return .members([
            "model": .text(settings.modelName), "paints": .bool(!engine.model.vocabulary.image.isEmpty),
            "gen_length": .integer(Int64(defaults.genLength)), "block_length": .integer(Int64(defaults.blockLength)),
            "temperature": .number(defaults.temperature), "timesteps": .integer(Int64(defaults.timesteps)),
            "guidance_scale": .number(defaults.guidanceScale), "image_temperature": .number(defaults.imageTemperature),
        ])
    }

    /// Whether requests are taken.
    ///
    /// - Throws: ``APIError/unavailable(_:)``.
    func ready() throws(APIError) {
        guard !admission.isClosed else { throw .unavailable("The server is shutting down.") }
    }

    /// The tokens of a text, in which nothing is a special token.
    func tokenized(_ text: String) -> JSONValue {
        let ids = engine.model.tokenizer.encodeOrdinary(text)
        return .members(["tokens": .wholes(ids), "count": .whole(ids.count)])
    }

    /// All counters as Prometheus reads them.
    func metricsText() async -> String {
        let load = await engine.load
        return metrics.text(running: load.running, waiting: load.waiting, passes: load.passes)
    }
}

// Chat.
extension ModelService {
    /// A finished answer.
    struct Written: Sendable {
        var reasoning = ""
        var content = ""
        var finish = TextAnswer.FinishReason.length
        var promptTokens = 0
        var tokens = 0
    }

    /// How an answer is written and cut.
    struct Writing: Sendable {
        var blockLength: Int
        /// Most tokens that are given back.
        var maxTokens: Int
        /// Texts at which it is cut.
        var stops: [String]
        /// Whether think tags are told apart.
        var thinks = false
        /// Whether each step is told.
        var tellsSteps = false
    }

    /// Checks that a prompt and what is to follow fit the model.
    func requireRoom(_ prepared: PreparedRequest) throws(APIError) {
        let limit = engine.model.transformer.configuration.maxSequenceLength
        guard prepared.sequenceLength <= limit else {
            let rest = prepared.sequenceLength - prepared.promptCount
            throw .invalid(
                "The prompt has \(prepared.promptCount) tokens, and \(rest) are to follow: the model takes \(limit) in all."
            )
        }
    }

    /// Writes one answer and tells what happens.
    func write(
        _ prepared: PreparedRequest, _ writing: Writing,
        _ tell: (TextAnswer.Delta, JSONValue?) async throws -> Void = { _, _ in }
    ) async throws -> Written {
        let start = ContinuousClock.now
        var answer = TextAnswer(
            engine.model, prepared, blockLength: writing.blockLength, maxTokens: writing.maxTokens,
            stops: writing.stops, thinks: writing.thinks)
        var written = Written(promptTokens: prepared.promptCount)
        var isFirst = true
        func add(_ delta: TextAnswer.Delta, _ step: JSONValue?) async throws {
            if isFirst, !delta.isEmpty {
                metrics.firstToken(after: (ContinuousClock.now - start) / .seconds(1))
                isFirst = false
            }
            written.reasoning += delta.reasoning
            written.content += delta.content
            if !delta.isEmpty || step != nil { try await tell(delta, step) }
        }
        for try await step in steps(of: prepared) {
            let told = writing.tellsSteps ? Self.told(step, prepared, engine.model) : nil
            try await add(answer.take(step), told)
            if answer.finish != nil { break }
        }
        try Task.checkCancellation()
        try await add(answer.end(), nil)
        written.finish = answer.finish ?? .length
        written.tokens = answer.tokenCount
        metrics.finish(
            written.finish.rawValue, prompt: written.promptTokens, generated: written.tokens,
            seconds: (ContinuousClock.now - start) / .seconds(1))
        return written
    }

    /// The steps of a request, counted.
    func steps(of prepared: PreparedRequest) -> AsyncThrowingStream<DenoisingStep, any Error> {
        let (metrics, start) = (metrics, ContinuousClock.now)
        return engine.steps(for: prepared) { metrics.wait((ContinuousClock.now - start) / .seconds(1)) }
    }

    /// The last of a request's steps.
    ///
    /// - Throws: `CancellationError` when the work was given up; what the model throws.
    func lastStep(of prepared: PreparedRequest) async throws -> DenoisingStep? {
        var last: DenoisingStep?
        for try await step in steps(of: prepared) { last = step }
        try Task.checkCancellation()
        return last
    }

    /// A step as an extension field: what it fixed, to what, how surely.
    static func told(_ step: DenoisingStep, _ request: PreparedRequest, _ model: MMaDAModel) -> JSONValue {
        let tokens = model.newTokens(step, of: request)
        let first = request.promptCount
        let changed = step.newlyFixed.map { place -> JSONValue in
            .array([
                .integer(Int64(place - first)), .text(model.tokenizer.decode([step.tokens[place]])),
                .number(Double(step.confidence[place])),
            ])
        }
        return .members([
            "step": .integer(Int64(step.index + 1)), "total": .integer(Int64(step.count)),
            "masked": .integer(Int64(tokens.count { $0 == model.vocabulary.mask })), "changed": .array(changed),
        ])
    }

    private func prepare(_ request: ChatRequest) async throws -> PreparedRequest {
        let prepared = try await engine.perform { try $0.prepare(request.text) }
        try requireRoom(prepared)
        return prepared
    }

    private static func usage(_ answers: [Written]) -> JSONValue {
        usage(prompt: answers.first?.promptTokens ?? 0, completion: answers.reduce(0) { $0 + $1.tokens })
    }

    /// A whole chat completion.
    func chat(_ request: ChatRequest) async throws -> JSONValue {
        let answers = try await admitted(request.count) {
            let prepared = try await self.prepare(request)
            return try await Self.all(request.count) { index in
                try await self.write(prepared.reseeded(by: index), request.writing)
            }
        }
        let choices = answers.enumerated().map { index, written -> JSONValue in
            var message: [(key: JSONString, value: JSONValue)] = [
                ("role", .text("assistant")), ("content", .text(written.content)), ("refusal", .null),
            ]
            if !written.reasoning.isEmpty {
                message.append(("reasoning_content", .text(written.reasoning.trimmingCharacters(in: .newlines))))
            }
            return .members([
                "index": .integer(Int64(index)), "message": .object(message), "logprobs": .null,
                "finish_reason": .text(written.finish.rawValue),
            ])
        }
        return .members([
            "id": .text(Self.id("chatcmpl")), "object": .text("chat.completion"), "created": Self.now,
            "model": .text(settings.modelName), "choices": .array(choices), "usage": Self.usage(answers),
            "seed": .integer(Int64(bitPattern: request.text.seed)),
        ])
    }

    /// The chunks of a streamed chat completion.
    func streamChat(_ request: ChatRequest, _ sink: EventSink) async throws {
        let (id, created, name) = (Self.id("chatcmpl"), Self.now, settings.modelName)
        @Sendable func chunk(_ choices: [JSONValue], _ more: [(key: JSONString, value: JSONValue)] = []) -> JSONValue {
            let head: [(key: JSONString, value: JSONValue)] = [
                ("id", .text(id)), ("object", .text("chat.completion.chunk")), ("created", created),
                ("model", .text(name)), ("choices", .array(choices)),
            ]
            return .object(head + more)
        }
        @Sendable func choice(_ index: Int, _ delta: JSONValue, finish: String? = nil) -> [JSONValue] {
            [
                .members([
                    "index": .integer(Int64(index)), "delta": delta, "finish_reason": finish.map { .text($0) } ?? .null,
                ])
            ]
        }
        let answers = try await admitted(request.count) {
            let prepared = try await self.prepare(request)
            sink.begin()
            return try await Self.all(request.count) { index in
                try await sink.send(chunk(choice(index, .members(["role": .text("assistant"), "content": .text("")]))))
                let written = try await self.write(prepared.reseeded(by: index), request.writing) { delta, step in
                    var members: [(key: JSONString, value: JSONValue)] = []
                    if !delta.reasoning.isEmpty { members.append(("reasoning_content", .text(delta.reasoning))) }
                    if !delta.content.isEmpty { members.append(("content", .text(delta.content))) }
                    try await sink.send(
                        chunk(choice(index, .object(members)), step.map { [("mmada" as JSONString, $0)] } ?? []))
                }
                try await sink.send(chunk(choice(index, .object([]), finish: written.finish.rawValue)))
                return written
            }
        }
        guard request.includesUsage else { return }
        try await sink.send(chunk([], [("usage", Self.usage(answers))]))
    }
}

extension PreparedRequest {
    /// The same with another seed: that of answer number `index`.
    func reseeded(by index: Int) -> PreparedRequest {
        var copy = self
        copy.seed &+= UInt64(index)
        return copy
    }
}

extension ModelService {
    /// The results of `count` pieces of work at the same time, in their order.
    static func all<Value: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Value
    ) async throws -> [Value] {
        try await withThrowingTaskGroup(of: (Int, Value).self) { group in
            for index in 0..<count { group.addTask { (index, try await body(index)) } }
            var values = [Value?](repeating: nil, count: count)
            for try await (index, value) in group { values[index] = value }
            return values.compactMap(\.self)
        }
    }

    /// Seconds since 1970.
    static var now: JSONValue { .integer(Int64(Date().timeIntervalSince1970)) }
}
