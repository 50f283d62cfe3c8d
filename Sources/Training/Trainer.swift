public import Foundation
public import NN
import StrictJSON
import Torch

/// The numbers of a run that every stage shares.
public struct TrainerSettings: Hashable, Sendable {
    /// Optimizer steps in all.
    public var steps = 1000
    /// Steps after which to end before the whole course is run; 0 for none.
    public var stopAfter = 0
    /// Micro-steps whose gradients make one step.
    public var accumulation = 1
    /// Peak learning rate.
    public var learningRate = 1e-4
    /// How it changes.
    public var schedule = LearningRateSchedule(.cosine, warmupSteps: 0, totalSteps: 1000)
    /// The optimizer's numbers.
    public var optimizer = Optimizer.Settings()
    /// Gradients are scaled to this norm at most; 0 for no limit.
    public var maxGradientNorm = 1.0
    /// Decay of the moving average of weights; 0 for none.
    public var averageDecay = 0.0
    /// Steps between checkpoints; 0 for one at the end only.
    public var saveEvery = 0
    /// Steps between looks at the model; 0 for none.
    public var validateEvery = 0
    /// Steps between log lines.
    public var logEvery = 50
    /// Steps in a row without finite gradient after which the run ends.
    public var maxSkippedSteps = 10

    /// The defaults.
    public init() {}
}

/// What a run tells its surroundings.
public protocol TrainingObserver: AnyObject {
    /// After each step.
    func didStep(_ report: StepReport)
    /// A step was passed over; the weights are unchanged.
    func didSkip(step: Int, reason: String, samples: [String])
    /// A checkpoint is complete.
    func didSave(step: Int, to folder: URL)
    /// Scores of a look at the model.
    func didValidate(step: Int, scores: [String: Double], folder: URL)
}

/// One step in numbers.
public struct StepReport: Hashable, Sendable {
    /// Steps made, this one included.
    public var step: Int
    /// Steps in all.
    public var total: Int
    /// The weighted loss.
    public var loss: Double
    /// Its parts, without coefficients.
    public var parts: [String: Double]
    /// What else the stage measures, by its whole name; see ``MicroStep/measures``.
    public var measures: [String: Double]
    /// Norm of the gradient before clipping.
    public var gradientNorm: Double
    /// Learning rate of the step.
    public var learningRate: Double
    /// Tokens and examples of the step.
    public var tokens, samples: Int
    /// How long it took.
    public var seconds: Double
    /// Whether a log line is due.
    public var isLogged: Bool
}

/// The one training loop: micro-steps, clipping, an optimizer's step, averages, checkpoints (training §1).
public final class Trainer {
    /// How a run ended.
    public enum Outcome: Hashable, Sendable {
        case finished
        /// On request, with a checkpoint of that step.
        case interrupted(step: Int)
    }

    private let stage: any TrainingStage
    private let settings: TrainerSettings
    private let store: CheckpointStore
    private let optimizer: Optimizer
    private let average: MovingAverage?
    private let interruption: Interruption
    private weak var observer: (any TrainingObserver)?
    /// Steps made.
    public private(set) var step = 0

    /// A run at its beginning.
    public init(
        _ stage: any TrainingStage, _ settings: TrainerSettings, store: CheckpointStore,
        interruption: Interruption = Interruption(), observer: (any TrainingObserver)? = nil
    ) throws {
        self.stage = stage
        self.settings = settings
        self.store = store
        self.interruption = interruption
        self.observer = observer
        optimizer = Optimizer(stage.groups, settings.optimizer)
        average =
            settings.averageDecay > 0 ? try MovingAverage(stage.parameters, decay: settings.averageDecay) : nil
    }

    /// Makes the steps that are left.
    ///
    /// - Returns: How it ended; in both cases the last state is on the disk.
    /// - Throws: ``TrainingError/diverged(step:skipped:batch:)``, and whatever data, model or disk give.
    @discardableResult
    public func run() throws -> Outcome {
        var lastSaved = step > 0 ? step : -1
        var skipped = 0
        let last = settings.stopAfter > 0 ? min(settings.steps, settings.stopAfter) : settings.steps
        while step < last {
            let start = ContinuousClock.now
            let outcome: StepOutcome
            do {
                outcome = try makeStep()
            } catch is StepAbandoned {
                if lastSaved != step { try save() }
                return .interrupted(step: step)
            }
            step += 1
            switch outcome {
            case .made(var report):
                skipped = 0
                report.seconds = (ContinuousClock.now - start).seconds
                observer?.didStep(report)
            case .skipped(let reason, let samples):
                skipped += 1
                observer?.didSkip(step: step, reason: reason, samples: samples)
                guard skipped < settings.maxSkippedSteps else {
                    throw TrainingError.diverged(step: step, skipped: skipped, batch: samples)
                }
            }
            let stops = interruption.isRequested
            if stops || step == last || settings.saveEvery > 0 && step % settings.saveEvery == 0 {
                try save()
                lastSaved = step
            }
            if stops, step < last { return .interrupted(step: step) }
            if settings.validateEvery > 0, step % settings.validateEvery == 0 || step == last {
                try validate()
            }
        }
        if lastSaved != step { try save() }
        return .finished
    }

