public import Torch

/// Samples tokens as the official `add_gumbel_noise` does: argmax of exp(l) / (−ln u)^T in float64, with u drawn for
/// every token of every position of the batch, though only some positions are looked at.
struct GumbelNoise {
    private let temperature: Double
    private let vocabulary: Int
    private let random: RandomSource
    /// Wanted positions as row-major indices into the batch `[B, width]`.
    private let wanted: [Int]
    private let positions: Int

    private var drawn = 0  // positions whose numbers are used up
    private var next = 0  // index into `wanted`
    private var all: Tensor?  // [B · width, V], where numbers depend on the shape of the draw

    /// - Parameter rows: For each row the positions wanted, ascending, in the padded row of `width`.
    init(
        temperature: Double, vocabulary: Int, width: Int, rows: [[Int]], random: RandomSource
    ) throws {
        self.temperature = temperature
        self.vocabulary = vocabulary
        self.random = random
        positions = rows.count * width
        wanted = rows.enumerated().flatMap { row, positions in positions.map { row * width + $0 } }
        // A CPU generator gives its numbers in order, so that unwanted ones can be passed over. On another device a
        // number depends on where it stands in the whole draw.
        if temperature > 0, random.device != .cpu {
            all = try random.uniform([positions, vocabulary], dtype: .float64)
        }
    }

    /// Elements of float64 to work on at once, to stay in the processor's cache.
    private static let elementsAtOnce = 1 << 18

    /// Tokens `[n]` (int64) for logits `[n, V]` of the next n wanted positions.
    mutating func argmax(_ logits: Tensor) throws -> Tensor {
        if temperature == 0 { return try logits.argmax(along: -1) }
        let n = logits.size(0)
        var tokens: [Tensor] = []
        let step = max(1, Self.elementsAtOnce / vocabulary)
        for start in stride(from: 0, to: n, by: step) {
            let rows = start..<min(start + step, n)
            let u = try uniforms(rows.count)  // [rows, V]
            try u.logInPlace()
            try u.negateInPlace()
            try u.powerInPlace(.real(temperature))
            let value = try logits.slice(rows).to(dtype: .float64, copying: true)
            try value.expInPlace()
            try value.divideInPlace(u)
            tokens.append(try value.argmax(along: -1))
        }
        return try Tensor.cat(tokens)
    }

    /// Numbers of the next `count` wanted positions.
    private mutating func uniforms(_ count: Int) throws -> Tensor {
        let mine = wanted[next..<next + count]
        next += count
        if let all {
            return try all.indexSelect(Tensor(mine.map(Int64.init)).to(random.device))
        }
        let u = try Tensor.empty([count, vocabulary], dtype: .float64)
        for (row, position) in mine.enumerated() {
            try random.passOver([position - drawn, vocabulary], dtype: .float64)
            try random.fillUniform(u.slice(row..<row + 1))
            drawn = position + 1
        }
        return u
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
    /// The softmax's value at one token of each row, for logits `[n, V]` and tokens `[n]`: float64, from exponentials
    /// of the logits' own type added up in float64, so that no `[n, V]` of float64 is ever held.
    func wideProbability(of tokens: Tensor) throws -> Tensor {
        let highest = try max(along: -1, keeping: true)  // [n, 1]
        let chosen = try (gather(tokens.unsqueezed(-1), along: -1).to(dtype: .float64) - highest.to(dtype: .float64))
            .exp().squeezed(-1)
        let n = size(0)
        let step = Swift.max(1, (1 << 18) / size(1))
        let sums = try Swift.stride(from: 0, to: n, by: step).map { start in
            let rows = start..<Swift.min(start + step, n)
            let shifted = try slice(rows).to(dtype: .float64) - highest.slice(rows).to(dtype: .float64)
            try shifted.expInPlace()
            return try shifted.sum(along: -1)
        }
        return try chosen / Tensor.cat(sums)
    }
}
