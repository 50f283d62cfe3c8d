// ImageReward (Xu et al. 2023, arXiv 2304.05977): the image-grounded text encoder of BLIP (Li et al. 2022) and a head that
// gives one number. The head has no activations, so that in evaluation it is one affine map, folded on loading.
public import NN
public import Torch

/// Self-attention of the picture's tower, with the three projections in one.
struct JointAttention: Sendable {
    private let qkv, proj: Linear
    private let heads: Int

    init(_ tower: ImageRewardConfiguration.Tower, _ scope: ParameterScope) throws {
        qkv = try Linear(tower.width, 3 * tower.width, bias: true, scope / "qkv")
        proj = try Linear(tower.width, tower.width, bias: true, scope / "proj")
        heads = tower.heads
    }

    /// `x` is `[B, N, D]`, and so is the result.
    func callAsFunction(_ x: Tensor) throws -> Tensor {
        let (_, _, D) = try x.shape3
        let joint = try qkv(x)  // [B, N, 3D]
        let part = { (index: Int) throws in try joint.slice(index * D..<(index + 1) * D, along: -1) }  // [B, N, D]
        return try proj(multiHeadAttention(part(0), part(1), part(2), heads: heads, mask: nil))
    }
}

/// One pre-norm block of the picture's tower.
struct VisionBlock: Sendable {
    private let norm1, norm2: LayerNorm
    private let attention: JointAttention
    private let fc1, fc2: Linear

    init(_ tower: ImageRewardConfiguration.Tower, _ scope: ParameterScope) throws {
        norm1 = try LayerNorm(tower.width, epsilon: tower.normEpsilon, scope / "norm1")
        attention = try JointAttention(tower, scope / "attn")
        norm2 = try LayerNorm(tower.width, epsilon: tower.normEpsilon, scope / "norm2")
        fc1 = try Linear(tower.width, tower.mlpWidth, bias: true, scope / "mlp" / "fc1")
        fc2 = try Linear(tower.mlpWidth, tower.width, bias: true, scope / "mlp" / "fc2")
    }

    /// `x` is `[B, N, D]`, and so is the result.
    func callAsFunction(_ x: Tensor) throws -> Tensor {
        let h = try x + attention(norm1(x))
        return try h + fc2(fc1(norm2(h)).gelu())
    }
}

/// Pixels to a state for each patch.
struct VisionTower: Sendable {
    private let classToken, positions: Tensor
    private let patchEmbedding: Conv2d
    private let blocks: [VisionBlock]
    private let norm: LayerNorm

    init(_ configuration: ImageRewardConfiguration, _ scope: ParameterScope) throws {
        let (tower, patch) = (configuration.vision, configuration.patchSize)
        let grid = configuration.imageSize / patch
        classToken = try scope.parameter("cls_token", 1, 1, tower.width)
        positions = try scope.parameter("pos_embed", 1, grid * grid + 1, tower.width)
        patchEmbedding = try Conv2d(3, tower.width, kernel: patch, stride: patch, scope / "patch_embed" / "proj")
        blocks = try (0..<tower.layers).map { try VisionBlock(tower, scope / "blocks" / $0) }
        norm = try LayerNorm(tower.width, epsilon: tower.normEpsilon, scope / "norm")
    }

    /// `pixels` is `[B, 3, N, N]`; the result `[B, g² + 1, D]`, the class token's first.
    func callAsFunction(_ pixels: Tensor) throws -> Tensor {
        let patches = try patchEmbedding(pixels)  // [B, D, g, g]
        let (B, D) = (patches.size(0), patches.size(1))
        let tokens = try patches.reshaped(B, D, -1).transposed(1, 2)  // [B, g², D]
        var x = try Tensor.cat([classToken.expanded(B, 1, D), tokens], along: 1) + positions  // [B, g² + 1, D]
        for block in blocks { x = try block(x) }
        return try norm(x)
    }
}

/// Attention of the text to itself or to the picture, then added to its input and normalised.
struct TextAttention: Sendable {
    private let query, key, value, dense: Linear
    private let norm: LayerNorm
    private let heads: Int

    init(_ tower: ImageRewardConfiguration.Tower, keyWidth: Int, _ scope: ParameterScope) throws {
        let width = tower.width
        query = try Linear(width, width, bias: true, scope / "self" / "query")
        key = try Linear(keyWidth, width, bias: true, scope / "self" / "key")
        value = try Linear(keyWidth, width, bias: true, scope / "self" / "value")
        dense = try Linear(width, width, bias: true, scope / "output" / "dense")
        norm = try LayerNorm(width, epsilon: tower.normEpsilon, scope / "output" / "LayerNorm")
        heads = tower.heads
    }

    /// `x` is `[B, L, D]`, `context` `[B, M, keyWidth]`, `mask` bool `[B, 1, 1, M]`; the result `[B, L, D]`.
    func callAsFunction(_ x: Tensor, _ context: Tensor, mask: Tensor?) throws -> Tensor {
        let y = try multiHeadAttention(query(x), key(context), value(context), heads: heads, mask: mask)
        return try norm(dense(y) + x)
    }
}

/// One post-norm layer of the text's tower.
struct TextLayer: Sendable {
    private let attention, crossAttention: TextAttention
    private let intermediate, output: Linear
    private let norm: LayerNorm

