import Diffusion
import Synchronization
import Torch

/// A predictor without a network: the hidden state of a position is a fixed pseudo-random function of its place, of the
/// token there and of how many tokens are still masked, and the head is a fixed random matrix.
struct StubPredictor: TokenPredictor {
    let vocabularySize: Int
    let device = Device.cpu
    let maskID: Int32
    private let head: Tensor  // [V, 8]
    private let asked = Asked()

    /// How many sequences each pass had.
    var sequenceCounts: [Int] { asked.counts.withLock(\.self) }

    private final class Asked: Sendable { let counts = Mutex<[Int]>([]) }

    init(vocabularySize: Int, maskID: Int32) throws {
        self.vocabularySize = vocabularySize
        self.maskID = maskID
        head = try RandomSource(seed: 99).normal([vocabularySize, 8])
    }

    func hiddenStates(_ sequences: [[Int32]], at positions: [[Int]], startingAt _: [Int]) throws -> Tensor {
        asked.counts.withLock { $0.append(sequences.count) }
        let rows = zip(sequences, positions).flatMap { sequence, positions in
            let masked = Float(sequence.count { $0 == maskID })
            return positions.map { position in
                (0..<8).map { i in (Float(position + 1) * Float(i + 1) * 0.7 + masked * 0.3).remainder(dividingBy: 3) }
            }
        }
        return try Tensor(rows.flatMap(\.self), shape: [rows.count, 8])
    }

    func logits(_ hidden: Tensor, vocabulary range: Range<Int>) throws -> Tensor {
        try hidden.linear(head.slice(range))
    }
}
