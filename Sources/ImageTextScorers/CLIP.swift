// CLIP (Radford et al. 2021, arXiv 2103.00020): two transformers that bring pictures and texts into one space, the one
// for pictures as in Dosovitskiy et al. (2021). Names and arithmetic are those of Hugging Face's implementation. Texts
// are not masked behind their end: no position that is read sees what stands there.
public import NN
public import Torch

/// Self-attention with biases everywhere.
struct CLIPAttention: Sendable {
    private let qProj, kProj, vProj, outProj: Linear
    private let heads: Int

    init(_ tower: CLIPConfiguration.Tower, _ scope: ParameterScope) throws {
        let width = tower.width
        heads = tower.heads
        qProj = try Linear(width, width, bias: true, scope / "q_proj")
        kProj = try Linear(width, width, bias: true, scope / "k_proj")
        vProj = try Linear(width, width, bias: true, scope / "v_proj")
        outProj = try Linear(width, width, bias: true, scope / "out_proj")
    }

    /// `x` is `[B, L, D]`, and so is the result; `mask` is bool `[1, 1, L, L]`, `nil` for none.
    func callAsFunction(_ x: Tensor, mask: Tensor?) throws -> Tensor {
        try outProj(multiHeadAttention(qProj(x), kProj(x), vProj(x), heads: heads, mask: mask))
    }
}

/// One pre-norm block.
struct CLIPBlock: Sendable {
    private let layerNorm1, layerNorm2: LayerNorm
    private let attention: CLIPAttention
    private let fc1, fc2: Linear
    private let activation: Activation

    init(_ tower: CLIPConfiguration.Tower, _ scope: ParameterScope) throws {
        layerNorm1 = try LayerNorm(tower.width, epsilon: tower.normEpsilon, scope / "layer_norm1")
        attention = try CLIPAttention(tower, scope / "self_attn")
        layerNorm2 = try LayerNorm(tower.width, epsilon: tower.normEpsilon, scope / "layer_norm2")
        fc1 = try Linear(tower.width, tower.mlpWidth, bias: true, scope / "mlp" / "fc1")
        fc2 = try Linear(tower.mlpWidth, tower.width, bias: true, scope / "mlp" / "fc2")
        activation = tower.activation
    }

    /// `x` is `[B, L, D]`, and so is the result.
    func callAsFunction(_ x: Tensor, mask: Tensor?) throws -> Tensor {
        let h = try x + attention(layerNorm1(x), mask: mask)
        return try h + fc2(activation(fc1(layerNorm2(h))))
    }
}

/// Pixels to a vector of the shared space.
struct CLIPVisionTower: Sendable {
    private let classEmbedding, positions: Tensor
    private let patchEmbedding: Conv2d
    private let preNorm, postNorm: LayerNorm
    private let blocks: [CLIPBlock]
    private let projection: Linear

    init(_ configuration: CLIPConfiguration, _ root: ParameterScope) throws {
        let (scope, tower) = (root / "vision_model", configuration.vision)
        let (width, patch) = (tower.width, configuration.patchSize)
        let grid = configuration.imageSize / patch
        classEmbedding = try (scope / "embeddings").parameter("class_embedding", width)
        patchEmbedding = try Conv2d(
            3, width, kernel: patch, stride: patch, bias: false, scope / "embeddings" / "patch_embedding")
        positions = try (scope / "embeddings" / "position_embedding").parameter("weight", grid * grid + 1, width)
        // The name is misspelt in every checkpoint.
        preNorm = try LayerNorm(width, epsilon: tower.normEpsilon, scope / "pre_layrnorm")
        blocks = try (0..<tower.layers).map { try CLIPBlock(tower, scope / "encoder" / "layers" / $0) }
        postNorm = try LayerNorm(width, epsilon: tower.normEpsilon, scope / "post_layernorm")
        projection = try Linear(width, configuration.projectionWidth, bias: false, root / "visual_projection")
    }

    /// `pixels` is `[B, 3, N, N]`; the result `[B, P]`.
    func callAsFunction(_ pixels: Tensor, record: ((Tensor) -> Void)?) throws -> Tensor {
        let patches = try patchEmbedding(pixels)  // [B, D, g, g]
        let (B, D) = (patches.size(0), patches.size(1))
        let tokens = try patches.reshaped(B, D, -1).transposed(1, 2)  // [B, g², D]
        let first = try classEmbedding.to(dtype: tokens.dtype).reshaped(1, 1, D).expanded(B, 1, D)
        let joined = try Tensor.cat([first, tokens], along: 1) + positions.to(dtype: tokens.dtype)  // [B, g² + 1, D]
        var x = try preNorm(joined)
        for block in blocks {
            record?(x)
            x = try block(x, mask: nil)
        }
        record?(x)
        let pooled = try postNorm(x.select(0, along: 1))  // [B, D]
        record?(pooled)
        return try projection(pooled)  // [B, P]
    }
}

/// Token ids to a vector of the shared space.
struct CLIPTextTower: Sendable {
    private let tokenEmbedding: Embedding
    private let positions: Tensor
    private let blocks: [CLIPBlock]
    private let finalNorm: LayerNorm
    private let projection: Linear
    private let endToken: Int?

