public import ArgumentParser
public import Diffusion
import Foundation
public import Images
import MMaDA
import TextTokenizer

extension Remasking: ExpressibleByArgument {}
extension ImagePreprocessing: ExpressibleByArgument {}

/// How text is written.
struct TextOptions: ParsableArguments {
    @Option(help: "New tokens. A multiple of --block-length.")
    var genLength = 128

    @Option(help: "Denoising steps in all. A multiple of the number of blocks. (default: one a token)")
    var steps: Int?

    @Option(help: "Tokens of a block; blocks are written one after another. (default: 128, or all if fewer)")
    var blockLength: Int?

    @Option(help: "Randomness of the tokens; 0 always takes the most probable.")
    var temperature = 0.0

    @Option(help: "Classifier-free guidance; 0 is off.")
    var cfgScale = 0.0

    @Option(help: "Which predictions stay after a step: low_confidence or random.")
    var remasking = Remasking.lowConfidence

    @Flag(help: "Stop after the block in which the answer ends, instead of writing all blocks.")
    var stopEarly = false

    func sampling(endToken: Int32) -> TextSampling {
        var sampling = TextSampling()
        sampling.temperature = temperature
        sampling.cfgScale = cfgScale
        sampling.remasking = remasking
        sampling.earlyStop = stopEarly ? .answerComplete(endToken: endToken) : .never
        return sampling
    }

    func request(_ messages: [ChatMessage], image: RGBImage? = nil, endToken: Int32, seed: UInt64) -> TextRequest {
        var request = TextRequest(
            messages, image: image, genLength: genLength, blockLength: blockLength, steps: steps,
            sampling: sampling(endToken: endToken))
        request.seed = seed
        return request
    }
}

/// A picture that a text is about.
struct PictureOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("A picture to ask about: PNG, JPEG or WebP.", valueName: "file"),
        completion: .file(extensions: ["png", "jpg", "jpeg", "webp"]))
    var image: String?

    @Option(help: "How the picture is made square: crop, squash or pad.")
    var preprocessing = ImagePreprocessing.crop

    @Option(help: "Side of the picture in pixels. (default: the model's own)")
    var resolution: Int?
}
