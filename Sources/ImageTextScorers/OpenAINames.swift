import NN
import Torch

/// The names of a CLIP checkpoint by OpenAI, and those of Hugging Face, which the model here has.
enum OpenAINames {
    /// How a parameter lies in the other's tensor.
    enum Part: Hashable {
        case whole
        /// Rows `index·n ..< (index + 1)·n` of 3n.
        case third(Int)
        case transposed
    }

    /// A parameter in OpenAI's checkpoint.
    struct Place: Hashable {
        let name: String
        let part: Part
    }

    private static let single: [(ours: String, theirs: String, part: Part)] = [
        ("logit_scale", "logit_scale", .whole),
        ("text_model.embeddings.token_embedding.weight", "token_embedding.weight", .whole),
        ("text_model.embeddings.position_embedding.weight", "positional_embedding", .whole),
        ("text_model.final_layer_norm.weight", "ln_final.weight", .whole),
        ("text_model.final_layer_norm.bias", "ln_final.bias", .whole),
        ("text_projection.weight", "text_projection", .transposed),
        ("vision_model.embeddings.class_embedding", "visual.class_embedding", .whole),
        ("vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight", .whole),
        ("vision_model.embeddings.position_embedding.weight", "visual.positional_embedding", .whole),
        ("vision_model.pre_layrnorm.weight", "visual.ln_pre.weight", .whole),
        ("vision_model.pre_layrnorm.bias", "visual.ln_pre.bias", .whole),
        ("vision_model.post_layernorm.weight", "visual.ln_post.weight", .whole),
        ("vision_model.post_layernorm.bias", "visual.ln_post.bias", .whole),
        ("visual_projection.weight", "visual.proj", .transposed),
    ]

    private static let towers = [
        (ours: "text_model.encoder.layers.", theirs: "transformer.resblocks."),
        (ours: "vision_model.encoder.layers.", theirs: "visual.transformer.resblocks."),
    ]

    /// Names inside a block, without `weight` or `bias`; `joint` is what stands before those words in OpenAI's.
    private static let block: [(ours: String, theirs: String, part: Part)] = [
        ("layer_norm1.", "ln_1.", .whole), ("layer_norm2.", "ln_2.", .whole),
        ("mlp.fc1.", "mlp.c_fc.", .whole), ("mlp.fc2.", "mlp.c_proj.", .whole),
        ("self_attn.q_proj.", "attn.in_proj_", .third(0)), ("self_attn.k_proj.", "attn.in_proj_", .third(1)),
        ("self_attn.v_proj.", "attn.in_proj_", .third(2)), ("self_attn.out_proj.", "attn.out_proj.", .whole),
    ]

    /// What OpenAI's files hold beside parameters.
    static let constants: Set<String> = ["input_resolution", "context_length", "vocab_size"]

    /// Where OpenAI keeps the parameter that Hugging Face calls `name`.
    static func place(of name: String) -> Place? {
        if let entry = single.first(where: { $0.ours == name }) { return Place(name: entry.theirs, part: entry.part) }
        guard let (index, rest, tower) = split(name, \.ours) else { return nil }
        for entry in block where rest.hasPrefix(entry.ours) {
            let kind = rest.dropFirst(entry.ours.count)
            guard kind == "weight" || kind == "bias" else { return nil }
            return Place(name: tower.theirs + index + "." + entry.theirs + kind, part: entry.part)
        }
        return nil
    }

    /// What Hugging Face calls the parameters that OpenAI keeps under `name`: three for a joint one, none if unknown.
    static func names(at name: String) -> [String] {
        if let entry = single.first(where: { $0.theirs == name }) { return [entry.ours] }
        guard let (index, rest, tower) = split(name, \.theirs) else { return [] }
        return block.compactMap { entry in
            guard rest.hasPrefix(entry.theirs) else { return nil }
            let kind = rest.dropFirst(entry.theirs.count)
            return kind == "weight" || kind == "bias" ? tower.ours + index + "." + entry.ours + kind : nil
        }
    }

    /// The index of a block and the name inside it.
    private static func split(
        _ name: String, _ side: KeyPath<(ours: String, theirs: String), String>
    ) -> (index: String, rest: Substring, tower: (ours: String, theirs: String))? {
        for tower in towers where name.hasPrefix(tower[keyPath: side]) {
            let parts = name.dropFirst(tower[keyPath: side].count).split(separator: ".", maxSplits: 1)
            guard parts.count == 2, Int(parts[0]) != nil else { return nil }
            return (String(parts[0]), parts[1], tower)
        }
        return nil
    }
}

/// Parameters of a checkpoint with OpenAI's names, under those of Hugging Face.
final class OpenAIParameters: ParameterSource {
    private let source: CheckpointParameters

    init(_ source: CheckpointParameters) { self.source = source }

    func parameter(_ name: String, shape: [Int]) throws -> Tensor {
        guard let place = OpenAINames.place(of: name) else { throw ParameterError.missing(name: name) }
        switch place.part {
        case .whole: return try source.parameter(place.name, shape: shape)
        case .transposed:
            return try source.parameter(place.name, shape: shape.reversed()).transposed(0, 1).contiguous()
        case .third(let index):
            let rows = shape[0]
            let joint = try source.parameter(place.name, shape: [3 * rows] + shape.dropFirst())
            return try joint.slice(index * rows..<(index + 1) * rows).to(copying: true)
        }
    }
}
