import ArgumentParser
import Foundation
import StrictJSON
import Training

/// The command `mmada bench-data`: the examples of a training run, read and decoded, and nothing else.
struct BenchData: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-data", abstract: "Measure how fast the examples of a training run can be read.",
        discussion: """
            Prints examples a second, and the most memory that was in use after each tenth of the examples, which shows
            whether it grows.
            """)

    @Option(help: ArgumentHelp("Configuration of the run.", valueName: "file.yaml")) var config: String
    @Option(
        name: .customLong("set"), help: ArgumentHelp("Overrides a key; may be repeated.", valueName: "key.path=value"))
    var sets: [String] = []
    @Option(help: "Examples to read.") var samples = 100_000

    func run() async throws {
        guard samples > 0 else { throw ValidationError("--samples \(samples): expected at least 1") }
        let loaded = try LoadedConfiguration(file: config, sets: sets)
        let path = try DataPath(loaded.configuration) { standardError("\($0)\n") }
        var progress = Progress("samples", total: samples)
        var memory: [JSONValue] = []
        var read = 0
        let start = ContinuousClock.now
        while read < samples {
            try Task.checkCancellation()
            read += try path.readStep()
            while memory.count < 10, read >= samples * (memory.count + 1) / 10 {
                memory.append(.integer(Int64(ProcessMemory.peak)))
            }
            progress.update(min(read, samples))
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        progress.finish()
        let fields: [(key: JSONString, value: JSONValue)] = [
            ("samples", .integer(Int64(read))), ("seconds", .number(seconds)),
            ("samples_per_second", .number(Double(read) / seconds)), ("peak_rss_bytes", .array(memory)),
        ]
        standardOutput(String(decoding: JSONValue.object(fields).serialized(), as: UTF8.self) + "\n")
    }
}
