public import ArgumentParser
public import Evaluation
import Foundation
import ImageTextScorers
import MMaDA
import Rewards
import StrictJSON

extension AnswerMethod: ExpressibleByArgument {}

extension Evaluate {
    /// `mmada evaluate NAME`.
    struct RunBenchmark: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "run", abstract: "Run a benchmark from its public files.",
            discussion: "Known benchmarks, and what --data holds:\n"
                + BenchmarkCatalog.entries.map { "  \($0.name): \($0.about)" }.joined(separator: "\n") + """


                    Settings that are not given are the reference's. Each result is noted as it comes in: given again, the
                    command goes on where it was. The score stands in summary.json, beside every setting.
                    """)

        @Argument(help: "The benchmark.") var benchmark: String
        @OptionGroup var model: ModelOptions
        @OptionGroup var seed: SeedOption
        @Option(help: ArgumentHelp("The benchmark's file or folder.", valueName: "path"), completion: .file())
        var data: String
        @Option(help: ArgumentHelp("The folder of its pictures, if they lie apart.", valueName: "dir"))
        var images: String?
        @Option(help: ArgumentHelp("Folder for results.", valueName: "dir")) var output: String
        @Option(help: "Items at most. (default: all)") var limit: Int?
        @Option(help: "Solved examples before each question.") var shots: Int?
        @Option(help: "generation or likelihood, where a benchmark knows both.") var method: AnswerMethod?
        @Option(
            help: "How predictions are read, where there are several ways (gsm8k: openai, …; mme: mme; pope: pope).")
        var rule = ""
        @Flag(inversion: .prefixedNo, help: "Ask for reasoning in think tags first.") var think: Bool?
        @Option(help: "Tokens of an answer.") var genLength: Int?
        @Option(help: "Tokens of a block.") var blockLength: Int?
        @Option(help: "Denoising steps of an answer. (default: one a token)") var steps: Int?
        @Option(help: "Randomness of an answer.") var temperature: Double?
        @Option(help: "Classifier-free guidance of texts and likelihoods.") var cfgScale: Double?
        @Option(help: "Masks drawn for a likelihood.") var mcNum: Int?
        @Option(help: "Masks in one round of a likelihood.") var mcBatchSize: Int?
        @Option(help: "Standard errors by which the first choice must lead to end a likelihood early; 0 never does.")
        var settledAt = 0.0
        @Option(help: "Steps of painting.") var timesteps: Int?
        @Option(help: "Guidance of painting.") var guidanceScale: Double?
        @Option(help: "Noise on what stays, in painting.") var imageTemperature: Double?
        @Option(help: "Pictures of each prompt.") var pictures: Int?
        @Option(help: ArgumentHelp("The folder of CLIP or ImageReward, for their scores.", valueName: "dir"))
        var scorer: String?
        @Option(help: ArgumentHelp("A judge's API, such as http://127.0.0.1:8000/v1.", valueName: "url"))
        var endpoint: String?
        @Option(help: "The judge's name there.") var endpointModel = ""
        @Option(help: ArgumentHelp("Environment variable that holds the API's key.", valueName: "name"))
        var apiKeyEnv = ""
        @Option(help: "Items in one pass.") var batchSize = 8

        func run() async throws {
            let entry = try BenchmarkCatalog.entry(benchmark)
            let settings = try settings(entry.defaults)
            guard (1...4096).contains(batchSize) else { throw ValidationError("--batch-size must be from 1 to 4096") }
            let opened = try BenchmarkCatalog.benchmark(benchmark, source(settings))
            let method = try checked(opened)
            var items = try opened.items()
            if let limit { items = Array(items.prefix(limit)) }
            guard !items.isEmpty else { throw BenchmarkError.missing(path: data, expected: "at least one item") }
            let engine = try model.makeEngine()
            let name = model.directory.standardizedFileURL.lastPathComponent
            let header: [(key: JSONString, value: JSONValue)] = [
                ("benchmark", .string(JSONString(benchmark))), ("model", .string(JSONString(name))),
                ("data", .string(JSONString(URL(filePath: data).lastPathComponent))),
                ("rule", .string(JSONString(rule))), ("settings", settings.json(method)),
            ]
            let folder = URL(filePath: output, directoryHint: .isDirectory)
            let (chosen, size) = (items, batchSize)
            let summary = try await interruptible {
                let run = try BenchmarkRun(folder: folder, header: header)
                var progress = Progress(opened.name, total: chosen.count)
                defer { progress.finish() }
                func show(_ done: Int) throws {
                    try Task.checkCancellation()
                    progress.update(done)
                }
                if let painted = opened as? any PaintingBenchmark {
                    try await PaintingRunner(engine, settings, batchSize: size).paint(
                        painted, chosen, into: run, folder: folder, progress: show)
                } else {
                    try BenchmarkRunner(engine.model, settings, batchSize: size).answer(
                        opened, chosen, by: method, into: run, progress: show)
                }
                return try run.finish(opened, items: chosen)
            }
            standardOutput(String(decoding: summary.serialized(), as: UTF8.self) + "\n")
        }

        private func source(_ settings: BenchmarkSettings) throws -> BenchmarkCatalog.Source {
            var source = BenchmarkCatalog.Source(
                data: URL(filePath: data), images: images.map { URL(filePath: $0, directoryHint: .isDirectory) },
                shots: settings.shots, method: method, rule: rule)
            if let endpoint {
                source.judge = try ChatEndpoint(url: endpoint, model: endpointModel, key: endpointKey(apiKeyEnv))
            }
            if let scorer {
                let folder = URL(filePath: scorer, directoryHint: .isDirectory)
                let (isCLIP, device) = (benchmark == "clip_score", model.compute.device)
                source.scorer = {
                    if isCLIP { return try CLIPScorer(directory: folder, device: device) }
                    return try ImageRewardScorer(directory: folder, device: device)
                }
            }
            return source
        }

        private func checked(_ opened: any Benchmark) throws -> AnswerMethod {
            let method = method ?? opened.method
            guard method == opened.method else {
                throw BenchmarkError.method(
                    name: opened.name, asked: method.rawValue, possible: opened.method.rawValue)
            }
            return method
        }

        private func settings(_ defaults: BenchmarkSettings) throws -> BenchmarkSettings {
            var settings = defaults
            settings.limit = limit
            settings.seed = seed.seed == -1 ? 0 : try seed.resolved()
            settings.shots = shots ?? defaults.shots
            settings.thinks = think ?? defaults.thinks
            settings.genLength = genLength ?? defaults.genLength
            settings.blockLength = blockLength ?? min(defaults.blockLength, settings.genLength)
            settings.steps = steps ?? settings.genLength
            settings.temperature = temperature ?? defaults.temperature
            settings.cfgScale = cfgScale ?? defaults.cfgScale
            settings.likelihoodSamples = mcNum ?? defaults.likelihoodSamples
            settings.likelihoodBatch = mcBatchSize ?? min(defaults.likelihoodBatch, settings.likelihoodSamples)
            settings.settledAt = settledAt
            settings.imageSteps = timesteps ?? defaults.imageSteps
            settings.guidanceScale = guidanceScale ?? defaults.guidanceScale
            settings.imageTemperature = imageTemperature ?? defaults.imageTemperature
            settings.pictures = pictures ?? defaults.pictures
            guard (1...1024).contains(settings.pictures) else {
                throw ValidationError("--pictures must be from 1 to 1024")
            }
            guard (limit ?? 1) > 0, settings.shots >= 0, settings.shots <= 1024 else {
                throw ValidationError("--limit must be above 0, --shots from 0 to 1024")
            }
            guard (1...1_000_000).contains(settings.likelihoodSamples), settings.likelihoodBatch > 0,
                settings.likelihoodSamples.isMultiple(of: settings.likelihoodBatch)
            else { throw ValidationError("--mc-num must be a multiple of --mc-batch-size") }
            guard settledAt.isFinite, settledAt >= 0 else { throw ValidationError("--settled-at must be 0 or above") }
            return settings
        }
    }

    /// `mmada evaluate geneval-summary`.
    struct GenEvalScores: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "geneval-summary", abstract: "Sum up what GenEval's own scorer found in painted pictures.")

        @Argument(help: ArgumentHelp("What evaluate_images.py wrote.", valueName: "results.jsonl")) var file: String

        func run() throws {
            standardOutput(try GenEvalSummary(contentsOf: URL(filePath: file)).description)
        }
    }

    /// `mmada evaluate report`.
    struct Report: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lay results out as Markdown and as one page of HTML.",
            discussion: "Takes folders that `mmada evaluate` wrote; published scores stand beside measured ones.")

        @Argument(help: ArgumentHelp("Folders with results.", valueName: "dir")) var folders: [String]
        @Option(help: ArgumentHelp("Folder for report.md and report.html.", valueName: "dir")) var output: String

        func run() throws {
            let report = try EvaluationReport(
                folders: folders.map { URL(filePath: $0, directoryHint: .isDirectory).standardizedFileURL })
            try report.write(to: URL(filePath: output, directoryHint: .isDirectory))
        }
    }
}
