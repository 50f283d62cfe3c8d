public import Foundation
public import NN
public import StrictJSON
public import Torch

/// What one pass over a micro-batch gave.
public struct MicroStep {
    /// The loss, recorded for the backward pass.
    public var loss: Tensor
    /// The parts of the loss as they are, without coefficients, by name.
    public var parts: [String: Double]
    /// What else is worth watching, by its whole name; times under `seconds/` add up, all else is averaged.
    public var measures: [String: Double]
    /// Tokens (or image patches) that were computed.
    public var tokenCount: Int
    /// Examples in it.
    public var sampleCount: Int
    /// Where the examples come from, to name them when the step fails.
    public var samples: [String]

    /// A micro-step.
    public init(
        loss: Tensor, parts: [String: Double], measures: [String: Double] = [:], tokenCount: Int, sampleCount: Int,
        samples: [String]
    ) {
        self.loss = loss
        self.parts = parts
        self.measures = measures
        self.tokenCount = tokenCount
        self.sampleCount = sampleCount
        self.samples = samples
    }
}

/// A step that a stage gave up because the run is to end; its state is as it was before.
public struct StepAbandoned: Error {
    /// Nothing more is to be said.
    public init() {}
}

/// What a stage adds to the one loop: parameters, a batch mixture with its loss, and how its model is written.
///
/// Whatever changes from step to step is in ``parameters`` or ``state``, so that a run can be continued exactly.
public protocol TrainingStage: AnyObject {
    /// The parameters to train, by what the optimizer does to them.
    var groups: [Optimizer.Group] { get }
    /// Generators and data positions.
    var state: JSONValue { get throws }
    /// Puts generators and data positions where ``state`` was taken.
    func restore(_ state: JSONValue) throws
    /// The loss on the next micro-batch.
    func microStep() throws -> MicroStep
    /// Writes a model folder with these values of the parameters, which may be averages.
    func writeModel(_ parameters: [NamedParameter], to folder: URL) throws
    /// Looks at the model as it is: scores by name; files go to `folder`.
    func validate(step: Int, folder: URL) throws -> [String: Double]
}

extension TrainingStage {
    /// All parameters, group after group.
    public var parameters: [NamedParameter] { groups.flatMap(\.parameters) }
}
