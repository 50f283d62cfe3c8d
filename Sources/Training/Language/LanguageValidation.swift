import Diffusion
import Foundation
import Images
import MMaDA
import TextTokenizer

/// What is looked at during training: pictures painted from prompts, descriptions of pictures, and answers.
struct LanguageValidation {
    private let configuration: TrainingConfiguration
    private let directory: String

    init(_ configuration: TrainingConfiguration, directory: String) {
        self.configuration = configuration
        self.directory = directory
    }

    /// Writes `pictures.png` (a sheet in the order of the prompts) and `answers.txt` to `folder`.
    func look(at model: MMaDAModel, step: Int, folder: URL) throws -> [String: Double] {
        let settings = configuration.validation
        var notes: [String] = []
        let prompts = try lines(settings.promptsFile)
        if !prompts.isEmpty {
            var pictures: [RGBImage] = []
            for (index, prompt) in prompts.enumerated() {
                var request = ImageRequest(prompt)
                request.sampling.steps = configuration.training.generationTimesteps
                request.sampling.guidanceScale = configuration.training.guidanceScale
                request.maxTextLength = configuration.dataset.preprocessing.maxSeqLength
                request.seed = UInt64(index)
                let prepared = try model.prepare(request)
                guard let last = try lastStep(model, prepared), let picture = try model.picture(last, of: prepared)
                else {
                    continue
                }
                pictures.append(picture)
                notes.append("painted: \(prompt)")
            }
            if !pictures.isEmpty {
                try RGBImage.grid(pictures, columns: min(8, pictures.count)).write(
                    to: folder.appending(path: "pictures.png"))
            }
        }
        for question in try lines(settings.questionsFile) {
            notes.append("\(question)\n  -> \(try answer(model, question, image: nil))")
        }
        for file in try images(settings.imagesFolder) {
            let text = try answer(model, "describe the picture .", image: RGBImage(contentsOf: file))
            notes.append("\(file.lastPathComponent)\n  -> \(text)")
        }
        try Data(notes.joined(separator: "\n").utf8).write(to: folder.appending(path: "answers.txt"))
        return [:]
    }

    private func answer(_ model: MMaDAModel, _ question: String, image: RGBImage?) throws -> String {
        let settings = configuration.validation
        let request = TextRequest(
            [ChatMessage(role: .user, content: question)], image: image, genLength: settings.genLength,
            blockLength: settings.blockLength)
        let prepared = try model.prepare(request)
        guard let last = try lastStep(model, prepared) else { return "" }
        return model.text(last, of: prepared)
    }

    private func lastStep(_ model: MMaDAModel, _ request: PreparedRequest) throws -> DenoisingStep? {
        var denoiser = try model.denoiser(for: request)
        var last: DenoisingStep?
        while let step = try denoiser.next()?.first { last = step }
        return last
    }

    private func resolved(_ path: String) -> URL {
        path.hasPrefix("/") || directory.isEmpty ? URL(filePath: path) : URL(filePath: directory).appending(path: path)
    }

    private func lines(_ path: String) throws -> [String] {
        guard !path.isEmpty else { return [] }
        let text = try String(contentsOf: resolved(path), encoding: .utf8)
        return Array(text.split(separator: "\n").map(String.init).prefix(configuration.validation.count))
    }

    private func images(_ path: String) throws -> [URL] {
        guard !path.isEmpty else { return [] }
        let names = try FileManager.default.contentsOfDirectory(atPath: resolved(path).path).sorted()
        let known: Set<String> = ["jpg", "jpeg", "png", "webp"]
        return names.map { resolved(path).appending(path: $0) }
            .filter { known.contains($0.pathExtension.lowercased()) }
            .prefix(configuration.validation.count).map(\.self)
    }
}
