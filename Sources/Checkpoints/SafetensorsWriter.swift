public import Foundation
import StrictJSON

/// A tensor to be written, whose bytes are asked for only when their turn comes.
public struct OutgoingTensor: Sendable {
    /// Hands bytes on, in as many pieces as is convenient.
    public typealias Sink = (UnsafeRawBufferPointer) throws -> Void

    /// The name in the checkpoint.
    public let name: String
    /// The type of its elements.
    public let elementType: ElementType
    /// The size of each dimension.
    public let shape: [Int]
    /// Gives all elements in row-major order, little-endian.
    public let provideBytes: @Sendable (Sink) throws -> Void

    /// Describes a tensor and how to get at its bytes.
    public init(
        name: String, elementType: ElementType, shape: [Int],
        provideBytes: @escaping @Sendable (Sink) throws -> Void
    ) {
        self.name = name
        self.elementType = elementType
        self.shape = shape
        self.provideBytes = provideBytes
    }

    /// A tensor whose bytes are at hand.
    public init(name: String, elementType: ElementType, shape: [Int], bytes: [UInt8]) {
        self.init(name: name, elementType: elementType, shape: shape) { sink in try bytes.withUnsafeBytes(sink) }
    }
}

/// Writes checkpoints, each file byte for byte as the reference library would.
///
/// A file appears under its name only when it is whole and on the disk: it is written beside it, flushed and renamed.
public enum SafetensorsWriter {
    /// Writes one file.
    ///
    /// - Parameters:
    ///   - tensors: in any order; stored by descending alignment, then by name, as the reference library does.
    ///   - metadata: strings for the header; `["format": "pt"]` lets Python's transformers read the file.
    ///   - file: replaced if it exists.
    /// - Throws: ``CheckpointError``, or what a tensor's provider throws; then no file is left behind.
    public static func write(
        _ tensors: [OutgoingTensor], metadata: [String: String] = [:], to file: URL
    ) throws {
        let path = file.path(percentEncoded: false)
        let plan = try WritePlan(tensors, metadata: metadata, file: path)
        try AtomicFile.write(to: file) { output in
            try output.append(plan.header)
            for (tensor, byteCount) in zip(plan.tensors, plan.byteCounts) {
                let start = output.byteCount
                try tensor.provideBytes { try output.append($0) }
                let found = output.byteCount - start
                guard found == byteCount else {
                    throw CheckpointError.sizeMismatch(
                        file: path, tensor: tensor.name, expected: byteCount, found: found)
                }
            }
        }
    }

    /// Writes `<stem>.safetensors`, or shards of at most `maxShardBytes` of data and then their index.
    ///
    /// - Parameters:
    ///   - tensors: divided among shards in this order; one larger than a shard gets its own.
    ///   - metadata: strings for the header of each file.
    ///   - directory: where the files go.
    ///   - stem: their name without number and ending.
    ///   - maxShardBytes: 5 GB by default, as in Python's transformers.
    /// - Returns: the files written, the index last.
    /// - Throws: ``CheckpointError/shadowed(file:by:)`` if shards would be hidden by a `<stem>.safetensors` already
    ///   there; otherwise as ``write(_:metadata:to:)``.
    @discardableResult
    public static func writeSharded(
        _ tensors: [OutgoingTensor], metadata: [String: String] = [:], to directory: URL, stem: String = "model",
        maxShardBytes: Int = 5_000_000_000
    ) throws -> [URL] {
        let single = directory.appending(path: stem + ".safetensors", directoryHint: .notDirectory)
        let index = directory.appending(path: stem + ".safetensors.index.json", directoryHint: .notDirectory)
        // Also checks names across shards and every size, before anything is written.
        let sizes = try WritePlan.byteCounts(of: tensors, file: index.path(percentEncoded: false))
        let shards = divide(tensors, sizes, maxShardBytes)
        guard shards.count > 1 else {
            try write(tensors, metadata: metadata, to: single)
            return [single]
        }
        guard !FileManager.default.fileExists(atPath: single.path(percentEncoded: false)) else {
            throw CheckpointError.shadowed(
                file: index.path(percentEncoded: false), by: single.path(percentEncoded: false))
        }
        var files: [URL] = []
        var weightMap: [(key: JSONString, value: JSONValue)] = []
        for (number, shard) in shards.enumerated() {
            let name = "\(stem)-\(padded(number + 1))-of-\(padded(shards.count)).safetensors"
            let file = directory.appending(path: name, directoryHint: .notDirectory)
            try write(shard, metadata: metadata, to: file)
            files.append(file)
            weightMap += shard.map { (JSONString($0.name), .string(JSONString(name))) }
        }
        weightMap.sort { $0.key < $1.key }
        let total = JSONValue.object([("total_size", .integer(Int64(sizes.reduce(0, +))))])
        let text = JSONValue.object([("metadata", total), ("weight_map", .object(weightMap))]).serialized()
        try AtomicFile.write(to: index) { try $0.append(text) }
        return files + [index]
    }

