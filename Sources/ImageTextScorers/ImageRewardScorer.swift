import Checkpoints
public import Foundation
public import Images
import NN
import TextTokenizer
public import Torch

/// ImageReward (arXiv 2304.05977): how well people would like a picture for a prompt, about −2.3…2 for usual ones.
public struct ImageRewardScorer: ImageTextScorer {
    /// Tokens of a prompt at most.
    private static let longest = 35

    private let model: ImageReward
    private let tokenizer: WordPieceTokenizer
    private let preprocessing: CLIPPreprocessing
    private let device: Device

    /// Loads a folder with `ImageReward.pt` or `ImageReward.safetensors`, BERT's `vocab.txt` and perhaps `med_config.json`.
    ///
    /// - Parameters:
    ///   - directory: The folder.
    ///   - device: Where it is computed, in float32.
    ///   - configuration: The shape of the model; `nil` to read it off the tensors.
    /// - Throws: ``ScorerError``, `CheckpointError`, `ConfigurationError`, `ParameterError` or `TokenizerError`.
    public init(directory: URL, device: Device = .cpu, configuration: ImageRewardConfiguration? = nil) throws {
        try device.prepare()
        self.device = device
        let folder = ScorerFolder(directory)
        let checkpoint = try folder.checkpoint(stems: ["ImageReward"])
        let shape =
            try configuration
            ?? ImageRewardConfiguration(checkpoint, medConfig: folder.json("med_config.json"))
        let parameters = CheckpointParameters(checkpoint, device: device, dtype: .float32)
        model = try ImageReward(shape, ParameterScope(parameters))
        try parameters.finish(ignoring: Set(checkpoint.names.filter(Self.isUnused)))
        tokenizer = try WordPieceTokenizer(directory: directory)
        guard tokenizer.count <= shape.vocabularySize else {
            throw ScorerError.vocabularyTooLarge(tokenizer: tokenizer.count, model: shape.vocabularySize)
        }
        preprocessing = CLIPPreprocessing(side: shape.imageSize, cropping: .toEven)
    }

    /// What a checkpoint holds for other uses of BLIP: the reference passes over it in silence.
    private static func isUnused(_ name: String) -> Bool {
        let used = ["blip.visual_encoder.", "blip.text_encoder.", "mlp."]
        let unused = ["blip.text_encoder.embeddings.position_ids", "blip.text_encoder.pooler."]
        return !used.contains(where: name.hasPrefix) || unused.contains(where: name.hasPrefix)
    }

    /// The standardised reward for each image with the prompt at the same place.
    ///
    /// A prompt beyond 35 tokens is cut.
    ///
    /// - Throws: ``ScorerError/countMismatch(images:prompts:)``; ``ScorerError/notFinite(index:)``; `ImageError`.
    public func score(_ images: [RGBImage], prompts: [String]) throws -> [Double] {
        try withoutGradient { () throws in
            let limit = min(Self.longest, model.configuration.positions)
            var encoded: [String: [Int32]] = [:]
            for prompt in prompts where encoded[prompt] == nil {
                encoded[prompt] = tokenizer.encode(prompt, limit: limit)
            }
            return try scoreInBatches(images, prompts: prompts) { range in
                let pixels = try preprocessing.pixels(of: Array(images[range])).to(device)
                let texts = range.map { encoded[prompts[$0]] ?? [] }
                let length = texts.reduce(0) { max($0, $1.count) }
                let padding = texts.map { [Int32](repeating: tokenizer.padToken, count: length - $0.count) }
                let ids = zip(texts, padding).flatMap { ($0 + $1).map(Int64.init) }
                let mask = texts.flatMap { text in (0..<length).map { $0 < text.count } }
                let states = try model.textStates(
                    Tensor(ids, shape: [texts.count, length]).to(device),
                    mask: Tensor(mask, shape: [texts.count, length]).to(device), image: model.imageStates(pixels))
                return try model.rewards(ofStates: states).map(ImageReward.standardized)
            }
        }
    }
}