    init(_ configuration: ImageRewardConfiguration, _ scope: ParameterScope) throws {
        let tower = configuration.text
        attention = try TextAttention(tower, keyWidth: tower.width, scope / "attention")
        crossAttention = try TextAttention(tower, keyWidth: configuration.vision.width, scope / "crossattention")
        intermediate = try Linear(tower.width, tower.mlpWidth, bias: true, scope / "intermediate" / "dense")
        output = try Linear(tower.mlpWidth, tower.width, bias: true, scope / "output" / "dense")
        norm = try LayerNorm(tower.width, epsilon: tower.normEpsilon, scope / "output" / "LayerNorm")
    }

    /// `x` is `[B, L, D]`, and so is the result; `image` is `[B, N, Dᵥ]`.
    func callAsFunction(_ x: Tensor, image: Tensor, mask: Tensor) throws -> Tensor {
        var x = try attention(x, x, mask: mask)
        x = try crossAttention(x, image, mask: nil)
        return try norm(output(intermediate(x).gelu()) + x)
    }
}

/// Token ids to states that know the picture.
struct TextTower: Sendable {
    private let wordEmbeddings: Embedding
    private let positions: Tensor
    private let norm: LayerNorm
    private let layers: [TextLayer]

    init(_ configuration: ImageRewardConfiguration, _ scope: ParameterScope) throws {
        let (tower, embeddings) = (configuration.text, scope / "embeddings")
        wordEmbeddings = try Embedding(configuration.vocabularySize, tower.width, embeddings / "word_embeddings")
        positions = try (embeddings / "position_embeddings").parameter("weight", configuration.positions, tower.width)
        norm = try LayerNorm(tower.width, epsilon: tower.normEpsilon, embeddings / "LayerNorm")
        layers = try (0..<tower.layers).map { try TextLayer(configuration, scope / "encoder" / "layer" / $0) }
    }

    /// `ids` is `[B, L]` (int64), `mask` bool `[B, L]`, `image` `[B, N, Dᵥ]`; the result `[B, L, D]`.
    func callAsFunction(_ ids: Tensor, mask: Tensor, image: Tensor) throws -> Tensor {
        let (B, L) = try ids.shape2
        var x = try norm(wordEmbeddings(ids, dtype: image.dtype) + positions.slice(0..<L))  // [B, L, D]
        let visible = try mask.reshaped(B, 1, 1, L)
        for layer in layers { x = try layer(x, image: image, mask: visible) }
        return x
    }
}

/// The model: picture and text to how well people would like the one for the other.
public struct ImageReward: Sendable {
    /// The shape of the model.
    public let configuration: ImageRewardConfiguration
    private let vision: VisionTower
    private let text: TextTower
    /// The head as one map, in float64 on the CPU: `[1, D]` and `[1]`.
    private let headWeight, headBias: Tensor

    /// Mean of the head's output over the pictures it was trained with.
    public static let mean = 0.16717362830052426
    /// Standard deviation of the same.
    public static let deviation = 1.0333394966054072

    /// Takes the weights, of float32, from a scope at the root of a checkpoint.
    public init(_ configuration: ImageRewardConfiguration, _ root: ParameterScope) throws {
        try configuration.validate()
        self.configuration = configuration
        vision = try VisionTower(configuration, root / "blip" / "visual_encoder")
        text = try TextTower(configuration, root / "blip" / "text_encoder")
        (headWeight, headBias) = try Self.foldedHead(configuration, root / "mlp" / "layers")
    }

    /// The product of the head's layers.
    private static func foldedHead(
        _ configuration: ImageRewardConfiguration, _ scope: ParameterScope
    ) throws -> (weight: Tensor, bias: Tensor) {
        var inputs = configuration.text.width
        let layers = try configuration.head.map { layer in
            defer { inputs = layer.width }
            let place = scope / layer.index
            let weight = try place.parameter("weight", layer.width, inputs)
            let bias = try place.parameter("bias", layer.width)
            return try (weight: weight.to(.cpu).to(dtype: .float64), bias: bias.to(.cpu).to(dtype: .float64))
        }
        guard let last = layers.last else { throw ScorerError.unsupportedWeights("the head has no layers") }
        var (weight, bias) = last  // [1, n], [1]
        for layer in layers.dropLast().reversed() {
            bias = try bias + weight.matmul(layer.bias.reshaped(-1, 1)).reshaped(1)
            weight = try weight.matmul(layer.weight)
        }
        return (weight, bias)
    }

    /// A state for each patch: pixels `[B, 3, N, N]` to `[B, g² + 1, Dᵥ]`, the class token's first.
    public func imageStates(_ pixels: Tensor) throws -> Tensor { try vision(pixels) }

    /// The states of texts that see their pictures.
    ///
    /// - Parameters:
    ///   - ids: `[B, L]` (int64).
    ///   - mask: bool `[B, L]`, false where a text is filled up.
    ///   - image: What ``imageStates(_:)`` gave, `[B, g² + 1, Dᵥ]`.
    /// - Returns: `[B, L, D]`.
    /// - Throws: `TensorError` where `L` is more than the model's positions or an id none of its.
    public func textStates(_ ids: Tensor, mask: Tensor, image: Tensor) throws -> Tensor {
        try text(ids, mask: mask, image: image)
    }

    /// What the head makes of the first state of each text `[B, L, D]`, not standardised.
    public func rewards(ofStates states: Tensor) throws -> [Double] {
        let first = try states.select(0, along: 1).to(.cpu).to(dtype: .float64)  // [B, D]
        return try first.linear(headWeight, bias: headBias).reshaped(-1).array()
    }

    /// A reward with mean 0 and deviation 1 over usual pictures.
    public static func standardized(_ reward: Double) -> Double { (reward - mean) / deviation }
}
