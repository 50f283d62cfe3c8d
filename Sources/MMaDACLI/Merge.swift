import ArgumentParser
import Foundation
import Training

/// `mmada merge`.
struct Merge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make one model of a model and adapters that were trained on it.")

    @Option(help: ArgumentHelp("The model's folder.", valueName: "dir"), completion: .directory)
    var model: String
    @Option(
        help: ArgumentHelp("Folder with adapter_config.json and adapter_model.safetensors.", valueName: "dir"),
        completion: .directory)
    var adapter: String
    @Option(help: ArgumentHelp("Folder to make.", valueName: "dir")) var output: String

    func run() async throws {
        let folder = URL(filePath: output, directoryHint: .isDirectory)
        guard !FileManager.default.fileExists(atPath: folder.path) else {
            throw ValidationError("\(output) is there already; name a folder to make")
        }
        try AdapterMerge.merge(
            model: URL(filePath: model, directoryHint: .isDirectory),
            adapter: URL(filePath: adapter, directoryHint: .isDirectory), into: folder)
    }
}
