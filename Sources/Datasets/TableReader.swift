import StrictJSON
import Synchronization

/// A table in a column format such as Parquet, read one row group and column at a time.
public protocol TableReader: Sendable {
    /// Number of rows of each row group.
    var rowGroupSizes: [Int] { get }
    /// Names of the columns.
    var columns: [String] { get }
    /// A column of text in one row group; `nil` for a null.
    func strings(column: String, rowGroup: Int) throws -> [String?]
    /// A column of bytes in one row group; `nil` for a null.
    func bytes(column: String, rowGroup: Int) throws -> [[UInt8]?]
}

/// Opens the table at a path: passed in by whoever links a reader of such files.
public typealias TableOpener = @Sendable (_ path: String) throws -> any TableReader

/// Rows of a table as samples, with the columns asked for.
///
/// Rows are walked in order, since a row group is decoded whole. The last few groups stay decoded: a shuffle buffer
/// draws from several at a time.
public final class TableShard: ShardReader {
    /// Rows kept decoded, unless two row groups alone are more.
    static let cachedRows = 4096

    /// `nil`: rows of far-off row groups are costly.
    public var rowCount: Int? { nil }

    private let path: String
    private let table: any TableReader
    private let stringColumns: [String]
    private let bytesColumns: [String]
    /// First row of each row group, and the number of all rows.
    private let starts: [Int]
    private let groups = Mutex<[Group]>([])

    private struct Group: Sendable {
        let index: Int
        let strings: [[String?]]
        let bytes: [[[UInt8]?]]
        let count: Int
    }

    /// Opens a table and checks its columns.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - opener: Opens it.
    ///   - stringColumns: Columns that become fields.
    ///   - bytesColumns: Columns that become parts.
    /// - Throws: ``DatasetError/missingColumn(file:expected:found:)``, ``DatasetError/table(file:reason:)``.
    public init(
        path: String, opener: TableOpener, stringColumns: [String], bytesColumns: [String] = []
    ) throws(DatasetError) {
        do {
            table = try opener(path)
        } catch {
            throw .table(file: path, reason: "\(error)")
        }
        for column in stringColumns + bytesColumns where !table.columns.contains(column) {
            throw .missingColumn(file: path, expected: column, found: table.columns)
        }
        var starts = [0]
        for size in table.rowGroupSizes {
            let (next, overflow) = (starts.last ?? 0).addingReportingOverflow(size)
            guard size >= 0, !overflow else { throw .table(file: path, reason: "a row group of \(size) rows") }
            starts.append(next)
        }
        self.starts = starts
        self.path = path
        self.stringColumns = stringColumns
        self.bytesColumns = bytesColumns
    }

    /// The row `position`, if there are as many.
    public func next(from position: Int) -> SampleSpan? { nextRow(from: position, of: starts.last ?? 0) }

    /// One row.
    public func load(at position: Int) throws(DatasetError) -> RawSample {
        guard position >= 0, position < starts.last ?? 0 else {
            throw .table(file: path, reason: "no row \(position)")
        }
        // The last group that begins at or before the row: empty ones begin where the next does.
        var (low, high) = (0, starts.count - 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= position { low = middle } else { high = middle }
        }
        let group = try self.group(low)
        let row = position - starts[low]
        var members: [(key: JSONString, value: JSONValue)] = []
        for (name, values) in zip(stringColumns, group.strings) {
            members.append((JSONString(name), values[row].map { .string(JSONString($0)) } ?? .null))
        }
        var sample = RawSample(shard: path, key: String(position), fields: .object(members))
        for (name, values) in zip(bytesColumns, group.bytes) { sample.parts[name.lowercased()] = values[row] }
        return sample
    }

    /// Decodes under the lock: threads that want the same group would each decode it.
    private func group(_ index: Int) throws(DatasetError) -> Group {
        try groups.withLock { (groups) throws(DatasetError) in
            if let place = groups.firstIndex(where: { $0.index == index }) {
                let found = groups.remove(at: place)
                groups.append(found)
                return found
            }
            let decoded = try decode(index)
            groups.append(decoded)
            while groups.count > 2, groups.reduce(0, { $0 + $1.count }) > Self.cachedRows { groups.removeFirst() }
            return decoded
        }
    }

    private func decode(_ index: Int) throws(DatasetError) -> Group {
        let count = starts[index + 1] - starts[index]
        var strings: [[String?]] = []
        var bytes: [[[UInt8]?]] = []
        do {
            for column in stringColumns { strings.append(try table.strings(column: column, rowGroup: index)) }
            for column in bytesColumns { bytes.append(try table.bytes(column: column, rowGroup: index)) }
        } catch {
            throw .table(file: path, reason: "\(error)")
        }
        guard strings.allSatisfy({ $0.count == count }), bytes.allSatisfy({ $0.count == count }) else {
            throw .table(file: path, reason: "row group \(index) has columns of unequal length")
        }
        return Group(index: index, strings: strings, bytes: bytes, count: count)
    }
}
