import Datasets
public import Foundation
import NN
import Torch

/// A run as a configuration describes it: folders, data, stage and loop.
public struct TrainingRun {
    /// Where to begin.
    public enum Start: Hashable, Sendable {
        /// From the configuration's models; the run's folder must hold no checkpoint.
        case new
        /// From the newest checkpoint, or anew if there is none.
        case latestIfAny
        /// From the newest checkpoint.
        case latest
        /// From a step's checkpoint.
        case step(Int)
    }

    /// The loop, ready to run.
    public let trainer: Trainer
    /// The run's folder.
    public let folder: URL
    /// The step it begins after.
    public let firstStep: Int

    /// Builds everything; reads models and opens data.
    ///
    /// - Parameters:
    ///   - loaded: The configuration.
    ///   - start: Where to begin.
    ///   - directory: Where relative paths begin.
    ///   - interruption: Ends the run early.
    ///   - observer: Is told of each step; held weakly.
    ///   - reportFailure: Called for each example that cannot be read.
    /// - Throws: Typed errors of the part that is at fault.
    public init(
        _ loaded: LoadedConfiguration, start: Start, directory: String = "", interruption: Interruption,
        observer: any TrainingObserver, reportFailure: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        let configuration = loaded.configuration
        if configuration.training.threads > 0 { TensorRuntime.threadCount = configuration.training.threads }
        folder = URL(filePath: configuration.experiment.outputDir, directoryHint: .isDirectory)
        let store = CheckpointStore(folder: folder, keepLast: configuration.experiment.checkpointsTotalLimit)
        let found = store.steps()
        let resumed: Int?
        switch start {
        case .new:
            guard found.isEmpty else { throw TrainingError.occupied(folder: folder.path) }
            resumed = nil
        case .latestIfAny: resumed = found.last
        case .latest: resumed = try store.latest()
        case .step(let step): resumed = step
        }
        if let resumed { try store.verify(step: resumed) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(loaded.mergedYAML.utf8).write(to: folder.appending(path: "config.yaml"), options: .atomic)

        let builder = StageBuilder(
            configuration, directory: directory, resumed: resumed.map(store.place(of:)),
            reportFailure: reportFailure)
        let stage: any TrainingStage =
            switch configuration.experiment.stage {
            case .tokenizer: try builder.tokenizerStage()
            case .language: try builder.languageStage()
            case .unigrpo: try builder.policyStage(isInterrupted: { interruption.isRequested })
            }
        trainer = try Trainer(
            stage, Self.settings(configuration), store: store, interruption: interruption, observer: observer)
        if let resumed { try trainer.resume(from: resumed) }
        firstStep = trainer.step
    }

    private static func settings(_ configuration: TrainingConfiguration) -> TrainerSettings {
        var settings = TrainerSettings()
        let (training, params) = (configuration.training, configuration.optimizer.params)
        settings.steps = training.maxTrainSteps
        settings.stopAfter = configuration.experiment.stopAfterSteps
        settings.accumulation = training.gradientAccumulationSteps
        settings.learningRate = params.learningRate
        settings.schedule = LearningRateSchedule(
            configuration.lrScheduler.scheduler, warmupSteps: configuration.lrScheduler.params.warmupSteps,
            totalSteps: training.maxTrainSteps, floor: configuration.lrScheduler.params.minLrScale)
        settings.optimizer = Optimizer.Settings(
            beta1: params.beta1, beta2: params.beta2, epsilon: params.epsilon, momentum: params.momentum)
        settings.maxGradientNorm = training.maxGradNorm
        settings.averageDecay = params.emaDecay
        settings.saveEvery = configuration.experiment.saveEvery
        settings.validateEvery = configuration.experiment.generateEvery
        settings.logEvery = configuration.experiment.logEvery
        settings.maxSkippedSteps = training.maxSkippedSteps
        return settings
    }
}
