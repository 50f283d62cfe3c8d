import Datasets
import Diffusion
import Foundation
import MMaDA
import ShapesWorld
import TestSupport
import Testing
import TextTokenizer

@testable import Distillation

@Suite struct ModelResponsesTests {
    private let engine: InferenceEngine

    init() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Models/shapes")
        engine = InferenceEngine(try MMaDAModel(directory: folder.standardized))
    }

    @Test func `answers are those that each prompt gets alone`() async throws {
        let world = World(level: .cells, seed: 4)
        let kinds: [TaskKind] = [.chat, .understanding, .chat, .understanding, .chat]
        let queries = try kinds.enumerated().map { index, kind in
            ResponseQuery(try world.example(kind, .test, index).record, seed: UInt64(index))
        }
        var sampling = TextSampling()
        sampling.temperature = 0.8
        sampling.steps = 32
        let source = ModelResponses(engine, genLength: 32, blockLength: 16, sampling: sampling, rowsAtOnce: 3)
        let found = try await source.responses(to: queries)
        for (query, response) in zip(queries, found) {
            var request = TextRequest(
                [ChatMessage(role: .user, content: query.record.prompt)], image: query.record.image, genLength: 32,
                blockLength: 16, sampling: sampling)
            request.seed = query.seed
            request.sampling.earlyStop = .answerComplete(endToken: engine.model.vocabulary.end)
            let prepared = try engine.model.prepare(request)
            var last: DenoisingStep?
            for try await step in engine.steps(for: prepared) { last = step }
            #expect(try response.get() == last.map { engine.model.text($0, of: prepared) })
        }
    }

    @Test func `a prompt that cannot be laid out costs itself alone`() async throws {
        let source = ModelResponses(engine, genLength: 16, blockLength: 16, sampling: TextSampling(), rowsAtOnce: 4)
        let long = Record(task: .chat, prompt: String(repeating: "red ", count: 40_000))
        let found = try await source.responses(
            to: [
                ResponseQuery(long, seed: 1), ResponseQuery(Record(task: .chat, prompt: "what is 1 plus 1 ?"), seed: 1),
            ])
        #expect(throws: NoResponse.self) { try found[0].get() }
        #expect(throws: Never.self) { try found[1].get() }
    }
}
