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
    /// Length that the model was trained for; longer sequences are no error (`max_sequence_length`).
    public var maxSequenceLength = 4096
    /// Whether prompts for reasoning begin with the official instruction (`reasoning_instruction`, a key of our own);
    /// small models are trained without.
    public var usesReasoningInstruction = true
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
        maxSequenceLength = try fields.integer("max_sequence_length", in: 1...(1 << 24), or: maxSequenceLength)
        usesReasoningInstruction = try fields.flag("reasoning_instruction", or: true)
        try checkArchitecture(fields)
    }

    /// What `config.json` says: every field of the released models (model §1), so that the official code can read it.
    public var json: JSONValue {
        let sizes: [(JSONString, Int)] = [
            ("d_model", hiddenSize), ("n_layers", layers), ("n_heads", attentionHeads), ("n_kv_heads", keyValueHeads),
            ("mlp_hidden_size", mlpHiddenSize), ("mlp_ratio", 4), ("block_group_size", 1),
            ("max_sequence_length", maxSequenceLength), ("vocab_size", vocabularySize),
            ("embedding_size", vocabularySize), ("new_vocab_size", vocabularySize), ("mask_token_id", maskTokenID),
        ]
        var fields: [(key: JSONString, value: JSONValue)] = [
            ("model_type", .string(JSONString(modelType))),
            ("architectures", .array([.string(modelType == "mmada" ? "MMadaModelLM" : "LLaDAModelLM")])),
        ]
        fields += sizes.map { ($0.0, .integer(Int64($0.1))) }
        let optional: [(JSONString, Int?)] = [
            ("eos_token_id", endTokenID), ("pad_token_id", endTokenID), ("codebook_size", codebookSize),
            ("num_vq_tokens", imageTokenCount),
        ]
        for case (let key, .some(let value)) in optional { fields.append((key, .integer(Int64(value)))) }
        let texts: [(JSONString, JSONValue)] = [
            ("activation_type", "silu"), ("block_type", "llama"), ("layer_norm_type", "rms"), ("init_fn", "mitchell"),
            ("init_device", "cpu"), ("precision", "fp32"), ("torch_dtype", "float32"),
        ].map { (JSONString($0.0), .string(JSONString($0.1))) }
        fields += texts.map { ($0.0, $0.1) }
        let flags: [(JSONString, Bool)] = [
            ("rope", true), ("rope_full_precision", ropeFullPrecision), ("alibi", false),
            ("layer_norm_with_affine", true), ("bias_for_layer_norm", false), ("include_bias", false),
            ("include_qkv_bias", false), ("attention_layer_norm", false), ("attention_layer_norm_with_affine", true),
            ("input_emb_norm", false), ("scale_logits", false), ("weight_tying", tiedHead), ("flash_attention", false),
            ("use_cache", false), ("tie_word_embeddings", tiedHead),
        ]
        fields += flags.map { ($0.0, .bool($0.1)) }
        let reals: [(JSONString, Double)] = [
            ("rope_theta", ropeTheta), ("rms_norm_eps", normEpsilon), ("attention_dropout", 0), ("residual_dropout", 0),
            ("embedding_dropout", 0), ("init_std", 0.02),
        ]
        fields += reals.map { ($0.0, .number($0.1)) }
        fields.append(("multi_query_attention", .null))
        fields.append(("init_cutoff_factor", .null))
        if !usesReasoningInstruction { fields.append(("reasoning_instruction", .bool(false))) }
        return .object(fields)
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
