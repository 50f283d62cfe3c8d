public import ArgumentParser
import Foundation
import MMaDA
import TextTokenizer
public import Torch

extension Device: ExpressibleByArgument {
    /// Reads `cpu`, `cuda`, `cuda:N` or `mps`.
    public init?(argument: String) { self.init(argument) }
}

/// Types that can be computed in.
enum ComputeType: String, ExpressibleByArgument, CaseIterable {
    case float32, bfloat16, float16

    var dtype: DType {
        switch self {
        case .float32: .float32
        case .bfloat16: .bfloat16
        case .float16: .float16
        }
    }
}

/// Chat templates by name.
enum TemplateName: String, ExpressibleByArgument, CaseIterable {
    case mmada, llada

    var template: ChatTemplate { self == .mmada ? .mmada : .llada }
}

/// Where and how things are computed.
struct ComputeOptions: ParsableArguments {
    @Option(help: "Device to compute on: cpu, cuda, cuda:N or mps.")
    var device = Device.cpu

    @Option(help: "Type to compute in. (default: float32 on the CPU, the checkpoint's own elsewhere)")
    var dtype: ComputeType?

    @Option(help: "Processor threads. (default: all cores)")
    var threads: Int?

    func apply() throws {
        guard let threads else { return }
        guard (1...1024).contains(threads) else {
            throw MMaDAError.outOfRange(name: "threads", value: "\(threads)", allowed: "1 to 1024")
        }
        TensorRuntime.threadCount = threads
    }
}

/// How a model is loaded.
struct LoadingFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp("The image tokenizer. (default: 'vq' in the model's folder)", valueName: "dir"),
        completion: .directory)
    var imageTokenizer: String?

    @Option(help: "How a conversation becomes a prompt: mmada (one newline after a header) or llada (two).")
    var template = TemplateName.mmada

    @OptionGroup(title: "Compute options") var compute: ComputeOptions

    func load(_ directory: URL) throws -> MMaDAModel {
        try compute.apply()
        var options = LoadingOptions()
        options.device = compute.device
        options.dtype = compute.dtype?.dtype
        options.imageTokenizer = imageTokenizer.map { URL(filePath: $0) }
        options.template = template.template
        return try MMaDAModel(directory: directory, options: options)
    }
}

/// The model that a command works with.
struct ModelOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The model's folder.", valueName: "dir"), completion: .directory)
    var model: String

    @OptionGroup var loading: LoadingFlags

    var directory: URL { URL(filePath: model, directoryHint: .isDirectory) }
    var compute: ComputeOptions { loading.compute }

    func load() throws -> MMaDAModel { try loading.load(directory) }

    func makeEngine() throws -> InferenceEngine { InferenceEngine(try load()) }
}

/// The seed of all random numbers.
struct SeedOption: ParsableArguments {
    @Option(help: "Seed of all random numbers; -1 for a random one. The seed used is always reported.")
    var seed = -1

    /// The seed asked for, or a random one that can be typed again.
    func resolved() throws -> UInt64 {
        guard seed >= -1 else {
            throw MMaDAError.outOfRange(name: "seed", value: "\(seed)", allowed: "-1, or 0 and above")
        }
        return seed == -1 ? UInt64.random(in: 0...UInt64(Int32.max)) : UInt64(seed)
    }
}
