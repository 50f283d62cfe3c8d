import ArgumentParser
import Datasets
import Foundation
import ShapesWorld
import StrictJSON
import TextTokenizer

/// `mmada data …`.
struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Make, filter and prepare training data.",
        subcommands: [Shapes.self, TrainTokenizer.self, Filter.self, Distill.self])

    /// `mmada data shapes`.
    struct Shapes: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the Shapes world: pictures, captions, questions, problems and riddles.")

        @Option(help: "Folder to write to.") var output: String
        @Option(help: "Training examples of each task.") var count = 20_000
        @Option(help: "Seed of everything in it.") var seed: UInt64 = 1
        @Option(help: "1: objects in a grid; 2: anywhere; 3: crowded, with noise.") var level = 1

        func run() async throws {
            guard let level = Level(rawValue: level) else {
                throw ValidationError("--level \(level): expected 1, 2 or 3")
            }
            guard (1...100_000_000).contains(count) else {
                throw ValidationError("--count \(count): expected 1 to 100000000")
            }
            let writer = WorldWriter(World(level: level, seed: seed), count: count)
            try writer.write(to: URL(filePath: output, directoryHint: .isDirectory)) { name in
                try Task.checkCancellation()
                standardError("writing \(name)\n")
            }
        }
    }

    /// `mmada data tokenizer`.
    struct TrainTokenizer: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "tokenizer", abstract: "Train a small byte-level BPE tokenizer with MMaDA's special tokens.")

        @Option(help: ArgumentHelp("Text file, one example a line; may be repeated.", valueName: "file"))
        var text: [String] = []
        @Option(help: ArgumentHelp("Lines of the Shapes world to learn from as well.", valueName: "n"))
        var shapes = 0
        @Option(help: "Seed of those lines.") var seed: UInt64 = 1
        @Option(help: "Tokens in all.") var vocabularySize = 512
        @Option(help: ArgumentHelp("A string that becomes one token; may be repeated.", valueName: "token"))
        var token: [String] = []
        @Option(help: "Folder to write to.") var output: String

        func run() async throws {
            var lines: [String] = []
            for file in text {
                lines += try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
            }
            if shapes > 0 { lines += try World(level: .cells, seed: seed).corpus(lines: shapes) }
            guard !lines.isEmpty else {
                throw ValidationError("give --text or --shapes: there is nothing to learn from")
            }
            let trained = try BytePairTrainer(vocabularySize: vocabularySize, extraTokens: token).train(lines: lines)
            try trained.write(to: URL(filePath: output, directoryHint: .isDirectory))
            standardError("\(trained.count) tokens in \(output)\n")
        }
    }

    /// `mmada data filter`.
    struct Filter: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Keep reasoning records whose final answer is right.",
            discussion: "Reads records as JSON lines (or GSM8K), writes those that pass and a report of the others.")

        @Option(help: ArgumentHelp("Records as JSON lines.", valueName: "file.jsonl")) var input: String
        @Option(help: ArgumentHelp("Where to write the records that pass.", valueName: "file.jsonl")) var output: String
        @Flag(help: "The input is GSM8K's: question and answer with ####.") var gsm8k = false
        @Flag(help: "Drop records without a known answer too.") var requireGold = false

        func run() async throws {
            let records = try gsm8k ? GSM8KBuilder.records(contentsOf: input) : StoredRecord.read(contentsOf: input)
            let (kept, report) = ReasoningFilter(requiresGold: requireGold).filter(records)
            try StoredRecord.write(kept, to: output)
            standardOutput(String(decoding: report.json.serialized(), as: UTF8.self) + "\n")
        }
    }
}
