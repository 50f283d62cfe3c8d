public import Diffusion
public import Torch
public import Transformer

extension LLaDA: TokenPredictor {
    /// Rows of the output head.
    public var vocabularySize: Int { configuration.vocabularySize }

    /// Runs all sequences in one pass, one after another without padding.
    public func hiddenStates(
        _ sequences: [[Int32]], at positions: [[Int]], startingAt starts: [Int]
    ) throws -> Tensor {
        var rows: [Int] = []
        var start = 0
        for (sequence, wanted) in zip(sequences, positions) {
            rows += wanted.map { $0 + start }
            start += sequence.count
        }
        let ids = try Tensor(sequences.flatMap { $0.map(Int64.init) }).to(device)
        return try hiddenStates(embed(ids), SequenceLayout(lengths: sequences.map(\.count), starts: starts), rows: rows)
    }

    /// Logits of a part of the vocabulary.
    public func logits(_ hidden: Tensor, vocabulary range: Range<Int>) throws -> Tensor {
        try logits(hidden, vocabulary: Optional(range))
    }
}
