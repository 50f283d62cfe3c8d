public import Foundation
import Synchronization

/// A Parquet file: its text and byte columns, one row group at a time.
///
/// Any compression and encoding that Arrow knows. A field of a struct column, as in `image.bytes`, is a column of its
/// own; lists are refused when they are read. At most one column of one row group is in memory. Needs the plug-in that
/// `recipes/parquet` builds.
public final class ParquetFile: TableReader {
    /// A file that the plug-in has open.
    private struct Handle: ~Copyable {
        let object: ParquetPlugin.Object
        let close: ParquetPlugin.Free

        deinit { close(object) }
    }

    /// A larger column of one row group is refused: files state sizes that they do not have.
    public static let defaultLimit = 4 << 30

    /// The columns' names in file order, of whatever type.
    public let columns: [String]
    /// The number of rows of each row group.
    public let rowGroupSizes: [Int]

    private let path: String
    private let limit: Int
    private let plugin: ParquetPlugin
    /// One call at a time: Arrow's readers of a file share buffers.
    private let handle: Mutex<Handle>

    /// Opens a file and reads its footer.
    ///
    /// - Parameters:
    ///   - url: The file.
    ///   - limit: The largest column of one row group, in bytes after decompression.
    /// - Throws: ``ParquetError``.
    public convenience init(_ url: URL, limit: Int = defaultLimit) throws(ParquetError) {
        try self.init(url, limit: limit, plugin: ParquetPlugin.shared.get())
    }

    init(_ url: URL, limit: Int, plugin: ParquetPlugin) throws(ParquetError) {
        path = url.path(percentEncoded: false)
        self.limit = limit
        self.plugin = plugin
        let opened = ParquetPlugin.result { [path] in plugin.open(path, Int64(limit), $0, $1) }
        switch opened {
        case .failure(let reason): throw .cannotOpen(path: path, reason: reason.text)
        case .success(let file):
            handle = Mutex(Handle(object: file, close: plugin.close))
            columns = (0..<plugin.columns(file)).map { index in
                plugin.column(file, index).map { String(cString: $0) } ?? ""
            }
            let sizes = (0..<plugin.rowGroups(file)).map { Int(plugin.rows(file, $0)) }
            rowGroupSizes = sizes
            if let wrong = sizes.first(where: { $0 < 0 }) {
                throw .cannotOpen(path: path, reason: "a row group of \(wrong) rows")
            }
        }
    }

    /// The text of a column in one row group, `nil` for null.
    ///
    /// - Parameters:
    ///   - column: One of ``columns``.
    ///   - rowGroup: An index into ``rowGroupSizes``.
    /// - Returns: As many values as the row group has rows.
    /// - Throws: ``ParquetError``.
    public func strings(column: String, rowGroup: Int) throws(ParquetError) -> [String?] {
        try read(column, rowGroup) { (value, row) throws(ParquetError) in
            guard let text = String(validating: value, as: UTF8.self) else {
                throw .notText(path: path, column: column, rowGroup: rowGroup, row: row)
            }
            return text
        }
    }

    /// The bytes of a column in one row group, `nil` for null.
    ///
    /// - Parameters:
    ///   - column: One of ``columns``.
    ///   - rowGroup: An index into ``rowGroupSizes``.
    /// - Returns: As many values as the row group has rows.
    /// - Throws: ``ParquetError``.
    public func bytes(column: String, rowGroup: Int) throws(ParquetError) -> [[UInt8]?] {
        try read(column, rowGroup) { (value, _) throws(ParquetError) in Array(value) }
    }

    private func read<Value>(
        _ column: String, _ rowGroup: Int, _ convert: (UnsafeBufferPointer<UInt8>, Int) throws(ParquetError) -> Value
    ) throws(ParquetError) -> [Value?] {
        guard let index = columns.firstIndex(of: column) else {
            throw .noColumn(path: path, column: column, known: columns)
        }
        guard rowGroupSizes.indices.contains(rowGroup) else {
            throw .noRowGroup(path: path, expected: rowGroupSizes.count, found: rowGroup)
        }
        let result = handle.withLock { handle in
            ParquetPlugin.result {
                plugin.read(handle.object, Int64(index), Int64(rowGroup), Int64(limit), $0, $1)
            }
        }
        let chunk: ParquetPlugin.Object
        switch result {
        case .failure(let reason):
            throw .cannotRead(path: path, column: column, rowGroup: rowGroup, reason: reason.text)
        case .success(let object): chunk = object
        }
        defer { plugin.free(chunk) }

        var (bytes, present): (UnsafePointer<UInt8>?, UnsafePointer<UInt8>?)
        var starts: UnsafePointer<Int64>?
        let count = Int(plugin.values(chunk, &bytes, &starts, &present))
        guard let starts, count == rowGroupSizes[rowGroup] else {
            throw .cannotRead(
                path: path, column: column, rowGroup: rowGroup,
                reason: "\(count) values, expected \(rowGroupSizes[rowGroup])")
        }
        var values: [Value?] = []
        values.reserveCapacity(count)
        for row in 0..<count {
            guard let present, present[row] != 0 else {
                values.append(nil)
                continue
            }
            let length = Int(starts[row + 1] - starts[row])
            // No bytes at all, no address: all values are empty.
            let value = UnsafeBufferPointer(
                start: bytes.map { $0 + Int(starts[row]) }, count: bytes == nil ? 0 : length)
            values.append(try convert(value, row))
        }
        return values
    }
}
