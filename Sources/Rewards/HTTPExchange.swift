import Foundation
import Synchronization

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// One request and its answer, with an end in time and in size.
///
/// Redirections are answers like any other, so that a key goes nowhere else.
enum HTTPExchange {
    struct Answer: Sendable {
        var status: Int
        var retryAfter: String?
        var body: [UInt8]
    }

    enum Failure: Error, Sendable {
        case timedOut
        case tooLarge
        case unreachable(String)
    }

    static func answer(
        to request: URLRequest, within timeout: Duration, upTo limit: Int
    ) async -> Result<Answer, Failure> {
        let collector = Collector(limit: limit)
        var request = request
        // Foundation counts from the last byte; ours, which counts the whole, comes first.
        request.timeoutInterval = 1 + timeout / .seconds(1)
        let session = URLSession(configuration: .ephemeral, delegate: collector, delegateQueue: nil)
        let task = session.dataTask(with: request)
        let timer = Task {
            do {
                try await Task.sleep(for: timeout)
            } catch {
                return
            }
            collector.finish(.failure(.timedOut))
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                collector.start(continuation)
                task.resume()
            }
        } onCancel: {
            collector.finish(.failure(.unreachable("cancelled")))
        }
        timer.cancel()
        session.invalidateAndCancel()
        return result
    }
}

/// Gathers an answer, and hands on the first result there is.
private final class Collector: NSObject, URLSessionDataDelegate, Sendable {
    private struct State {
        var body: [UInt8] = []
        var result: Result<HTTPExchange.Answer, HTTPExchange.Failure>?
        var continuation: CheckedContinuation<Result<HTTPExchange.Answer, HTTPExchange.Failure>, Never>?
    }

    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    func start(_ continuation: CheckedContinuation<Result<HTTPExchange.Answer, HTTPExchange.Failure>, Never>) {
        let early = state.withLock { state in
            if state.result == nil { state.continuation = continuation }
            return state.result
        }
        if let early { continuation.resume(returning: early) }
    }

    func finish(_ result: Result<HTTPExchange.Answer, HTTPExchange.Failure>) {
        let waiting = state.withLock { state in
            let waiting = state.continuation
            state.continuation = nil
            state.result = state.result ?? result
            return waiting
        }
        waiting?.resume(returning: result)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLarge = state.withLock { state in
            guard state.body.count + data.count <= limit else { return true }
            state.body += data
            return false
        }
        if isTooLarge {
            finish(.failure(.tooLarge))
            dataTask.cancel()
        }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        if let error {
            let isLate = (error as? URLError)?.code == .timedOut
            finish(.failure(isLate ? .timedOut : .unreachable(error.localizedDescription)))
        } else if let response = task.response as? HTTPURLResponse {
            let body = state.withLock { $0.body }
            finish(
                .success(
                    HTTPExchange.Answer(
                        status: response.statusCode, retryAfter: response.value(forHTTPHeaderField: "Retry-After"),
                        body: body)))
        } else {
            finish(.failure(.unreachable("it is no HTTP server")))
        }
    }
}
