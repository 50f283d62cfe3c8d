import Checkpoints
import Foundation
import ImageTextScorers
import Images
import NN
import StrictJSON
import TestSupport
import Torch

/// A folder that is removed in the end.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "mmada-scorer-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

extension OutgoingTensor {
    /// A float32 tensor.
    init(_ name: String, _ tensor: Tensor) throws {
        let bytes = try tensor.to(dtype: .float32).bytes()
        self.init(name: name, elementType: .float32, shape: tensor.shape, bytes: bytes)
    }
}

/// A seeded picture.
func picture(_ seed: UInt64, width: Int = 40, height: Int = 37) throws -> RGBImage {
    var random = SeededGenerator(seed: seed)
    let tint = (0..<3).map { _ in Int.random(in: 0..<200, using: &random) }
    let pixels = (0..<width * height * 3).map { UInt8(tint[$0 % 3] + Int.random(in: 0..<56, using: &random)) }
    return try RGBImage(width: width, height: height, pixels: pixels)
}

/// A tiny CLIP with random weights, in a folder as Hugging Face lays it out.
struct CLIPFixture {
    static let config = """
        {"model_type": "clip", "projection_dim": 24,
         "text_config": {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 1, "intermediate_size": 48,
          "max_position_embeddings": 12, "vocab_size": 600, "eos_token_id": 2, "hidden_act": "quick_gelu"},
         "vision_config": {"hidden_size": 128, "num_hidden_layers": 1, "num_attention_heads": 2,
          "intermediate_size": 48, "image_size": 16, "patch_size": 8, "hidden_act": "quick_gelu"}}
        """

    let configuration: CLIPConfiguration
    let tensors: [(name: String, tensor: Tensor)]

    init() throws {
        configuration = try CLIPConfiguration(JSONValue(parsing: Array(Self.config.utf8)))
        let audit = ParameterAudit()
        _ = try CLIP(configuration, ParameterScope(audit))
        let random = try RandomSource(seed: 11)
        // Biases and projections share a direction, so that every picture is a little like every text.
        tensors = try audit.expected.map { name, shape in
            let mean = name.hasSuffix("norm.bias") ? 0.2 : name.hasSuffix("projection.weight") ? 0.1 : 0
            return (name, try random.normal(shape, mean: mean, deviation: 0.2))
        }
    }

    /// The model itself.
    func model(dtype: DType = .float32) throws -> CLIP {
        let parameters = DictionaryParameters(Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.tensor) }))
        return try CLIP(configuration, dtype: dtype, ParameterScope(parameters))
    }

    /// Writes the whole folder.
    func write(to folder: URL) throws {
        try Data(Self.config.utf8).write(to: folder.appending(path: "config.json"))
        try write(tensors.map { try OutgoingTensor($0.name, $0.tensor) }, to: folder)
        try Self.writeTokenizer(to: folder)
    }

    func write(_ tensors: [OutgoingTensor], to folder: URL) throws {
        try SafetensorsWriter.write(tensors, to: folder.appending(path: "model.safetensors"))
    }

    /// A vocabulary of all bytes, a few merges and the two special tokens, which come last.
    static func writeTokenizer(to folder: URL) throws {
        let merges = ["c a", "ca t</w>", "d o", "do g</w>", "r e", "re d</w>"]
        // GPT-2's alphabet of bytes: those that print stand for themselves.
        let printable = Set(Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF))
        var next = 0x100
        let alphabet = (0..<256).map { byte -> String in
            defer { if !printable.contains(byte) { next += 1 } }
            return String(UnicodeScalar(UInt32(printable.contains(byte) ? byte : next)) ?? " ")
        }
        let names =
            alphabet + alphabet.map { $0 + "</w>" } + merges.map { $0.replacing(" ", with: "") }
            + ["<|startoftext|>", "<|endoftext|>"]
        let members = names.enumerated().map { (key: JSONString($1), value: JSONValue.integer(Int64($0))) }
        try Data(JSONValue.object(members).serialized()).write(to: folder.appending(path: "vocab.json"))
        let text = "#version: 0.2\n" + merges.joined(separator: "\n") + "\n"
        try Data(text.utf8).write(to: folder.appending(path: "merges.txt"))
    }
}
