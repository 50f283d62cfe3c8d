internal import CTorch

// Recording of gradients. A leaf is a tensor that asks for its gradient: a parameter in training.
extension Tensor {
    /// Whether operations on it are recorded.
    public var requiresGradient: Bool { ctorch_requires_gradient(raw) }

    /// Makes it a leaf that collects its gradient, or lets go of that; in place.
    public func requireGradientInPlace(_ required: Bool = true) throws(TensorError) {
        try Tensor.act("requireGradient", self) { ctorch_require_gradient(raw, required) }
    }

    /// The same values, through which no gradient flows.
    public func detached() throws(TensorError) -> Tensor {
        try Tensor(op: "detached", self) { ctorch_detach(raw) }
    }

    /// Adds the gradient of this scalar to every leaf that it depends on.
    public func backward() throws(TensorError) {
        try Tensor.act("backward", self) { ctorch_backward(raw) }
    }

    /// What ``backward()`` has added up at this leaf; `nil` for nothing.
    public func gradient() throws(TensorError) -> Tensor? {
        var made: OpaquePointer?
        try Tensor.act("gradient", self) { ctorch_gradient(raw, &made) }
        return made.map { Tensor(adopting: $0) }
    }

    /// Replaces the gradient of this leaf; `nil` takes it away.
    public func setGradientInPlace(_ gradient: Tensor?) throws(TensorError) {
        try Tensor.act("setGradient", self) { ctorch_set_gradient(raw, gradient?.raw) }
    }

    /// Σ wᵢ·CEᵢ of the logits `self · headᵀ`, which are made and used chunk by chunk.
    ///
    /// - Parameters:
    ///   - head: `[V, D]`, where `self` is `[M, D]`.
    ///   - targets: The right outputs `[M]` (int64).
    ///   - weights: What each cross-entropy counts `[M]` (float32).
    ///   - chunk: Rows whose logits are in memory at a time.
    /// - Returns: The sum, and each cross-entropy in nats `[M]`, through which no gradient flows.
    /// - Throws: ``TensorError``.
    public func linearCrossEntropy(
        _ head: Tensor, targets: Tensor, weights: Tensor, chunk: Int
    ) throws(TensorError) -> (sum: Tensor, each: Tensor) {
        var losses: OpaquePointer?
        let sum = try Tensor(op: "linearCrossEntropy", self, head, targets) {
            ctorch_linear_cross_entropy(raw, head.raw, targets.raw, weights.raw, Int64(chunk), &losses)
        }
        guard let losses else { throw .operation("linearCrossEntropy", shapes: [shape], reason: lastError()) }
        return (sum, Tensor(adopting: losses))
    }

    /// log p(target) under the softmax of the logits `self · headᵀ`, which are made chunk by chunk, and once more in the
    /// backward pass.
    ///
    /// - Parameters:
    ///   - head: `[V, D]`, where `self` is `[M, D]`.
    ///   - targets: The outputs asked for `[M]` (int64).
    ///   - chunk: Rows whose logits are in memory at a time.
    /// - Returns: `[M]`, float32.
    /// - Throws: ``TensorError``.
    public func linearLogProbability(
        _ head: Tensor, targets: Tensor, chunk: Int
    ) throws(TensorError) -> Tensor {
        try Tensor(op: "linearLogProbability", self, head, targets) {
            ctorch_linear_log_probability(raw, head.raw, targets.raw, Int64(chunk))
        }
    }

    /// `body(self)`, computed once more in the backward pass instead of kept (arXiv 1604.06174).
    ///
    /// `body` must give the same result both times; parameters that it uses get their gradients.
    public func checkpointed(_ body: @escaping (Tensor) throws -> Tensor) throws -> Tensor {
        let box = Unmanaged.passRetained(Recomputation(body)).toOpaque()
        return try Tensor(op: "checkpointed", self) {
            ctorch_checkpointed(
                raw,
                { context, input in
                    guard let context else { return nil }
                    let body = Unmanaged<Recomputation>.fromOpaque(context).takeUnretainedValue().body
                    do {
                        let result = try body(Tensor(adopting: input))
                        return withExtendedLifetime(result) { ctorch_tensor_retain(result.raw) }
                    } catch {
                        ctorch_keep_error("\(error)")
                        return nil
                    }
                }, box,
                { context in
                    guard let context else { return }
                    Unmanaged<Recomputation>.fromOpaque(context).release()
                })
        }
    }

