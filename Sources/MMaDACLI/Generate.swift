import ArgumentParser
import Diffusion
import Foundation
import Images
import MMaDA
import StrictJSON
import TextTokenizer

/// The command `mmada generate`.
struct Generate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write text: an answer, an answer about a picture, or what is missing in a text.",
        discussion: """
            Without --prompt the prompt is read from standard input.

              mmada generate --model DIR --prompt "What is 12*3?" --think
              mmada generate --model DIR --image chart.png --prompt "Which year was best?" --stream
              mmada generate --model DIR --infill --prompt "The [MASK*3] jumps over the lazy [MASK]."
            """)

    @OptionGroup var model: ModelOptions

    @Option(help: "What to write about. (default: standard input)")
    var prompt: String?

    @Option(help: "An instruction that stands before the conversation.")
    var system: String?

    @Flag(help: "Ask for reasoning in think tags before the answer.")
    var think = false

    @Flag(help: "The prompt is a text with gaps, [MASK] or [MASK*12] for 12 tokens: fill them.")
    var infill = false

    @OptionGroup(title: "Picture options") var picture: PictureOptions
    @OptionGroup(title: "Sampling options") var text: TextOptions
    @OptionGroup var seed: SeedOption

    @Flag(help: "Show the text while it is written; where output is no terminal, block by block.")
    var stream = false

    @Flag(help: "Print one JSON object: text, tokens, settings, seed and time.")
    var json = false

    func run() async throws {
        let prompt = try prompt ?? Self.standardInput()
        guard !prompt.isEmpty else { throw ValidationError("The prompt is empty.") }
        if infill, think || picture.image != nil || system != nil {
            throw ValidationError("--infill goes with none of --think, --image and --system.")
        }
        let seed = try seed.resolved()
        try preview(prompt)
        let image = try picture.image.map { try RGBImage(contentsOf: URL(filePath: $0)) }
        let engine = try model.makeEngine()
        let prepared = try await engine.perform { model in try prepare(prompt, image, model, seed) }
        let run = TextRun(
            engine: engine, request: prepared, streams: stream && !json,
            blockLength: infill ? prepared.promptCount : text.blockLength ?? min(128, text.genLength))
        let result = try await run.run()
        if json {
            standardOutput(report(result, prepared, seed))
        } else {
            if !stream || Terminal.outputIsTerminal { standardOutput(result.text + "\n") }
            standardError("seed \(seed), \(result.steps) steps in \(String(format: "%.1f", result.seconds)) s\n")
        }
    }

    /// Checks the settings before the model is loaded.
    private func preview(_ prompt: String) throws {
        guard !infill else { return }
        try text.request([], endToken: 0, seed: 0).validate()
    }

    private func prepare(_ prompt: String, _ image: RGBImage?, _ model: MMaDAModel, _ seed: UInt64) throws
        -> PreparedRequest
    {
        let end = model.vocabulary.end
        if infill {
            var request = InfillRequest(prompt, steps: text.steps, sampling: text.sampling(endToken: end))
            request.sampling.earlyStop = .never
            request.seed = seed
            return try model.prepare(request)
        }
        let messages =
            (system.map { [ChatMessage(role: .system, content: $0)] } ?? [])
            + [ChatMessage(role: .user, content: prompt)]
        var request = text.request(messages, image: image, endToken: end, seed: seed)
        request.thinks = think
        request.preprocessing = picture.preprocessing
        request.resolution = picture.resolution
        return try model.prepare(request)
    }

    private func report(_ result: TextRun.Result, _ prepared: PreparedRequest, _ seed: UInt64) -> String {
        JSONValue.members([
            "text": .text(result.text), "tokens": .wholes(result.newTokens),
            "prompt_tokens": .whole(prepared.promptCount), "new_tokens": .whole(result.newTokens.count),
            "steps": .whole(result.steps), "seed": .integer(Int64(clamping: seed)),
            "temperature": .number(text.temperature), "cfg_scale": .number(text.cfgScale),
            "remasking": .text(text.remasking.rawValue), "seconds": .number(result.seconds),
        ]).line
    }

    private static func standardInput() throws -> String {
        guard !Terminal.inputIsTerminal else {
            throw ValidationError("Give a --prompt, or send one to standard input.")
        }
        let limit = 1 << 20
        let data = try FileHandle.standardInput.read(upToCount: limit + 1) ?? Data()
        guard data.count <= limit else {
            throw MMaDAError.outOfRange(name: "prompt", value: "over \(limit) bytes", allowed: "up to \(limit) bytes")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw ValidationError("The prompt on standard input is not UTF-8.")
        }
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}
