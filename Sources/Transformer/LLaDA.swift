// The bidirectional transformer of LLaDA (Nie et al. 2025, §2) and MMaDA (Yang et al. 2025, §3.1).
//
// The arithmetic is that of the released PyTorch code. Departures, none of which changes a value by more than the
// rounding of a matrix product: sequences of different lengths are laid one after another instead of being padded; the
// last block, the final norm and the head are computed only for the rows whose logits will be read.
public import NN
public import Torch

/// Rotary position embedding in the half-split layout (RoFormer, 2021).
struct RotaryEmbedding {
    private let cosines, sines: Tensor  // [T, 1, E/2]
    private let fullPrecision: Bool

    /// Angles for tokens that stand at `positions` `[T]` (float32).
    init(_ configuration: LLaDAConfiguration, positions: Tensor) throws {
        let width = configuration.headSize
        let exponents =
            try Tensor.arange(to: .integer(width), step: 2, dtype: .float32, device: positions.device)
            / .integer(width)
        let theta = try Tensor.full(
            [width / 2], .real(configuration.ropeTheta), dtype: .float32, device: positions.device)
        let frequencies = try theta.power(exponents).reciprocal()
        let angles = try positions.reshaped(-1, 1, 1) * frequencies  // [T, 1, E/2]
        cosines = try angles.cos()
        sines = try angles.sin()
        fullPrecision = configuration.ropeFullPrecision
    }

    private init(cosines: Tensor, sines: Tensor, fullPrecision: Bool) {
        self.cosines = cosines
        self.sines = sines
        self.fullPrecision = fullPrecision
    }

    /// The same for some of the tokens.
    func rows(_ indices: Tensor) throws -> RotaryEmbedding {
        try RotaryEmbedding(
            cosines: cosines.indexSelect(indices), sines: sines.indexSelect(indices), fullPrecision: fullPrecision)
    }

    /// `x` is `[T, H, E]`, and so is the result.
    func callAsFunction(_ x: Tensor) throws -> Tensor {
        let half = x.size(-1) / 2
        let t = fullPrecision ? try x.to(dtype: .float32) : x
        let cos = try cosines.to(dtype: t.dtype)
        let sin = try sines.to(dtype: t.dtype)
        let first = try t.slice(0..<half, along: -1)
        let second = try t.slice(half..<2 * half, along: -1)
        return try Tensor.cat([first * cos - second * sin, second * cos + first * sin], along: -1).to(dtype: x.dtype)
    }
}

/// Self-attention in which every position sees every other of its sequence: no causal mask (LLaDA §2.2).
struct Attention: Sendable {
    private let qProj, kProj, vProj, attnOut: Linear
    private let heads, keyValueHeads: Int

    init(_ configuration: LLaDAConfiguration, _ scope: ParameterScope) throws {
        let width = configuration.hiddenSize
        heads = configuration.attentionHeads
        keyValueHeads = configuration.keyValueHeads
        let keyValueWidth = keyValueHeads * configuration.headSize
        qProj = try Linear(width, width, bias: false, scope / "q_proj")
        kProj = try Linear(width, keyValueWidth, bias: false, scope / "k_proj")
        vProj = try Linear(width, keyValueWidth, bias: false, scope / "v_proj")
        attnOut = try Linear(width, width, bias: false, scope / "attn_out")
    }

    /// `x` is `[T, D]`; the result has a row for each of `context.rows`: `[N, D]`.
    func callAsFunction(_ x: Tensor, layer: Int, _ context: ForwardContext, rows: RowSelection?) throws -> Tensor {
        let wanted = try rows.map { try x.indexSelect($0.indices) } ?? x  // [N, D]
        let rope = try rows.map { try context.rope.rows($0.indices) } ?? context.rope
        let q = try rope(splitHeads(qProj(wanted), heads))  // [N, H, E]
        let k = try context.rope(splitHeads(kProj(x), keyValueHeads))  // [T, H', E]
        let v = try splitHeads(vProj(x), keyValueHeads)  // [T, H', E]
        let y = try attend(q, k, v, layer: layer, context, queryCounts: rows?.counts ?? context.lengths)
        return try attnOut(y)  // [N, D]
    }

    private func splitHeads(_ x: Tensor, _ heads: Int) throws -> Tensor {
        try x.reshaped(x.size(0), heads, -1)  // [T, H, E]
    }

