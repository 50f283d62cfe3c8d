public import Torch

/// The nonlinearity of an MLP, by the name that a Hugging Face `config.json` gives it.
public enum Activation: String, Hashable, Sendable, CaseIterable {
    /// x·Φ(x) (Hendrycks and Gimpel 2016), by the error function.
    case gelu
    /// x·σ(1.702 x), an approximation of it.
    case quickGELU = "quick_gelu"

    /// The function of each element of `x`.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        switch self {
        case .gelu: try x.gelu()
        case .quickGELU: try x * (1.702 * x).sigmoid()
        }
    }
}
