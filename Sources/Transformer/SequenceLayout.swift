public import Torch

/// How the tokens of one forward pass form sequences, and what each token sees.
public struct SequenceLayout {
    /// Tokens of each sequence; the sequences lie one after another, without padding.
    public var lengths: [Int]
    /// What the tokens of a sequence see of each other.
    public var attention: AttentionBias
    /// The place of each sequence's first token; `nil` for 0.
    public var starts: [Int]?
    /// Keys and values of earlier passes; needs sequences of equal length.
    public var cache: KeyValueCache?

    /// Sequences of those lengths in which every token sees every other, unless `attention` says otherwise.
    public init(
        lengths: [Int], attention: AttentionBias = .full, starts: [Int]? = nil, cache: KeyValueCache? = nil
    ) {
        self.lengths = lengths
        self.attention = attention
        self.starts = starts
        self.cache = cache
    }
}

/// What is added to attention scores.
///
/// Anything but `full` needs sequences of one length L.
public enum AttentionBias: Sendable {
    /// Every position sees every other.
    case full
    /// Bool `[B or 1, 1, L, L]`: a query sees the keys at which its row is true. A row without any sees all alike.
    case allowed(Tensor)
    /// Numbers `[B or 1, 1, L, L]` added as they are. Ones and zeros therefore mask nothing (as in official training).
    case added(Tensor)
    /// 0/1 `[B, L]`, read as the official code reads a Hugging Face mask without bias: once it holds a zero, zeros are
    /// hidden **and attention becomes causal**. For parity only.
    case officialKeyMask(Tensor)

    /// The bias in `dtype`, `nil` for none; −∞ becomes the lowest finite number, so that no row is all −∞.
    func resolved(dtype: DType) throws -> Tensor? {
        let bias: Tensor
        switch self {
        case .full:
            return nil
        case .added(let numbers):
            bias = try numbers.to(dtype: .float32)
        case .allowed(let mask):
            // True adds 1 to all allowed keys alike, as in the official code: no effect on the softmax.
            let numbers = try mask.to(dtype: .float32)
            bias = try numbers.maskedFill(mask.not(), .real(-DType.float32.greatestFiniteMagnitude))
        case .officialKeyMask(let mask):
            guard let numbers = try Self.causalBias(hiding: mask) else { return nil }
            bias = numbers
        }
        let cast = try bias.to(dtype: dtype)
        return try cast.maskedFill(cast.equal(.real(-.infinity)), .real(-dtype.greatestFiniteMagnitude))
    }

    private static func causalBias(hiding mask: Tensor) throws -> Tensor? {
        let visible = try mask.notEqual(0)  // [B, L]
        guard try visible.to(dtype: .int64).min(along: 0).min(along: 0).item() == 0 else { return nil }
        let (_, L) = try mask.shape2
        let lowest = Scalar.real(-DType.float32.greatestFiniteMagnitude)
        let position = try Tensor.arange(to: .integer(L), dtype: .int64, device: mask.device)
        let later = try position.reshaped(L, 1).less(position.reshaped(1, L))  // [L, L]
        let zeros = try Tensor.zeros([1, 1, L, L], dtype: .float32, device: mask.device)
        let hidden = try visible.not().reshaped(-1, 1, 1, L)
        let keyBias = try Tensor.zeros([1, 1, 1, L], dtype: .float32, device: mask.device)
            .expanded(mask.size(0), 1, 1, L).maskedFill(hidden, lowest)
        // The causal part is −∞ in the official code; the sum is made finite afterwards.
        return try (zeros.maskedFill(later, .real(-.infinity)) + keyBias)
            .maximum(lowest)
    }
}

/// Keys and values of every layer, so that later passes compute some positions only.
///
/// The first pass fills it. A later pass over tokens that start further on replaces those positions, and its tokens see
/// all positions held (Fast-dLLM's dual cache, arXiv 2505.22618 §3.1).
public final class KeyValueCache {
    private var layers: [(keys: Tensor, values: Tensor)] = []  // [B, H, L, E]

    /// An empty cache.
    public init() {}

    /// Positions held.
    public var length: Int { layers.first?.keys.size(2) ?? 0 }

