import ArgumentParser
import Diffusion
import Evaluation
import Foundation
import Images
import MMaDA
import ShapesWorld
import StrictJSON

/// `mmada evaluate …`.
struct Evaluate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Score a model on benchmarks.",
        discussion: "`mmada evaluate NAME --model DIR --data PATH --output DIR` runs a benchmark.",
        subcommands: [RunBenchmark.self, Shapes.self, Report.self, GenEvalScores.self],
        defaultSubcommand: RunBenchmark.self)

    /// `mmada evaluate shapes`.
    struct Shapes: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Score a model on the Shapes world, on examples that no training set holds.",
            discussion: """
                Prints a Markdown table; with --output also writes scores.json, the first items of each task and sheets of
                pictures. Sampling is seeded.
                """)

        @OptionGroup var model: ModelOptions
        @OptionGroup var seed: SeedOption
        @Option(help: "Level of the world: 1, 2 or 3.") var level = 1
        @Option(help: "Seed of the world's examples.") var worldSeed: UInt64 = 1
        @Option(help: "Items of each task.") var count = 500
        @Option(help: ArgumentHelp("One task; may be repeated. All if not given.", valueName: "task"))
        var task: [String] = []
        @Option(help: ArgumentHelp("Steps of painting; may be repeated, for a table of steps.", valueName: "n"))
        var timesteps: [Int] = []
        @Option(help: "Guidance of painting.") var guidanceScale = 3.0
        @Option(help: "Noise on what stays, in painting.") var imageTemperature = 1.0
        @Option(help: "Tokens of an answer.") var genLength = 96
        @Option(help: "Tokens of a block.") var blockLength = 16
        @Option(help: "Tokens revealed in a step of writing.") var tokensPerStep = 1
        @Option(help: "Items in one pass.") var batchSize = 50
        @Option(help: "Folder for scores and samples.") var output: String?

        func run() async throws {
            guard let level = Level(rawValue: level) else {
                throw ValidationError("--level \(level): expected 1, 2 or 3")
            }
            guard (1...1_000_000).contains(count), (1...4096).contains(batchSize) else {
                throw ValidationError("--count and --batch-size must be above 0")
            }
            guard genLength > 0, blockLength > 0, genLength.isMultiple(of: blockLength), tokensPerStep > 0,
                blockLength.isMultiple(of: tokensPerStep)
            else {
                throw ValidationError("--gen-length must be a multiple of --block-length, that of --tokens-per-step")
            }
            let tasks = try task.map { name in
                guard let task = ShapesEvaluation.Task(rawValue: name) else {
                    let known = ShapesEvaluation.Task.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ValidationError("--task '\(name)': expected one of \(known)")
                }
                return task
            }
            let loaded = try model.load()
            var options = ShapesEvaluation.Options()
            options.count = count
            options.seed = try seed.resolved()
            options.batchSize = batchSize
            options.image.guidanceScale = guidanceScale
            options.image.temperature = imageTemperature
            options.genLength = genLength
            options.blockLength = blockLength
            options.tokensPerStep = tokensPerStep
            var table = ShapesTable()
            let all = tasks.isEmpty ? ShapesEvaluation.Task.allCases : tasks
            for task in all {
                let steps =
                    [.painting, .heldoutPainting, .riddles].contains(task) && !timesteps.isEmpty ? timesteps : [16]
                for count in steps {
                    options.image.steps = count
                    let evaluation = ShapesEvaluation(
                        loaded, world: World(level: level, seed: worldSeed), options: options)
                    var progress = Progress("\(task.rawValue)", total: options.count)
                    let scores = try evaluation.score(task) { done in
                        try Task.checkCancellation()
                        progress.update(done)
                    }
                    progress.finish()
                    table.add(scores, steps: task == .reconstruction || task.isText ? nil : count)
                }
            }
            standardOutput(table.markdown)
            guard let output else { return }
            let settings: [(key: JSONString, value: JSONValue)] = [
                ("model", .string(JSONString(model.directory.lastPathComponent))),
                ("level", .integer(Int64(level.rawValue))),
                ("world_seed", .string(JSONString("\(worldSeed)"))), ("count", .integer(Int64(count))),
                ("seed", .string(JSONString("\(options.seed)"))), ("guidance_scale", .number(guidanceScale)),
                ("image_temperature", .number(imageTemperature)), ("gen_length", .integer(Int64(genLength))),
                ("block_length", .integer(Int64(blockLength))), ("tokens_per_step", .integer(Int64(tokensPerStep))),
                ("batch_size", .integer(Int64(batchSize))),
            ]
            try table.write(to: URL(filePath: output, directoryHint: .isDirectory), settings: settings)
        }
    }
}
