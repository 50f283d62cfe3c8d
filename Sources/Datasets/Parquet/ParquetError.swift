/// Why a Parquet file could not be read.
public enum ParquetError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The plug-in is at none of the places where it is looked for.
    case noPlugin(searched: [String])
    /// The plug-in is there but does not load, or lacks a function.
    case brokenPlugin(path: String, reason: String)
    /// The plug-in was built from another version of its source.
    case otherPlugin(path: String, expected: Int, found: Int)
    /// The file cannot be opened or is no Parquet file; the reason is Arrow's.
    case cannotOpen(path: String, reason: String)
    /// The file has no such column.
    case noColumn(path: String, column: String, known: [String])
    /// The file has no such row group.
    case noRowGroup(path: String, expected: Int, found: Int)
    /// A column cannot be read; the reason is Arrow's or the plug-in's.
    case cannotRead(path: String, column: String, rowGroup: Int, reason: String)
    /// A value is not UTF-8 where text was asked for.
    case notText(path: String, column: String, rowGroup: Int, row: Int)

    /// One line for a terminal.
    public var description: String {
        switch self {
        case .noPlugin(let searched):
            "Parquet files need a plug-in; run recipes/parquet once to build it (looked for \(Self.list(searched)))"
        case .brokenPlugin(let path, let reason):
            "the Parquet plug-in \(path) does not load: \(reason); run recipes/parquet"
        case .otherPlugin(let path, let expected, let found):
            "the Parquet plug-in \(path) has interface \(found), expected \(expected); run recipes/parquet"
        case .cannotOpen(let path, let reason): "\(path): \(reason)"
        case .noColumn(let path, let column, let known):
            "\(path): no column '\(column)'; there are \(Self.list(known))"
        case .noRowGroup(let path, let expected, let found):
            "\(path): no row group \(found); there are \(expected)"
        case .cannotRead(let path, let column, let rowGroup, let reason):
            "\(path): column '\(column)' of row group \(rowGroup): \(reason)"
        case .notText(let path, let column, let rowGroup, let row):
            "\(path): column '\(column)' of row group \(rowGroup), row \(row): not UTF-8; is it bytes?"
        }
    }

    /// The first few of `names`, so that one line stays one line.
    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(12).joined(separator: ", ")
        return names.isEmpty ? "none" : names.count > 12 ? shown + " and \(names.count - 12) more" : shown
    }
}