    private final class Recomputation {
        let body: (Tensor) throws -> Tensor
        init(_ body: @escaping (Tensor) throws -> Tensor) { self.body = body }
    }
}

/// Runs `body` with recording on or off on this thread.
///
/// Unlike ``withoutGradient(_:)`` its tensors may take part in recorded operations later.
public func recordingGradients<Result>(_ records: Bool, _ body: () throws -> Result) throws -> Result {
    guard let scope = ctorch_gradient_mode_begin(records) else {
        throw TensorError.operation("gradient mode", shapes: [], reason: lastError())
    }
    defer { ctorch_gradient_mode_end(scope) }
    return try body()
}

// What an optimizer does to whole lists of parameters. All write in place.
extension Tensor {
    /// √Σ of the squares of all elements of all tensors.
    public static func norm(of tensors: [Tensor]) throws(TensorError) -> Double {
        var total = 0.0
        let raw = tensors.map(\.raw)
        try act("norm") { ctorch_squared_norms(raw, Int32(raw.count), &total) }
        return total.squareRoot()
    }

    /// Settings of ``adamW(_:_:gradientDivisor:)``.
    public struct AdamWSettings: Hashable, Sendable {
        /// Step size.
        public var learningRate: Double
        /// Decay of the mean of gradients, and of their squares.
        public var beta1, beta2: Double
        /// Share of a weight that a step of size 1 takes away.
        public var weightDecay: Double
        /// Added to the root of the squares.
        public var epsilon: Double

        /// All of them.
        public init(learningRate: Double, beta1: Double, beta2: Double, weightDecay: Double, epsilon: Double) {
            self.learningRate = learningRate
            self.beta1 = beta1
            self.beta2 = beta2
            self.weightDecay = weightDecay
            self.epsilon = epsilon
        }
    }

    /// One parameter and what AdamW remembers of it.
    public typealias AdamWSlot = (
        parameter: Tensor, gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, step: Tensor
    )

    /// One step of AdamW (Loshchilov and Hutter 2019) in place; gradients are divided by `gradientDivisor` first.
    public static func adamW(
        _ slots: [AdamWSlot], _ settings: AdamWSettings, gradientDivisor: Double = 1
    ) throws(TensorError) {
        let (parameters, gradients) = (slots.map(\.parameter.raw), slots.map(\.gradient.raw))
        let (first, second) = (slots.map(\.firstMoment.raw), slots.map(\.secondMoment.raw))
        let steps = slots.map(\.step.raw)
        try act("adamW") {
            ctorch_adamw(
                parameters, gradients, first, second, steps, Int32(slots.count), settings.learningRate,
                settings.beta1, settings.beta2, settings.weightDecay, settings.epsilon, gradientDivisor)
        }
    }

    /// One matrix and what Muon remembers of it.
    public typealias MuonSlot = (parameter: Tensor, gradient: Tensor, momentum: Tensor)

    /// One step of Muon (arXiv 2502.16982) in place: the running mean of gradients, brought near the closest matrix
    /// with orthonormal rows or columns.
    ///
    /// Steps are scaled to the size of AdamW's (§2.2), so that one learning rate serves both.
    public static func muon(
        _ slots: [MuonSlot], learningRate: Double, momentum: Double, weightDecay: Double
    ) throws(TensorError) {
        let (parameters, gradients) = (slots.map(\.parameter.raw), slots.map(\.gradient.raw))
        let momenta = slots.map(\.momentum.raw)
        try act("muon") {
            ctorch_muon(
                parameters, gradients, momenta, Int32(slots.count), learningRate, momentum, weightDecay)
        }
    }

    /// `targets += weight · (sources − targets)` in place.
    public static func interpolateInPlace(
        _ targets: [Tensor], towards sources: [Tensor], weight: Double
    ) throws(TensorError) {
        precondition(targets.count == sources.count)
        let (to, from) = (targets.map(\.raw), sources.map(\.raw))
        try act("interpolate") { ctorch_interpolate(to, from, Int32(to.count), weight) }
    }
}
