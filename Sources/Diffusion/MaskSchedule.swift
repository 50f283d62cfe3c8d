public import Torch

/// How the share of masked tokens falls while an image is painted: γ(t) for t in 0…1 (MaskGIT §3.3).
public enum MaskSchedule: Hashable, Sendable {
    case cosine
    case linear
    /// 1 − t^exponent.
    case power(Double)
    /// A sigmoid between `start` and `end`, brought to 0…1.
    case sigmoid(start: Double, end: Double, temperature: Double)

    /// The sigmoid with its usual constants.
    public static let sigmoid = MaskSchedule.sigmoid(start: -3, end: 3, temperature: 1)

    /// Reads `cosine`, `linear`, `sigmoid` or `pow` with an exponent (`pow2`, `pow0.5`); `nil` for anything else.
    public init?(_ name: String) {
        switch name {
        case "cosine": self = .cosine
        case "linear": self = .linear
        case "sigmoid": self = .sigmoid
        default:
            guard name.hasPrefix("pow"), let exponent = Double(name.dropFirst(3)), exponent > 0, exponent.isFinite
            else { return nil }
            self = .power(exponent)
        }
    }

    /// γ at each of `t` (float32, any shape), in float32 as in the official code, to which the counts are sensitive.
    public func maskRatio(_ t: Tensor) throws -> Tensor {
        switch self {
        case .cosine:
            return try (t * .real(.pi) * 0.5).cos()
        case .linear:
            return try (-(t - 1)).clamped(1e-6, 1)
        case .power(let exponent):
            return try (-(t.power(.real(exponent)) - 1)).clamped(1e-6, 1)
        case .sigmoid(let start, let end, let temperature):
            let first = try Tensor([Float(start / temperature)]).sigmoid().item()
            let last = try Tensor([Float(end / temperature)]).sigmoid().item()
            let value = try ((t * .real(end - start) + .real(start)) / .real(temperature)).sigmoid()
            return try ((-(value - .real(last))) / .real(Double(Float(last) - Float(first)))).clamped(1e-6, 1)
        }
    }

    /// How many of `count` tokens the schedule leaves masked after step `step` (from 0) of `steps`: ⌊count · γ⌋.
    ///
    /// The last step gives −1 for the cosine, whose float32 value at 1 is just below 0; callers bring it to at least 1.
    public func maskedCount(of count: Int, afterStep step: Int, of steps: Int) throws -> Int {
        let ratio = try maskRatio(Tensor([Float(Double(step + 1) / Double(steps))]))
        return Int(try (ratio * .integer(count)).floor().item())
    }
}
