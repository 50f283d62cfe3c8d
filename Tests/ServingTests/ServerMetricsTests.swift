import Testing

@testable import Serving

@Suite struct ServerMetricsTests {
    @Test func `counters and histograms are in the format of Prometheus`() throws {
        let metrics = ServerMetrics()
        metrics.finish("stop", prompt: 5, generated: 7, seconds: 0.3)
        metrics.finish("length", prompt: 1, generated: 2, seconds: 200)
        metrics.respond(200)
        metrics.refuse()
        let text = metrics.text(running: 3, waiting: 4, passes: 9)
        for line in [
            "mmada_num_requests_running 3", "mmada_num_requests_waiting 4", "mmada_prompt_tokens_total 6",
            "mmada_generation_tokens_total 9", "mmada_request_success_total{finished_reason=\"stop\"} 1",
            "mmada_e2e_request_latency_seconds_bucket{le=\"0.25\"} 0",
            "mmada_e2e_request_latency_seconds_bucket{le=\"0.5\"} 1",
            "mmada_e2e_request_latency_seconds_bucket{le=\"+Inf\"} 2", "mmada_e2e_request_latency_seconds_count 2",
            "mmada_http_responses_total{status=\"200\"} 1", "mmada_requests_refused_total 1",
        ] { #expect(text.contains(line + "\n"), "\(line)") }
        // Every sample has a type, said once.
        let types = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE") }
        #expect(Set(types).count == types.count)
    }
}
