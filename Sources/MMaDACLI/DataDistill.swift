import ArgumentParser
import Datasets
import Diffusion
import Distillation
import Foundation
import MMaDA
import Rewards
import StrictJSON

extension DataCommand {
    /// `mmada data distill`.
    struct Distill: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask a model for reasoning and keep what ends in the right answer.",
            discussion: """
                Asks a model of this kind (--model), or one behind an OpenAI-compatible API (--endpoint), about every record
                of a JSON Lines file, and writes stage-2 data: records with reasoning and answer. Prints a report. Work that
                was interrupted goes on when the command is given again.
                """)

        @Option(help: ArgumentHelp("Prompts with their gold answers.", valueName: "file.jsonl")) var input: String
        @Option(help: ArgumentHelp("Where to write the records that are kept.", valueName: "file.jsonl"))
        var output: String
        @Option(
            help: ArgumentHelp(
                "Where to write the prompts that had a wrong answer, for reinforcement learning; with pictures, beside --input.",
                valueName: "file.jsonl"))
        var hard: String?
        @Option(help: "Answers asked for a prompt, at most.") var samples = 4
        @Option(help: "Different right answers to keep for a prompt.") var keep = 1
        @Option(help: "Prompts asked about at the same time.") var batchSize = 16
        @Flag(help: "Judge answers to prompts without a gold answer by their form alone, instead of passing them over.")
        var keepUnverified = false
        @OptionGroup var seed: SeedOption

        @Option(help: ArgumentHelp("The asked model's folder.", valueName: "dir"), completion: .directory)
        var model: String?
        @Option(help: ArgumentHelp("An API to ask instead, such as http://127.0.0.1:8000/v1.", valueName: "url"))
        var endpoint: String?
        @Option(help: "The model's name there.") var endpointModel = ""
        @Option(help: ArgumentHelp("Environment variable that holds the API's key.", valueName: "name"))
        var apiKeyEnv = ""
        @Option(help: "Randomness of the answers; 0 gives the same answer every time.") var temperature = 0.7
        @Option(help: "Tokens that an answer may have.") var genLength = 256
        @Option(help: "Tokens of a block (--model).") var blockLength = 64
        @Option(help: "Tokens revealed in a step (--model).") var tokensPerStep = 1
        @Option(help: "Requests at once (--endpoint).") var concurrency = 4
        @Option(help: "Further attempts after one that failed (--endpoint).") var retries = 3
        @Option(help: "Seconds until an attempt is given up (--endpoint).") var timeout = 120.0
        @Option(help: "Side of pictures in pixels. (default: the model's own; 512 for --endpoint)")
        var resolution: Int?
        @OptionGroup(title: "Compute options") var compute: ComputeOptions

        func validate() throws {
            guard (model == nil) != (endpoint == nil) else {
                throw ValidationError("give either --model or --endpoint")
            }
            guard hard == nil || ![input, output].contains(hard) else {
                throw ValidationError("--hard must be another file than --input and --output")
            }
            for (name, value) in [("samples", samples), ("keep", keep), ("batch-size", batchSize)]
            where !(1...65536).contains(value) {
                throw ValidationError("--\(name) \(value): expected 1 to 65536")
            }
            guard temperature.isFinite, temperature >= 0 else {
                throw ValidationError("--temperature \(temperature): expected 0 or above")
            }
            guard genLength > 0, blockLength > 0, tokensPerStep > 0, genLength.isMultiple(of: blockLength),
                blockLength.isMultiple(of: tokensPerStep)
            else {
                throw ValidationError("--gen-length must be a multiple of --block-length, that of --tokens-per-step")
            }
            guard (16...4096).contains(resolution ?? 512) else {
                throw ValidationError("--resolution must be from 16 to 4096")
            }
            guard timeout > 0, timeout <= 86_400 else { throw ValidationError("--timeout must be up to a day") }
        }

        func run() async throws {
            var settings = Distillation.Settings()
            settings.samples = samples
            settings.kept = keep
            settings.batchSize = batchSize
            settings.requiresGold = !keepUnverified
            settings.seed = try seed.resolved()
            if seed.seed == -1 { standardError("seed \(settings.seed)\n") }
            let (source, side) = try await source()
            let distillation = Distillation(source, settings)
            let (input, output, hard) = (input, output, hard)
            let report = try await interruptible {
                var progress = Progress("asking", total: 0)
                var total = 0
                defer { progress.finish() }
                return try await distillation.run(
                    input, images: ImagePreparation(resolution: side), output: output, hard: hard
                ) { done, all in
                    if total != all { progress = Progress("asking", total: all) }
                    total = all
                    progress.update(done)
                }
            }
            standardError("\(report)\n")
            standardOutput(String(decoding: report.json.serialized(), as: UTF8.self) + "\n")
        }

        private func source() async throws -> (any ResponseSource, side: Int) {
            guard let model else { return (EndpointResponses(try chatEndpoint()), resolution ?? 512) }
            try compute.apply()
            var options = LoadingOptions()
            options.device = compute.device
            options.dtype = compute.dtype?.dtype
            let engine = InferenceEngine(
                try MMaDAModel(directory: URL(filePath: model, directoryHint: .isDirectory), options: options))
            var sampling = TextSampling()
            sampling.temperature = temperature
            sampling.steps = genLength / tokensPerStep
            // A model without image codes is not shown any.
            let side = try resolution ?? (engine.model.vocabulary.image.isEmpty ? 512 : engine.model.resolution())
            return (
                ModelResponses(
                    engine, genLength: genLength, blockLength: blockLength, sampling: sampling, rowsAtOnce: batchSize),
                side
            )
        }

        private func chatEndpoint() throws -> ChatEndpoint {
            var limits = ChatEndpoint.Limits()
            limits.temperature = temperature
            limits.maxTokens = genLength
            limits.concurrency = concurrency
            limits.retries = retries
            limits.timeout = .seconds(timeout)
            return try ChatEndpoint(
                url: endpoint ?? "", model: endpointModel, key: endpointKey(apiKeyEnv), limits: limits)
        }
    }
}

/// The key in an environment variable; empty for no variable.
///
/// - Throws: `RewardError.missingKey`.
func endpointKey(_ variable: String) throws -> String {
    guard !variable.isEmpty else { return "" }
    guard let found = ProcessInfo.processInfo.environment[variable], !found.isEmpty else {
        throw RewardError.missingKey(variable: variable)
    }
    return found
}
