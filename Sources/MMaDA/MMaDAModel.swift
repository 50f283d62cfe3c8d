public import Checkpoints
public import Foundation
public import ImageTokenizer
import NN
import StrictJSON
import Synchronization
public import TextTokenizer
public import Torch
public import Transformer

/// How a model is loaded.
public struct LoadingOptions: Hashable, Sendable {
    /// Where it is computed.
    public var device = Device.cpu
    /// Type of activations; `nil` for float32 on the CPU (but bfloat16 for a checkpoint of that type too large to
    /// widen, where the processor has it in hardware) and the file's own type elsewhere.
    public var dtype: DType?
    /// Folder or file of the image tokenizer; `nil` for `vq` in the model's folder.
    public var imageTokenizer: URL?
    /// How messages become a prompt.
    public var template = ChatTemplate.mmada

    /// The usual way.
    public init() {}
}

/// An MMaDA checkpoint as released: transformer, text tokenizer and image tokenizer.
///
/// All of it is constant once loaded. The image tokenizer is read when it is first needed.
public struct MMaDAModel: Sendable {
    /// The transformer.
    public let transformer: LLaDA
    /// The text tokenizer.
    public let tokenizer: Tokenizer
    /// What the ids mean.
    public let vocabulary: VocabularyLayout
    /// Lays out prompts.
    public let prompts: PromptBuilder
    private let images: LazyImageTokenizer

    /// Loads a model folder: `config.json`, weights and tokenizer at its top.
    ///
    /// `tokenizerDirectory`: Where the tokenizer is, if not in `directory`.
    public init(
        directory: URL, tokenizerDirectory: URL? = nil, options: LoadingOptions = LoadingOptions()
    ) throws {
        transformer = try Self.transformer(directory: directory, options: options)
        tokenizer = try Tokenizer(directory: tokenizerDirectory ?? directory)
        vocabulary = try VocabularyLayout(tokenizer, transformer.configuration)
        prompts = PromptBuilder(
            tokenizer, vocabulary, template: options.template,
            usesInstructions: transformer.configuration.usesReasoningInstruction)
        images = LazyImageTokenizer(
            place: options.imageTokenizer ?? directory.appending(path: "vq"), device: options.device)
    }

    /// A model of parts in memory, as during training.
    public init(
        _ transformer: LLaDA, tokenizer: Tokenizer, imageTokenizer: (any VisualTokenizer)?,
        template: ChatTemplate = .mmada
    ) throws {
        self.transformer = transformer
        self.tokenizer = tokenizer
        vocabulary = try VocabularyLayout(tokenizer, transformer.configuration)
        prompts = PromptBuilder(
            tokenizer, vocabulary, template: template,
            usesInstructions: transformer.configuration.usesReasoningInstruction)
        images = LazyImageTokenizer(imageTokenizer)
    }

    /// Loads the image tokenizer of a folder, or of a single weights file, alone.
    public static func imageTokenizer(
        at place: URL, device: Device = .cpu
    ) throws -> (any VisualTokenizer, VisualTokenizerConfiguration) {
        let (configuration, checkpoint) = try ModelFiles.imageTokenizer(place)
        let parameters = CheckpointParameters(checkpoint, device: device, dtype: .float32)
        let model = try configuration.build(ParameterScope(parameters))
        try parameters.finish(ignoring: configuration.constantNames)
        return (model, configuration)
    }

    /// Shape and weights of a model folder's transformer, not yet a model.
    public static func transformerFiles(directory: URL) throws -> (LLaDAConfiguration, Checkpoint) {
        let configuration = try LLaDAConfiguration(ModelFiles.json(directory.appending(path: "config.json")))
        return (configuration, try Checkpoint(directory: directory, stems: ModelFiles.transformerStems))
    }

    /// Shape and weights of an image tokenizer, in a folder or a single weights file, not yet a model.
    public static func imageTokenizerFiles(at place: URL) throws -> (VisualTokenizerConfiguration, Checkpoint) {
        try ModelFiles.imageTokenizer(place)
    }

