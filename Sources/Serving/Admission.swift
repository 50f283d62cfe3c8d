import Synchronization

/// Counts requests in work and refuses those beyond what may run and wait.
final class Admission: Sendable {
    private struct State {
        var active = 0
        var isClosed = false
        var isGivenUp = false
        /// Mean seconds of a request, lately.
        var mean = 1.0
    }

    private let limit: Int
    private let running: Int
    private let state = Mutex(State())

    /// `running`: Requests that take steps at the same time; `waiting`: those that may wait beside.
    init(running: Int, waiting: Int) {
        self.running = max(1, running)
        limit = max(1, running) + max(0, waiting)
    }

    /// Requests in work.
    var active: Int { state.withLock { $0.active } }

    /// Takes `count` places.
    ///
    /// - Throws: ``APIError/busy(retryAfter:)``; ``APIError/unavailable(_:)`` once closed.
    func enter(_ count: Int) throws(APIError) {
        let refusal = state.withLock { state -> APIError? in
            if state.isClosed { return .unavailable("The server is shutting down.") }
            guard state.active == 0 || state.active + count <= limit else {
                let rounds = Double(state.active) / Double(running)
                return .busy(retryAfter: max(1, min(60, Int((rounds * state.mean).rounded(.up)))))
            }
            state.active += count
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Gives `count` places back.
    func leave(_ count: Int, after seconds: Double) {
        state.withLock { state in
            state.active -= count
            state.mean += 0.1 * (seconds - state.mean)
        }
    }

    /// Whether everything is refused.
    var isClosed: Bool { state.withLock { $0.isClosed } }
    /// Whether what still runs is to end.
    var isGivenUp: Bool { state.withLock { $0.isGivenUp } }

    /// Refuses everything from now on.
    func close() { state.withLock { $0.isClosed = true } }

    /// Ends what still runs.
    func giveUp() { state.withLock { $0.isGivenUp = true } }
}
