import StrictJSON

/// The header of a safetensors file: where each tensor lies, checked against the length of the file.
///
/// What is accepted is what the reference library (0.8) accepts, but for texts which the format forbids and the library
/// lets pass: a key twice in one object, white space before the first brace, an array in place of a tensor's object; and
/// for shapes of which no tensor could be made, such as `[0, 9223372036854775807, 2]`.
public struct SafetensorsHeader: Sendable {
    /// Longest header accepted, in bytes, as in the reference library.
    public static let longest = 100_000_000

    /// Tensors of types this package computes with, in the order of their bytes.
    public let tensors: [TensorLayout]
    /// Names of tensors of other types of the format, each with its type.
    public let unsupported: [String: String]
    /// The strings under `__metadata__`.
    public let metadata: [String: String]

    /// Reads the header of a whole file, of which no byte of data is touched.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - file: its name, for messages.
    /// - Throws: ``CheckpointError`` with the first thing that is wrong.
    public init(parsing bytes: UnsafeRawBufferPointer, file: String) throws(CheckpointError) {
        guard bytes.count >= 8 else { throw .truncated(file: file, expected: 8, found: bytes.count) }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        if isPointerOfLFS(bytes) { throw .pointerOfLFS(file: file) }
        guard length <= Self.longest else { throw .headerTooLong(file: file, limit: Self.longest, found: length) }
        let start = 8 + Int(length)
        guard start <= bytes.count else { throw .truncated(file: file, expected: start, found: bytes.count) }
        guard length > 0, bytes[8] == UInt8(ascii: "{") else {
            throw .headerNotObject(file: file, found: length > 0 ? bytes[8] : nil)
        }

        let root: JSONValue
        do {
            let limits = JSONLimits(maxBytes: Self.longest, maxDepth: 127)  // as deep as the reference library goes
            root = try JSONValue(parsing: UnsafeRawBufferPointer(rebasing: bytes[8..<start]), limits: limits)
        } catch {
            throw .json(file: file, error)
        }

        var metadata: [String: String] = [:]
        var entries: [Entry] = []
        for (key, value) in root.objectValue ?? [] {
            if key == "__metadata__" {
                metadata = try Self.readMetadata(value, file: file)
            } else {
                entries.append(try Entry(name: key.string, value, file: file))
            }
        }
        entries.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }
        try Self.checkCoverage(entries, dataBytes: bytes.count - start, file: file)

        var names: Set<String> = []
        var tensors: [TensorLayout] = []
        var unsupported: [String: String] = [:]
        for entry in entries {
            // Distinct bytes may still be one Swift string: é as one scalar or as two.
            guard names.insert(entry.name).inserted else { throw .duplicateTensor(file: file, tensor: entry.name) }
            if let elementType = ElementType(rawValue: entry.type.rawValue) {
                tensors.append(
                    TensorLayout(
                        name: entry.name, elementType: elementType, shape: entry.shape, strides: nil,
                        offset: start + entry.begin, byteCount: entry.end - entry.begin))
            } else {
                unsupported[entry.name] = entry.type.rawValue
            }
        }
        self.tensors = tensors
        self.unsupported = unsupported
        self.metadata = metadata
    }

    private static func readMetadata(_ value: JSONValue, file: String) throws(CheckpointError) -> [String: String] {
        if value.isNull { return [:] }
        guard let members = value.objectValue else {
            throw .malformed(file: file, at: "__metadata__", expected: .object)
        }
        var metadata: [String: String] = [:]
        for (key, value) in members {
            guard let text = value.stringValue else {
                throw .malformed(file: file, at: "__metadata__.\(key)", expected: .string)
            }
            metadata[key.string] = text
        }
        return metadata
    }

    /// Each tensor must begin where the one before it ends, from the first byte of data to the last.
    private static func checkCoverage(_ entries: [Entry], dataBytes: Int, file: String) throws(CheckpointError) {
        var covered = 0
        for entry in entries {
            guard entry.begin == covered else {
                throw .misplaced(file: file, tensor: entry.name, expected: covered, found: entry.begin)
            }
            guard entry.end >= entry.begin else {
                throw .misplaced(file: file, tensor: entry.name, expected: entry.begin, found: entry.end)
            }
            let size = try entry.checkedByteCount(file: file)
            guard entry.end - entry.begin == size else {
                throw .sizeMismatch(file: file, tensor: entry.name, expected: size, found: entry.end - entry.begin)
            }
            covered = entry.end
        }
        guard covered == dataBytes else { throw .dataSize(file: file, expected: covered, found: dataBytes) }
    }
}

/// One tensor as the header words it; `begin` and `end` count from the first byte of data.
private struct Entry {
    let name: String
    let type: SafetensorsType
    let shape: [Int]
    let begin: Int
    let end: Int

    init(name: String, _ value: JSONValue, file: String) throws(CheckpointError) {
        self.name = name
        guard case .object = value else { throw .malformed(file: file, at: name, expected: .object) }
        guard let typeName = value["dtype"]?.stringValue else {
            throw .malformed(file: file, at: "\(name).dtype", expected: .string)
        }
        guard let type = SafetensorsType(rawValue: typeName) else {
            throw .unknownElementType(file: file, tensor: name, found: typeName)
        }
        guard let shape = value["shape"]?.sizes else {
            throw .malformed(file: file, at: "\(name).shape", expected: .sizes)
        }
        guard let offsets = value["data_offsets"]?.sizes, offsets.count == 2 else {
            throw .malformed(file: file, at: "\(name).data_offsets", expected: .twoSizes)
        }
        (self.type, self.shape, begin, end) = (type, shape, offsets[0], offsets[1])
    }

    /// Bytes of all elements, which must be whole.
    func checkedByteCount(file: String) throws(CheckpointError) -> Int {
        guard let count = elementCount(of: shape) else {
            throw .shapeTooLarge(file: file, tensor: name, shape: shape)
        }
        let (bits, overflow) = count.multipliedReportingOverflow(by: type.bitCount)
        guard !overflow else { throw .shapeTooLarge(file: file, tensor: name, shape: shape) }
        guard bits % 8 == 0 else {
            throw .partialByte(file: file, tensor: name, elementType: type.rawValue, elements: count)
        }
        return bits / 8
    }
}

extension JSONValue {
    /// An array of integers from 0 up.
    fileprivate var sizes: [Int]? {
        guard let elements = arrayValue else { return nil }
        var sizes: [Int] = []
        sizes.reserveCapacity(elements.count)
        for element in elements {
            guard let size = element.intValue, size >= 0 else { return nil }
            sizes.append(size)
        }
        return sizes
    }
}

/// Whether a file is the stand-in that Git LFS leaves for one it has not fetched.
func isPointerOfLFS(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.starts(with: "version https://git-lfs".utf8)
}
