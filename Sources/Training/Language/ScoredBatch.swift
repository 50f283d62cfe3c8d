public import Torch
public import Transformer

/// Sequences of one micro-step, laid out for one pass of the model.
public struct ScoredBatch {
    /// The tokens of all sequences, one sequence after another.
    public let ids: [Int32]
    /// Where each sequence is, and what its tokens see.
    public let layout: SequenceLayout
    /// The scored positions among all tokens, ascending, with their tokens and final weights.
    let positions: [Int]
    let targets: [Int32]
    let weights: [Float]
    let parts: [LossPart]
    /// Coefficients of the parts that occur.
    let coefficients: [LossPart: Double]

    /// Sequences in any order of length.
    ///
    /// - Parameters:
    ///   - sequences: The rows after noising.
    ///   - coefficients: What each part counts in the total; 1 where not given.
    ///   - padAttention: What left padding does.
    /// - Throws: ``TensorError``, for additive padding with rows of different lengths.
    public init(
        _ sequences: [NoisedSequence], coefficients: [LossPart: Double] = [:],
        padAttention: PadAttention = .masked
    ) throws {
        let rows = padAttention == .masked ? sequences.map { $0.withoutPadding() } : sequences
        // Equal lengths side by side, so that one kernel call serves them all.
        let ordered = rows.enumerated().sorted { ($0.element.ids.count, $0.offset) < ($1.element.ids.count, $1.offset) }
        let sequences = ordered.map(\.element)
        let normalisers = Self.normalisers(sequences)
        self.coefficients = coefficients

        var ids: [Int32] = []
        var positions: [Int] = []
        var targets: [Int32] = []
        var weights: [Float] = []
        var parts: [LossPart] = []
        for sequence in sequences {
            let factor = Float(1 / (normalisers[sequence.part] ?? 1))
            for scored in sequence.scored {
                positions.append(ids.count + scored.position)
                targets.append(scored.target)
                weights.append(scored.weight * factor)
                parts.append(sequence.part)
            }
            ids += sequence.ids
        }
        self.ids = ids
        self.positions = positions
        self.targets = targets
        self.weights = weights
        self.parts = parts
        layout = SequenceLayout(
            lengths: sequences.map(\.ids.count),
            attention: padAttention == .additive ? try Self.additiveBias(sequences) : .full)
    }

    /// The sum of weights for a mean over positions, the number of rows for the others.
    private static func normalisers(_ sequences: [NoisedSequence]) -> [LossPart: Double] {
        var sums: [LossPart: Double] = [:]
        for sequence in sequences {
            sums[sequence.part, default: 0] +=
                sequence.part.isMeanOverPositions ? sequence.scored.reduce(0) { $0 + Double($1.weight) } : 1
        }
        return sums.filter { $0.value > 0 }
    }

    /// 1 for pairs that see each other, 0 for pairs with padding (`[B, 1, L, L]`), added to the scores as it is.
    private static func additiveBias(_ sequences: [NoisedSequence]) throws -> AttentionBias {
        guard let length = sequences.first?.ids.count, sequences.contains(where: { $0.paddingCount > 0 }) else {
            return .full
        }
        let visible = sequences.flatMap { row in (0..<length).map { Float($0 < row.paddingCount ? 0 : 1) } }
        let mask = try Tensor(visible, shape: [sequences.count, length])
        return .added(try mask.reshaped(-1, 1, length, 1) * mask.reshaped(-1, 1, 1, length))
    }

    /// The loss of a model on this batch.
    ///
    /// - Parameters:
    ///   - model: The model, whose parameters may ask for gradients.
    ///   - recomputing: Whether blocks are computed anew in the backward pass, to save memory.
    /// - Returns: The weighted total, for the backward pass, and each part as it is.
    /// - Throws: ``TensorError``.
    public func loss(
        of model: LLaDA, recomputing: Bool = false
    ) throws -> (total: Tensor, parts: [LossPart: Double]) {
        let device = model.device
        guard !positions.isEmpty else { return (try .zeros([], dtype: .float32, device: device), [:]) }
        let x = try model.embed(Tensor(ids.map(Int64.init)).to(device))
        let hidden = try model.hiddenStates(x, layout, rows: positions, recomputing: recomputing)
        let scaled = zip(weights, parts).map { $0 * Float(coefficients[$1] ?? 1) }
        let (total, each) = try model.crossEntropy(
            hidden, targets: Tensor(targets.map(Int64.init)).to(device), weights: Tensor(scaled).to(device))
        let losses: [Float] = try each.array()
        var sums: [LossPart: Double] = [:]
        for (index, loss) in losses.enumerated() {
            sums[parts[index], default: 0] += Double(loss) * Double(weights[index])
        }
        return (total, sums)
    }
}
