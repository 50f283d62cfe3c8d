public import StrictJSON

/// An answer that says what is wrong, in the shape of OpenAI's errors.
public struct APIError: Error, Hashable, Sendable, CustomStringConvertible {
    /// HTTP status.
    public let status: Int
    /// What is wrong and what to do.
    public let message: String
    /// The class of errors that clients tell apart.
    public let type: String
    /// The field at fault.
    public let parameter: String?
    /// Seconds after which another attempt makes sense.
    public let retryAfter: Int?

    private init(_ status: Int, _ message: String, type: String, parameter: String? = nil, retryAfter: Int? = nil) {
        self.status = status
        self.message = message
        self.type = type
        self.parameter = parameter
        self.retryAfter = retryAfter
    }

    /// A request that cannot be met as it is: 400.
    public static func invalid(_ message: String, parameter: String? = nil) -> APIError {
        APIError(400, message, type: "invalid_request_error", parameter: parameter)
    }

    /// No or another key: 401.
    public static let unauthorized = APIError(
        401, "Invalid API key: send 'Authorization: Bearer KEY'.", type: "authentication_error")

    /// A page of somewhere else: 403.
    public static func forbidden(_ message: String) -> APIError {
        APIError(403, message, type: "permission_error")
    }

    /// Nothing of that name: 404.
    public static func notFound(_ what: String) -> APIError {
        APIError(404, "\(what) does not exist.", type: "invalid_request_error")
    }

    /// Another method than the route has: 405.
    public static func method(_ allowed: String) -> APIError {
        APIError(405, "Use \(allowed) here.", type: "invalid_request_error")
    }

    /// Work that took too long: 408.
    public static func tooSlow(seconds: Int) -> APIError {
        APIError(408, "The request was not done after \(seconds) s; ask for less.", type: "timeout_error")
    }

    /// A body that is larger than allowed: 413.
    public static func tooLarge(limit: Int) -> APIError {
        APIError(413, "The body is larger than \(limit) bytes.", type: "invalid_request_error")
    }

    /// Too many requests wait already: 429.
    public static func busy(retryAfter: Int) -> APIError {
        APIError(
            429, "Too many requests are waiting; try again in \(retryAfter) s.", type: "rate_limit_error",
            retryAfter: retryAfter)
    }

    /// The server is about to end, or has no memory left for this request: 503.
    public static func unavailable(_ message: String) -> APIError {
        APIError(503, message, type: "unavailable_error", retryAfter: 5)
    }

    /// Something inside failed: 500.
    public static let failed = APIError(500, "The server failed; its log says more.", type: "server_error")

    /// One line.
    public var description: String { "\(status): \(message)" }

    /// The body of the answer.
    public var json: JSONValue {
        .members([
            "error": .members([
                "message": .text(message), "type": .text(type), "param": parameter.map { .text($0) } ?? .null,
                "code": .whole(status),
            ])
        ])
    }
}
