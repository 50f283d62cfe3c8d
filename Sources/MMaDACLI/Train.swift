import ArgumentParser
import ConfigurationFiles
import Datasets
import Foundation
import Images
import RunMetrics
import Synchronization
import Training

/// `mmada train`.
struct Train: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model as a configuration file says.",
        discussion: """
            Reads the official YAML files and our own. Checkpoints, metrics and the merged configuration go to
            experiment.output_dir. Ctrl-C saves a checkpoint and ends; --resume latest goes on exactly.
            """)

    @Option(help: ArgumentHelp("Configuration file.", valueName: "file.yaml"))
    var config: String

    @Option(
        name: .customLong("set"), help: ArgumentHelp("Overrides a key; may be repeated.", valueName: "key.path=value"))
    var sets: [String] = []

    @Option(
        help: ArgumentHelp("latest, none, or the step of a checkpoint to go on from.", valueName: "latest|STEP|none"))
    var resume: String?

    @Flag(help: "Check the configuration, print it merged, and end.")
    var dryRun = false

    func run() async throws {
        let loaded = try LoadedConfiguration(file: config, sets: sets)
        if !loaded.unreadKeys.isEmpty {
            standardError("note: these keys have no effect: \(loaded.unreadKeys.joined(separator: ", "))\n")
        }
        if dryRun {
            standardOutput(loaded.mergedYAML)
            return
        }
        let start = try start(loaded.configuration)
        try Self.yieldWaitingThreads()
        let interruption = Interruption()
        // Ctrl-C comes as the cancellation of this task.
        interruption.listen(to: [SIGTERM, SIGHUP])
        try await withTaskCancellationHandler {
            // A thread of its own: a step must not hold one of the shared pool, and engine modes belong to a thread.
            try await Self.onThread { try Self.train(loaded, start, interruption) }
        } onCancel: {
            interruption.request()
        }
    }

    private func start(_ configuration: TrainingConfiguration) throws -> TrainingRun.Start {
        // The official files say "latest" and mean: if there is one.
        guard let resume else {
            switch configuration.experiment.resumeFromCheckpoint {
            case "none", "": return .new
            case "latest": return .latestIfAny
            case let text:
                guard let step = Int(text) else {
                    throw ValidationError(
                        "experiment.resume_from_checkpoint '\(text)': expected latest, none or a step")
                }
                return .step(step)
            }
        }
        switch resume {
        case "latest": return .latest
        case "none": return .new
        default:
            guard let step = Int(resume), step >= 0 else {
                throw ValidationError("--resume '\(resume)': expected latest, none or the step of a checkpoint")
            }
            return .step(step)
        }
    }

    /// Starts the program anew with waiting threads that sleep, unless the environment says how they wait.
    ///
    /// OpenMP's threads spin for the next operation, and read how to wait when the library is loaded. On a machine that
    /// does other work too, a step then takes many times as long (measured: 20 s for 0.6 s beside a compiler).
    private static func yieldWaitingThreads() throws {
        #if os(Linux)
        guard getenv("OMP_WAIT_POLICY") == nil, setenv("OMP_WAIT_POLICY", "PASSIVE", 1) == 0 else { return }
        var arguments: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) }
        arguments.append(nil)
        execv("/proc/self/exe", arguments)
        // Only if that failed; then it is merely slower.
        for argument in arguments { free(argument) }
        #endif
    }

    private static func train(
        _ loaded: LoadedConfiguration, _ start: TrainingRun.Start, _ interruption: Interruption
    ) throws {
        let broken = BrokenSamples()
        let reporter = TrainingReporter()
        let run = try TrainingRun(
            loaded, start: start, interruption: interruption, observer: reporter,
            reportFailure: { broken.report($0) })
        try reporter.begin(run, total: loaded.configuration.training.maxTrainSteps)
        let outcome = try run.trainer.run()
        try reporter.end()
        switch outcome {
        case .finished: standardError("finished: \(run.folder.path)\n")
        case .interrupted(let step):
            standardError("interrupted after step \(step), which is saved; --resume latest goes on\n")
        }
    }

    /// Runs `body` on a new thread and waits for it without holding this one.
    private static func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let thread = Thread {
                do {
                    try body()
                    continuation.resume()
                } catch {
                    continuation.resume(throwing: error)
                }
            }
            thread.stackSize = 16 << 20
            thread.name = "mmada.train"
            thread.start()
        }
    }
}

