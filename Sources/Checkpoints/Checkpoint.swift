public import Foundation
import StrictJSON

/// The tensors of a model: one file or several shards, safetensors or PyTorch, mapped and not yet read.
public struct Checkpoint: Sendable {
    /// The files that hold the tensors, without the index.
    public let files: [URL]
    /// Every name, in the order of the files; those of ``unsupported`` tensors too.
    public let names: [String]
    /// Names of tensors of types this package does not compute with, each with its type.
    public let unsupported: [String: String]
    /// The strings under `__metadata__` of a single safetensors file; empty otherwise.
    public let metadata: [String: String]
    /// Bytes of all tensors, as if each were stored by itself.
    public let byteCount: Int

    private let tensors: [String: StoredTensor]

    /// Finds a model in a directory.
    ///
    /// For each stem in turn these are tried: `.safetensors`, `.safetensors.index.json`, `.bin`, `.bin.index.json`,
    /// `.pt`, `.pth`.
    ///
    /// - Parameters:
    ///   - directory: where the files lie.
    ///   - stems: names without ending; `model` for transformers, `pytorch_model` for the image tokenizer.
    ///   - key: see ``init(file:key:)``.
    /// - Throws: ``CheckpointError/noCheckpoint(directory:expected:)``, or what is wrong with the first file found.
    public init(directory: URL, stems: [String] = ["model"], key: String? = nil) throws(CheckpointError) {
        let candidates = stems.flatMap { stem in Self.endings.map { stem + $0 } }
        for name in candidates {
            let file = directory.appending(path: name, directoryHint: .notDirectory)
            guard FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) else { continue }
            try self.init(file: file, key: key)
            return
        }
        throw .noCheckpoint(directory: directory.path(percentEncoded: false), expected: candidates)
    }

    /// Opens a model by its file, or by the index of its shards.
    ///
    /// - Parameters:
    ///   - file: a path ending in one of those that ``init(directory:stems:key:)`` tries.
    ///   - key: for a PyTorch file, the top-level key of the state dictionary; if `nil`, the top level itself when it
    ///     holds tensors, else `model`, else `state_dict`.
    /// - Throws: ``CheckpointError`` if any file is damaged, or the index and its shards disagree.
    public init(file: URL, key: String? = nil) throws(CheckpointError) {
        if file.lastPathComponent.hasSuffix(".index.json") {
            try self.init(index: file, key: key)
        } else {
            let part = try Part(file, key: key)
            self.init(parts: [part], metadata: part.metadata)
        }
    }

    /// The tensor of a name; `nil` if there is none or its type is ``unsupported``.
    public subscript(name: String) -> StoredTensor? { tensors[name] }

    /// The tensor of a name.
    ///
    /// - Throws: ``CheckpointError/noTensor(files:tensor:)`` or
    ///   ``CheckpointError/unsupportedElementType(file:tensor:found:)``.
    public func tensor(_ name: String) throws(CheckpointError) -> StoredTensor {
        if let tensor = tensors[name] { return tensor }
        let paths = files.map { $0.path(percentEncoded: false) }
        if let found = unsupported[name] {
            throw .unsupportedElementType(file: paths.joined(separator: ", "), tensor: name, found: found)
        }
        throw .noTensor(files: paths, tensor: name)
    }

    private static let endings = [
        ".safetensors", ".safetensors.index.json", ".bin", ".bin.index.json", ".pt", ".pth",
    ]

    private init(parts: [Part], metadata: [String: String]) {
        files = parts.map(\.file)
        let stored = parts.flatMap(\.tensors)
        tensors = Dictionary(stored.map { ($0.name, $0) }) { first, _ in first }
        unsupported = parts.reduce(into: [:]) { $0.merge($1.unsupported) { first, _ in first } }
        names = stored.map(\.name) + unsupported.keys.sorted()
        byteCount = stored.reduce(0) { $0 &+ $1.byteCount }
        self.metadata = metadata
    }
}

// MARK: - Shards

