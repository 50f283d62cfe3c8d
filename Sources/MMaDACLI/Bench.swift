import ArgumentParser
import Diffusion
import Foundation
import MMaDA
import NN
import StrictJSON
import Torch
import Transformer

/// The command `mmada bench`.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure speed and memory of a model.",
        discussion: """
              mmada bench --model DIR --task image
              mmada bench --config config.json --random-weights --task text --steps 32 --json

            A task file gives exact prompts and seeds, for comparisons; benchmarks/README.md describes it.
            """)

    /// What is measured.
    enum Task: String, ExpressibleByArgument, CaseIterable {
        case text, image, answer, forward
    }

    @Option(
        help: ArgumentHelp("The model's folder; only the transformer is read.", valueName: "dir"),
        completion: .directory)
    var model: String?

    @Option(help: ArgumentHelp("A config.json, for --random-weights.", valueName: "file"), completion: .file())
    var config: String?

    @Flag(help: "Use random weights of the shape that --config gives.")
    var randomWeights = false

    @Option(help: "text: 128 new tokens after 64. image: a picture. answer: about a picture. forward: one pass.")
    var task = Task.text

    @Option(help: "Denoising steps, or passes. (default: 32 for text and answer, 15 for image, 5 for forward)")
    var steps: Int?

    @Option(
        help: ArgumentHelp("Prompts and settings, as benchmarks/README.md describes.", valueName: "file"),
        completion: .file())
    var taskFile: String?

    @OptionGroup(title: "Compute options") var compute: ComputeOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        guard (model == nil) == (randomWeights && config != nil) else {
            throw ValidationError("Give either --model, or --config with --random-weights.")
        }
        try compute.apply()
        let start = ContinuousClock.now
        let transformer = try load()
        let loadSeconds = (ContinuousClock.now - start) / .seconds(1)
        let work =
            try taskFile.map { try BenchTask(file: URL(filePath: $0)) }
            ?? BenchTask(task, steps: steps, transformer.configuration)
        guard taskFile == nil || work.isText == (task == .text) else {
            throw ValidationError("The task file is for --task \(work.isText ? "text" : "image").")
        }
        var measurement = Measurement()
        let tokens = try work.run(transformer) { measurement.stepEnded() }
        try transformer.device.synchronize()
        let report = measurement.report(
            tokens: tokens, loadSeconds: loadSeconds, threads: TensorRuntime.threadCount,
            dtype: transformer.dtype.rawValue, device: transformer.device.description)
        standardOutput(json ? report.line : measurement.summary + "\n")
    }

    private func load() throws -> LLaDA {
        var options = LoadingOptions()
        options.device = compute.device
        options.dtype = compute.dtype?.dtype
        if let model {
            return try MMaDAModel.transformer(
                directory: URL(filePath: model, directoryHint: .isDirectory), options: options)
        }
        let json = try JSONValue(parsing: [UInt8](Data(contentsOf: URL(filePath: config ?? ""))))
        try options.device.prepare()
        let dtype = options.dtype ?? .float32
        let parameters = RandomParameters(try RandomSource(seed: 0, device: options.device), dtype: dtype)
        return try LLaDA(LLaDAConfiguration(json), dtype: dtype, ParameterScope(parameters))
    }
}

/// Times of steps, and memory.
private struct Measurement {
    private var last = ContinuousClock.now
    private var seconds: [Double] = []

    mutating func stepEnded() {
        let now = ContinuousClock.now
        seconds.append((now - last) / .seconds(1))
        last = now
    }

    private var total: Double { seconds.reduce(0, +) }
    /// The first step warms caches up; it is reported apart.
    private var steady: [Double] { (seconds.count > 1 ? Array(seconds.dropFirst()) : seconds).sorted() }
    private var median: Double {
        let n = steady.count
        return n == 0 ? 0 : (steady[(n - 1) / 2] + steady[n / 2]) / 2
    }

    var summary: String {
        String(
            format: "%d steps: %.4f s a step at least, %.4f s median; first %.4f s, total %.3f s; peak memory %.0f MiB",
            seconds.count, steady.first ?? 0, median, seconds.first ?? 0, total,
            Double(ProcessMemory.peak) / Double(1 << 20))
    }

    func report(tokens: [Int32], loadSeconds: Double, threads: Int, dtype: String, device: String) -> JSONValue {
        let perStep: JSONValue = .members([
            "min": .number(steady.first ?? 0), "median": .number(median), "all": .array(seconds.map { .number($0) }),
        ])
        return .members([
            "tokens": .wholes(tokens), "seconds_per_step": perStep, "first_step_seconds": .number(seconds.first ?? 0),
            "total_seconds": .number(total), "load_seconds": .number(loadSeconds),
            "peak_rss_bytes": .whole(ProcessMemory.peak),
            "tokens_per_second": .number(total > 0 ? Double(tokens.count) / total : 0), "threads": .whole(threads),
            "dtype": .text(dtype), "device": .text(device),
        ])
    }
}

/// Memory of this process.
enum ProcessMemory {
    /// The most that was ever resident, in bytes.
    static var peak: Int {
        var usage = rusage()
        #if os(Linux)
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        return usage.ru_maxrss * 1024
        #else
        guard getrusage(RUSAGE_SELF, &usage) == 0 else { return 0 }
        return usage.ru_maxrss
        #endif
    }
}