    init(_ configuration: CLIPConfiguration, _ root: ParameterScope) throws {
        let (scope, tower) = (root / "text_model", configuration.text)
        let embeddings = scope / "embeddings"
        tokenEmbedding = try Embedding(configuration.vocabularySize, tower.width, embeddings / "token_embedding")
        positions = try (embeddings / "position_embedding").parameter(
            "weight", configuration.contextLength, tower.width)
        blocks = try (0..<tower.layers).map { try CLIPBlock(tower, scope / "encoder" / "layers" / $0) }
        finalNorm = try LayerNorm(tower.width, epsilon: tower.normEpsilon, scope / "final_layer_norm")
        projection = try Linear(tower.width, configuration.projectionWidth, bias: false, root / "text_projection")
        endToken = configuration.endToken
    }

    /// `ids` is `[B, L]` (int64); the result `[B, P]`.
    func callAsFunction(_ ids: Tensor, dtype: DType, record: ((Tensor) -> Void)?) throws -> Tensor {
        let (B, L) = try ids.shape2
        var x = try tokenEmbedding(ids, dtype: dtype) + positions.slice(0..<L).to(dtype: dtype)  // [B, L, D]
        let places = try Tensor.arange(to: .integer(L), dtype: .int64, device: ids.device)
        // Each place sees itself and those before it.
        let mask = try places.less(places.reshaped(L, 1) + 1).reshaped(1, 1, L, L)
        for block in blocks {
            record?(x)
            x = try block(x, mask: mask)
        }
        record?(x)
        x = try finalNorm(x)
        record?(x)
        let ends = try ends(ids).reshaped(B, 1, 1).expanded(B, 1, x.size(2))
        let pooled = try x.gather(ends, along: 1).squeezed(1)  // [B, D]
        record?(pooled)
        return try projection(pooled)  // [B, P]
    }

    /// Where the first end token of each text stands: `[B, 1]`.
    private func ends(_ ids: Tensor) throws -> Tensor {
        let isEnd = try endToken.map { try ids.equal(.integer($0)) } ?? ids.equal(ids.max(along: 1, keeping: true))
        // Of equal numbers a device may take any, so the first end is made the largest.
        let falling = try Tensor.arange(
            .integer(ids.size(1)), to: 0, step: -1, dtype: .int64, device: ids.device)
        return try (isEnd.to(dtype: .int64) * falling).argmax(along: 1, keeping: true)
    }
}

/// Both towers.
public struct CLIP: Sendable {
    /// The shape of the model.
    public let configuration: CLIPConfiguration
    /// The type that activations are computed in, norms apart; weights of another type are converted where they are used.
    public let dtype: DType

    private let vision: CLIPVisionTower
    private let text: CLIPTextTower
    private let logitScale: Tensor

    /// Constant buffers that old checkpoints hold beside the parameters.
    public static let constantNames: Set<String> = [
        "text_model.embeddings.position_ids", "vision_model.embeddings.position_ids",
    ]

    /// Takes the weights from a scope at the root of a checkpoint.
    public init(_ configuration: CLIPConfiguration, dtype: DType = .float32, _ root: ParameterScope) throws {
        try configuration.validate()
        self.configuration = configuration
        self.dtype = dtype
        text = try CLIPTextTower(configuration, root)
        vision = try CLIPVisionTower(configuration, root)
        logitScale = try root.parameter("logit_scale")
    }

    /// Vectors of pictures, of any length.
    ///
    /// - Parameters:
    ///   - pixels: `[B, 3, N, N]`, normalised as ``CLIPPreprocessing`` does.
    ///   - record: Called with the input of each block, the output of the last, and what is projected, for inspection.
    /// - Returns: `[B, P]`.
    /// - Throws: `TensorError` where `N` is not the model's.
    public func imageFeatures(_ pixels: Tensor, record: ((Tensor) -> Void)? = nil) throws -> Tensor {
        try vision(pixels.to(dtype: dtype), record: record)
    }

    /// Vectors of texts, of any length.
    ///
    /// - Parameters:
    ///   - ids: `[B, L]` (int64), filled up behind the end token with anything not above it.
    ///   - record: Called with the input of each block, the output of the last, what the final norm makes of it, and
    ///     what is projected.
    /// - Returns: `[B, P]`.
    /// - Throws: `TensorError` where `L` is more than the model's or an id none of its.
    public func textFeatures(_ ids: Tensor, record: ((Tensor) -> Void)? = nil) throws -> Tensor {
        try text(ids, dtype: dtype, record: record)
    }

    /// Vectors `[B, P]` brought to length 1, in float32.
    public static func unit(_ features: Tensor) throws -> Tensor {
        let wide = try features.to(dtype: .float32)
        let length = try (wide * wide).sum(along: -1, keeping: true).squareRoot()  // [B, 1]
        return try wide / length.maximum(1e-12)
    }

    /// e^s·cos of each picture `[B, P]` with each text `[C, P]`, s being learned: `[B, C]`, as in training.
    public func logits(images: Tensor, texts: Tensor) throws -> Tensor {
        let cosines = try Self.unit(images).matmul(Self.unit(texts).transposed(0, 1))
        return try cosines * logitScale.to(dtype: .float32).exp()
    }
}