    /// Attention inside each sequence: one kernel call for each run of sequences of the same length.
    private func attend(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, layer: Int, _ context: ForwardContext, queryCounts: [Int]
    ) throws -> Tensor {
        if context.isRectangular, Set(queryCounts).count == 1 {
            let count = context.lengths.count
            var keys = try grid(k, count)  // [B, H', M, E]
            var values = try grid(v, count)
            if let cache = context.cache {
                (keys, values) = try cache.merge(keys, values, layer: layer, offset: context.cacheOffset)
            }
            return try attend(grid(q, count), keys, values, bias: context.bias)
        }
        let runs = Self.runs(queryCounts, context.lengths)
        if let grid = context.paddedGrid, runs.count >= PaddedGrid.worthwhileRuns {
            return try attend(q, k, v, grid, grid.queries(queryCounts, lengths: context.lengths, device: q.device))
        }
        var start = (query: 0, key: 0)
        var results: [Tensor] = []
        for run in runs {
            let end = (query: start.query + run.queries * run.count, key: start.key + run.length * run.count)
            defer { start = end }
            if run.queries == 0 { continue }
            results.append(
                try attend(
                    grid(q.slice(start.query..<end.query), run.count), grid(k.slice(start.key..<end.key), run.count),
                    grid(v.slice(start.key..<end.key), run.count), bias: nil))
        }
        return try Tensor.cat(results)
    }

    /// One kernel call over sequences of many lengths, padded to the longest for it alone.
    private func attend(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, _ grid: PaddedGrid, _ queries: PaddedGrid.Side
    ) throws -> Tensor {
        let padded = { (x: Tensor, side: PaddedGrid.Side) throws in
            try x.indexSelect(side.places).reshaped(grid.count, side.length, x.size(1), x.size(2)).transposed(1, 2)
        }  // [B, H, L, E]
        let visible = try grid.visible.expanded(grid.count, 1, queries.length, grid.keys.length)
        let y = try attend(padded(q, queries), padded(k, grid.keys), padded(v, grid.keys), bias: visible)
        return try y.indexSelect(queries.tokens)  // [N, D]
    }

    /// Neighbouring sequences that agree in queries and length, and how many they are.
    private static func runs(_ queries: [Int], _ lengths: [Int]) -> [(queries: Int, length: Int, count: Int)] {
        var runs: [(queries: Int, length: Int, count: Int)] = []
        for (queries, length) in zip(queries, lengths) {
            if let last = runs.last, last.queries == queries, last.length == length {
                runs[runs.count - 1].count += 1
            } else {
                runs.append((queries, length, 1))
            }
        }
        return runs
    }

    private func grid(_ x: Tensor, _ count: Int) throws -> Tensor {
        try x.reshaped(count, -1, x.size(1), x.size(2)).transposed(1, 2)  // [B, H, L, E]
    }

    private func attend(_ q: Tensor, _ k: Tensor, _ v: Tensor, bias: Tensor?) throws -> Tensor {
        let y = try q.attention(repeated(k), repeated(v), bias: bias)  // [B, H, L, E]
        let (B, H, L, E) = try y.shape4
        return try y.transposed(1, 2).reshaped(B * L, H * E)
    }

    /// Each key-value head once for every query head of its group.
    private func repeated(_ x: Tensor) throws -> Tensor {
        if heads == keyValueHeads { return x }
        let (B, H, L, E) = try x.shape4
        return try x.unsqueezed(2).expanded(B, H, heads / H, L, E).reshaped(B, heads, L, E)
    }
}

/// The gated MLP: down(silu(gate(x)) ⊙ up(x)) (Shazeer 2020).
struct GatedMLP: Sendable {
    private let gate, up, down: Linear

    init(_ configuration: LLaDAConfiguration, _ scope: ParameterScope) throws {
        let (width, inner) = (configuration.hiddenSize, configuration.mlpHiddenSize)
        gate = try Linear(width, inner, bias: false, scope / "ff_proj")
        up = try Linear(width, inner, bias: false, scope / "up_proj")
        down = try Linear(inner, width, bias: false, scope / "ff_out")
    }

    /// `x` is `[N, D]`, and so is the result.
    func callAsFunction(_ x: Tensor) throws -> Tensor {
        try down(gate(x).silu() * up(x))
    }
}

/// One pre-norm block.
struct Block: Sendable {
    private let attnNorm, ffNorm: RMSNorm
    private let attention: Attention
    private let mlp: GatedMLP

    init(_ configuration: LLaDAConfiguration, _ scope: ParameterScope) throws {
        let (width, epsilon) = (configuration.hiddenSize, configuration.normEpsilon)
        attnNorm = try RMSNorm(width, epsilon: epsilon, scope / "attn_norm")
        attention = try Attention(configuration, scope)
        ffNorm = try RMSNorm(width, epsilon: epsilon, scope / "ff_norm")
        mlp = try GatedMLP(configuration, scope)
    }

    /// `x` is `[T, D]`; the result `[N, D]` for `rows`, or `[T, D]` for all.
    func callAsFunction(_ x: Tensor, layer: Int, _ context: ForwardContext, rows: RowSelection?) throws -> Tensor {
        let residual = try rows.map { try x.indexSelect($0.indices) } ?? x
        let h = try residual + attention(attnNorm(x), layer: layer, context, rows: rows)  // [N, D]
        return try h + mlp(ffNorm(h))
    }
}

/// The whole transformer: token ids in, final hidden states and logits out.
public struct LLaDA: Sendable {
    /// The shape of the model.
    public let configuration: LLaDAConfiguration
    /// The type that activations are computed in; weights of another type are converted where they are used.
    public let dtype: DType

