import Checkpoints
public import Foundation
import MMaDA
import NN
import StrictJSON
import Torch
import Transformer

/// Adapters and the model they were trained on, made one model.
public enum AdapterMerge {
    /// Writes a model folder whose weights are W + (α / rank)·B·A where `adapter` has A and B.
    ///
    /// - Parameters:
    ///   - model: The folder of the model that the adapters were trained on.
    ///   - adapter: A folder with `adapter_config.json` and `adapter_model.safetensors`, as the `peft` library has them.
    ///   - folder: Where the result goes; it must not be there yet.
    /// - Throws: Typed errors of files that are missing, or do not fit.
    public static func merge(model: URL, adapter: URL, into folder: URL) throws {
        let json = try JSONValue(
            parsing: [UInt8](Data(contentsOf: adapter.appending(path: "adapter_config.json"))))
        guard let rank = json["r"]?.intValue, rank > 0, let alpha = json["lora_alpha"]?.doubleValue,
            let targets = json["target_modules"]?.arrayValue
        else {
            throw TrainingError.unsupported("\(adapter.path)/adapter_config.json lacks r, lora_alpha or target_modules")
        }
        let (shape, checkpoint) = try MMaDAModel.transformerFiles(directory: model)
        let stored = try Checkpoint(file: adapter.appending(path: "adapter_model.safetensors"))
        let settings = LowRankSettings(rank: rank, alpha: alpha, targets: Set(targets.compactMap(\.stringValue)))
        let source = MergedParameters(
            CheckpointParameters(checkpoint),
            LowRankParameters(CheckpointParameters(checkpoint), settings, initial: CheckpointParameters(stored)))
        _ = try LLaDA(shape, dtype: .float32, ParameterScope(source))
        let partial = folder.deletingLastPathComponent().appending(path: ".\(folder.lastPathComponent).partial")
        try? FileManager.default.removeItem(at: partial)
        try FileManager.default.createDirectory(at: partial, withIntermediateDirectories: true)
        do {
            let images = model.appending(path: "vq")
            let writer = ModelWriter(
                shape: shape, tokenizerFolder: model,
                imageTokenizer: FileManager.default.fileExists(atPath: images.path) ? images : nil, adapters: nil,
                baseModel: "")
            try writer.write(source.merged, to: partial)
            try FileManager.default.moveItem(at: partial, to: folder)
        } catch {
            try? FileManager.default.removeItem(at: partial)
            throw error
        }
    }

    /// Gives a model its parameters, and notes each as it is after merging.
    private final class MergedParameters: ParameterSource {
        private let base: any ParameterSource
        private let adapters: LowRankParameters
        private(set) var merged: [NamedParameter] = []

        init(_ base: any ParameterSource, _ adapters: LowRankParameters) {
            self.base = base
            self.adapters = adapters
        }

        func parameter(_ name: String, shape: [Int]) throws -> Tensor {
            let weight = try base.parameter(name, shape: shape)
            let layer = name.hasSuffix(".weight") ? String(name.dropLast(7)) : name
            var value = weight
            if shape.count == 2, let adapter = try adapters.adapter(layer, inputs: shape[1], outputs: shape[0]) {
                value = try recordingGradients(false) {
                    try (weight.to(dtype: .float32) + adapter.difference()).to(dtype: weight.dtype)
                }
            }
            merged.append(NamedParameter(name: name, tensor: value))
            return value
        }
    }
}
