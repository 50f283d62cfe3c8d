import Checkpoints
import Foundation
import NN
import StrictJSON
import Transformer

/// Writes a model folder as the released ones are: configuration, weights, tokenizer, and the image tokenizer in `vq`.
struct ModelWriter {
    let shape: LLaDAConfiguration
    let tokenizerFolder: URL
    let imageTokenizer: URL?
    /// Settings of adapters, when those are trained instead of the model.
    let adapters: TrainingConfiguration.Model.LowRank?
    let baseModel: String

    private static let tokenizerFiles = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja",
    ]

    /// Writes everything; `values` are the model's parameters, or the adapters'.
    func write(_ values: [NamedParameter], to folder: URL) throws {
        let tensors = values.map(OutgoingTensor.init)
        if let adapters {
            try SafetensorsWriter.write(
                tensors, metadata: ["format": "pt"], to: folder.appending(path: "adapter_model.safetensors"))
            try json(adapterConfiguration(adapters), folder.appending(path: "adapter_config.json"))
        } else {
            try SafetensorsWriter.writeSharded(tensors, metadata: ["format": "pt"], to: folder)
        }
        try json(shape.json, folder.appending(path: "config.json"))
        for name in Self.tokenizerFiles {
            let source = tokenizerFolder.appending(path: name)
            guard FileManager.default.fileExists(atPath: source.path) else { continue }
            try FileManager.default.copyItem(at: source, to: folder.appending(path: name))
        }
        if let imageTokenizer { try link(imageTokenizer, to: folder.appending(path: "vq")) }
    }

    private func json(_ value: JSONValue, _ file: URL) throws {
        try Data(value.serialized()).write(to: file)
    }

    /// The same files under another name where the file system allows it, else copies: the image tokenizer is constant.
    private func link(_ source: URL, to target: URL) throws {
        let manager = FileManager.default
        var isDirectory: ObjCBool = false
        guard manager.fileExists(atPath: source.path, isDirectory: &isDirectory), isDirectory.boolValue else { return }
        try manager.createDirectory(at: target, withIntermediateDirectories: false)
        for name in try manager.contentsOfDirectory(atPath: source.path)
        where name == "config.json" || name.contains(".safetensors") || name.hasSuffix(".bin") {
            let (from, to) = (source.appending(path: name), target.appending(path: name))
            do {
                try manager.linkItem(at: from, to: to)
            } catch {
                try manager.copyItem(at: from, to: to)
            }
        }
    }

    /// What the `peft` library reads.
    private func adapterConfiguration(_ adapters: TrainingConfiguration.Model.LowRank) -> JSONValue {
        let fields: [(key: JSONString, value: JSONValue)] = [
            ("peft_type", .string("LORA")), ("base_model_name_or_path", .string(JSONString(baseModel))),
            ("r", .integer(Int64(adapters.rank))), ("lora_alpha", .number(adapters.alpha)),
            ("target_modules", .array(adapters.targets.map { .string(JSONString($0)) })),
            ("lora_dropout", .number(0)), ("bias", .string("none")), ("task_type", .null),
        ]
        return .object(fields)
    }
}
