import Checkpoints
public import Foundation
public import Images
import NN
import StrictJSON
import TextTokenizer
public import Torch

/// The CLIP score (arXiv 2104.08718, in the unit of torchmetrics): 100·cos of picture and text, not below 0.
public struct CLIPScorer: ImageTextScorer {
    private let model: CLIP
    private let tokenizer: CLIPTokenizer
    private let preprocessing: CLIPPreprocessing
    private let device: Device

    /// Loads a folder as Hugging Face publishes it.
    ///
    /// It holds `config.json`, the weights (`model.safetensors`, `pytorch_model.bin` and so on), the tokenizer
    /// (`tokenizer.json`, or `vocab.json` and `merges.txt`) and perhaps `preprocessor_config.json`. Weights with OpenAI's
    /// names, in `model.pt`, do without `config.json`.
    ///
    /// - Parameters:
    ///   - directory: The folder.
    ///   - device: Where it is computed.
    ///   - dtype: Type of the activations.
    /// - Throws: ``ScorerError``, `CheckpointError`, `ConfigurationError`, `ParameterError` or `TokenizerError`.
    public init(directory: URL, device: Device = .cpu, dtype: DType = .float32) throws {
        try device.prepare()
        self.device = device
        let folder = ScorerFolder(directory)
        model = try Self.model(folder, device: device, dtype: dtype)
        let configuration = model.configuration
        tokenizer = try CLIPTokenizer(directory: directory)
        guard tokenizer.count <= configuration.vocabularySize else {
            throw ScorerError.vocabularyTooLarge(tokenizer: tokenizer.count, model: configuration.vocabularySize)
        }
        // Where the model takes the largest id for the end, it must be the largest.
        let end = configuration.endToken ?? tokenizer.count - 1
        guard end == Int(tokenizer.endToken) else {
            throw ScorerError.endTokenMismatch(tokenizer: Int(tokenizer.endToken), model: end)
        }
        preprocessing =
            try folder.json("preprocessor_config.json").map { try CLIPPreprocessing($0) }
            ?? CLIPPreprocessing(side: configuration.imageSize)
        guard preprocessing.side == configuration.imageSize else {
            throw ConfigurationError.inconsistent(
                "pictures are cut to \(preprocessing.side) pixels, but the model takes \(configuration.imageSize)")
        }
    }

    private static func model(_ folder: ScorerFolder, device: Device, dtype: DType) throws -> CLIP {
        let checkpoint = try folder.checkpoint(stems: ["model", "pytorch_model"])
        let parameters = CheckpointParameters(checkpoint, device: device, dtype: dtype)
        if checkpoint["visual.conv1.weight"] != nil {
            let configuration =
                try folder.json("config.json").map { try CLIPConfiguration($0) }
                ?? CLIPConfiguration(openAI: checkpoint)
            let model = try CLIP(configuration, dtype: dtype, ParameterScope(OpenAIParameters(parameters)))
            try parameters.finish(ignoring: OpenAINames.constants)
            return model
        }
        let configuration = try CLIPConfiguration(folder.requiredJSON("config.json"))
        let model = try CLIP(configuration, dtype: dtype, ParameterScope(parameters))
        try parameters.finish(ignoring: CLIP.constantNames)
        return model
    }

    /// max(100·cos, 0) for each image with the prompt at the same place, 0…100.
    ///
    /// A prompt beyond 77 tokens is cut; one that occurs more than once is encoded once.
    ///
    /// - Throws: ``ScorerError/countMismatch(images:prompts:)``; ``ScorerError/notFinite(index:)``; `ImageError`.
    public func score(_ images: [RGBImage], prompts: [String]) throws -> [Double] {
        try withoutGradient { () throws in
            var rows: [String: Int64] = [:]
            var distinct: [String] = []
            for prompt in prompts where rows[prompt] == nil {
                rows[prompt] = Int64(distinct.count)
                distinct.append(prompt)
            }
            let texts = try stride(from: 0, to: distinct.count, by: scoringBatch).map { start in
                try features(distinct[start..<min(start + scoringBatch, distinct.count)])
            }
            let joined = texts.isEmpty ? nil : try Tensor.cat(texts)  // [texts, P]
            return try scoreInBatches(images, prompts: prompts) { range in
                guard let joined else { return [] }
                let wanted = try Tensor(range.map { rows[prompts[$0]] ?? 0 }).to(device)
                let pixels = try preprocessing.pixels(of: Array(images[range])).to(device)
                let pictures = try CLIP.unit(model.imageFeatures(pixels))  // [B, P]
                let cosines = try (pictures * joined.indexSelect(wanted)).sum(along: 1)
                let values: [Float] = try cosines.to(dtype: .float32).array()
                return values.map { $0.isFinite ? max(100 * Double($0), 0) : .nan }
            }
        }
    }

    /// Vectors of length 1 of some prompts: `[prompts, P]`.
    private func features(_ prompts: ArraySlice<String>) throws -> Tensor {
        let limit = min(CLIPTokenizer.longest, model.configuration.contextLength)
        let ids = prompts.map { tokenizer.encode($0, limit: limit) }
        let length = ids.reduce(0) { max($0, $1.count) }
        // What stands behind the end is not seen by what is read.
        let filled = ids.flatMap { ids in
            (ids + [Int32](repeating: tokenizer.endToken, count: length - ids.count)).map(Int64.init)
        }
        let tensor = try Tensor(filled, shape: [prompts.count, length]).to(device)
        return try CLIP.unit(model.textFeatures(tensor))
    }
}
