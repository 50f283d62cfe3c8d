import Diffusion
import Foundation
import MMaDA
import TextTokenizer

/// Runs a text request with progress on standard error.
struct TextRun {
    let engine: InferenceEngine
    let request: PreparedRequest
    /// Whether text is shown while it is written.
    let streams: Bool
    let blockLength: Int

    /// What came out.
    struct Result {
        let step: DenoisingStep
        let text: String
        let newTokens: [Int32]
        let seconds: Double
        let steps: Int
    }

    func run(label: String = "writing") async throws -> Result {
        var progress = Progress(label, total: request.stepCount)
        var live = LiveText()
        var blocks = BlockWriter(tokenizer: engine.model.tokenizer, blockLength: blockLength)
        defer { progress.finish() }
        var last: DenoisingStep?
        for try await step in engine.steps(for: request) {
            last = step
            if streams, Terminal.outputIsTerminal, Terminal.errorIsTerminal {
                live.show(veiled(step))
            } else {
                progress.update(step.index + 1)
                if streams { standardOutput(blocks.text(engine.model.newTokens(step, of: request), engine.model)) }
            }
        }
        live.clear()
        try Task.checkCancellation()
        guard let last else { throw CancellationError() }
        if streams, !Terminal.outputIsTerminal { standardOutput(blocks.rest()) }
        return Result(
            step: last, text: engine.model.text(last, of: request),
            newTokens: engine.model.newTokens(last, of: request),
            seconds: progress.seconds, steps: last.index + 1)
    }

    /// The text with a shade for every token that is still masked.
    private func veiled(_ step: DenoisingStep) -> String {
        let model = engine.model
        var text = ""
        var run: [Int32] = []
        for token in model.newTokens(step, of: request) {
            if token == model.vocabulary.mask {
                text += model.tokenizer.decode(run) + "░"
                run = []
            } else if model.vocabulary.text.contains(Int(token)) {
                run.append(token)
            }
        }
        return text + model.tokenizer.decode(run)
    }
}

/// Gives the text of finished blocks, each once, so that what was given never changes.
private struct BlockWriter {
    private var decoder: StreamingDecoder
    private let blockLength: Int
    private var written = 0

    init(tokenizer: Tokenizer, blockLength: Int) {
        decoder = StreamingDecoder(tokenizer: tokenizer)
        self.blockLength = blockLength
    }

    mutating func text(_ tokens: [Int32], _ model: MMaDAModel) -> String {
        var text = ""
        while written < tokens.count {
            let block = tokens[written..<min(written + blockLength, tokens.count)]
            guard !block.contains(model.vocabulary.mask) else { break }
            text += decoder.append(block.filter { model.vocabulary.text.contains(Int($0)) })
            written += block.count
        }
        return text
    }

    mutating func rest() -> String { decoder.finish() + "\n" }
}
