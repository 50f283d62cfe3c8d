import ArgumentParser
import Foundation
import Images
import MMaDA

/// The command `mmada reconstruct`.
struct Reconstruct: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send a picture through the image tokenizer and back, and say how much was lost.")

    @OptionGroup var model: ModelOptions

    @Argument(help: "The picture: PNG, JPEG or WebP.", completion: .file())
    var image: String

    @Option(help: ArgumentHelp("Where to write the result: .png or .jpg.", valueName: "file"), completion: .file())
    var output: String?

    @Option(help: "How the picture is made square: crop, squash or pad.")
    var preprocessing = ImagePreprocessing.crop

    @Option(help: "Side in pixels. (default: the model's own)")
    var resolution: Int?

    func run() async throws {
        let target = output.map { URL(filePath: $0) }
        if let target { try OutputError.check(target) }
        let picture = try RGBImage(contentsOf: URL(filePath: image))
        let engine = try model.makeEngine()
        let (before, after) = try await engine.perform { [preprocessing, resolution] model in
            let before = try model.preprocessed(picture, preprocessing, resolution: resolution)
            return (before, try model.reconstruct(before))
        }
        if let target { try after.write(to: target) }
        standardOutput(String(format: "PSNR %.2f dB\n", try after.psnr(against: before)))
    }
}
