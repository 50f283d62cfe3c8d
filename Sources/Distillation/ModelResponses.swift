import Datasets
public import Diffusion
public import MMaDA
import TextTokenizer

/// Answers of a model of this kind, many in one pass.
public struct ModelResponses: ResponseSource {
    private let engine: InferenceEngine
    private let genLength: Int
    private let blockLength: Int
    private let sampling: TextSampling
    private let rowsAtOnce: Int

    /// Answers of a model.
    ///
    /// - Parameters:
    ///   - engine: Its engine.
    ///   - genLength: Tokens that an answer may have.
    ///   - blockLength: Tokens of a block.
    ///   - sampling: How tokens are chosen; an answer ends early in any case.
    ///   - rowsAtOnce: Answers in work at the same time.
    public init(
        _ engine: InferenceEngine, genLength: Int, blockLength: Int, sampling: TextSampling, rowsAtOnce: Int
    ) {
        self.engine = engine
        self.genLength = genLength
        self.blockLength = blockLength
        self.sampling = sampling
        self.rowsAtOnce = rowsAtOnce
    }

    /// Writes all answers; prompts that cannot be laid out cost themselves alone.
    public func responses(to queries: [ResponseQuery]) async throws -> [Result<String, NoResponse>] {
        try await engine.perform { model in
            let prepared = queries.map { query in
                Result { try model.prepare(request(query, model)) }.mapError(NoResponse.init)
            }
            let sound = prepared.compactMap { try? $0.get() }
            var steps = try DenoiserBatch.run(
                model.transformer, count: sound.count, atOnce: rowsAtOnce,
                denoiser: { try model.denoiser(for: sound[$0]) }, progress: { _ in try Task.checkCancellation() }
            ).makeIterator()
            return prepared.map { prepared in
                prepared.map { request in (steps.next() ?? nil).map { model.text($0, of: request) } ?? "" }
            }
        }
    }

    private func request(_ query: ResponseQuery, _ model: MMaDAModel) -> TextRequest {
        var messages = query.record.turns.map { turn in
            ChatMessage(role: turn.role == "assistant" ? .assistant : .user, content: turn.text)
        }
        messages.append(ChatMessage(role: .user, content: query.record.prompt))
        var request = TextRequest(
            messages, image: query.record.image, genLength: genLength, blockLength: blockLength,
            steps: sampling.steps, sampling: sampling)
        request.sampling.earlyStop = .answerComplete(endToken: model.vocabulary.end)
        request.thinks = true
        request.seed = query.seed
        return request
    }
}
