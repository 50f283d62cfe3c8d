import Synchronization

/// What the server has done, in the text format of Prometheus.
final class ServerMetrics: Sendable {
    private struct Histogram {
        static let bounds: [Double] = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]
        var counts = [Int](repeating: 0, count: bounds.count)
        var count = 0
        var sum = 0.0

        mutating func add(_ value: Double) {
            count += 1
            sum += value
            for index in Self.bounds.indices where value <= Self.bounds[index] { counts[index] += 1 }
        }
    }

    private struct State {
        var promptTokens = 0
        var generatedTokens = 0
        var steps = 0
        var finished: [String: Int] = [:]
        var refused = 0
        var cancelled = 0
        var responses: [Int: Int] = [:]
        var firstToken = Histogram()
        var latency = Histogram()
        var queue = Histogram()
    }

    private let state = Mutex(State())

    func respond(_ status: Int) { state.withLock { $0.responses[status, default: 0] += 1 } }
    func refuse() { state.withLock { $0.refused += 1 } }
    func cancel() { state.withLock { $0.cancelled += 1 } }
    func step() { state.withLock { $0.steps += 1 } }
    func wait(_ seconds: Double) { state.withLock { $0.queue.add(seconds) } }
    func firstToken(after seconds: Double) { state.withLock { $0.firstToken.add(seconds) } }

    func finish(_ reason: String, prompt: Int, generated: Int, seconds: Double) {
        state.withLock { state in
            state.finished[reason, default: 0] += 1
            state.promptTokens += prompt
            state.generatedTokens += generated
            state.latency.add(seconds)
        }
    }

    /// All numbers, with those of the engine at this moment.
    func text(running: Int, waiting: Int, passes: Int) -> String {
        let state = state.withLock { $0 }
        var text = ""
        func line(_ name: String, _ kind: String, _ help: String, _ values: [(labels: String, value: String)]) {
            text += "# HELP mmada_\(name) \(help)\n# TYPE mmada_\(name) \(kind)\n"
            for (labels, value) in values { text += "mmada_\(name)\(labels) \(value)\n" }
        }
        func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
            text += "# HELP mmada_\(name) \(help)\n# TYPE mmada_\(name) histogram\n"
            for (bound, count) in zip(Histogram.bounds, histogram.counts) {
                text += "mmada_\(name)_bucket{le=\"\(bound)\"} \(count)\n"
            }
            text += "mmada_\(name)_bucket{le=\"+Inf\"} \(histogram.count)\n"
            text += "mmada_\(name)_sum \(histogram.sum)\nmmada_\(name)_count \(histogram.count)\n"
        }
        line("num_requests_running", "gauge", "Requests that take steps.", [("", "\(running)")])
        line("num_requests_waiting", "gauge", "Requests that wait.", [("", "\(waiting)")])
        line("model_passes_total", "counter", "Passes of the model.", [("", "\(passes)")])
        line("denoise_steps_total", "counter", "Denoising steps of all requests.", [("", "\(state.steps)")])
        line("prompt_tokens_total", "counter", "Tokens of prompts.", [("", "\(state.promptTokens)")])
        line("generation_tokens_total", "counter", "Tokens written and painted.", [("", "\(state.generatedTokens)")])
        line(
            "requests_refused_total", "counter", "Requests refused because too many waited.", [("", "\(state.refused)")]
        )
        line("requests_cancelled_total", "counter", "Requests whose client left.", [("", "\(state.cancelled)")])
        line(
            "request_success_total", "counter", "Requests that ended, by reason.",
            state.finished.sorted { $0.key < $1.key }.map { ("{finished_reason=\"\($0.key)\"}", "\($0.value)") })
        line(
            "http_responses_total", "counter", "Answers by status.",
            state.responses.sorted { $0.key < $1.key }.map { ("{status=\"\($0.key)\"}", "\($0.value)") })
        histogram("time_to_first_token_seconds", "Seconds to the first text.", state.firstToken)
        histogram("e2e_request_latency_seconds", "Seconds of whole requests.", state.latency)
        histogram("request_queue_time_seconds", "Seconds that requests waited.", state.queue)
        return text
    }
}
