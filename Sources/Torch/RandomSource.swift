internal import CTorch

/// A stream of random numbers: libtorch's own generator, so that a seed gives the numbers that PyTorch gives.
///
/// Sendable: the generator locks itself around each draw. Which caller gets which number still depends on their order,
/// so a source belongs to one task at a time.
public final class RandomSource: @unchecked Sendable {
    private let raw: OpaquePointer
    /// Where the numbers are made.
    public let device: Device

    /// Starts the stream of `seed`.
    public init(seed: UInt64, device: Device = .cpu) throws(TensorError) {
        guard let raw = ctorch_generator_new(seed, device.raw) else {
            throw .operation("generator", shapes: [], reason: lastError())
        }
        self.raw = raw
        self.device = device
    }

    deinit { ctorch_generator_free(raw) }

    /// Where the stream stands: bytes that ``restore(_:)`` takes.
    public func state() throws(TensorError) -> [UInt8] {
        try Tensor(op: "generator state") { ctorch_generator_state(raw) }.array()
    }

    /// Puts the stream where it stood when `state` was taken.
    public func restore(_ state: [UInt8]) throws(TensorError) {
        let tensor = try Tensor(state)
        try Tensor.act("generator restore", tensor) { ctorch_generator_set_state(raw, tensor.raw) }
    }

    /// Passes over numbers that nobody will read: a float64 takes two draws, a float32 one.
    public func skip(draws: Int) throws(TensorError) {
        try Tensor.act("generator skip") { ctorch_generator_skip(raw, UInt64(draws)) }
    }

    /// How numbers are distributed.
    public enum Distribution: Hashable, Sendable {
        /// In 0 ..< 1.
        case uniform
        /// With rate 1.
        case exponential

        fileprivate var raw: ctorch_distribution { self == .uniform ? ctorch_uniform : ctorch_exponential }

        /// 32-bit draws that libtorch's CPU generator spends on an element.
        fileprivate func draws(_ dtype: DType) -> Int { self == .uniform && dtype != .float64 ? 1 : 2 }
    }

    /// Some rows (`rows`, ascending) of a tensor `[total, columns]` of random numbers: `[rows.count, columns]`.
    ///
    /// The numbers are those of the whole tensor, and so is where the stream stands afterwards. On the CPU the others
    /// are never made; on another device, where a number depends on the shape of the draw, they are.
    public func rows(
        _ rows: [Int], of total: Int, columns: Int, _ distribution: Distribution, dtype: DType
    ) throws(TensorError) -> Tensor {
        if device == .cpu {
            let wanted = rows.map(Int64.init)
            return try Tensor(op: "random rows") {
                ctorch_draw_rows(
                    raw, distribution.raw, dtype.raw, Int32(distribution.draws(dtype)), Int64(total), Int64(columns),
                    wanted, Int64(wanted.count))
            }
        }
        let all =
            try distribution == .uniform
            ? uniform([total, columns], dtype: dtype) : exponential([total, columns], dtype: dtype)
        return try all.indexSelect(Tensor(rows.map(Int64.init)).to(device))
    }

    /// Numbers in `low ..< high`.
    public func uniform(
        _ shape: [Int], low: Double = 0, high: Double = 1, dtype: DType = .float32
    ) throws(TensorError) -> Tensor {
        let tensor = try Tensor.empty(shape, dtype: dtype, device: device)
        try fillUniform(tensor, low: low, high: high)
        return tensor
    }

    /// Writes numbers in `low ..< high` over a tensor.
    public func fillUniform(_ tensor: Tensor, low: Double = 0, high: Double = 1) throws(TensorError) {
        try Tensor.act("uniform", tensor) { ctorch_fill_uniform(tensor.raw, low, high, raw) }
    }

    /// Normally distributed numbers.
    public func normal(
        _ shape: [Int], mean: Double = 0, deviation: Double = 1, dtype: DType = .float32
    ) throws(TensorError) -> Tensor {
        let tensor = try Tensor.empty(shape, dtype: dtype, device: device)
        try Tensor.act("normal", tensor) { ctorch_fill_normal(tensor.raw, mean, deviation, raw) }
        return tensor
    }

    /// Exponentially distributed numbers of rate 1.
    public func exponential(_ shape: [Int], dtype: DType = .float32) throws(TensorError) -> Tensor {
        let tensor = try Tensor.empty(shape, dtype: dtype, device: device)
        try Tensor.act("exponential", tensor) { ctorch_fill_exponential(tensor.raw, 1, raw) }
        return tensor
    }

    /// Whole numbers (int64) of `range`, all equally likely.
    public func integers(_ shape: [Int], in range: Range<Int>) throws(TensorError) -> Tensor {
        let tensor = try Tensor.empty(shape, dtype: .int64, device: device)
        try Tensor.act("integers", tensor) {
            ctorch_fill_integers(tensor.raw, Int64(range.lowerBound), Int64(range.upperBound), raw)
        }
        return tensor
    }

    /// One index (int64) for each row of `probabilities` `[M, K]`, drawn by its weights: `[M, 1]`.
    public func multinomial(_ probabilities: Tensor) throws(TensorError) -> Tensor {
        try Tensor(op: "multinomial", probabilities) { ctorch_multinomial(probabilities.raw, 1, raw) }
    }

    /// The numbers from 0 to `count - 1` in random order (int64).
    public func permutation(_ count: Int) throws(TensorError) -> Tensor {
        try Tensor(op: "permutation") { ctorch_permutation(Int64(count), raw) }
    }
}