    func merge(_ keys: Tensor, _ values: Tensor, layer: Int, offset: Int) throws -> (Tensor, Tensor) {
        guard layer < layers.count else {
            layers.append((keys, values))
            return (keys, values)
        }
        let held = layers[layer].keys.size(2)
        let end = offset + keys.size(2)
        let merged = try [(layers[layer].keys, keys), (layers[layer].values, values)].map { old, new in
            // Positions before, the new ones, positions after; new ones may also extend what is held.
            var parts = [new]
            if offset > 0 { parts.insert(try old.slice(0..<min(offset, held), along: 2), at: 0) }
            if end < held { parts.append(try old.slice(end..<held, along: 2)) }
            return try Tensor.cat(parts, along: 2)
        }
        layers[layer] = (merged[0], merged[1])
        return layers[layer]
    }
}

/// What all blocks of one forward pass share.
struct ForwardContext {
    let lengths: [Int]
    let rope: RotaryEmbedding
    let bias: Tensor?
    let cache: KeyValueCache?
    /// Place of the first token in the cache.
    let cacheOffset: Int

    /// Whether all sequences have one length.
    let isRectangular: Bool
    /// How to pad sequences of several lengths for one kernel call; `nil` where that is not possible.
    let paddedGrid: PaddedGrid?

    init(_ configuration: LLaDAConfiguration, _ layout: SequenceLayout, dtype: DType, device: Device) throws {
        lengths = layout.lengths
        isRectangular = Set(layout.lengths).count == 1
        let starts = layout.starts ?? lengths.map { _ in 0 }
        cacheOffset = starts.first ?? 0
        cache = layout.cache
        let positions = zip(starts, lengths).flatMap { start, length in (start..<start + length).map { Float($0) } }
        rope = try RotaryEmbedding(configuration, positions: Tensor(positions).to(device))
        bias = try layout.attention.resolved(dtype: dtype)
        paddedGrid =
            isRectangular || bias != nil || cache != nil ? nil : try PaddedGrid(lengths: layout.lengths, device: device)
        if !isRectangular || (cache != nil && Set(starts).count > 1), bias != nil || cache != nil {
            throw TensorError.operation(
                "attention", shapes: [lengths], reason: "a bias or a cache needs sequences of one length and place")
        }
    }
}

/// Some of the tokens of a pass.
struct RowSelection {
    /// `[N]`, int64.
    let indices: Tensor
    /// How many of them each sequence has.
    let counts: [Int]

    /// `nil` when the rows are all rows.
    init?(_ rows: [Int], lengths: [Int], device: Device) throws {
        if rows.count == lengths.reduce(0, +) { return nil }
        var counts = lengths.map { _ in 0 }
        var (sequence, end) = (0, lengths.first ?? 0)
        for row in rows {
            while row >= end, sequence + 1 < lengths.count {
                sequence += 1
                end += lengths[sequence]
            }
            counts[sequence] += 1
        }
        indices = try Tensor(rows.map(Int64.init)).to(device)
        self.counts = counts
    }
}

/// Sequences of several lengths as rows of one length.
struct PaddedGrid {
    /// Tokens to places and back.
    struct Side {
        /// Length of a row.
        let length: Int
        /// For each place, row by row, the token there; any token where a row has ended.
        let places: Tensor
        /// For each token its place.
        let tokens: Tensor
    }

    /// From so many runs of equal lengths on, padding costs less than a call for each run.
    static let worthwhileRuns = 5

    /// Number of sequences.
    let count: Int
    let keys: Side
    /// Whether a key is a token and not padding: bool `[B, 1, 1, L]`.
    let visible: Tensor

    init(lengths: [Int], device: Device) throws {
        count = lengths.count
        keys = try Self.side(lengths, device: device)
        let length = keys.length
        let marks = lengths.flatMap { own in (0..<length).map { Float($0 < own ? 1 : 0) } }
        visible = try Tensor(marks, shape: [count, 1, 1, length]).greater(0.5).to(device)
    }

    /// The places of the queries; those of the keys where every token asks.
    func queries(_ counts: [Int], lengths: [Int], device: Device) throws -> Side {
        counts == lengths ? keys : try Self.side(counts, device: device)
    }

    private static func side(_ lengths: [Int], device: Device) throws -> Side {
        let length = lengths.max() ?? 0
        var places: [Int64] = []
        var tokens: [Int64] = []
        var start = 0
        for (row, own) in lengths.enumerated() {
            places += (0..<length).map { Int64($0 < own ? start + $0 : 0) }
            tokens += (0..<own).map { Int64(row * length + $0) }
            start += own
        }
        return Side(
            length: length, places: try Tensor(places).to(device), tokens: try Tensor(tokens).to(device))
    }
}
