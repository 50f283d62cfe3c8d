import Diffusion
import Foundation
import MMaDA
import StrictJSON
import TextTokenizer
import Torch
import Transformer

// Plain completions.
extension ModelService {
    /// One choice of a completion.
    private struct Choice: Sendable {
        var text = ""
        var finish = "stop"
        var logprobs = JSONValue.null
        var promptTokens = 0
        var tokens = 0
    }

    /// A whole completion.
    func completion(_ request: CompletionRequest) async throws -> JSONValue {
        let works = request.numberedWorks
        let choices = try await admitted(works.count) {
            try await Self.all(works.count) { index in
                try await self.choice(works[index].work, works[index].number, request)
            }
        }
        let list = choices.enumerated().map { index, choice in
            JSONValue.members([
                "index": .integer(Int64(index)), "text": .text(choice.text), "logprobs": choice.logprobs,
                "finish_reason": .text(choice.finish),
            ])
        }
        return completion(list, usage: Self.usage(choices))
    }

    private static func usage(_ choices: [Choice]) -> JSONValue {
        usage(
            prompt: choices.reduce(0) { $0 + $1.promptTokens }, completion: choices.reduce(0) { $0 + $1.tokens })
    }

    private func completion(_ choices: [JSONValue], id: String = id("cmpl"), usage: JSONValue?) -> JSONValue {
        var members: [(key: JSONString, value: JSONValue)] = [
            ("id", .text(id)), ("object", .text("text_completion")),
            ("created", Self.now), ("model", .text(settings.modelName)), ("choices", .array(choices)),
        ]
        if let usage { members.append(("usage", usage)) }
        return .object(members)
    }

    private func choice(
        _ work: CompletionRequest.Work, _ number: Int, _ request: CompletionRequest,
        _ tell: @Sendable (String) async throws -> Void = { _ in }
    ) async throws -> Choice {
        switch work {
        case .text(let prompt, let text, let maxTokens):
            let prepared = try await engine.perform { try $0.prepareContinuation(prompt, text) }
            try requireRoom(prepared)
            if request.echoes { try await tell(prompt) }
            let writing = Writing(blockLength: text.blockLength, maxTokens: maxTokens, stops: request.stops)
            let written = try await write(prepared.reseeded(by: number), writing) { delta, _ in
                try await tell(delta.content)
            }
            return Choice(
                text: (request.echoes ? prompt : "") + written.content, finish: written.finish.rawValue,
                promptTokens: written.promptTokens, tokens: written.tokens)
        case .infill(var infill):
            infill.seed &+= UInt64(number)
            let choice = try await filled(infill)
            try await tell(choice.text)
            return choice
        case .likelihood(let prompt, let samples, let batch, let seed):
            let choice = try await estimated(prompt, samples: samples, batch: batch, seed: seed)
            try await tell(choice.text)
            return choice
        }
    }

    private func filled(_ infill: InfillRequest) async throws -> Choice {
        let start = ContinuousClock.now
        let prepared = try await engine.perform { try $0.prepare(infill) }
        try requireRoom(prepared)
        guard prepared.stepCount <= settings.maxSteps, prepared.stepCount <= settings.maxGenLength else {
            throw APIError.invalid(
                "The gaps have \(prepared.stepCount) tokens, more than the limit of \(min(settings.maxSteps, settings.maxGenLength)).",
                parameter: "prompt")
        }
        guard let last = try await lastStep(of: prepared) else { throw APIError.failed }
        let gaps = last.fixedAt.count { $0 != nil }
        metrics.finish(
            "stop", prompt: prepared.promptCount - gaps, generated: gaps,
            seconds: (ContinuousClock.now - start) / .seconds(1))
        return Choice(
            text: engine.model.text(last, of: prepared), promptTokens: prepared.promptCount - gaps, tokens: gaps)
    }

    /// `echo` with `logprobs`: what evaluation harnesses ask for likelihoods with.
    ///
    /// A masked diffusion model has no log-probability of a token given those before it: the estimate of the whole text
    /// (LLaDA's, equation 6) stands at its last token, and the others have 0. `mc_num` tells how it was made.
    private func estimated(_ prompt: String, samples: Int, batch: Int, seed: UInt64) async throws -> Choice {
        let model = engine.model
        let ids = model.tokenizer.encodeOrdinary(prompt)
        guard ids.count > 1 else {
            throw APIError.invalid("'prompt' must have at least two tokens.", parameter: "prompt")
        }
        guard ids.count <= model.transformer.configuration.maxSequenceLength else {
            throw APIError.invalid("'prompt' has \(ids.count) tokens, more than the model takes.", parameter: "prompt")
        }
        guard batch * ids.count <= settings.capacity.tokens else {
            throw APIError.invalid(
                "'mc_batch_size' \(batch) times \(ids.count) tokens is more than the limit of \(settings.capacity.tokens).",
                parameter: "mc_batch_size")
        }
        let random = try RandomSource(seed: seed, device: model.transformer.device)
        var estimate = LikelihoodEstimate()
        // A round at a time: others take their steps in between, and who leaves is not worked for.
        for _ in 0..<samples / batch {
            try Task.checkCancellation()
            let round = try await engine.perform { model in
                let rounds = AnswerLikelihood(
                    model.transformer, maskID: model.vocabulary.mask,
                    AnswerLikelihood.Settings(samples: batch, batchSize: batch))
                return try rounds.estimates([AnswerQuery(prompt: [], answer: ids, random: random)])[0]
            }
            for loss in round.losses { estimate.add(loss) }
        }
        let texts = ids.map { model.tokenizer.decode([$0]) }
        var offset = 0
        let offsets = texts.map { text -> JSONValue in
            defer { offset += text.count }
            return .integer(Int64(offset))
        }
        let values = ids.indices.map { index -> JSONValue in
            index == 0 ? .null : .number(index == ids.count - 1 ? estimate.logLikelihood : 0)
        }
        let logprobs = JSONValue.members([
            "tokens": .array(texts.map { .text($0) }), "token_logprobs": .array(values),
            "top_logprobs": .array(ids.indices.map { $0 == 0 ? JSONValue.null : .object([]) }),
            "text_offset": .array(offsets), "mc_num": .integer(Int64(samples)),
            "standard_error": .number(estimate.standardError.isFinite ? estimate.standardError : 0),
        ])
        return Choice(text: prompt, finish: "length", logprobs: logprobs, promptTokens: ids.count, tokens: 0)
    }

    /// The chunks of a streamed completion.
    func streamCompletion(_ request: CompletionRequest, _ sink: EventSink) async throws {
        let id = Self.id("cmpl")
        let works = request.numberedWorks
        let choices = try await admitted(works.count) {
            sink.begin()
            return try await Self.all(works.count) { index in
                @Sendable func piece(_ text: String, _ finish: String?, _ logprobs: JSONValue = .null) -> JSONValue {
                    let reason = finish.map { JSONValue.text($0) } ?? .null
                    let choice = JSONValue.members([
                        "index": .integer(Int64(index)), "text": .text(text), "logprobs": logprobs,
                        "finish_reason": reason,
                    ])
                    return self.completion([choice], id: id, usage: nil)
                }
                let choice = try await self.choice(works[index].work, works[index].number, request) { text in
                    if !text.isEmpty { try await sink.send(piece(text, nil)) }
                }
                try await sink.send(piece("", choice.finish, choice.logprobs))
                return choice
            }
        }
        if request.includesUsage { try await sink.send(completion([], id: id, usage: Self.usage(choices))) }
    }
}
