public import NN
public import StrictJSON

/// The shape of a LLaDA or MMaDA transformer, as in `config.json`.
public struct LLaDAConfiguration: Hashable, Sendable {
    /// Width of the residual stream (`d_model`).
    public var hiddenSize: Int
    /// Number of blocks (`n_layers`).
    public var layers: Int
    /// Attention heads (`n_heads`).
    public var attentionHeads: Int
    /// Heads that keys and values have; fewer than ``attentionHeads`` for grouped queries (`n_kv_heads`).
    public var keyValueHeads: Int
    /// Width inside the MLP (`mlp_hidden_size`, else `mlp_ratio` · `d_model`).
    public var mlpHiddenSize: Int
    /// Rows of the token embedding and of the output head (`embedding_size`, else `vocab_size`).
    public var vocabularySize: Int
    /// Base of the rotary angles (`rope_theta`).
    public var ropeTheta: Double = 500_000
    /// Whether queries and keys are rotated in float32 (`rope_full_precision`).
    public var ropeFullPrecision = true
    /// Added to the mean square in norms (`rms_norm_eps`).
    public var normEpsilon: Double = 1e-5
    /// Whether the head is the embedding's table (`weight_tying`).
    public var tiedHead = false
    /// The mask id (`mask_token_id`).
    public var maskTokenID: Int
    /// The id that ends a text (`eos_token_id`).
    public var endTokenID: Int?
    /// Number of image codes (`codebook_size`); `nil` for a text-only LLaDA.
    public var codebookSize: Int?
    /// Image tokens of one picture (`num_vq_tokens`).
    public var imageTokenCount: Int?
    /// `mmada` or `llada` (`model_type`).
    public var modelType = "mmada"

    /// Width of one head.
    public var headSize: Int { hiddenSize / attentionHeads }

    /// A configuration made in memory.
    public init(
        hiddenSize: Int, layers: Int, attentionHeads: Int, keyValueHeads: Int? = nil, mlpHiddenSize: Int,
        vocabularySize: Int, maskTokenID: Int
    ) {
        self.hiddenSize = hiddenSize
        self.layers = layers
        self.attentionHeads = attentionHeads
        self.keyValueHeads = keyValueHeads ?? attentionHeads
        self.mlpHiddenSize = mlpHiddenSize
        self.vocabularySize = vocabularySize
        self.maskTokenID = maskTokenID
    }

    /// Reads a `config.json` as released.
    ///
    /// - Throws: ``ConfigurationError`` for a missing or impossible field, and for an option that no released
    ///   checkpoint uses.
    public init(_ json: JSONValue) throws(ConfigurationError) {
        let fields = try ConfigurationFields(json)
        let sizes = 1...(1 << 20)
        modelType = try fields.string("model_type", or: "mmada")
        guard ["mmada", "llada"].contains(modelType) else {
            throw .unsupported(key: "model_type", found: "'\(modelType)'", supported: "'mmada', 'llada'")
        }
        hiddenSize = try fields.integer("d_model", in: sizes)
        layers = try fields.integer("n_layers", in: 1...4096)
        attentionHeads = try fields.integer("n_heads", in: 1...65536)
        keyValueHeads = try fields.integer("n_kv_heads", in: 1...65536, or: attentionHeads)
        let ratio = try fields.integer("mlp_ratio", in: 1...1024, or: 4)
        mlpHiddenSize = try fields.integer("mlp_hidden_size", in: sizes, or: ratio * hiddenSize)
        let rows = 1...(1 << 24)
        let vocabulary = try fields.integer("vocab_size", in: rows)
        vocabularySize = try fields.integer("embedding_size", in: rows, or: vocabulary)
        ropeTheta = try fields.positive("rope_theta", or: 10_000)
        ropeFullPrecision = try fields.flag("rope_full_precision", or: true)
        normEpsilon = try fields.positive("rms_norm_eps", or: 1e-5)
        tiedHead = try fields.flag("weight_tying", or: false)
        maskTokenID = try fields.integer("mask_token_id", in: 0...(vocabularySize - 1))
        if fields.has("eos_token_id") {
            endTokenID = try fields.integer("eos_token_id", in: 0...(vocabularySize - 1))
        }
        if fields.has("codebook_size") { codebookSize = try fields.integer("codebook_size", in: 1...(1 << 24)) }
        if fields.has("num_vq_tokens") { imageTokenCount = try fields.integer("num_vq_tokens", in: 1...(1 << 20)) }
        try checkArchitecture(fields)
    }

    /// Refuses options that would need other code than ``LLaDA``.
    private func checkArchitecture(_ fields: ConfigurationFields) throws(ConfigurationError) {
        guard hiddenSize.isMultiple(of: attentionHeads), headSize.isMultiple(of: 2) else {
            throw .inconsistent("d_model \(hiddenSize) does not give \(attentionHeads) heads of an even width")
        }
        guard attentionHeads.isMultiple(of: keyValueHeads) else {
            throw .inconsistent("n_heads \(attentionHeads) is no multiple of n_kv_heads \(keyValueHeads)")
        }
        if fields.has("multi_query_attention") {
            let single = try fields.flag("multi_query_attention", or: false)
            guard single == (keyValueHeads == 1) else {
                throw .inconsistent("multi_query_attention is \(single), n_kv_heads \(keyValueHeads)")
            }
        }
        try fields.require("block_type", "llama")
        try fields.require("activation_type", "silu")
        try fields.require("layer_norm_type", "rms")
        try fields.require("rope", true, or: true)
        for option in [
            "alibi", "attention_layer_norm", "bias_for_layer_norm", "include_bias", "include_qkv_bias",
            "input_emb_norm", "scale_logits",
        ] {
            try fields.require(option, false, or: false)
        }
        try fields.require("layer_norm_with_affine", true, or: true)
        let group = try fields.integer("block_group_size", in: 1...4096, or: 1)
        guard group == 1 else { throw .unsupported(key: "block_group_size", found: "\(group)", supported: "1") }
    }
}
