import StrictJSON

/// Rows of a CSV file (RFC 4180), or of one with tabs, under the names of its first row or under given ones.
public struct CSVReader: ShardReader {
    /// Longest row, in bytes.
    static let maxRowBytes = 64 << 20

    /// `nil`: positions are byte offsets.
    public var rowCount: Int? { nil }
    /// Names of the columns, in order.
    public let columns: [String]

    private let blocks: BlockReader
    private let firstRow: Int
    private let separator: UInt8

    /// Opens a file and reads its heading.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - given: Names of the columns of a file without a heading.
    ///   - separator: What stands between fields.
    /// - Throws: ``DatasetError``.
    public init(
        path: String, columns given: [String]? = nil, separator: Character = ","
    ) throws(DatasetError) {
        let file = try RandomAccessFile(path: path)
        blocks = BlockReader(file)
        self.separator = separator.asciiValue ?? UInt8(ascii: ",")
        // Spreadsheets put a byte order mark before UTF-8.
        let mark = try file.read(at: 0, count: min(3, file.byteCount)) == [0xEF, 0xBB, 0xBF] ? 3 : 0
        if let given {
            columns = given
            firstRow = mark
            return
        }
        guard let heading = try Self.span(in: blocks, from: mark) else {
            throw .malformedRow(file: path, offset: 0, expected: "a heading")
        }
        columns = try Self.fields(in: file, heading, self.separator)
        guard Set(columns).count == columns.count else {
            throw .malformedRow(file: path, offset: 0, expected: "column names that differ")
        }
        firstRow = heading.end
    }

    /// Checks that columns exist.
    public func require(_ names: [String]) throws(DatasetError) {
        for name in names where !columns.contains(name) {
            throw .missingColumn(file: blocks.file.path, expected: name, found: columns)
        }
    }

    /// The first row with content at or after `position`.
    public func next(from position: Int) throws(DatasetError) -> SampleSpan? {
        try Self.span(in: blocks, from: max(position, firstRow))
    }

    /// The row that begins at `position`.
    public func load(at position: Int) throws(DatasetError) -> RawSample {
        // A reader of its own: the shared block belongs to the walk.
        guard let span = try Self.span(in: BlockReader(blocks.file), from: position), span.position == position else {
            throw malformed(position, "a row")
        }
        let values = try Self.fields(in: blocks.file, span, separator)
        guard values.count == columns.count else {
            throw malformed(position, "\(columns.count) fields, found \(values.count)")
        }
        let members = zip(columns, values).map { (key: JSONString($0), value: JSONValue.string(JSONString($1))) }
        return RawSample(shard: blocks.file.path, key: String(position), fields: .object(members))
    }

    private func malformed(_ offset: Int, _ expected: String) -> DatasetError {
        .malformedRow(file: blocks.file.path, offset: offset, expected: expected)
    }

    /// A row, without the line breaks before and with the one after it.
    private static func span(in blocks: BlockReader, from position: Int) throws(DatasetError) -> SampleSpan? {
        let start = try blocks.scan(from: position) { $0 == 0x0A || $0 == 0x0D }
        guard start < blocks.file.byteCount else { return nil }
        // A doubled quote ends and begins again: counting them all finds line breaks within quotes.
        var inQuotes = false
        let end = try blocks.scan(from: start) { byte in
            if byte == UInt8(ascii: "\"") { inQuotes.toggle() }
            return inQuotes || byte != 0x0A
        }
        return SampleSpan(position: start, end: min(end + 1, blocks.file.byteCount))
    }

    private static func fields(
        in file: RandomAccessFile, _ span: SampleSpan, _ separator: UInt8
    ) throws(DatasetError) -> [String] {
        func malformed(_ place: Int, _ expected: String) -> DatasetError {
            .malformedRow(file: file.path, offset: span.position + place, expected: expected)
        }
        let count = span.end - span.position
        guard count <= maxRowBytes else {
            throw .tooLarge(file: file.path, offset: span.position, bytes: count, limit: maxRowBytes)
        }
        var row = try file.read(at: span.position, count: count)
        if row.last == 0x0A { row.removeLast() }
        if row.last == 0x0D { row.removeLast() }
        var fields: [String] = []
        var place = 0
        while true {
            var field: [UInt8] = []
            if place < row.count, row[place] == UInt8(ascii: "\"") {
                place += 1
                while true {
                    guard place < row.count else { throw malformed(place, "a closing quote") }
                    if row[place] == UInt8(ascii: "\"") {
                        place += 1
                        guard place < row.count, row[place] == UInt8(ascii: "\"") else { break }
                    }
                    field.append(row[place])
                    place += 1
                }
                guard place == row.count || row[place] == separator else {
                    throw malformed(place, "a separator after a closing quote")
                }
            } else {
                while place < row.count, row[place] != separator {
                    guard row[place] != UInt8(ascii: "\"") else { throw malformed(place, "quotes around the field") }
                    field.append(row[place])
                    place += 1
                }
            }
            guard let text = String(validating: field, as: UTF8.self) else { throw malformed(place, "UTF-8") }
            fields.append(text)
            guard place < row.count else { return fields }
            place += 1
        }
    }
}
