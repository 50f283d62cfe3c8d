public import Torch

/// A parameter and its name in a checkpoint.
public struct NamedParameter: Sendable {
    /// The name, as the checkpoint writes it.
    public let name: String
    /// Its values; an optimizer writes them in place.
    public let tensor: Tensor

    /// A parameter.
    public init(name: String, tensor: Tensor) {
        self.name = name
        self.tensor = tensor
    }
}

/// Parameters that collect gradients, made from those of another source.
///
/// Each is a copy of its own, so that training never writes into a mapped file. The copies are the master weights: keep
/// them in float32 and compute in a narrower type, which each layer converts to where it uses them.
public final class TrainableParameters: ParameterSource {
    private let base: any ParameterSource
    private let dtype: DType
    private let device: Device

    /// All parameters that a model has asked for, in its order.
    public private(set) var parameters: [NamedParameter] = []

    /// Copies of what `base` gives, on `device` in `dtype`.
    public init(_ base: any ParameterSource, dtype: DType = .float32, device: Device = .cpu) {
        self.base = base
        self.dtype = dtype
        self.device = device
    }

    /// The copy of that parameter; the same one each time it is asked for.
    public func parameter(_ name: String, shape: [Int]) throws -> Tensor {
        if let known = parameters.first(where: { $0.name == name }) { return known.tensor }
        let copy = try base.parameter(name, shape: shape).to(device, dtype: dtype, copying: true).contiguous()
        try copy.requireGradientInPlace()
        parameters.append(NamedParameter(name: name, tensor: copy))
        return copy
    }
}
