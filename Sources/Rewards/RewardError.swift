/// Why a reward cannot be made, or could not be told.
public enum RewardError: Error, Hashable, Sendable, CustomStringConvertible {
    /// An option has a value that it cannot have.
    case invalidOption(name: String, expected: String, found: String)
    /// The environment lacks a variable that holds a key.
    case missingKey(variable: String)
    /// A reward needs a model, which this program cannot load.
    case noModel(kind: String)
    /// A picture cannot be put into a request.
    case picture(reason: String)
    /// An endpoint did not answer in time.
    case timedOut(url: String, after: Duration)
    /// An endpoint cannot be reached.
    case unreachable(url: String, reason: String)
    /// An endpoint answered with an error.
    case refused(url: String, status: Int, message: String)
    /// An endpoint asks for a longer pause than is allowed.
    case busy(url: String, wait: Duration)
    /// An answer is larger than allowed.
    case tooLarge(url: String, limit: Int)
    /// An answer is not one of a chat endpoint.
    case malformedReply(url: String, reason: String)
    /// A judge's words hold no score in the range.
    case noScore(reply: String, range: ClosedRange<Double>)
    /// An endpoint failed for every sample, after all attempts.
    case endpointDown(url: String, attempts: Int, reason: String)

    /// One line for a terminal.
    public var description: String {
        switch self {
        case .invalidOption(let name, let expected, let found):
            "reward option '\(name)': expected \(expected), found \(found)"
        case .missingKey(let variable):
            "the environment variable \(variable) is not set; it should hold the endpoint's key"
        case .noModel(let kind):
            "the reward '\(kind)' needs a model, and none was loaded for it"
        case .picture(let reason):
            "a picture cannot be sent: \(reason)"
        case .timedOut(let url, let time):
            "\(url): no answer after \(time)"
        case .unreachable(let url, let reason):
            "\(url): not reachable: \(reason)"
        case .refused(let url, let status, let message):
            "\(url): HTTP status \(status)" + (message.isEmpty ? "" : ": \(message)")
        case .busy(let url, let wait):
            "\(url): busy; asks to wait \(wait), which is longer than allowed"
        case .tooLarge(let url, let limit):
            "\(url): an answer of more than \(limit) bytes"
        case .malformedReply(let url, let reason):
            "\(url): not an answer of a chat endpoint: \(reason)"
        case .noScore(let reply, let range):
            "no score from \(range.lowerBound) to \(range.upperBound) in the reply '\(reply)'"
        case .endpointDown(let url, let attempts, let reason):
            "\(url) failed for every sample, after \(attempts) attempts; first: \(reason)"
        }
    }

    /// Whether it is the endpoint that failed, not what it said.
    var isEndpointFailure: Bool {
        switch self {
        case .timedOut, .unreachable, .refused, .busy, .endpointDown: true
        default: false
        }
    }

    /// Whether another attempt may go better.
    var isPassing: Bool {
        switch self {
        case .timedOut, .unreachable: true
        case .refused(_, let status, _): [408, 425, 429, 500, 502, 503, 504].contains(status)
        default: false
        }
    }

    /// Whether it costs the run, not a sample.
    var endsRun: Bool {
        guard case .endpointDown = self else { return false }
        return true
    }
}
