import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import StrictJSON

/// What every request passes: keys, origins, and errors in the API's shape.
struct Gate: RouterMiddleware {
    typealias Context = BasicRequestContext

    private let keys: [[UInt8]]
    private let origins: Set<String>
    /// Whether it listens to this machine alone and asks for no key.
    private let isLocalAndOpen: Bool
    private let service: ModelService
    /// Paths that need no key.
    private let open: Set<String>
    /// The method of each path.
    private let methods: [String: String]

    init(settings: ServingSettings, service: ModelService, routes: [Server.Route]) {
        keys = settings.keys.map { Array($0.utf8) }
        origins = Set(settings.allowedOrigins)
        isLocalAndOpen = settings.keys.isEmpty && ["localhost", "127.0.0.1", "::1"].contains(settings.host)
        self.service = service
        open = Set(routes.filter(\.isOpen).map(\.path))
        methods = Dictionary(routes.map { ($0.path, $0.method.rawValue) }) { first, _ in first }
    }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        var response: Response
        do {
            if request.method == .options, let preflight = preflight(request) {
                response = preflight
            } else {
                try requireOwnPage(request)
                guard open.contains(request.uri.path) || isAllowed(request) else { throw APIError.unauthorized }
                response = try await next(request, context)
            }
        } catch let error as HTTPError {
            response = refusal(error, request)
        } catch is CancellationError {
            // Nobody is there to read it.
            response = Server.response(.unavailable("The client left."))
        } catch {
            let told = ModelService.apiError(error)
            if told == .failed { context.logger.error("a request failed", metadata: ["error": "\(error)"]) }
            response = Server.response(told)
        }
        if let origin = request.headers[.origin], origins.contains(origin) {
            response.headers[.accessControlAllowOrigin] = origin
            response.headers[.vary] = "Origin"
        }
        if request.method == .head { response = response.createHeadResponse() }
        service.metrics.respond(Int(response.status.code))
        // A path may hold anything, so it is quoted; what is asked and answered is never logged.
        let milliseconds = Int((ContinuousClock.now - start) / .milliseconds(1))
        context.logger.info(
            "\(request.method.rawValue) \(request.uri.path.debugDescription) \(response.status.code) \(milliseconds) ms"
        )
        return response
    }

    /// The answer to what no route takes.
    private func refusal(_ error: HTTPError, _ request: Request) -> Response {
        guard error.status == .notFound || error.status == .methodNotAllowed else {
            return Server.response(.invalid("The request is not sound."))
        }
        guard let method = methods[request.uri.path] else {
            return Server.response(.notFound("'\(request.uri.path)'"))
        }
        var response = Server.response(.method(method))
        response.headers[.allow] = method
        return response
    }

    /// The answer to a browser that asks whether a page of another origin may call.
    private func preflight(_ request: Request) -> Response? {
        guard let origin = request.headers[.origin], origins.contains(origin) else { return nil }
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: "GET, POST",
                .accessControlAllowHeaders: request.headers[.accessControlRequestHeaders]
                    ?? "authorization, content-type",
                .accessControlMaxAge: "600",
            ])
    }

    /// A browser sends what any page asks it to send: pages of other origins are refused, not only kept from the answer.
    private func requireOwnPage(_ request: Request) throws(APIError) {
        let host = request.head.authority ?? ""
        if let origin = request.headers[.origin], !origins.contains(origin) {
            guard origin == "http://\(host)" || origin == "https://\(host)" else {
                throw .forbidden("Pages of '\(origin)' may not call this server; --cors-origin names those that may.")
            }
        }
        // A name that somebody makes point at this machine would be an origin of its own.
        let isNamed = origins.contains("http://\(host)") || origins.contains("https://\(host)")
        guard isLocalAndOpen, !host.isEmpty, !isNamed else { return }
        let name = host.hasPrefix("[") ? host.prefix { $0 != "]" } + "]" : host.prefix { $0 != ":" }
        guard ["localhost", "127.0.0.1", "[::1]"].contains(String(name)) else {
            throw .forbidden(
                "This server is for 'localhost' alone; give keys, or name 'http://\(host)' with --cors-origin.")
        }
    }

    private func isAllowed(_ request: Request) -> Bool {
        guard !keys.isEmpty else { return true }
        var given: [UInt8] = []
        if let header = request.headers[.authorization], header.lowercased().hasPrefix("bearer ") {
            given = Array(header.dropFirst(7).utf8)
        } else if let name = HTTPField.Name("X-Api-Key"), let header = request.headers[name] {
            given = Array(header.utf8)
        }
        // All keys are compared, each in the same time whatever it has in common with the one given.
        return keys.reduce(false) { Self.areSame($1, given) || $0 }
    }

    private static func areSame(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        var difference = a.count ^ b.count
        for index in a.indices { difference |= Int(a[index] ^ (index < b.count ? b[index] : 0xFF)) }
        return difference == 0
    }
}
