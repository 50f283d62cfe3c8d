import Foundation
import TestSupport

@testable import Checkpoints

/// Runs `body` on a directory of its own, removed afterwards.
func withTemporaryDirectory<R>(_ body: (URL) throws -> R) throws -> R {
    let directory = FileManager.default.temporaryDirectory
        .appending(path: "checkpoints-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try body(directory)
}

/// A safetensors file with this header, its length in front.
func safetensors(_ header: String, data: [UInt8] = []) -> [UInt8] {
    littleEndian(UInt64(header.utf8.count)) + Array(header.utf8) + data
}

/// The header of a file in memory.
func readHeader(_ bytes: [UInt8]) throws(CheckpointError) -> SafetensorsHeader {
    try bytes.withUnsafeBufferPointer { (buffer) throws(CheckpointError) in
        try SafetensorsHeader(parsing: UnsafeRawBufferPointer(buffer), file: "f")
    }
}

/// The tensors of a PyTorch file in memory.
func readTorch(_ bytes: [UInt8], key: String? = nil) throws(CheckpointError) -> [TensorLayout] {
    try bytes.withUnsafeBufferPointer { (buffer) throws(CheckpointError) in
        try TorchArchive(parsing: UnsafeRawBufferPointer(buffer), file: "f").stateDictionary(key: key)
    }
}

/// The bytes of an integer, lowest first.
func littleEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }

/// A writer of pickles as `torch.save` makes them.
struct PickleWriter {
    /// A pickle's value.
    indirect enum Value: Sendable {
        case none
        case bool(Bool)
        case int(Int)
        case float(Double)
        case string(String)
        case bytes([UInt8])
        case tuple([Value])
        case list([Value])
        case dict([(Value, Value)])
        case ordered([(Value, Value)])
        case global(String, String)
        case call(Value, [Value])
        case persistent(Value)
        case built(Value, Value)

        /// A storage as `torch.save` refers to it.
        static func storage(_ type: String, key: String, count: Int) -> Value {
            .persistent(
                .tuple([.string("storage"), .global("torch", type), .string(key), .string("cpu"), .int(count)]))
        }

        /// A tensor as `torch.save` refers to it.
        static func tensor(_ storage: Value, offset: Int = 0, shape: [Int], strides: [Int]) -> Value {
            .call(
                .global("torch._utils", "_rebuild_tensor_v2"),
                [
                    storage, .int(offset), .tuple(shape.map { .int($0) }), .tuple(strides.map { .int($0) }),
                    .bool(false),
                    .ordered([]),
                ])
        }
    }

    private var output: [UInt8]
    private var memo: UInt8 = 0

    /// The pickle of `value`, in protocol 2, or 4 with its own instructions.
    static func pickle(_ value: Value, protocol version: UInt8 = 2) -> [UInt8] {
        var writer = PickleWriter(output: [0x80, version])
        if version >= 4 { writer.output += [0x95] + littleEndian(UInt64(0)) }
        writer.write(value, version)
        return writer.output + [0x2E]
    }

    private init(output: [UInt8]) { self.output = output }

