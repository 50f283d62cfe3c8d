import ArgumentParser
import Foundation
import MMaDA
import StrictJSON
import Transformer

/// The command `mmada inspect`.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what a model folder holds, and whether its tensors fit its configuration.",
        discussion: "Reads headers only. The exit code is 65 when a tensor is missing, misshapen or unknown.")

    @Argument(help: "The model's folder.", completion: .directory)
    var directory: String

    @Option(
        help: ArgumentHelp("The image tokenizer. (default: 'vq' in the folder, if there)", valueName: "dir"),
        completion: .directory)
    var imageTokenizer: String?

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() throws {
        let inspection = try ModelInspection(
            directory: URL(filePath: directory, directoryHint: .isDirectory),
            imageTokenizer: imageTokenizer.map { URL(filePath: $0) })
        if json {
            standardOutput(Self.object(inspection).line)
        } else {
            standardOutput(Self.lines(inspection).joined(separator: "\n") + "\n")
        }
        if !inspection.isSound { throw ExitCode(Failure.data) }
    }

    private static func lines(_ inspection: ModelInspection) -> [String] {
        let c = inspection.configuration
        var lines = [
            "\(c.modelType): \(c.layers) layers, width \(c.hiddenSize), \(c.attentionHeads) heads"
                + (c.keyValueHeads == c.attentionHeads ? "" : " (\(c.keyValueHeads) for keys and values)")
                + ", MLP \(c.mlpHiddenSize), vocabulary \(c.vocabularySize)",
            "mask token \(c.maskTokenID), image codes \(c.codebookSize.map(String.init) ?? "none"), "
                + "image tokens \(c.imageTokenCount.map(String.init) ?? "none")",
        ]
        lines += part("transformer", inspection.transformer)
        if let images = inspection.imageTokenizer {
            lines += part("image tokenizer", images)
        } else {
            lines.append("image tokenizer: none in this folder")
        }
        let parameters = inspection.transformer.parameterCount
        lines.append("memory for the transformer's weights:")
        for (name, bytes) in [("float32", 4), ("bfloat16", 2), ("int8", 1)] {
            lines.append(String(format: "  %@: %.2f GiB", name, Double(parameters * bytes) / Double(1 << 30)))
        }
        return lines
    }

    private static func part(_ name: String, _ part: ModelInspection.Part) -> [String] {
        let types = part.elementTypes.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }
        var lines = [
            "\(name): \(part.parameterCount) parameters, \(part.byteCount) bytes in \(part.files.count) file(s), "
                + types.joined(separator: ", ")
        ]
        lines += part.missing.map { "  missing: \($0.name) \($0.shape)" }
        lines += part.misshapen.map { "  wrong shape: \($0.name) expected \($0.expected), found \($0.found)" }
        lines += part.unexpected.map { "  unexpected: \($0.name) \($0.shape)" }
        return lines
    }

    private static func object(_ inspection: ModelInspection) -> JSONValue {
        let c = inspection.configuration
        return .members([
            "model_type": .text(c.modelType), "d_model": .whole(c.hiddenSize), "n_layers": .whole(c.layers),
            "n_heads": .whole(c.attentionHeads), "n_kv_heads": .whole(c.keyValueHeads),
            "mlp_hidden_size": .whole(c.mlpHiddenSize), "vocab_size": .whole(c.vocabularySize),
            "mask_token_id": .whole(c.maskTokenID), "codebook_size": .whole(c.codebookSize),
            "num_vq_tokens": .whole(c.imageTokenCount), "sound": .bool(inspection.isSound),
            "transformer": object(inspection.transformer),
            "image_tokenizer": inspection.imageTokenizer.map(object) ?? .null,
        ])
    }

    private static func object(_ part: ModelInspection.Part) -> JSONValue {
        let missing: [JSONValue] = part.missing.map { .members(["name": .text($0.name), "shape": .wholes($0.shape)]) }
        let misshapen: [JSONValue] = part.misshapen.map {
            .members(["name": .text($0.name), "expected": .wholes($0.expected), "found": .wholes($0.found)])
        }
        let unexpected: [JSONValue] = part.unexpected.map {
            .members(["name": .text($0.name), "shape": .wholes($0.shape)])
        }
        return .members([
            "parameters": .whole(part.parameterCount), "bytes": .whole(part.byteCount),
            "files": .array(part.files.map { .text($0.lastPathComponent) }), "missing": .array(missing),
            "misshapen": .array(misshapen), "unexpected": .array(unexpected),
        ])
    }
}
