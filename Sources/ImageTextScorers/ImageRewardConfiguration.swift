public import Checkpoints
import NN
public import StrictJSON

/// The shape of an ImageReward model.
public struct ImageRewardConfiguration: Hashable, Sendable {
    /// One of the two transformers.
    public struct Tower: Hashable, Sendable {
        /// Width of the residual stream.
        public var width: Int
        /// Number of blocks.
        public var layers: Int
        /// Attention heads of a block.
        public var heads: Int
        /// Width of the hidden layer of an MLP.
        public var mlpWidth: Int
        /// What the norms add to a variance.
        public var normEpsilon: Double

        /// A tower.
        public init(width: Int, layers: Int, heads: Int, mlpWidth: Int, normEpsilon: Double) {
            (self.width, self.layers, self.heads, self.mlpWidth) = (width, layers, heads, mlpWidth)
            self.normEpsilon = normEpsilon
        }
    }

    /// A linear layer of the head: its index among the head's modules, and its outputs.
    public struct HeadLayer: Hashable, Sendable {
        /// Place among the modules, dropouts included.
        public var index: Int
        /// Number of outputs.
        public var width: Int

        /// A layer.
        public init(index: Int, width: Int) { (self.index, self.width) = (index, width) }
    }

    /// The tower for pictures: ViT-L/16.
    public var vision = Tower(width: 1024, layers: 24, heads: 16, mlpWidth: 4096, normEpsilon: 1e-6)
    /// The tower for texts: BERT-base.
    public var text = Tower(width: 768, layers: 12, heads: 12, mlpWidth: 3072, normEpsilon: 1e-12)
    /// Pixels on a side of a picture.
    public var imageSize = 224
    /// Pixels on a side of a patch.
    public var patchSize = 16
    /// Number of text tokens.
    public var vocabularySize = 30524
    /// Positions of a text that the model knows.
    public var positions = 512
    /// The layers of the head; the last has one output.
    public var head = [
        HeadLayer(index: 0, width: 1024), HeadLayer(index: 2, width: 128), HeadLayer(index: 4, width: 64),
        HeadLayer(index: 6, width: 16), HeadLayer(index: 7, width: 1),
    ]

    /// ImageReward v1.0.
    public init() {}

    /// Reads the shape off the tensors: heads are 64 wide, unless `medConfig` (`med_config.json`) says otherwise of the text
    /// tower's.
    ///
    /// - Throws: `ParameterError/missing(name:)` or ``ScorerError`` where a tensor is not as expected;
    ///   `ConfigurationError` where `medConfig` is of another model.
    public init(_ checkpoint: Checkpoint, medConfig: JSONValue? = nil) throws {
        let eye = "blip.visual_encoder"
        let patches = try checkpoint.lengths("\(eye).patch_embed.proj.weight", rank: 4)
        let positionShape = try checkpoint.lengths("\(eye).pos_embed", rank: 3)
        patchSize = patches[3]
        imageSize = try patchSize * checkpoint.gridSide("\(eye).pos_embed", positions: positionShape[1])
        vision.width = patches[0]
        vision.layers = checkpoint.layers { "\(eye).blocks.\($0).norm1.weight" }
        vision.mlpWidth = try checkpoint.lengths("\(eye).blocks.0.mlp.fc1.weight", rank: 2)[0]
        vision.heads = try Self.heads(vision.width, eye)

        let bert = "blip.text_encoder"
        let words = try checkpoint.lengths("\(bert).embeddings.word_embeddings.weight", rank: 2)
        vocabularySize = words[0]
        positions = try checkpoint.lengths("\(bert).embeddings.position_embeddings.weight", rank: 2)[0]
        text.width = words[1]
        text.layers = checkpoint.layers { "\(bert).encoder.layer.\($0).attention.self.query.weight" }
        text.mlpWidth = try checkpoint.lengths("\(bert).encoder.layer.0.intermediate.dense.weight", rank: 2)[0]
        if let medConfig {
            try apply(medConfig)
        } else {
            text.heads = try Self.heads(text.width, bert)
        }

        head = try Self.headPlaces.compactMap { index in
            let name = "mlp.layers.\(index).weight"
            guard checkpoint[name] != nil else { return nil }
            return HeadLayer(index: index, width: try checkpoint.lengths(name, rank: 2)[0])
        }
        guard head.last?.width == 1 else {
            throw ScorerError.unsupportedWeights("the head 'mlp.layers' does not end in one number")
        }
    }

    /// Where the head may have layers.
    private static let headPlaces = 0..<32

    private static func heads(_ width: Int, _ place: String) throws(ScorerError) -> Int {
        guard width.isMultiple(of: 64) else {
            throw .unsupportedWeights("'\(place)' has width \(width), which is no multiple of 64, a head's")
        }
        return width / 64
    }

    private mutating func apply(_ medConfig: JSONValue) throws(ConfigurationError) {
        let fields = try ConfigurationFields(medConfig)
        try fields.require("hidden_act", "gelu")
        text.normEpsilon = try fields.positive("layer_norm_eps", or: text.normEpsilon)
        let sizes = [
            ("hidden_size", text.width), ("num_hidden_layers", text.layers), ("intermediate_size", text.mlpWidth),
            ("vocab_size", vocabularySize), ("max_position_embeddings", positions), ("encoder_width", vision.width),
        ]
        for (key, found) in sizes {
            let said = try fields.integer(key, in: 1...1 << 24, or: found)
            guard said == found else {
                throw .inconsistent("med_config.json says \(key) \(said), the weights have \(found)")
            }
        }
        text.heads = try fields.integer("num_attention_heads", in: 1...256, or: max(1, text.width / 64))
    }

    /// Checks what the types of the fields cannot.
    func validate() throws(ConfigurationError) {
        for tower in [vision, text] {
            try checkTower(width: tower.width, layers: tower.layers, heads: tower.heads)
        }
        try checkPatches(imageSize: imageSize, patchSize: patchSize)
        guard !head.isEmpty else { throw .inconsistent("a head of no layers") }
    }
}
