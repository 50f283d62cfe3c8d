import Torch

/// Exponential moving average of parameters: what is evaluated and shipped, while the raw ones are trained.
public final class MovingAverage {
    /// Weight of the old average in each step.
    public let decay: Double
    /// The averages, under the names of their parameters.
    public let averages: [NamedParameter]
    private let sources: [NamedParameter]

    /// Starts at the parameters' present values.
    public init(_ parameters: [NamedParameter], decay: Double) throws {
        self.decay = decay
        sources = parameters
        averages = try parameters.map {
            NamedParameter(name: $0.name, tensor: try $0.tensor.detached().to(copying: true))
        }
    }

    /// Moves the averages; early on faster, as (1 + n)/(10 + n) of `decay` at most.
    ///
    /// `step`: Steps made so far, from 0.
    public func update(step: Int) throws {
        let decay = min(decay, Double(1 + step) / Double(10 + step))
        try Tensor.interpolateInPlace(averages.map(\.tensor), towards: sources.map(\.tensor), weight: 1 - decay)
    }
}