    private static func divide(_ tensors: [OutgoingTensor], _ sizes: [Int], _ limit: Int) -> [[OutgoingTensor]] {
        var shards: [[OutgoingTensor]] = []
        var filled = 0
        for (tensor, size) in zip(tensors, sizes) {
            if let last = shards.indices.last, size <= limit - filled {
                shards[last].append(tensor)
                filled += size
            } else {
                shards.append([tensor])
                filled = size
            }
        }
        return shards
    }

    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
}

/// The header of a file to be, and the order of its tensors.
private struct WritePlan {
    let tensors: [OutgoingTensor]
    let byteCounts: [Int]
    /// Length, JSON and padding.
    let header: [UInt8]

    init(_ unordered: [OutgoingTensor], metadata: [String: String], file: String) throws(CheckpointError) {
        let ranks = Dictionary(uniqueKeysWithValues: ElementType.allCases.enumerated().map { ($1, $0) })
        tensors = unordered.sorted { a, b in
            a.elementType == b.elementType
                ? JSONString(a.name) < JSONString(b.name)
                : ranks[a.elementType, default: 0] > ranks[b.elementType, default: 0]
        }
        byteCounts = try Self.byteCounts(of: tensors, file: file)

        var members: [(key: JSONString, value: JSONValue)] = []
        if !metadata.isEmpty {
            let pairs = metadata.map { (key: JSONString($0), value: JSONValue.string(JSONString($1))) }
            members.append(("__metadata__", .object(pairs.sorted { $0.key < $1.key })))
        }
        var begin = 0
        for (tensor, byteCount) in zip(tensors, byteCounts) {
            let info: [(key: JSONString, value: JSONValue)] = [
                ("dtype", .string(JSONString(tensor.elementType.rawValue))),
                ("shape", .array(tensor.shape.map { .integer(Int64($0)) })),
                ("data_offsets", .array([.integer(Int64(begin)), .integer(Int64(begin + byteCount))])),
            ]
            members.append((JSONString(tensor.name), .object(info)))
            begin += byteCount
        }
        var json = JSONValue.object(members).serialized()
        // Data begin on a multiple of 8, so that any element may be read in place.
        json += Array(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
        guard json.count <= SafetensorsHeader.longest else {
            throw .headerTooLong(file: file, limit: SafetensorsHeader.longest, found: UInt64(json.count))
        }
        header = withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json
    }

    /// The size of each tensor, once all can be written together.
    static func byteCounts(of tensors: [OutgoingTensor], file: String) throws(CheckpointError) -> [Int] {
        var names: Set<String> = []
        var total = 0
        var sizes: [Int] = []
        for tensor in tensors {
            guard tensor.name != "__metadata__" else { throw .reservedName(tensor: tensor.name) }
            guard names.insert(tensor.name).inserted else { throw .duplicateTensor(file: file, tensor: tensor.name) }
            guard let count = elementCount(of: tensor.shape) else {
                throw .shapeTooLarge(file: file, tensor: tensor.name, shape: tensor.shape)
            }
            let (size, overflow) = count.multipliedReportingOverflow(by: tensor.elementType.byteCount)
            let (sum, carry) = total.addingReportingOverflow(size)
            guard !overflow, !carry else {
                throw .shapeTooLarge(file: file, tensor: tensor.name, shape: tensor.shape)
            }
            total = sum
            sizes.append(size)
        }
        return sizes
    }
}
