import Diffusion
import Images
import MMaDA
import TestSupport
import Testing
import TextTokenizer
import Torch

@Suite struct InferenceEngineTests {
    private static let greeting = [ChatMessage(role: .user, content: "Hello")]

    @Test func `cancelling stops the work before its next step`() async throws {
        let engine = InferenceEngine(try goldenModel())
        let prepared = try engine.model.prepare(TextRequest(Self.greeting, genLength: 2048))
        let reader = Task {
            var seen = 0
            for try await _ in engine.steps(for: prepared) {
                seen += 1
                if seen == 2 { withUnsafeCurrentTask { $0?.cancel() } }
            }
            return seen
        }
        let seen = try await reader.value
        #expect(seen >= 2 && seen < 2048)
        // The engine is free at once: another request is served.
        let next = try engine.model.prepare(TextRequest(Self.greeting, genLength: 4))
        var steps = 0
        for try await _ in engine.steps(for: next) { steps += 1 }
        #expect(steps == 4)
    }

    @Test func `a reader of the newest step gets the last one whatever it misses`() async throws {
        let engine = InferenceEngine(try goldenModel())
        let prepared = try engine.model.prepare(TextRequest(Self.greeting, genLength: 16))
        var every: [DenoisingStep] = []
        for try await step in engine.steps(for: prepared) { every.append(step) }
        var newest: DenoisingStep?
        for try await step in engine.steps(for: prepared, delivery: .latest) { newest = step }
        #expect(every.count == 16)
        #expect(newest == every.last)
    }

    @Test func `two requests at once give what each gives alone`() async throws {
        let engine = InferenceEngine(try goldenModel())
        func text(_ content: String) async throws -> [Int32] {
            var request = TextRequest([ChatMessage(role: .user, content: content)], genLength: 12)
            request.sampling.temperature = 1
            request.seed = 5
            let prepared = try engine.model.prepare(request)
            var tokens: [Int32] = []
            for try await step in engine.steps(for: prepared) { tokens = step.tokens }
            return tokens
        }
        let alone = [try await text("one"), try await text("two")]
        async let first = text("one")
        async let second = text("two")
        let together = [try await first, try await second]
        #expect(together == alone)
    }

    @Test func `memory stays flat over repeated generations`() async throws {
        let engine = InferenceEngine(try goldenModel())
        let text = try engine.model.prepare(TextRequest(Self.greeting, genLength: 8))
        let image = try engine.model.prepare(ImageRequest("a cat"))
        func generate(_ times: Int) async throws {
            for _ in 0..<times {
                for try await _ in engine.steps(for: text) {}
                for try await step in engine.steps(for: image) {
                    if step.index == step.count - 1 {
                        _ = try await engine.perform { try $0.picture(step, of: image) }
                    }
                }
            }
        }
        try await generate(5)
        let before = try residentMemory()
        try await generate(20)
        #expect(try residentMemory() - before < 16 << 20, "bytes gained in 20 rounds")
    }
}
