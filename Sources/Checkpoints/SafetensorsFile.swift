public import Foundation

/// A safetensors file, mapped: only its header has been read.
public struct SafetensorsFile: Sendable {
    /// The mapping all tensors share.
    public let storage: MappedFile
    /// The tensors this package computes with, in the order of their bytes.
    public let tensors: [StoredTensor]
    /// Names of tensors of other types of the format, each with its type.
    public let unsupported: [String: String]
    /// The strings under `__metadata__`.
    public let metadata: [String: String]

    /// Maps the file and checks its header against its length.
    public init(url: URL) throws(CheckpointError) {
        let storage = try MappedFile(url: url)
        let header = try SafetensorsHeader(parsing: storage.bytes, file: storage.path)
        self.storage = storage
        tensors = header.tensors.map { StoredTensor(layout: $0, storage: storage) }
        unsupported = header.unsupported
        metadata = header.metadata
    }
}
