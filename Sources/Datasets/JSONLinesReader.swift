import StrictJSON

/// Objects of a JSON Lines file, one a line; blank lines are passed over.
public struct JSONLinesReader: ShardReader {
    /// Longest line, in bytes.
    static let maxLineBytes = 64 << 20

    /// `nil`: positions are byte offsets.
    public var rowCount: Int? { nil }

    private let blocks: BlockReader

    /// Opens a file.
    public init(path: String) throws(DatasetError) { blocks = BlockReader(try RandomAccessFile(path: path)) }

    /// The first line with content at or after `position`.
    public func next(from position: Int) throws(DatasetError) -> SampleSpan? {
        guard position >= 0 else { return nil }
        let start = try blocks.scan(from: position) { $0 == 0x0A || $0 == 0x0D || $0 == 0x20 || $0 == 0x09 }
        guard start < blocks.file.byteCount else { return nil }
        return SampleSpan(position: start, end: try blocks.scan(from: start) { $0 != 0x0A })
    }

    /// The object on the line that begins at `position`.
    public func load(at position: Int) throws(DatasetError) -> RawSample {
        let file = blocks.file
        guard position >= 0 else { throw .truncated(file: file.path, expected: position, found: file.byteCount) }
        var bytes: [UInt8] = []
        while bytes.count <= Self.maxLineBytes {
            let count = min(max(4096, bytes.count), file.byteCount - position - bytes.count)
            guard count > 0 else { break }
            let piece = try file.read(at: position + bytes.count, count: count)
            if let end = piece.firstIndex(of: 0x0A) {
                bytes += piece[..<end]
                break
            }
            bytes += piece
        }
        return try RawSample(object: bytes, file: file.path, offset: position, limit: Self.maxLineBytes)
    }
}

/// Objects of a file that is one JSON list, found and parsed one by one: the list is never held whole.
public struct JSONListReader: ShardReader {
    /// `nil`: positions are byte offsets.
    public var rowCount: Int? { nil }

    private let blocks: BlockReader

    /// Opens a file.
    public init(path: String) throws(DatasetError) { blocks = BlockReader(try RandomAccessFile(path: path)) }

    /// The first element at or after `position`, which is 0 or the end of an element.
    public func next(from position: Int) throws(DatasetError) -> SampleSpan? {
        var position = position
        var byte = try skipSpace(&position)
        if byte == UInt8(ascii: "["), try isFirst(position) {
            position += 1
            byte = try skipSpace(&position)
            if byte == UInt8(ascii: "]") { return try finish(after: position) }
        } else if byte == UInt8(ascii: "]") {
            return try finish(after: position)
        } else {
            guard byte == UInt8(ascii: ",") else { throw malformed(position, "'[', ',' or ']'") }
            position += 1
            byte = try skipSpace(&position)
        }
        guard let byte, byte != UInt8(ascii: ","), byte != UInt8(ascii: "]") else {
            throw malformed(position, "an element")
        }
        return SampleSpan(position: position, end: try elementEnd(position))
    }

    /// The object that begins at `position`.
    public func load(at position: Int) throws(DatasetError) -> RawSample {
        let file = blocks.file
        // A reader of its own: the shared block belongs to the walk.
        let reader = JSONListReader(blocks: BlockReader(file))
        let count = try reader.elementEnd(position) - position
        guard count <= JSONLinesReader.maxLineBytes else {
            throw .tooLarge(file: file.path, offset: position, bytes: count, limit: JSONLinesReader.maxLineBytes)
        }
        let bytes = try file.read(at: position, count: count)
        return try RawSample(object: bytes, file: file.path, offset: position, limit: JSONLinesReader.maxLineBytes)
    }

    private init(blocks: BlockReader) { self.blocks = blocks }

    /// Whether only white space stands before; elements may be lists too, but no element begins a position.
    private func isFirst(_ position: Int) throws(DatasetError) -> Bool {
        var start = 0
        _ = try skipSpace(&start)
        return start == position
    }

    private func skipSpace(_ position: inout Int) throws(DatasetError) -> UInt8? {
        var found: UInt8?
        position = try blocks.scan(from: max(0, position)) { byte in
            if byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { return true }
            found = byte
            return false
        }
        return found
    }

    /// Where the comma or bracket after an element stands; strings and nesting are followed, the rest is not checked.
    private func elementEnd(_ start: Int) throws(DatasetError) -> Int {
        var (depth, inString, escaped) = (0, false, false)
        let end = try blocks.scan(from: start) { byte in
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                return true
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                return depth >= 0
            case UInt8(ascii: ","): return depth > 0
            default: break
            }
            return true
        }
        guard end < blocks.file.byteCount else { throw malformed(end, "']' after the last element") }
        return end
    }

    private func finish(after bracket: Int) throws(DatasetError) -> SampleSpan? {
        var position = bracket + 1
        if try skipSpace(&position) != nil { throw malformed(position, "the end of the file") }
        return nil
    }

    private func malformed(_ offset: Int, _ expected: String) -> DatasetError {
        .malformedList(file: blocks.file.path, offset: offset, expected: expected)
    }
}

extension RawSample {
    /// A JSON object found at a place of a file.
    init(object bytes: [UInt8], file: String, offset: Int, limit: Int) throws(DatasetError) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes, limits: JSONLimits(maxBytes: limit))
        } catch {
            throw .json(file: file, offset: offset, error)
        }
        guard value.objectValue != nil else { throw .notAnObject(file: file, offset: offset) }
        self.init(shard: file, key: String(offset), fields: value)
    }
}
