public import Torch

/// A trained difference of low rank beside a frozen weight: y = x·Wᵀ + s·(x·Aᵀ)·Bᵀ (LoRA, arXiv 2106.09685).
public struct LowRankAdapter: Sendable {
    /// A `[rank, inputs]`.
    public let down: Tensor
    /// B `[outputs, rank]`.
    public let up: Tensor
    /// s = α / rank.
    public let scale: Double

    /// What the adapter adds to the layer's outputs: `x` is `[..., inputs]`, the result `[..., outputs]`.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        try scale * x.linear(down.to(dtype: x.dtype)).linear(up.to(dtype: x.dtype))
    }

    /// The difference that the adapter stands for: `[outputs, inputs]`.
    public func difference() throws -> Tensor { try scale * up.matmul(down) }
}

/// Which layers get adapters, and how large they are.
public struct LowRankSettings: Hashable, Sendable {
    /// Rank of the difference.
    public var rank: Int
    /// α: the difference is scaled by α / rank.
    public var alpha: Double
    /// Last names of the layers that get one, such as `q_proj`.
    public var targets: Set<String>

    /// Adapters of that rank on those layers.
    public init(rank: Int, alpha: Double, targets: Set<String>) {
        self.rank = rank
        self.alpha = alpha
        self.targets = targets
    }
}

/// The frozen parameters of another source, with trained adapters beside the layers that are named.
public final class LowRankParameters: ParameterSource {
    private let base: any ParameterSource
    private let settings: LowRankSettings
    private let trained: TrainableParameters

    /// `initial`: Where adapters start: a stored adapter, or ``LowRankInitialization`` for new ones.
    public init(
        _ base: any ParameterSource, _ settings: LowRankSettings, initial: any ParameterSource, device: Device = .cpu
    ) {
        self.base = base
        self.settings = settings
        trained = TrainableParameters(initial, device: device)
    }

    /// The adapters' parameters, under the names of the `peft` library.
    public var parameters: [NamedParameter] { trained.parameters }

    /// The frozen parameter.
    public func parameter(_ name: String, shape: [Int]) throws -> Tensor {
        try base.parameter(name, shape: shape)
    }

    /// An adapter for a layer whose last name is among the targets.
    public func adapter(_ path: String, inputs: Int, outputs: Int) throws -> LowRankAdapter? {
        guard let leaf = path.split(separator: ".").last, settings.targets.contains(String(leaf)) else { return nil }
        let place = "base_model.model." + path
        return LowRankAdapter(
            down: try trained.parameter(place + ".lora_A.weight", shape: [settings.rank, inputs]),
            up: try trained.parameter(place + ".lora_B.weight", shape: [outputs, settings.rank]),
            scale: settings.alpha / Double(settings.rank))
    }
}

/// New adapters: A uniform as a linear layer of PyTorch starts, B zero, so that the model is unchanged at first.
public final class LowRankInitialization: ParameterSource {
    private let random: RandomSource

    /// Draws A from `random`, in the order in which the model asks.
    public init(_ random: RandomSource) { self.random = random }

    /// A or B, told apart by the name.
    public func parameter(_ name: String, shape: [Int]) throws -> Tensor {
        if name.hasSuffix("lora_B.weight") { return try .zeros(shape, dtype: .float32) }
        let bound = 1 / Double(shape.last ?? 1).squareRoot()
        return try random.uniform(shape, low: -bound, high: bound)
    }
}
