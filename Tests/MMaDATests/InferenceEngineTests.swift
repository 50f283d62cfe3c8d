import Diffusion
import Foundation
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

    /// Starts requests that all join before the first step, since the engine is busy until then.
    private func together(
        _ engine: InferenceEngine, _ requests: [PreparedRequest]
    ) async throws -> [[DenoisingStep]] {
        let busy = Task { try await engine.perform { _ in Thread.sleep(forTimeInterval: 0.3) } }
        try await Task.sleep(for: .milliseconds(50))
        let readers = requests.map { request in
            let steps = engine.steps(for: request)
            return Task {
                var seen: [DenoisingStep] = []
                for try await step in steps { seen.append(step) }
                return seen
            }
        }
        try await busy.value
        var all: [[DenoisingStep]] = []
        for reader in readers { all.append(try await reader.value) }
        return all
    }

    private func mixed(_ model: MMaDAModel) throws -> [PreparedRequest] {
        var image = ImageRequest("a cat")
        image.sampling.steps = 6
        image.seed = 3
        let texts = try ["one", "two and three"].enumerated().map { index, content in
            var request = TextRequest(
                [ChatMessage(role: .user, content: content)], genLength: 8 + 4 * index, blockLength: 4)
            request.sampling.temperature = 0.8
            request.seed = UInt64(index)
            return try model.prepare(request)
        }
        return try texts + [model.prepare(image)]
    }

    @Test func `texts and pictures step together, in one pass each, and give what each gives alone`() async throws {
        let model = try goldenModel()
        let requests = try mixed(model)
        let alone = InferenceEngine(model)
        var expected: [[DenoisingStep]] = []
        for request in requests {
            var seen: [DenoisingStep] = []
            for try await step in alone.steps(for: request) { seen.append(step) }
            expected.append(seen)
        }
        #expect(await alone.load.passes == 8 + 12 + 6)
        let engine = InferenceEngine(model)
        let found = try await together(engine, requests)
        #expect(found.map { $0.map(\.tokens) } == expected.map { $0.map(\.tokens) })
        let load = await engine.load
        #expect(load.running == 0 && load.waiting == 0 && load.passes == 12)
    }

    @Test(arguments: [
        InferenceEngine.Capacity(requests: 1, tokens: 10_000), InferenceEngine.Capacity(requests: 8, tokens: 1),
    ])
    func `what finds no room waits its turn`(capacity: InferenceEngine.Capacity) async throws {
        let engine = InferenceEngine(try goldenModel(), capacity: capacity)
        let found = try await together(engine, mixed(engine.model))
        #expect(found.map(\.count) == [8, 12, 6])
        #expect(await engine.load.passes == 8 + 12 + 6)
    }

    @Test func `a request that is given up while it waits never runs`() async throws {
        let engine = InferenceEngine(try goldenModel(), capacity: .init(requests: 1))
        let long = try engine.model.prepare(TextRequest(Self.greeting, genLength: 2048))
        let first = Task { for try await _ in engine.steps(for: long) {} }
        while await engine.load.running == 0 { try await Task.sleep(for: .milliseconds(5)) }
        let second = Task { for try await _ in engine.steps(for: long) {} }
        while await engine.load.waiting == 0 { try await Task.sleep(for: .milliseconds(5)) }
        second.cancel()
        while await engine.load.waiting > 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(await engine.load.running == 1)
        first.cancel()
        while await engine.load.running > 0 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(await engine.load.passes < 2048)
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