    private mutating func write(_ value: Value, _ version: UInt8) {
        switch value {
        case .none: output.append(0x4E)
        case .bool(let bool): output.append(bool ? 0x88 : 0x89)
        case .int(let int):
            if let byte = UInt8(exactly: int) {
                output += [0x4B, byte]
            } else if let short = UInt16(exactly: int) {
                output += [0x4D] + littleEndian(short)
            } else if let word = Int32(exactly: int) {
                output += [0x4A] + littleEndian(word)
            } else {
                output += [0x8A, 8] + littleEndian(int)
            }
        case .float(let float): output += [0x47] + littleEndian(float.bitPattern).reversed()
        case .string(let string): writeString(string, version)
        case .bytes(let bytes): output += [0x43, UInt8(bytes.count)] + bytes
        case .tuple(let values):
            if values.count > 3 { output.append(0x28) }
            for value in values { write(value, version) }
            output.append([0x29, 0x85, 0x86, 0x87, 0x74][min(values.count, 4)])
            put(version)
        case .list(let values):
            output += [0x5D, 0x28]
            for value in values { write(value, version) }
            output.append(0x65)
        case .dict(let pairs):
            output.append(0x7D)
            writeItems(pairs, version)
        case .ordered(let pairs):
            write(.call(.global("collections", "OrderedDict"), []), version)
            put(version)
            writeItems(pairs, version)
        case .global(let module, let name):
            if version >= 4 {
                writeString(module, version)
                writeString(name, version)
                output.append(0x93)
            } else {
                output += [0x63] + Array("\(module)\n\(name)\n".utf8)
            }
        case .call(let function, let arguments):
            write(function, version)
            write(.tuple(arguments), version)
            output.append(0x52)
        case .persistent(let id):
            write(id, version)
            output.append(0x51)
        case .built(let object, let state):
            write(object, version)
            write(state, version)
            output.append(0x62)
        }
    }

    private mutating func writeString(_ string: String, _ version: UInt8) {
        let utf8 = Array(string.utf8)
        if version >= 4, let count = UInt8(exactly: utf8.count) {
            output += [0x8C, count] + utf8
        } else {
            output += [0x58] + littleEndian(UInt32(utf8.count)) + utf8
        }
        put(version)
    }

    private mutating func writeItems(_ pairs: [(Value, Value)], _ version: UInt8) {
        guard !pairs.isEmpty else { return }
        output.append(0x28)
        for (key, value) in pairs {
            write(key, version)
            write(value, version)
        }
        output.append(0x75)
    }

    /// Keeps the top of the stack, as every pickler does whether or not it is used again.
    private mutating func put(_ version: UInt8) {
        output += version >= 4 ? [0x94] : [0x71, memo]
        memo &+= 1
    }
}

/// A writer of zip archives, sound or with one thing wrong.
struct ZipWriter {
    /// One entry.
    struct Entry {
        var name: String
        var data: [UInt8]
        var method: UInt16 = 0
        var flags: UInt16 = 0
        var checksum: UInt32?
        /// The name in the entry's own header, where it differs.
        var localName: String?
        /// Where the directory says the entry begins, where that is false.
        var claimedOffset: UInt32?
    }

    /// The archive of some entries, their data aligned to 64 bytes as by `torch.save`; with zip64 records if `wide`.
    static func archive(_ entries: [Entry], wide: Bool = false, comment: [UInt8] = []) -> [UInt8] {
        var output: [UInt8] = []
        var directory: [UInt8] = []
        for entry in entries {
            let start = UInt32(output.count)
            let name = Array((entry.localName ?? entry.name).utf8)
            let padding = (64 - (output.count + 30 + name.count + 4) % 64) % 64
            let extra =
                littleEndian(UInt16(0x4246)) + littleEndian(UInt16(padding)) + Array(repeating: 0x5A, count: padding)
            let checksum = entry.checksum ?? entry.data.withUnsafeBytes { crc32($0) }
            let size = UInt32(entry.data.count)
            output += littleEndian(UInt32(0x0403_4B50)) + littleEndian(UInt16(20)) + littleEndian(entry.flags)
            output += littleEndian(entry.method) + [0, 0, 0, 0] + littleEndian(checksum)
            output += littleEndian(size) + littleEndian(size)
            output += littleEndian(UInt16(name.count)) + littleEndian(UInt16(extra.count)) + name + extra + entry.data

            let offset = entry.claimedOffset ?? start
            let central = Array(entry.name.utf8)
            var field: [UInt8] = []
            if wide {
                field = littleEndian(UInt16(1)) + littleEndian(UInt16(24)) + littleEndian(UInt64(size))
                field += littleEndian(UInt64(size)) + littleEndian(UInt64(offset))
            }
            directory += littleEndian(UInt32(0x0201_4B50)) + [0, 0, 20, 0] + littleEndian(entry.flags)
            directory += littleEndian(entry.method) + [0, 0, 0, 0] + littleEndian(checksum)
            directory += littleEndian(wide ? .max : size) + littleEndian(wide ? .max : size)
            directory +=
                littleEndian(UInt16(central.count)) + littleEndian(UInt16(field.count)) + Array(repeating: 0, count: 10)
            directory += littleEndian(wide ? .max : offset) + central + field
        }
        let start = output.count
        output += directory
        if wide {
            let record = output.count
            output +=
                littleEndian(UInt32(0x0606_4B50)) + littleEndian(UInt64(44)) + [0, 0, 45, 0]
                + Array(repeating: 0, count: 8)
            output += littleEndian(UInt64(entries.count)) + littleEndian(UInt64(entries.count))
            output += littleEndian(UInt64(directory.count)) + littleEndian(UInt64(start))
            output += littleEndian(UInt32(0x0706_4B50)) + [0, 0, 0, 0] + littleEndian(UInt64(record)) + [1, 0, 0, 0]
        }
        output += littleEndian(UInt32(0x0605_4B50)) + [0, 0, 0, 0]
        output +=
            littleEndian(wide ? UInt16.max : UInt16(entries.count))
            + littleEndian(wide ? UInt16.max : UInt16(entries.count))
        output +=
            littleEndian(wide ? UInt32.max : UInt32(directory.count)) + littleEndian(wide ? UInt32.max : UInt32(start))
        return output + littleEndian(UInt16(comment.count)) + comment
    }
}