    private let embedding: Embedding
    private let blocks: [Block]
    private let finalNorm: RMSNorm
    private let head: Linear?

    /// Takes the weights from a scope at the root of a checkpoint.
    public init(_ configuration: LLaDAConfiguration, dtype: DType, _ root: ParameterScope) throws {
        let scope = root / "model" / "transformer"
        let (V, D) = (configuration.vocabularySize, configuration.hiddenSize)
        self.configuration = configuration
        self.dtype = dtype
        embedding = try Embedding(V, D, scope / "wte")
        blocks = try (0..<configuration.layers).map { try Block(configuration, scope / "blocks" / $0) }
        finalNorm = try RMSNorm(D, epsilon: configuration.normEpsilon, scope / "ln_f")
        head = configuration.tiedHead ? nil : try Linear(D, V, bias: false, scope / "ff_out")
    }

    /// Where the weights lie.
    public var device: Device { embedding.weight.device }

    /// Vectors `[T, D]` of token ids `[T]` (int64).
    public func embed(_ ids: Tensor) throws -> Tensor { try embedding(ids, dtype: dtype) }

    /// The hidden states after the final norm.
    ///
    /// - Parameters:
    ///   - x: Embeddings of the sequences' tokens, one sequence after another: `[T, D]`.
    ///   - layout: Where each sequence begins and ends, and what its tokens see.
    ///   - rows: Indices into the T tokens, ascending, of the states that are wanted; `nil` for all.
    ///   - record: Called with the input of each block, for inspection.
    ///   - recomputing: Whether a training step computes each block anew in its backward pass, to save memory.
    /// - Returns: `[N, D]`.
    /// - Throws: ``TensorError``, for sequences that `layout` does not fit.
    public func hiddenStates(
        _ x: Tensor, _ layout: SequenceLayout, rows: [Int]? = nil, record: ((Tensor) -> Void)? = nil,
        recomputing: Bool = false
    ) throws -> Tensor {
        let context = try ForwardContext(configuration, layout, dtype: dtype, device: x.device)
        let selection = try rows.flatMap { try RowSelection($0, lengths: layout.lengths, device: x.device) }
        // A bias is square and a cache rectangular: with them the last block computes every row.
        let selectsInside = context.bias == nil && context.cache == nil
        var x = x  // [T, D]
        for (layer, block) in blocks.enumerated() {
            record?(x)
            let rows = layer == blocks.count - 1 && selectsInside ? selection : nil
            x =
                try recomputing
                ? x.checkpointed { try block($0, layer: layer, context, rows: rows) }
                : block(x, layer: layer, context, rows: rows)
        }
        if let selection, !selectsInside { x = try x.indexSelect(selection.indices) }
        return try finalNorm(x)  // [N, D]
    }

    /// Logits of hidden states `[N, D]` over a range of the vocabulary: `[N, range.count]`, or `[N, V]` for `nil`.
    public func logits(_ hidden: Tensor, vocabulary range: Range<Int>? = nil) throws -> Tensor {
        let range = range ?? 0..<configuration.vocabularySize
        if let head { return try head(hidden, outputs: range) }
        return try hidden.linear(embedding.weight.slice(range).to(dtype: hidden.dtype))
    }

    /// log p of one id of each hidden state `[N, D]`, under the softmax of a part of the vocabulary: `[N]`, float32.
    ///
    /// - Parameters:
    ///   - hidden: States after the final norm.
    ///   - targets: The ids asked for `[N]` (int64), all in `range`.
    ///   - range: The part of the vocabulary among which a choice was made.
    /// - Returns: Log-probabilities, through which gradients flow.
    /// - Throws: ``TensorError``.
    public func logProbabilities(
        _ hidden: Tensor, targets: Tensor, vocabulary range: Range<Int>
    ) throws -> Tensor {
        let rows = try (head?.weight ?? embedding.weight).slice(range)
        return try hidden.linearLogProbability(
            rows, targets: targets - .integer(range.lowerBound), chunk: rowsAtOnce(range.count))
    }

    /// About 64 MB of logits at a time: large enough for the matrix product, small beside the model.
    private func rowsAtOnce(_ columns: Int) -> Int { max(16, (1 << 24) / columns) }

    /// Σ wᵢ·CEᵢ of hidden states `[N, D]` over the whole vocabulary, chunk by chunk, and each CE `[N]` in nats.
    ///
    /// `targets`: The right ids `[N]` (int64). `weights`: What each position counts `[N]` (float32).
    public func crossEntropy(
        _ hidden: Tensor, targets: Tensor, weights: Tensor
    ) throws -> (sum: Tensor, each: Tensor) {
        try hidden.linearCrossEntropy(
            head?.weight ?? embedding.weight, targets: targets, weights: weights,
            chunk: rowsAtOnce(configuration.vocabularySize))
    }
}
