import Foundation
import HTTPTypes
import Hummingbird
public import Logging
import MMaDA
import NIOCore
import ServiceLifecycle
import StrictJSON
import Synchronization
import UnixSignals

/// Serves a model over HTTP: an API that OpenAI's clients speak, and a page that shows denoising live.
public struct Server: Sendable {
    private let service: ModelService
    private let settings: ServingSettings
    private let logger: Logger

    /// A server of a model; nothing is opened yet.
    public init(_ service: ModelService, _ settings: ServingSettings, logger: Logger) {
        self.service = service
        self.settings = settings
        self.logger = logger
    }

    /// Serves until the program is told to end (SIGTERM), then lets running work end.
    ///
    /// `onRunning`: Told the port when requests are taken.
    ///
    /// - Throws: Why the address cannot be listened on.
    public func run(onRunning: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
        let router = Router(context: BasicRequestContext.self)
        router.addMiddleware {
            Gate(settings: settings, service: service, routes: routes)
        }
        for route in routes {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                try await route.handle(request, context.parameters.get("id") ?? "")
            }
        }
        let application = Application(
            router: router,
            server: .http1(configuration: .init(idleTimeout: .seconds(Int64(settings.readTimeout)))),
            configuration: .init(
                address: .hostname(settings.host, port: settings.port), serverName: "mmada"),
            onServerRunning: { channel in onRunning(channel.localAddress?.port ?? 0) }, logger: logger)
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: application),
                    .init(service: Drain(service: service, timeout: settings.shutdownTimeout)),
                ],
                gracefulShutdownSignals: [.sigterm], logger: logger))
        try await group.run()
    }

    /// Refuses new work as soon as the server is told to end, and ends what runs when its time is over.
    private struct Drain: Service {
        let service: ModelService
        let timeout: Int

        func run() async throws {
            try? await gracefulShutdown()
            service.admission.close()
            try? await Task.sleep(for: .seconds(timeout))
            service.admission.giveUp()
        }
    }

    /// A path, who may call it, and what it does.
    struct Route: Sendable {
        let method: HTTPRequest.Method
        let path: String
        /// Whether it needs no key.
        let isOpen: Bool
        let handle: @Sendable (Request, _ id: String) async throws -> Response
    }

    /// Every route there is.
    var routes: [Route] {
        let service = service
        var list = [
            Route(method: .get, path: "/health", isOpen: true) { _, _ in
                Self.json(.members(["status": .text("ok")]))
            },
            Route(method: .get, path: "/ready", isOpen: true) { _, _ in
                try service.ready()
                return Self.json(.members(["status": .text("ok")]))
            },
            Route(method: .get, path: "/metrics", isOpen: false) { _, _ in
                Self.text(await service.metricsText(), "text/plain; version=0.0.4; charset=utf-8")
            },
            Route(method: .get, path: "/v1/models", isOpen: false) { _, _ in Self.json(service.models) },
            Route(method: .get, path: "/v1/models/{id}", isOpen: false) { _, id in
                guard id == service.settings.modelName else { throw APIError.notFound("The model '\(id)'") }
                return Self.json(service.model)
            },
            Route(method: .get, path: "/defaults.json", isOpen: true) { _, _ in Self.json(service.defaults) },
            Route(method: .post, path: "/v1/chat/completions", isOpen: false) { request, _ in
                try await exchange(request) { body, _ in
                    let chat = try ChatRequest(body, service.settings)
                    guard chat.streams else { return .whole { try await service.chat(chat) } }
                    return .events(named: false) { sink in
                        try await service.streamChat(chat, sink)
                    }
                }
            },
            Route(method: .post, path: "/v1/completions", isOpen: false) { request, _ in
                try await exchange(request) { body, _ in
                    let completion = try CompletionRequest(body, service.settings)
                    guard completion.streams else { return .whole { try await service.completion(completion) } }
                    return .events(named: false) { sink in
                        try await service.streamCompletion(completion, sink)
                    }
                }
            },
            Route(method: .post, path: "/v1/images/generations", isOpen: false) { request, _ in
                try await exchange(request) { body, _ in
                    let image = try ImageGenerationRequest(body, service.settings)
                    guard image.streams else { return .whole { try await service.images(image) } }
                    return .events(named: true) { sink in
                        try await service.streamImage(image, kind: "image_generation", sink)
                    }
                }
            },
            Route(method: .post, path: "/v1/images/edits", isOpen: false) { request, _ in
                try await exchange(request) { body, type in
                    let image = try ImageGenerationRequest(
                        form: MultipartForm(body, contentType: type), service.settings)
                    guard image.streams else { return .whole { try await service.images(image) } }
                    return .events(named: true) { sink in
                        try await service.streamImage(image, kind: "image_edit", sink)
                    }
                }
            },
            Route(method: .post, path: "/tokenize", isOpen: false) { request, _ in
                try await exchange(request) { body, _ in
                    let text = try FieldReader(body: body).requiredText("content")
                    return .whole { service.tokenized(text) }
                }
            },
        ]
        list += Page.files.map { file in
            Route(method: .get, path: file.path, isOpen: true) { _, _ in Self.page(file) }
        }
        return list
    }

    // MARK: Answers

    static func headers(_ type: String) -> HTTPFields {
        [.contentType: type, .cacheControl: "no-store", .xContentTypeOptions: "nosniff"]
    }

    static func json(_ value: JSONValue, status: Int = 200) -> Response {
        Response(
            status: .init(code: status), headers: headers("application/json"),
            body: .init(byteBuffer: ByteBuffer(bytes: value.serialized())))
    }

    static func text(_ text: String, _ type: String) -> Response {
        Response(status: .ok, headers: headers(type), body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    static func response(_ error: APIError) -> Response {
        var response = json(error.json, status: error.status)
        if let seconds = error.retryAfter { response.headers[.retryAfter] = "\(seconds)" }
        return response
    }

    private static func page(_ file: Page.File) -> Response {
        var response = Response(
            status: .ok, headers: headers(file.type), body: .init(byteBuffer: ByteBuffer(bytes: file.content)))
        // Nothing from elsewhere is loaded or called, and no other page may frame this one.
        response.headers[.contentSecurityPolicy] =
            "default-src 'self'; connect-src 'self' data:; img-src 'self' data: blob:; media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'"
        return response
    }

    /// What a request with a body leads to.
    enum Outcome: Sendable {
        /// One JSON answer.
        case whole(@Sendable () async throws -> JSONValue)
        /// Server-sent events, under their names or without; the nameless end with `[DONE]`.
        case events(named: Bool, @Sendable (EventSink) async throws -> Void)
    }

    /// Reads a body, does what it asks for, and gives up as soon as the client leaves.
    @Sendable func exchange(
        _ request: Request, _ read: @Sendable (_ body: [UInt8], _ type: String) throws -> Outcome
    ) async throws -> Response {
        var request = request
        let type = request.headers[.contentType] ?? ""
        let body: [UInt8]
        // Said to be too large: not a byte of it is waited for.
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > settings.maxBodyBytes {
            throw APIError.tooLarge(limit: settings.maxBodyBytes)
        }
        do {
            (request, body) = try await collected(request)
        } catch is NIOTooManyBytesError {
            throw APIError.tooLarge(limit: settings.maxBodyBytes)
        } catch let error as APIError {
            throw error
        } catch {
            throw APIError.invalid("The body ends before it is as long as it was said to be.")
        }
        switch try read(body, type) {
        case .whole(let work):
            let value = try await request.body.consumeWithCancellationOnInboundClose { _ in try await work() }
            return Self.json(value)
        case .events(let named, let work):
            return try await stream(request, named: named, work)
        }
    }

    /// The request with its body read, in the time that is allowed for it however slowly it drips.
    private func collected(_ request: Request) async throws -> (Request, [UInt8]) {
        try await withThrowingTaskGroup(of: (Request, [UInt8]).self) { group in
            group.addTask { [settings] in
                // In place: a copy that is read, and the original watched, ends the process when the client leaves.
                var request = request
                let body = try await request.collectBody(upTo: settings.maxBodyBytes)
                return (request, [UInt8](buffer: body))
            }
            group.addTask { [settings] in
                try await Task.sleep(for: .seconds(settings.readTimeout))
                throw APIError.tooSlow(seconds: settings.readTimeout)
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw APIError.failed }
            return result
        }
    }

    /// A stream of events.
    ///
    /// What fails before the work begins is an ordinary error.
    private func stream(
        _ request: Request, named: Bool, _ work: @escaping @Sendable (EventSink) async throws -> Void
    ) async throws -> Response {
        let (events, output) = AsyncStream<ByteBuffer>.makeStream()
        let (beginnings, beginning) = AsyncThrowingStream<Void, any Error>.makeStream()
        let sink = EventSink(output: output) { beginning.yield() }
        let producer = Task {
            // A silent connection looks dead to proxies.
            let pings = Task {
                while true {
                    try await Task.sleep(for: .seconds(15))
                    output.yield(ByteBuffer(string: ": ping\n\n"))
                }
            }
            do {
                try await work(sink)
                beginning.finish()
            } catch {
                beginning.finish(throwing: error)
                // Once the head is out an error goes as the last event.
                if !(error is CancellationError) { try? await sink.send(ModelService.apiError(error).json) }
            }
            pings.cancel()
            if !named { output.yield(ByteBuffer(string: "data: [DONE]\n\n")) }
            output.finish()
        }
        // Also where the client has left before anything of the body is asked for.
        output.onTermination = { _ in producer.cancel() }
        for try await _ in beginnings { break }
        return Response(
            status: .ok, headers: Self.headers("text/event-stream"),
            body: .init { writer in
                try await request.body.consumeWithInboundCloseHandler { _ in
                    defer { producer.cancel() }
                    for await event in events {
                        try await writer.write(event)
                        sink.written(event.readableBytes)
                    }
                } onInboundClosed: {
                    producer.cancel()
                }
                try await writer.finish(nil)
            })
    }
}

/// Where the events of a stream go.
struct EventSink: Sendable {
    private let output: AsyncStream<ByteBuffer>.Continuation
    private let pending = Pending()
    /// Says that the request is sound and its work begins.
    let begin: @Sendable () -> Void

    /// Bytes that the client has not taken yet.
    private final class Pending: Sendable {
        let bytes = Mutex(0)
    }

    /// Behind by more than this, a client gets no partial pictures; by more than eight times this, it gets nothing more.
    private static let patience = 8 << 20

    init(output: AsyncStream<ByteBuffer>.Continuation, begin: @escaping @Sendable () -> Void) {
        self.output = output
        self.begin = begin
    }

    /// Whether the client reads slower than it is sent to.
    var isBehind: Bool { pending.bytes.withLock { $0 > Self.patience } }

    /// Says that the client has taken some bytes.
    func written(_ count: Int) { pending.bytes.withLock { $0 -= count } }

    /// Sends an event.
    ///
    /// `name`: As clients of pictures expect it; those of texts take nameless events alone.
    func send(_ value: JSONValue, as name: String? = nil) async throws {
        try Task.checkCancellation()
        var event = ByteBuffer(string: name.map { "event: \($0)\n" } ?? "")
        event.writeString("data: ")
        event.writeBytes(value.serialized())
        event.writeString("\n\n")
        let (size, patience) = (event.readableBytes, 8 * Self.patience)
        let isLost = pending.bytes.withLock { bytes in
            bytes += size
            return bytes > patience
        }
        guard !isLost else { throw CancellationError() }
        output.yield(event)
    }
}