/// Names the first broken examples, and counts the rest.
private final class BrokenSamples: Sendable {
    private let count = Mutex(0)

    func report(_ text: String) {
        let number = count.withLock { count in
            count += 1
            return count
        }
        if number <= 10 || number % 1000 == 0 { standardError("skipped example \(number): \(text)\n") }
    }
}

/// Progress on the terminal, numbers in `metrics.jsonl` and TensorBoard files.
private final class TrainingReporter: TrainingObserver {
    private var metrics: MetricsWriter?
    private var line: ProgressLine?
    private var failure: (any Error)?
    /// Sums since the last log line.
    private var sums: [String: Double] = [:]
    private var measures: [[String: Double]] = []
    private var count = 0
    private var seconds = 0.0
    private var tokens = 0
    private var samples = 0

    func begin(_ run: TrainingRun, total: Int) throws {
        metrics = try MetricsWriter(folder: run.folder, resumingAfter: run.firstStep)
        line = ProgressLine(
            "train", total: total, unit: "steps", startingAt: run.firstStep,
            style: Terminal.errorIsTerminal ? .bar(columns: Terminal.size.columns) : .lines(every: .seconds(30)))
    }

    func didStep(_ report: StepReport) {
        count += 1
        seconds += report.seconds
        tokens += report.tokens
        samples += report.samples
        for (name, value) in report.parts { sums["loss/" + name, default: 0] += value }
        sums["loss/total", default: 0] += report.loss
        measures.append(report.measures)
        sums["gradient_norm", default: 0] += report.gradientNorm
        if let text = line?.update(
            done: report.step, losses: ["loss": sums["loss/total", default: 0] / Double(count)],
            tokensPerSecond: seconds > 0 ? Double(tokens) / seconds : 0)
        {
            standardError(text)
        }
        guard report.isLogged else { return }
        var values = sums.mapValues { $0 / Double(count) }
        values.merge(Trainer.joined(measures)) { _, measure in measure }
        let timed = values.filter { $0.key.hasPrefix("seconds/") }
        if !timed.isEmpty {
            values["seconds/update"] = seconds - timed.values.reduce(0, +)
            let parts = ["rollout", "reward", "likelihood", "update"].compactMap { name in
                values["seconds/" + name].map { "\(name) \(($0 * 10).rounded() / 10) s" }
            }
            let rewards = values.filter { $0.key.hasPrefix("reward/") }.sorted { $0.key < $1.key }
                .map { "\($0.key.dropFirst(7)) \(($0.value * 1000).rounded() / 1000)" }
            standardError("step \(report.step): \(rewards.joined(separator: ", ")); \(parts.joined(separator: ", "))\n")
        }
        values["learning_rate"] = report.learningRate
        values["tokens_per_second"] = Double(tokens) / max(1e-9, seconds)
        values["samples_per_second"] = Double(samples) / max(1e-9, seconds)
        write(report.step, values)
        (sums, measures, count, seconds, tokens, samples) = ([:], [], 0, 0, 0, 0)
    }

    func didSkip(step: Int, reason: String, samples: [String]) {
        standardError("step \(step) passed over: \(reason); its batch: \(samples.prefix(4).joined(separator: ", "))\n")
        write(step, ["skipped": 1])
    }

    func didSave(step: Int, to folder: URL) {
        do {
            try metrics?.flush()
        } catch {
            failure = error
        }
    }

    func didValidate(step: Int, scores: [String: Double], folder: URL) {
        var values: [String: Double] = [:]
        for (name, value) in scores { values["validation/" + name] = value }
        if !values.isEmpty {
            write(step, values)
            let list = scores.sorted { $0.key < $1.key }.map { "\($0.key) \(($0.value * 1000).rounded() / 1000)" }
            standardError("step \(step): \(list.joined(separator: ", "))\n")
        }
        do {
            let sheet = folder.appending(path: "pictures.png")
            if FileManager.default.fileExists(atPath: sheet.path) {
                try metrics?.write(step: step, "validation/pictures", RGBImage(contentsOf: sheet))
            }
        } catch {
            failure = error
        }
    }

    /// Ends the progress line, and reports what could not be written.
    func end() throws {
        if let line { standardError(line.finish()) }
        try metrics?.flush()
        if let failure { throw failure }
    }

    private func write(_ step: Int, _ values: [String: Double]) {
        do {
            try metrics?.write(step: step, values)
        } catch {
            failure = error
        }
    }
}