    private enum StepOutcome {
        case made(StepReport)
        case skipped(reason: String, samples: [String])
    }

    private func makeStep() throws -> StepOutcome {
        let rate = settings.learningRate * settings.schedule.factor(step: step)
        var report = StepReport(
            step: step + 1, total: settings.steps, loss: 0, parts: [:], measures: [:], gradientNorm: 0,
            learningRate: rate, tokens: 0, samples: 0, seconds: 0,
            isLogged: (step + 1) % max(1, settings.logEvery) == 0 || step + 1 == settings.steps)
        var samples: [String] = []
        var measures: [[String: Double]] = []
        let share = 1 / Double(settings.accumulation)
        for _ in 0..<settings.accumulation {
            let micro = try stage.microStep()
            samples += micro.samples
            report.tokens += micro.tokenCount
            report.samples += micro.sampleCount
            let loss = try micro.loss.item()
            report.loss += loss * share
            for (name, value) in micro.parts { report.parts[name, default: 0] += value * share }
            measures.append(micro.measures)
            // The gradient of such a loss would only spread it; the rest of the step is read and given up.
            guard loss.isFinite else { continue }
            if micro.loss.requiresGradient { try (micro.loss * .real(share)).backward() }
        }
        report.measures = Self.joined(measures)
        defer { try? optimizer.clearGradients() }
        guard report.loss.isFinite else {
            return .skipped(reason: "the loss is \(report.loss)", samples: samples)
        }
        report.gradientNorm = try Tensor.norm(of: optimizer.gradients())
        guard report.gradientNorm.isFinite else {
            return .skipped(reason: "the gradient's norm is \(report.gradientNorm)", samples: samples)
        }
        let limit = settings.maxGradientNorm
        let divisor = limit > 0 ? max(1, (report.gradientNorm + 1e-6) / limit) : 1
        try optimizer.step(learningRate: rate, gradientDivisor: divisor)
        try average?.update(step: step)
        return .made(report)
    }

    /// Sums of times, means of all else.
    public static func joined(_ measures: [[String: Double]]) -> [String: Double] {
        var values: [String: [Double]] = [:]
        for (name, value) in measures.lazy.joined() { values[name, default: []].append(value) }
        return values.reduce(into: [:]) { joined, entry in
            let sum = entry.value.reduce(0, +)
            joined[entry.key] = entry.key.hasPrefix("seconds/") ? sum : sum / Double(entry.value.count)
        }
    }

    private func validate() throws {
        let folder = store.folder.appending(path: "validation").appending(path: "step-\(step)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let scores = try withAverages { try stage.validate(step: step, folder: folder) }
        observer?.didValidate(step: step, scores: scores, folder: folder)
    }

    /// Runs `body` with the averages in the place of the weights, which are put back afterwards.
    private func withAverages<Result>(_ body: () throws -> Result) throws -> Result {
        guard let average else { return try body() }
        let parameters = stage.parameters
        let raw = try parameters.map { try $0.tensor.detached().to(copying: true) }
        func put(_ values: [Tensor]) throws {
            try recordingGradients(false) {
                for (parameter, value) in zip(parameters, values) { try parameter.tensor.copyInPlace(from: value) }
            }
        }
        try put(average.averages.map(\.tensor))
        do {
            let result = try body()
            try put(raw)
            return result
        } catch {
            try put(raw)
            throw error
        }
    }
}

// MARK: - Checkpoints

extension Trainer {
    /// Writes a checkpoint of the present step.
    public func save() throws {
        try store.write(step: step) { folder in
            try stage.writeModel(average?.averages ?? stage.parameters, to: folder)
            let state = folder.appending(path: "training", directoryHint: .isDirectory)
            try FileManager.default.createDirectory(at: state, withIntermediateDirectories: false)
            try TrainingState.write(
                step: step, stage: stage.state, weights: stage.parameters, average: average?.averages,
                optimizer: optimizer.state, to: state)
        }
        observer?.didSave(step: step, to: store.place(of: step))
    }

    /// Goes on where a checkpoint was written; `nil` for the newest.
    ///
    /// - Throws: ``TrainingError`` when it is not there, or not whole.
    public func resume(from wanted: Int? = nil) throws {
        let found = try wanted ?? store.latest()
        try store.verify(step: found)
        let state = try TrainingState(folder: store.place(of: found).appending(path: "training"))
        try recordingGradients(false) {
            try state.restore(stage.parameters, from: "weights")
            if let average { try state.restore(average.averages, from: "average") }
            try state.restore(optimizer)
        }
        try stage.restore(state.stage)
        step = state.step
    }
}

extension Duration {
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
