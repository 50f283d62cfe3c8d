import Torch

/// Samples tokens as the official `add_gumbel_noise` does: argmax of exp(l) / (−ln u)^T in float64, with u drawn for
/// every token of every position of the batch, though only some positions are looked at.
struct GumbelNoise {
    private let temperature: Double
    private let vocabulary: Int
    private let random: RandomSource
    /// Wanted positions as row-major indices into the batch `[B, width]`, and how many there are in all.
    private let wanted: [Int]
    private let positions: Int

    private var drawn = 0  // positions whose numbers are used up
    private var next = 0  // index into `wanted`
    private var all: Tensor?  // [wanted, V], where numbers depend on the shape of the draw

    /// `rows`: For each row the positions wanted, ascending, in the padded row of `width`.
    init(
        temperature: Double, vocabulary: Int, width: Int, rows: [[Int]], random: RandomSource
    ) throws {
        self.temperature = temperature
        self.vocabulary = vocabulary
        self.random = random
        positions = rows.count * width
        wanted = rows.enumerated().flatMap { row, positions in positions.map { row * width + $0 } }
        if temperature > 0, random.device != .cpu {
            all = try random.rows(wanted, of: positions, columns: vocabulary, .uniform, dtype: .float64)
        }
    }

    /// Elements of float64 to work on at once, to stay near the processor's cache.
    private static let elementsAtOnce = 1 << 20

    /// Tokens `[n]` (int64) for logits `[n, V]` of the next n wanted positions.
    mutating func argmax(_ logits: Tensor) throws -> Tensor {
        if temperature == 0 { return try logits.argmax(along: -1) }
        let n = logits.size(0)
        var tokens: [Tensor] = []
        let fitting = max(1, Self.elementsAtOnce / vocabulary)
        let step = fitting == 1 ? 1 : fitting - fitting % 2  // an even share for two threads
        for start in stride(from: 0, to: n, by: step) {
            let rows = start..<min(start + step, n)
            let u = try uniforms(rows.count)  // [rows, V]
            try u.logInPlace()
            try u.negateInPlace()
            if temperature != 1 { try u.powerInPlace(.real(temperature)) }
            let value = try logits.slice(rows).to(dtype: .float64, copying: true)
            try value.expInPlace()
            try value.divideInPlace(u)
            tokens.append(try value.argmax(along: -1))
        }
        return try Tensor.cat(tokens)
    }

    /// Numbers of the next `count` wanted positions.
    private mutating func uniforms(_ count: Int) throws -> Tensor {
        defer { next += count }
        if let all { return try all.slice(next..<next + count).to(copying: true) }
        let mine = wanted[next..<next + count].map { $0 - drawn }
        let reach = (mine.last ?? -1) + 1
        drawn += reach
        return try random.rows(mine, of: reach, columns: vocabulary, .uniform, dtype: .float64)
    }

    /// Uses up the numbers after the last wanted position.
    mutating func finish() throws {
        guard temperature > 0, all == nil else { return }
        try random.passOver([positions - drawn, vocabulary], dtype: .float64)
        drawn = positions
    }
}

extension RandomSource {
    /// Uses up the numbers that filling a tensor uniformly would take.
    func passOver(_ shape: [Int], dtype: DType) throws {
        let count = shape.reduce(1, *)
        guard count > 0 else { return }
        if device == .cpu {
            try skip(draws: dtype == .float64 ? 2 * count : count)
        } else {
            _ = try uniform(shape, dtype: dtype)
        }
    }
}

extension Tensor {
    /// The softmax's value at one token of each row, for logits `[n, V]` and tokens `[n]`: float64.
    ///
    /// The exponentials are made and added up in float32 (pairwise, by libtorch), which moves a probability by less
    /// than the rounding of the logits themselves does; no `[n, V]` of float64 is ever made.
    func wideProbability(of tokens: Tensor) throws -> Tensor {
        let highest = try max(along: -1, keeping: true)  // [n, 1]
        let chosen = try (gather(tokens.unsqueezed(-1), along: -1).to(dtype: .float64) - highest.to(dtype: .float64))
            .exp().squeezed(-1)
        let n = size(0)
        let step = Swift.max(1, (1 << 17) / size(1))
        let sums = try Swift.stride(from: 0, to: n, by: step).map { start in
            let rows = start..<Swift.min(start + step, n)
            let shifted = try slice(rows).to(dtype: .float32) - highest.slice(rows).to(dtype: .float32)
            try shifted.expInPlace()
            return try shifted.sum(along: -1)
        }
        return try chosen / Tensor.cat(sums).to(dtype: .float64)
    }
}
