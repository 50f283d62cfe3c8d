public import Checkpoints
public import NN
public import StrictJSON

/// The shape of a CLIP model: ViT-B/32, B/16, L/14, L/14@336 or any other with a vision transformer.
public struct CLIPConfiguration: Hashable, Sendable {
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
        /// The MLP's nonlinearity.
        public var activation: Activation
        /// What the norms add to a variance.
        public var normEpsilon: Double

        /// A tower as OpenAI's are: heads of 64, an MLP four times as wide.
        public init(width: Int, layers: Int) {
            (self.width, self.layers) = (width, layers)
            heads = max(1, width / 64)
            mlpWidth = 4 * width
            activation = .quickGELU
            normEpsilon = 1e-5
        }
    }

    /// The tower for pictures.
    public var vision = Tower(width: 768, layers: 12)
    /// The tower for texts.
    public var text = Tower(width: 512, layers: 12)
    /// Pixels on a side of a picture.
    public var imageSize = 224
    /// Pixels on a side of a patch.
    public var patchSize = 32
    /// Number of text tokens.
    public var vocabularySize = 49408
    /// Tokens of a text at most.
    public var contextLength = 77
    /// The token that ends a text; `nil` for the one with the largest id, wherever that is.
    public var endToken: Int?
    /// Width of the space that pictures and texts share.
    public var projectionWidth = 512

    /// ViT-B/32.
    public init() {}

    /// Reads a `config.json` of Hugging Face.
    public init(_ json: JSONValue) throws(ConfigurationError) {
        let fields = try ConfigurationFields(json)
        try fields.require("model_type", "clip")
        let textJSON = Self.overridden(json, "text_config")
        let visionJSON = Self.overridden(json, "vision_config")
        let text = try ConfigurationFields(textJSON, path: "text_config")
        let vision = try ConfigurationFields(visionJSON, path: "vision_config")
        self.text = try Self.tower(text, self.text)
        self.vision = try Self.tower(vision, self.vision)
        guard try vision.integer("num_channels", in: 1...16, or: 3) == 3 else {
            throw .unsupported(key: "vision_config.num_channels", found: "other than 3", supported: "3")
        }
        imageSize = try vision.integer("image_size", in: 1...4096, or: imageSize)
        patchSize = try vision.integer("patch_size", in: 1...imageSize, or: patchSize)
        vocabularySize = try text.integer("vocab_size", in: 1...1 << 24, or: vocabularySize)
        contextLength = try text.integer("max_position_embeddings", in: 2...1 << 16, or: contextLength)
        let end = try text.integer("eos_token_id", in: 0...1 << 24, or: vocabularySize - 1)
        // Old files say 2, which no tokenizer of CLIP's ever meant: transformers then takes the largest id.
        endToken = end == 2 ? nil : end
        projectionWidth = try fields.integer("projection_dim", in: 1...1 << 14, or: projectionWidth)
        try validate()
    }

    private static func tower(_ fields: ConfigurationFields, _ standard: Tower) throws(ConfigurationError) -> Tower {
        var tower = standard
        tower.width = try fields.integer("hidden_size", in: 1...1 << 14, or: standard.width)
        tower.layers = try fields.integer("num_hidden_layers", in: 1...256, or: standard.layers)
        tower.heads = try fields.integer("num_attention_heads", in: 1...256, or: standard.heads)
        tower.mlpWidth = try fields.integer("intermediate_size", in: 1...1 << 16, or: standard.mlpWidth)
        tower.normEpsilon = try fields.positive("layer_norm_eps", or: standard.normEpsilon)
        let name = try fields.string("hidden_act", or: standard.activation.rawValue)
        guard let activation = Activation(rawValue: name) else {
            let known = Activation.allCases.map(\.rawValue).joined(separator: ", ")
            throw .unsupported(key: "hidden_act", found: "'\(name)'", supported: known)
        }
        tower.activation = activation
        return tower
    }

    /// Checks what the types of the fields cannot.
    func validate() throws(ConfigurationError) {
        for tower in [vision, text] {
            try checkTower(width: tower.width, layers: tower.layers, heads: tower.heads)
        }
        try checkPatches(imageSize: imageSize, patchSize: patchSize)
    }

    /// The object of a tower; old files have a second one, `<key>_dict`, whose fields count more.
    private static func overridden(_ json: JSONValue, _ key: String) -> JSONValue {
        let first = json[key] ?? .object([])
        guard let members = first.isNull ? [] : first.objectValue, let later = json[key + "_dict"]?.objectValue else {
            return first.isNull ? .object([]) : first
        }
        let replaced = Set(later.map(\.key))
        return .object(members.filter { !replaced.contains($0.key) } + later)
    }

    /// The shape of a model whose tensors have OpenAI's names.
    ///
    /// - Throws: `ParameterError` or ``ScorerError`` where they are not those of a vision transformer.
    public init(openAI checkpoint: Checkpoint) throws {
        guard checkpoint["visual.layer1.0.conv1.weight"] == nil else {
            throw ScorerError.unsupportedWeights("a CLIP whose vision tower is a ResNet")
        }
        let patches = try checkpoint.lengths("visual.conv1.weight", rank: 4)
        let positions = try checkpoint.lengths("visual.positional_embedding", rank: 2)[0]
        let vision = "visual.transformer.resblocks"
        self.vision = try Self.tower(openAI: checkpoint, vision, width: patches[0])
        patchSize = patches[3]
        imageSize = try patchSize * checkpoint.gridSide("visual.positional_embedding", positions: positions)
        contextLength = try checkpoint.lengths("positional_embedding", rank: 2)[0]
        let table = try checkpoint.lengths("token_embedding.weight", rank: 2)
        vocabularySize = table[0]
        text = try Self.tower(openAI: checkpoint, "transformer.resblocks", width: table[1])
        projectionWidth = try checkpoint.lengths("text_projection", rank: 2)[1]
    }

    private static func tower(openAI checkpoint: Checkpoint, _ place: String, width: Int) throws -> Tower {
        guard width.isMultiple(of: 64) else {
            throw ScorerError.unsupportedWeights("'\(place)' has width \(width), which is no multiple of 64, a head's")
        }
        let layers = checkpoint.layers { "\(place).\($0).ln_1.weight" }
        guard layers > 0 else { throw ParameterError.missing(name: "\(place).0.ln_1.weight") }
        var tower = Tower(width: width, layers: layers)
        tower.mlpWidth = try checkpoint.lengths("\(place).0.mlp.c_fc.weight", rank: 2)[0]
        return tower
    }
}

/// Refuses a tower that cannot be built.
func checkTower(width: Int, layers: Int, heads: Int) throws(ConfigurationError) {
    guard (1...1 << 20).contains(width), layers > 0, heads > 0, width.isMultiple(of: heads) else {
        throw .inconsistent("\(layers) layers of width \(width) with \(heads) attention heads")
    }
}

/// Refuses pictures without patches.
func checkPatches(imageSize: Int, patchSize: Int) throws(ConfigurationError) {
    guard patchSize > 0, patchSize <= imageSize, imageSize <= 1 << 14 else {
        throw .inconsistent("patches of \(patchSize) pixels in pictures of \(imageSize)")
    }
}
