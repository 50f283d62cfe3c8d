public import Torch

/// Moves parameters along their gradients: AdamW (arXiv 1711.05101) or Muon (arXiv 2502.16982).
public final class Optimizer {
    /// What holds for all parameters.
    public struct Settings: Hashable, Sendable {
        /// AdamW's decay of the running mean of gradients, and of their squares.
        public var beta1 = 0.9, beta2 = 0.999
        /// AdamW's addition to the root of the mean square.
        public var epsilon = 1e-8
        /// Muon's decay of the running mean of gradients.
        public var momentum = 0.95

        /// The usual values.
        public init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, momentum: Double = 0.95) {
            self.beta1 = beta1
            self.beta2 = beta2
            self.epsilon = epsilon
            self.momentum = momentum
        }
    }

    /// How a step is made of a gradient.
    public enum Rule: Hashable, Sendable {
        /// Means over the root of mean squares, element by element.
        case adamW
        /// The mean gradient, orthogonalised; for matrices only.
        case muon
    }

    /// Parameters with the same rule, step size and decay.
    public struct Group {
        /// The parameters.
        public var parameters: [NamedParameter]
        /// Decay of a step of size 1.
        public var weightDecay: Double
        /// Factor on the learning rate.
        public var learningRateScale: Double
        /// How they move.
        public var rule: Rule

        /// A group.
        public init(
            _ parameters: [NamedParameter], weightDecay: Double, learningRateScale: Double = 1, rule: Rule = .adamW
        ) {
            self.parameters = parameters
            self.weightDecay = weightDecay
            self.learningRateScale = learningRateScale
            self.rule = rule
        }

        /// What is remembered of each parameter, under PyTorch's names; `step` is a single number.
        fileprivate var memoryNames: [String] {
            switch rule {
            case .adamW: ["exp_avg", "exp_avg_sq", "step"]
            case .muon: ["momentum_buffer"]
            }
        }
    }

    private let settings: Settings
    /// The parameters, by what they share.
    public let groups: [Group]
    /// By a parameter's name, in the order of ``Group/memoryNames``.
    private var memory: [String: [Tensor]] = [:]

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
            let rate = learningRate * group.learningRateScale
            let moving = try group.parameters.compactMap { parameter in
                try parameter.tensor.gradient().map { (parameter, gradient: $0) }
            }
            switch group.rule {
            case .adamW:
                let slots = try moving.map { parameter, gradient -> Tensor.AdamWSlot in
                    let memory = try memory(of: parameter, group)
                    return (parameter.tensor, gradient, memory[0], memory[1], memory[2])
                }
                let numbers = Tensor.AdamWSettings(
                    learningRate: rate, beta1: settings.beta1, beta2: settings.beta2,
                    weightDecay: group.weightDecay, epsilon: settings.epsilon)
                try Tensor.adamW(slots, numbers, gradientDivisor: gradientDivisor)
            case .muon:
                // The length of a gradient is of no consequence here, so that clipping is not either.
                let slots = try moving.map { parameter, gradient -> Tensor.MuonSlot in
                    (parameter.tensor, gradient, try memory(of: parameter, group)[0])
                }
                try Tensor.muon(
                    slots, learningRate: rate, momentum: settings.momentum, weightDecay: group.weightDecay)
            }
        }
    }

    /// Takes all gradients away.
    public func clearGradients() throws {
        for parameter in parameters { try parameter.tensor.setGradientInPlace(nil) }
    }

    private func memory(of parameter: NamedParameter, _ group: Group) throws -> [Tensor] {
        if let known = memory[parameter.name] { return known }
        let tensor = parameter.tensor
        let made = try group.memoryNames.map { name in
            name == "step"
                ? try Tensor.zeros([], dtype: .float32, device: tensor.device)
                : try Tensor.zeros(tensor.shape, dtype: tensor.dtype, device: tensor.device)
        }
        memory[parameter.name] = made
        return made
    }

    /// All that is remembered, under PyTorch's names: `exp_avg.NAME`, `exp_avg_sq.NAME`, `step.NAME`,
    /// `momentum_buffer.NAME`.
    public var state: [NamedParameter] {
        groups.flatMap { group in
            group.parameters.flatMap { parameter in
                zip(group.memoryNames, memory[parameter.name] ?? []).map {
                    NamedParameter(name: "\($0).\(parameter.name)", tensor: $1)
                }
            }
        }
    }

    /// Remembers what ``state`` gave; parameters of which `source` knows nothing start anew.
    ///
    /// `has`: Whether `source` holds that name.
    public func restore(from source: any ParameterSource, has: (String) -> Bool) throws {
        for group in groups {
            let names = group.memoryNames
            for parameter in group.parameters where names.allSatisfy({ has("\($0).\(parameter.name)") }) {
                for (name, tensor) in zip(names, try memory(of: parameter, group)) {
                    try tensor.copyInPlace(from: source.parameter("\(name).\(parameter.name)", shape: tensor.shape))
                }
            }
        }
    }
}
