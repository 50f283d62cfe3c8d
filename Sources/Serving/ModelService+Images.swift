import Diffusion
import Foundation
import Images
import MMaDA
import StrictJSON

// Pictures.
extension ModelService {
    /// Prepares a picture; with `thinks`, writes its description first.
    ///
    /// `onSound`: Called once the request is found to be sound, which is before the description is written.
    private func prepared(
        _ request: ImageGenerationRequest, seed: UInt64, onSound: () -> Void = {}
    ) async throws -> PreparedRequest {
        var image = request.image
        image.seed = seed
        if request.thinks {
            var text = TextRequest(
                [], genLength: settings.defaults.thoughtLength, blockLength: settings.defaults.thoughtBlockLength)
            text.seed = seed
            let prompt = image.prompt
            let thought = try await engine.perform { [text] model in
                var text = text
                text.sampling.earlyStop = .answerComplete(endToken: model.vocabulary.end)
                return try model.prepareThought(prompt, text)
            }
            try requireRoom(thought)
            onSound()
            if let last = try await lastStep(of: thought) { image.reasoning = engine.model.thought(last, of: thought) }
        }
        let prepared = try await engine.perform { [image] in try $0.prepare(image) }
        try requireRoom(prepared)
        onSound()
        return prepared
    }

    /// Paints one picture and tells its steps.
    private func paint(
        _ request: PreparedRequest, as form: ImageGenerationRequest,
        _ tell: (DenoisingStep) async throws -> Void = { _ in }
    ) async throws -> (file: [UInt8], tokens: Int) {
        let start = ContinuousClock.now
        var last: DenoisingStep?
        for try await step in steps(of: request) {
            last = step
            if step.index + 1 < step.count { try await tell(step) }
        }
        try Task.checkCancellation()
        guard let last else { throw APIError.failed }
        let file = try await engine.perform { model in try model.picture(last, of: request).map(form.file) }
        guard let file else { throw APIError.failed }
        let painted = last.fixedAt.count { $0 != nil }
        metrics.finish(
            "stop", prompt: request.promptCount, generated: painted,
            seconds: (ContinuousClock.now - start) / .seconds(1))
        return (file, painted)
    }

    private static func imageUsage(prompt: Int, image: Int) -> JSONValue {
        .members([
            "input_tokens": .integer(Int64(prompt)), "output_tokens": .integer(Int64(image)),
            "total_tokens": .integer(Int64(prompt + image)),
            "input_tokens_details": .members(["text_tokens": .integer(Int64(prompt)), "image_tokens": .integer(0)]),
        ])
    }

    /// Whole pictures.
    func images(_ request: ImageGenerationRequest) async throws -> JSONValue {
        let painted = try await admitted(request.count) {
            try await Self.all(request.count) { index in
                let prepared = try await self.prepared(request, seed: request.image.seed &+ UInt64(index))
                let (file, tokens) = try await self.paint(prepared, as: request)
                return (file: file, tokens: tokens, prompt: prepared.promptCount)
            }
        }
        let data = painted.map { JSONValue.members(["b64_json": .text(Data($0.file).base64EncodedString())]) }
        let usage = Self.imageUsage(
            prompt: painted.first?.prompt ?? 0, image: painted.reduce(0) { $0 + $1.tokens })
        return .members([
            "created": Self.now, "data": .array(data), "output_format": .text(request.format.rawValue), "usage": usage,
            "seed": .integer(Int64(bitPattern: request.image.seed)),
        ])
    }

    /// The events of a streamed picture: partial pictures, then the whole.
    ///
    /// `kind`: `image_generation` or `image_edit`, with which the names of events begin.
    func streamImage(_ request: ImageGenerationRequest, kind: String, _ sink: EventSink) async throws {
        guard request.count == 1 else {
            throw APIError.invalid("A stream has one picture: 'n' must be 1.", parameter: "n")
        }
        @Sendable func event(
            _ name: String, _ file: [UInt8], _ more: [(key: JSONString, value: JSONValue)]
        ) -> JSONValue {
            let head: [(key: JSONString, value: JSONValue)] = [
                ("type", .text("\(kind).\(name)")),
                ("b64_json", .text(Data(file).base64EncodedString())), ("created_at", Self.now),
                ("output_format", .text(request.format.rawValue)), ("background", .text("opaque")),
                ("quality", .text("auto")),
                ("size", .text("auto")),
            ]
            return .object(head + more)
        }
        try await admitted {
            let prepared = try await self.prepared(request, seed: request.image.seed, onSound: sink.begin)
            let engine = self.engine
            let partials = Self.partials(steps: request.image.sampling.steps, count: request.partialImages)
            let (file, tokens) = try await self.paint(prepared, as: request) { step in
                guard let number = partials.firstIndex(of: step.index), !sink.isBehind else { return }
                let file = try await engine.perform { model in
                    try model.pictureSoFar(step, of: prepared).map(request.file)
                }
                guard let file else { return }
                let more: [(key: JSONString, value: JSONValue)] = [
                    ("partial_image_index", .integer(Int64(number))),
                    ("mmada", Self.told(step, engine.model.vocabulary.mask)),
                ]
                try await sink.send(event("partial_image", file, more), as: "\(kind).partial_image")
            }
            let usage = Self.imageUsage(prompt: prepared.promptCount, image: tokens)
            let more: [(key: JSONString, value: JSONValue)] = [
                ("usage", usage), ("seed", .integer(Int64(bitPattern: request.image.seed))),
            ]
            try await sink.send(event("completed", file, more), as: "\(kind).completed")
        }
    }

    /// The steps, evenly spread, of which partial pictures are sent.
    static func partials(steps: Int, count: Int) -> [Int] {
        guard count > 0, steps > 1 else { return [] }
        let count = min(count, steps - 1)
        return (1...count).map { max(0, $0 * steps / (count + 1) - 1) }
    }

    /// A step of a picture as an extension field: which places were fixed, and how surely.
    private static func told(_ step: DenoisingStep, _ mask: Int32) -> JSONValue {
        let changed = step.newlyFixed.map { place -> JSONValue in
            .array([.integer(Int64(place)), .number(Double(step.confidence[place]))])
        }
        return .members([
            "step": .integer(Int64(step.index + 1)), "total": .integer(Int64(step.count)),
            "masked": .integer(Int64(step.tokens.count { $0 == mask })), "changed": .array(changed),
        ])
    }
}
