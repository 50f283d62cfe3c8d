/// The directory of a zip archive whose entries are stored, not compressed, as `torch.save` writes them.
struct ZipArchive {
    /// One file of the archive.
    struct Entry {
        let name: String
        let checksum: UInt32
        /// Its bytes in the archive.
        let range: Range<Int>
    }

    /// Entries by name.
    let entries: [String: Entry]

    /// Reads the directory; each entry is checked to lie in `bytes` and to overlap no other.
    init(parsing bytes: UnsafeRawBufferPointer) throws(ArchiveFault) {
        let directory = try ZipDirectory(closing: bytes)
        let reader = LittleEndianReader(bytes: bytes, limit: directory.range.upperBound)
        var entries: [String: Entry] = [:]
        var spans: [(span: Range<Int>, name: String)] = []
        var position = directory.range.lowerBound
        while position < directory.range.upperBound {
            let record = try ZipRecord(reader, at: position)
            position = record.end
            let (entry, span) = try Self.locate(record, in: bytes, before: directory.range.lowerBound)
            guard entries.updateValue(entry, forKey: entry.name) == nil else {
                throw ArchiveFault(.duplicateEntry(name: entry.name))
            }
            spans.append((span, entry.name))
        }
        guard UInt64(entries.count) == directory.entryCount else {
            throw ArchiveFault(.entryCount(expected: directory.entryCount, found: entries.count))
        }
        // Each entry once: overlapping entries are how a small archive poses as a large one.
        spans.sort { ($0.span.lowerBound, $0.span.upperBound) < ($1.span.lowerBound, $1.span.upperBound) }
        for (before, after) in zip(spans, spans.dropFirst()) where after.span.lowerBound < before.span.upperBound {
            throw ArchiveFault(.overlap(name: after.name))
        }
        self.entries = entries
    }

    /// Finds the bytes of an entry through its own header, whose extra field may differ from the directory's.
    private static func locate(
        _ record: ZipRecord, in bytes: UnsafeRawBufferPointer, before limit: Int
    ) throws(ArchiveFault) -> (entry: Entry, span: Range<Int>) {
        let reader = LittleEndianReader(bytes: bytes, limit: limit)
        let start = try reader.position(record.headerOffset)
        guard try reader.uint32(at: start) == 0x0403_4B50 else { throw ArchiveFault(.badRecord(offset: start)) }
        let nameLength = Int(try reader.uint16(at: start + 26))
        let extraLength = Int(try reader.uint16(at: start + 28))
        let name = try reader.text(at: start + 30, count: nameLength)
        guard name == record.name else { throw ArchiveFault(.nameMismatch(expected: record.name, found: name)) }
        let first = start + 30 + nameLength + extraLength
        let range = try reader.range(from: first, count: record.byteCount)
        return (Entry(name: name, checksum: record.checksum, range: range), start..<range.upperBound)
    }
}

/// An ``ArchiveProblem`` on its way to whoever knows the file's name.
struct ArchiveFault: Error {
    let problem: ArchiveProblem
    init(_ problem: ArchiveProblem) { self.problem = problem }
}

/// Where the directory of a zip archive lies, from the records that close the archive.
private struct ZipDirectory {
    private static let closingBytes = 22
    let range: Range<Int>
    let entryCount: UInt64

    init(closing bytes: UnsafeRawBufferPointer) throws(ArchiveFault) {
        let reader = LittleEndianReader(bytes: bytes, limit: bytes.count)
        guard let end = try Self.findEnd(reader) else { throw ArchiveFault(.noDirectory) }
        guard try reader.uint16(at: end + 4) == 0, try reader.uint16(at: end + 6) == 0 else {
            throw ArchiveFault(.spansDisks)
        }
        var count = UInt64(try reader.uint16(at: end + 10))
        var size = UInt64(try reader.uint32(at: end + 12))
        var start = UInt64(try reader.uint32(at: end + 16))
        var limit = end
        // More than 65,535 entries or 4 GiB: a second record, found through a locator just before the first.
        if end >= 20, try reader.uint32(at: end - 20) == 0x0706_4B50 {
            let wide = try reader.position(try reader.uint64(at: end - 12))
            guard try reader.uint32(at: wide) == 0x0606_4B50 else { throw ArchiveFault(.badRecord(offset: wide)) }
            guard try reader.uint32(at: wide + 16) == 0, try reader.uint32(at: wide + 20) == 0 else {
                throw ArchiveFault(.spansDisks)
            }
            count = try reader.uint64(at: wide + 32)
            size = try reader.uint64(at: wide + 40)
            start = try reader.uint64(at: wide + 48)
            limit = wide
        }
        let bounded = LittleEndianReader(bytes: bytes, limit: limit)
        range = try bounded.range(from: try bounded.position(start), count: size)
        entryCount = count
    }