    /// Loads the transformer of a model folder alone.
    public static func transformer(directory: URL, options: LoadingOptions = LoadingOptions()) throws -> LLaDA {
        try options.device.prepare()
        let (configuration, checkpoint) = try transformerFiles(directory: directory)
        let stored = checkpoint.names.lazy.compactMap { checkpoint[$0] }.first.map { DType($0.elementType) }
        // Weights of another type than is computed in are converted once, if memory allows; else they stay in the
        // file's mapping and are converted layer by layer in every pass.
        func fits(_ dtype: DType) -> Bool {
            let converted = checkpoint.byteCount / (stored?.byteCount ?? 4) * dtype.byteCount
            return UInt64(converted) < ProcessInfo.processInfo.physicalMemory / 5 * 2
        }
        let dtype: DType
        if let asked = options.dtype {
            dtype = asked
        } else if options.device == .cpu {
            // Measured at the 8B shape: 6 s a step in bfloat16 against 36 s widened layer by layer.
            dtype = stored == .bfloat16 && !fits(.float32) && TensorRuntime.hasFastBFloat16 ? .bfloat16 : .float32
        } else {
            dtype = stored ?? .float32
        }
        let parameters = CheckpointParameters(
            checkpoint, device: options.device, dtype: fits(dtype) || options.device != .cpu ? dtype : nil)
        let model = try LLaDA(configuration, dtype: dtype, ParameterScope(parameters))
        try parameters.finish()
        return model
    }

    /// The image tokenizer, loaded on first use.
    ///
    /// - Throws: ``MMaDAError/codebookMismatch(model:imageTokenizer:)``, or why its files cannot be read.
    public func imageTokenizer() throws -> any VisualTokenizer {
        guard !vocabulary.image.isEmpty else { throw MMaDAError.noImageCodes }
        let tokenizer = try images.load()
        guard tokenizer.codebookSize == vocabulary.image.count else {
            throw MMaDAError.codebookMismatch(
                model: vocabulary.image.count, imageTokenizer: tokenizer.codebookSize)
        }
        return tokenizer
    }
}

/// Names of the files of a model folder, and how they are read.
enum ModelFiles {
    static let transformerStems = ["model", "pytorch_model"]
    static let imageTokenizerStems = ["pytorch_model", "diffusion_pytorch_model", "model"]

    /// The image tokenizer in a folder, or in a single weights file.
    static func imageTokenizer(_ place: URL) throws -> (VisualTokenizerConfiguration, Checkpoint) {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isDirectory) else {
            throw MMaDAError.missingFile(place, purpose: "the image tokenizer; name another with --image-tokenizer")
        }
        guard isDirectory.boolValue else { return (.magvit(MAGVITConfiguration()), try Checkpoint(file: place)) }
        let configuration = try VisualTokenizerConfiguration(json(place.appending(path: "config.json")))
        return (configuration, try Checkpoint(directory: place, stems: imageTokenizerStems))
    }

    static func json(_ url: URL) throws -> JSONValue {
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw MMaDAError.missingFile(url, purpose: "the configuration")
        }
        let limit = 16 << 20
        let handle = try FileHandle(forReadingFrom: url)
        defer { try? handle.close() }
        let data = try handle.read(upToCount: limit + 1) ?? Data()
        guard data.count <= limit else { throw MMaDAError.unreadable(url, reason: "it is over \(limit) bytes") }
        do {
            return try JSONValue(parsing: [UInt8](data))
        } catch {
            throw MMaDAError.unreadable(url, reason: error.description)
        }
    }
}

/// Reads the image tokenizer once, when it is first asked for.
private final class LazyImageTokenizer: Sendable {
    private let place: URL?
    private let device: Device
    private let loaded: Mutex<(any VisualTokenizer)?>

    init(place: URL, device: Device) {
        self.place = place
        self.device = device
        loaded = Mutex(nil)
    }

    init(_ tokenizer: (any VisualTokenizer)?) {
        place = nil
        device = .cpu
        loaded = Mutex(tokenizer)
    }

    func load() throws -> any VisualTokenizer {
        try loaded.withLock { loaded in
            if let loaded { return loaded }
            guard let place else { throw MMaDAError.noImageCodes }
            let (model, _) = try MMaDAModel.imageTokenizer(at: place, device: device)
            loaded = model
            return model
        }
    }
}