extension Checkpoint {
    private init(index: URL, key: String?) throws(CheckpointError) {
        let weightMap = try Self.readWeightMap(index)
        let directory = index.deletingLastPathComponent()
        var expected: [String: String] = [:]
        var shards: [String] = []
        var seen: Set<String> = []
        for (tensor, shard) in weightMap {
            // Distinct bytes may still be one Swift string.
            guard expected.updateValue(shard, forKey: tensor) == nil else {
                throw .duplicateTensor(file: index.path(percentEncoded: false), tensor: tensor)
            }
            if seen.insert(shard).inserted { shards.append(shard) }
        }

        var parts: [Part] = []
        var found: Set<String> = []
        for shard in shards {
            let part = try Part(directory.appending(path: shard, directoryHint: .notDirectory), key: key)
            for name in part.names {
                guard expected[name] == shard else {
                    throw .unexpectedInShard(shard: part.path, tensor: name, expectedIn: expected[name])
                }
                found.insert(name)
            }
            parts.append(part)
        }
        for (tensor, shard) in weightMap where !found.contains(tensor) {
            throw .missingFromShard(
                shard: directory.appending(path: shard).path(percentEncoded: false), tensor: tensor)
        }
        self.init(parts: parts, metadata: [:])
    }

    /// The pairs of tensor and shard under `weight_map`; each shard is a plain name of a file beside the index.
    private static func readWeightMap(_ index: URL) throws(CheckpointError) -> [(tensor: String, shard: String)] {
        let storage = try MappedFile(url: index)
        if isPointerOfLFS(storage.bytes) { throw .pointerOfLFS(file: storage.path) }
        return try ShardIndex(parsing: storage.bytes, file: storage.path).weightMap
    }
}

/// The index of a sharded checkpoint: which file holds each tensor.
public struct ShardIndex: Sendable {
    /// Tensors and the file of each, in the order of the index.
    public let weightMap: [(tensor: String, shard: String)]

    /// Reads the text of a `.index.json` file.
    ///
    /// - Throws: ``CheckpointError``, also where a shard is named by anything but a plain file name.
    public init(parsing bytes: UnsafeRawBufferPointer, file: String) throws(CheckpointError) {
        let root: JSONValue
        do {
            root = try JSONValue(parsing: bytes, limits: JSONLimits(maxBytes: SafetensorsHeader.longest))
        } catch {
            throw .json(file: file, error)
        }
        guard let members = root["weight_map"]?.objectValue else {
            throw .malformed(file: file, at: "weight_map", expected: .object)
        }
        var weightMap: [(tensor: String, shard: String)] = []
        for (tensor, value) in members {
            guard let shard = value.stringValue else {
                throw .malformed(file: file, at: "weight_map.\(tensor)", expected: .string)
            }
            guard Self.isPlainName(shard) else { throw .unsafeShardName(file: file, found: shard) }
            weightMap.append((tensor.string, shard))
        }
        self.weightMap = weightMap
    }

    /// Whether a name stays in the directory: no separator, no parent, no control character; and is no index itself.
    private static func isPlainName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.hasSuffix(".index.json") && name.utf8.count <= 255
            && name.utf8.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }
    }
}

// MARK: - One file

/// One file of a checkpoint.
private struct Part {
    let file: URL
    let path: String
    let tensors: [StoredTensor]
    let unsupported: [String: String]
    let metadata: [String: String]

    var names: [String] { tensors.map(\.name) + unsupported.keys }

    init(_ file: URL, key: String?) throws(CheckpointError) {
        self.file = file
        path = file.path(percentEncoded: false)
        switch file.pathExtension {
        case "safetensors":
            let contents = try SafetensorsFile(url: file)
            (tensors, unsupported, metadata) = (contents.tensors, contents.unsupported, contents.metadata)
        case "bin", "pt", "pth":
            let storage = try MappedFile(url: file)
            let archive = try TorchArchive(parsing: storage.bytes, file: storage.path)
            tensors = try archive.stateDictionary(key: key).map { StoredTensor(layout: $0, storage: storage) }
            (unsupported, metadata) = ([:], [:])
        default: throw .unknownFormat(file: path)
        }
    }
}
