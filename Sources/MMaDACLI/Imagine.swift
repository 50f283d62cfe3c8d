public import ArgumentParser
public import Diffusion
import Foundation
import Images
public import MMaDA
import TextTokenizer

extension ImageRequest.Direction: ExpressibleByArgument {}

extension MaskSchedule: ExpressibleByArgument {
    /// Reads `cosine`, `linear`, `sigmoid` or `powN`.
    public init?(argument: String) { self.init(argument) }
}

/// The command `mmada imagine`.
struct Imagine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Paint a picture from a prompt, or paint a part of one anew.",
        discussion: """
              mmada imagine --model DIR --prompt "a lighthouse at dusk" --output lighthouse.png
              mmada imagine --model DIR --prompt "a hat" --image cat.png --mask hat.png --output cat-with-hat.png
              mmada imagine --model DIR --prompt "a beach" --image sea.png --extend right --output wide.png

            In a mask, white is painted and black is kept.
            """)

    @OptionGroup var model: ModelOptions

    @Option(help: "What the picture should show.")
    var prompt: String

    @Option(help: ArgumentHelp("Where to write the picture: .png or .jpg.", valueName: "file"), completion: .file())
    var output: String

    @Option(help: "Denoising steps.")
    var steps = 15

    @Option(help: "Guidance by the prompt; 0 is off.")
    var guidanceScale = 3.5

    @Option(
        help: ArgumentHelp(
            "How fast masks disappear: cosine, linear, sigmoid, or powN for 1 - t^N. (default: cosine)",
            valueName: "name"))
    var schedule: MaskSchedule = .cosine

    @Option(help: "Randomness of which tokens stay; it falls to 0 with the steps.")
    var temperature = 1.0

    @Option(help: "Side in pixels of what is painted at once. (default: the model's own)")
    var resolution: Int?

    @Option(help: "Pictures to paint, with the seeds seed, seed + 1, …")
    var count = 1

    @OptionGroup var seed: SeedOption

    @Option(
        help: ArgumentHelp("Also write a picture of every step into this folder.", valueName: "dir"),
        completion: .directory)
    var frames: String?

    @Option(help: ArgumentHelp("Also lay the pictures of all steps out in one file.", valueName: "file"))
    var sheet: String?

    @Flag(help: "Let the model write a detailed description first, and paint that.")
    var think = false

    @Option(help: "Tokens of that description.")
    var thoughtLength = 256

    @Option(help: "Tokens of a block of that description. (default: 128, or all if fewer)")
    var thoughtBlockLength: Int?

    @Option(help: ArgumentHelp("A picture to change.", valueName: "file"), completion: .file())
    var image: String?

    @Option(
        help: ArgumentHelp("White where the picture is to be painted anew.", valueName: "file"), completion: .file())
    var mask: String?

    @Option(help: "Continue the picture on this side: left, right, up or down.")
    var extend: ImageRequest.Direction?

    @Option(help: "When extending: tokens by which the part to paint is more than half of what the model sees.")
    var overlap = 0

    func run() async throws {
        let target = URL(filePath: output)
        try check(target)
        var request = ImageRequest(prompt)
        request.sampling.steps = steps
        request.sampling.guidanceScale = guidanceScale
        request.sampling.temperature = temperature
        request.sampling.schedule = schedule
        request.resolution = resolution
        request.seed = try seed.resolved()
        try request.validate()
        request.source = try source()
        let engine = try model.makeEngine()
        for number in 1...count {
            if think { request.reasoning = try await thought(engine, seed: request.seed) }
            let url = count == 1 ? target : target.numbered(number)
            try await paint(request, engine, to: url, frames: frames.map { URL(filePath: $0) }, number: number)
            request.seed += 1
        }
    }

    /// Finds mistakes before the model is loaded.
    private func check(_ target: URL) throws {
        guard (1...1000).contains(count) else {
            throw MMaDAError.outOfRange(name: "count", value: "\(count)", allowed: "1 to 1000")
        }
        guard ["png", "jpg", "jpeg"].contains(target.pathExtension.lowercased()) else {
            throw ImageError.unknownExtension(target.pathExtension)
        }
        try OutputError.check(target)
        if let sheet { try OutputError.check(URL(filePath: sheet)) }
        if let frames {
            let folder = URL(filePath: frames, directoryHint: .isDirectory)
            do {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            } catch {
                throw OutputError.notWritable(folder)
            }
        }
        if mask != nil || extend != nil, image == nil { throw ValidationError("--mask and --extend need --image.") }
        if image != nil, (mask == nil) == (extend == nil) {
            throw ValidationError("--image needs either --mask, to paint in it, or --extend, to paint beside it.")
        }
    }

    private func source() throws -> ImageRequest.Source {
        guard let image else { return .nothing }
        let picture = try RGBImage(contentsOf: URL(filePath: image))
        if let mask { return .inpaint(picture, mask: try GrayImage(contentsOf: URL(filePath: mask))) }
        guard let extend else { return .nothing }
        return .extend(picture, extend, overlap: overlap)
    }

    private func thought(_ engine: InferenceEngine, seed: UInt64) async throws -> [Int32] {
        let prepared = try await engine.perform { [prompt, thoughtLength, thoughtBlockLength] model in
            var request = TextRequest([], genLength: thoughtLength, blockLength: thoughtBlockLength)
            request.sampling.earlyStop = .answerComplete(endToken: model.vocabulary.end)
            request.seed = seed
            return try model.prepareThought(prompt, request)
        }
        let run = TextRun(
            engine: engine, request: prepared, streams: false, blockLength: thoughtBlockLength ?? thoughtLength)
        let result = try await run.run(label: "thinking")
        standardError(result.text + "\n")
        return try await engine.perform { [step = result.step] model in model.thought(step, of: prepared) }
    }

    private func paint(
        _ request: ImageRequest, _ engine: InferenceEngine, to url: URL, frames: URL?, number: Int
    ) async throws {
        let prepared = try await engine.perform { model in try model.prepare(request) }
        var progress = Progress("painting", total: prepared.stepCount)
        defer { progress.finish() }
        var last: DenoisingStep?
        var soFar: [RGBImage] = []
        for try await step in engine.steps(for: prepared) {
            last = step
            progress.update(step.index + 1)
            if sheet != nil, let picture = try await engine.perform({ try $0.pictureSoFar(step, of: prepared) }) {
                soFar.append(picture)
            }
            if let frames {
                let name = String(format: "%@step-%03d.png", count == 1 ? "" : "\(number)-", step.index + 1)
                try await engine.perform { model in
                    try model.picture(step, of: prepared)?.write(to: frames.appending(path: name))
                }
            }
        }
        try Task.checkCancellation()
        guard let step = last else { throw CancellationError() }
        let seconds = progress.seconds
        try await engine.perform { model in try model.picture(step, of: prepared)?.write(to: url) }
        if let sheet, !soFar.isEmpty {
            let target = URL(filePath: sheet)
            try RGBImage.grid(soFar, columns: 8).write(to: count == 1 ? target : target.numbered(number))
        }
        progress.finish()
        standardOutput(url.path + "\n")
        standardError("seed \(request.seed), \(step.count) steps in \(String(format: "%.1f", seconds)) s\n")
    }
}

extension URL {
    /// `name.png` as `name-2.png`.
    fileprivate func numbered(_ number: Int) -> URL {
        deletingPathExtension().deletingLastPathComponent().appending(
            path: deletingPathExtension().lastPathComponent + "-\(number)." + pathExtension)
    }
}