/// A file as by `torch.save`.
func torchFile(
    _ value: PickleWriter.Value, storages: [(key: String, data: [UInt8])], protocol version: UInt8 = 2,
    byteOrder: String? = "little", wide: Bool = false
) -> [UInt8] {
    var entries = [ZipWriter.Entry(name: "archive/data.pkl", data: PickleWriter.pickle(value, protocol: version))]
    if let byteOrder { entries.append(.init(name: "archive/byteorder", data: Array(byteOrder.utf8))) }
    entries += storages.map { .init(name: "archive/data/\($0.key)", data: $0.data) }
    entries.append(.init(name: "archive/version", data: Array("3\n".utf8)))
    return ZipWriter.archive(entries, wide: wide)
}

/// A state dictionary that shows most of the format: views of one storage, a parameter, a scalar, values of other kinds.
let sampleStateDictionary: PickleWriter.Value = {
    let shared = PickleWriter.Value.storage("FloatStorage", key: "0", count: 12)
    return .built(
        .ordered([
            (.string("weight"), .tensor(shared, shape: [3, 4], strides: [4, 1])),
            (.string("transposed"), .tensor(shared, shape: [4, 3], strides: [1, 4])),
            (.string("row"), .tensor(shared, offset: 8, shape: [4], strides: [1])),
            (
                .string("bias"),
                .call(
                    .global("torch._utils", "_rebuild_parameter"),
                    [
                        .tensor(.storage("BFloat16Storage", key: "1", count: 2), shape: [2], strides: [1]), .bool(true),
                        .ordered([]),
                    ])
            ),
            (.string("steps"), .tensor(.storage("LongStorage", key: "2", count: 1), shape: [], strides: [])),
            (.string("empty"), .tensor(.storage("BoolStorage", key: "3", count: 0), shape: [0, 5], strides: [5, 1])),
            (.string("epoch"), .int(3)), (.string("loss"), .float(0.5)), (.string("note"), .string("hällo")),
            (.int(7), .list([.none, .int(-70_000), .int(1 << 40), .tuple([.int(1), .int(2), .int(3), .int(4)])])),
        ]), .dict([(.string("_metadata"), .ordered([(.string(""), .dict([(.string("version"), .int(1))]))]))]))
}()

/// The bytes of the storages of ``sampleStateDictionary``.
let sampleStorages: [(key: String, data: [UInt8])] = [
    ("0", (0..<12).flatMap { littleEndian(Float($0).bitPattern) }), ("1", [1, 2, 3, 4]), ("2", littleEndian(42)),
    ("3", []),
]