    /// The closing record, whose comment must end the file.
    private static func findEnd(_ reader: LittleEndianReader) throws(ArchiveFault) -> Int? {
        var position = reader.limit - closingBytes
        let first = max(0, position - Int(UInt16.max))
        while position >= first {
            if try reader.uint32(at: position) == 0x0605_4B50,
                position + closingBytes + Int(try reader.uint16(at: position + 20)) == reader.limit
            {
                return position
            }
            position -= 1
        }
        return nil
    }
}

/// One record of the directory.
private struct ZipRecord {
    let name: String
    let checksum: UInt32
    let byteCount: UInt64
    let headerOffset: UInt64
    /// Where the next record begins.
    let end: Int

    init(_ reader: LittleEndianReader, at start: Int) throws(ArchiveFault) {
        guard try reader.uint32(at: start) == 0x0201_4B50 else { throw ArchiveFault(.badRecord(offset: start)) }
        let nameLength = Int(try reader.uint16(at: start + 28))
        let extraLength = Int(try reader.uint16(at: start + 30))
        let commentLength = Int(try reader.uint16(at: start + 32))
        let extraStart = start + 46 + nameLength
        name = try reader.text(at: start + 46, count: nameLength)
        end = try reader.range(from: extraStart + extraLength, count: UInt64(commentLength)).upperBound

        let flags = try reader.uint16(at: start + 8)
        guard flags & 0x2041 == 0 else { throw ArchiveFault(.encrypted(name: name)) }
        let method = try reader.uint16(at: start + 10)
        guard method == 0 else { throw ArchiveFault(.compressed(name: name, method: method)) }
        checksum = try reader.uint32(at: start + 16)

        // A field of all ones stands in the zip64 extra field instead, in this order.
        var wide: [UInt64?] = [
            UInt64(try reader.uint32(at: start + 24)), UInt64(try reader.uint32(at: start + 20)),
            UInt64(try reader.uint32(at: start + 42)),
        ].map { $0 == UInt32.max ? nil : $0 }
        if wide.contains(nil) {
            var position = try Self.zip64Field(reader, in: extraStart..<extraStart + extraLength)
            let fieldEnd = position + Int(try reader.uint16(at: position - 2))
            for index in wide.indices where wide[index] == nil {
                guard position + 8 <= fieldEnd else { throw ArchiveFault(.badRecord(offset: start)) }
                wide[index] = try reader.uint64(at: position)
                position += 8
            }
        }
        guard let size = wide[0], let storedSize = wide[1], let offset = wide[2] else {
            throw ArchiveFault(.badRecord(offset: start))
        }
        guard size == storedSize else { throw ArchiveFault(.badRecord(offset: start)) }
        byteCount = size
        headerOffset = offset
    }

    /// The first byte of the zip64 extra field's content.
    private static func zip64Field(_ reader: LittleEndianReader, in range: Range<Int>) throws(ArchiveFault) -> Int {
        var position = range.lowerBound
        while position + 4 <= range.upperBound {
            let content = position + 4
            let size = Int(try reader.uint16(at: position + 2))
            if try reader.uint16(at: position) == 1, content + size <= range.upperBound { return content }
            position = content + size
        }
        throw ArchiveFault(.badRecord(offset: range.lowerBound))
    }
}

/// Little-endian numbers at unaligned places, none of which may reach past `limit`.
private struct LittleEndianReader {
    let bytes: UnsafeRawBufferPointer
    let limit: Int

    func uint16(at offset: Int) throws(ArchiveFault) -> UInt16 { UInt16(littleEndian: try load(at: offset)) }
    func uint32(at offset: Int) throws(ArchiveFault) -> UInt32 { UInt32(littleEndian: try load(at: offset)) }
    func uint64(at offset: Int) throws(ArchiveFault) -> UInt64 { UInt64(littleEndian: try load(at: offset)) }

    func text(at offset: Int, count: Int) throws(ArchiveFault) -> String {
        let range = try range(from: offset, count: UInt64(count))
        guard let text = String(validating: bytes[range], as: UTF8.self) else {
            throw ArchiveFault(.badName(offset: offset))
        }
        return text
    }

    /// A place named in the file.
    func position(_ offset: UInt64) throws(ArchiveFault) -> Int {
        guard offset <= UInt64(limit) else { throw ArchiveFault(.outOfBounds(limit: limit, found: offset)) }
        return Int(offset)
    }

    func range(from start: Int, count: UInt64) throws(ArchiveFault) -> Range<Int> {
        let (end, overflow) = UInt64(start).addingReportingOverflow(count)
        guard !overflow, end <= UInt64(limit) else {
            throw ArchiveFault(.outOfBounds(limit: limit, found: overflow ? .max : end))
        }
        return start..<Int(end)
    }

    private func load<T: FixedWidthInteger & BitwiseCopyable>(at offset: Int) throws(ArchiveFault) -> T {
        let range = try range(from: offset, count: UInt64(MemoryLayout<T>.size))
        return bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: T.self)
    }
}

/// The CRC-32 of zip archives.
func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    ~bytes.reduce(~0) { crc, byte in crcTable[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8) }
}

private let crcTable: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
}
