import Checkpoints
public import Foundation
import ImageTokenizer
import NN
import Torch
public import Transformer

/// What a model folder holds, found out from headers alone: no weight is read.
public struct ModelInspection: Sendable {
    /// How the tensors of a checkpoint compare with those that the architecture has.
    public struct Part: Sendable {
        /// Number of weights that the architecture has.
        public let parameterCount: Int
        /// Bytes of the checkpoint's tensors.
        public let byteCount: Int
        /// Element types in the checkpoint, with the number of tensors of each.
        public let elementTypes: [String: Int]
        /// Files of the checkpoint.
        public let files: [URL]
        /// Tensors that the architecture has and the checkpoint lacks.
        public let missing: [(name: String, shape: [Int])]
        /// Tensors of another shape.
        public let misshapen: [(name: String, expected: [Int], found: [Int])]
        /// Tensors that the architecture does not have.
        public let unexpected: [(name: String, shape: [Int])]

        /// Whether a model can be made of it.
        public var isSound: Bool { missing.isEmpty && misshapen.isEmpty && unexpected.isEmpty }

        init(_ checkpoint: Checkpoint, _ audit: ParameterAudit, constants: Set<String> = []) {
            parameterCount = audit.parameterCount
            byteCount = checkpoint.byteCount
            files = checkpoint.files
            var types: [String: Int] = [:]
            for name in checkpoint.names {
                if let tensor = checkpoint[name] { types[tensor.elementType.rawValue, default: 0] += 1 }
            }
            elementTypes = types
            missing = audit.expected.filter { checkpoint[$0.name] == nil }
            misshapen = audit.expected.compactMap { name, shape in
                guard let found = checkpoint[name]?.shape, found != shape else { return nil }
                return (name, shape, found)
            }
            let known = constants.union(audit.expected.map(\.name))
            unexpected = checkpoint.names.filter { !known.contains($0) }.sorted().map { name in
                (name, checkpoint[name]?.shape ?? [])
            }
        }
    }

    /// The transformer's shape.
    public let configuration: LLaDAConfiguration
    /// The transformer's tensors.
    public let transformer: Part
    /// The image tokenizer's tensors; `nil` when the folder has none.
    public let imageTokenizer: Part?

    /// Compares a folder with the architecture that its configuration describes.
    ///
    /// `imageTokenizer`: Where the image tokenizer is; `nil` for `vq` in the folder, if it is there.
    public init(directory: URL, imageTokenizer place: URL? = nil) throws {
        configuration = try LLaDAConfiguration(ModelFiles.json(directory.appending(path: "config.json")))
        let audit = ParameterAudit()
        _ = try LLaDA(configuration, dtype: .float32, ParameterScope(audit))
        transformer = Part(try Checkpoint(directory: directory, stems: ModelFiles.transformerStems), audit)
        let vq = place ?? directory.appending(path: "vq")
        guard place != nil || FileManager.default.fileExists(atPath: vq.path) else {
            imageTokenizer = nil
            return
        }
        let (shape, checkpoint) = try ModelFiles.imageTokenizer(vq)
        let images = ParameterAudit()
        _ = try shape.build(ParameterScope(images))
        imageTokenizer = Part(checkpoint, images, constants: shape.constantNames)
    }

    /// Whether all tensors are there and of the right shape.
    public var isSound: Bool { transformer.isSound && imageTokenizer?.isSound ?? true }
}
