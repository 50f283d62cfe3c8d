public import Torch

/// AdamW with decoupled weight decay (Loshchilov and Hutter 2019).
public final class AdamW {
    /// What holds for all parameters.
    public struct Settings: Hashable, Sendable {
        /// Decay of the running mean of gradients, and of their squares.
        public var beta1 = 0.9, beta2 = 0.999
        /// Added to the root of the mean square.
        public var epsilon = 1e-8

        /// The usual values.
        public init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8) {
            self.beta1 = beta1
            self.beta2 = beta2
            self.epsilon = epsilon
        }
    }

    /// Parameters with the same step size and decay.
    public struct Group {
        /// The parameters.
        public var parameters: [NamedParameter]
        /// Decay of a step of size 1.
        public var weightDecay: Double
        /// Factor on the learning rate.
        public var learningRateScale: Double

        /// A group.
        public init(_ parameters: [NamedParameter], weightDecay: Double, learningRateScale: Double = 1) {
            self.parameters = parameters
            self.weightDecay = weightDecay
            self.learningRateScale = learningRateScale
        }
    }

    private struct Memory {
        let firstMoment, secondMoment, step: Tensor
    }

    private let settings: Settings
    /// The parameters, by what they share.
    public let groups: [Group]
    private var memory: [String: Memory] = [:]

    /// Nothing is remembered yet; the memory of a parameter is made at its first step.
    public init(_ groups: [Group], _ settings: Settings = Settings()) {
        self.groups = groups
        self.settings = settings
    }

    /// All parameters, group after group.
    public var parameters: [NamedParameter] { groups.flatMap(\.parameters) }

    /// The gradients that there are.
    public func gradients() throws -> [Tensor] { try parameters.compactMap { try $0.tensor.gradient() } }

    /// Moves each parameter that has a gradient.
    ///
    /// `gradientDivisor`: What gradients are divided by first, as for clipping.
    public func step(learningRate: Double, gradientDivisor: Double = 1) throws {
        for group in groups {
            var slots: [Tensor.AdamWSlot] = []
            for parameter in group.parameters {
                guard let gradient = try parameter.tensor.gradient() else { continue }
                let memory = try memory(of: parameter)
                slots.append(
                    (parameter.tensor, gradient, memory.firstMoment, memory.secondMoment, memory.step))
            }
            let settings = Tensor.AdamWSettings(
                learningRate: learningRate * group.learningRateScale, beta1: settings.beta1, beta2: settings.beta2,
                weightDecay: group.weightDecay, epsilon: settings.epsilon)
            try Tensor.adamW(slots, settings, gradientDivisor: gradientDivisor)
        }
    }

    /// Takes all gradients away.
    public func clearGradients() throws {
        for parameter in parameters { try parameter.tensor.setGradientInPlace(nil) }
    }

    private func memory(of parameter: NamedParameter) throws -> Memory {
        if let known = memory[parameter.name] { return known }
        let (shape, dtype, device) = (parameter.tensor.shape, parameter.tensor.dtype, parameter.tensor.device)
        let made = Memory(
            firstMoment: try .zeros(shape, dtype: dtype, device: device),
            secondMoment: try .zeros(shape, dtype: dtype, device: device),
            step: try .zeros([], dtype: .float32, device: device))
        memory[parameter.name] = made
        return made
    }

    /// All that is remembered, under PyTorch's names: `exp_avg.NAME`, `exp_avg_sq.NAME`, `step.NAME`.
    public var state: [NamedParameter] {
        parameters.flatMap { parameter -> [NamedParameter] in
            guard let memory = memory[parameter.name] else { return [] }
            return [
                NamedParameter(name: "exp_avg." + parameter.name, tensor: memory.firstMoment),
                NamedParameter(name: "exp_avg_sq." + parameter.name, tensor: memory.secondMoment),
                NamedParameter(name: "step." + parameter.name, tensor: memory.step),
            ]
        }
    }

    /// Remembers what ``state`` gave; parameters of which `source` knows nothing start anew.
    ///
    /// `has`: Whether `source` holds that name.
    public func restore(from source: any ParameterSource, has: (String) -> Bool) throws {
        for parameter in parameters where has("step." + parameter.name) {
            let memory = try memory(of: parameter)
            let shape = parameter.tensor.shape
            try memory.firstMoment.copyInPlace(from: source.parameter("exp_avg." + parameter.name, shape: shape))
            try memory.secondMoment.copyInPlace(from: source.parameter("exp_avg_sq." + parameter.name, shape: shape))
            try memory.step.copyInPlace(from: source.parameter("step." + parameter.name, shape: []))
        }
    }
}
