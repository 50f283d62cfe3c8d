/// A table of text or byte columns in a file, read one row group at a time.
public protocol TableReader: Sendable {
    /// The columns' names in file order; a field of a struct column is `struct.field`.
    var columns: [String] { get }

    /// The number of rows of each row group.
    var rowGroupSizes: [Int] { get }

    /// The text of a column in one row group, `nil` for null.
    ///
    /// - Parameters:
    ///   - column: One of ``columns``.
    ///   - rowGroup: An index into ``rowGroupSizes``.
    /// - Returns: As many values as the row group has rows.
    /// - Throws: When there is no such column or row group, it holds something else, or the file is damaged.
    func strings(column: String, rowGroup: Int) throws -> [String?]

    /// The bytes of a column in one row group, `nil` for null.
    ///
    /// - Parameters:
    ///   - column: One of ``columns``.
    ///   - rowGroup: An index into ``rowGroupSizes``.
    /// - Returns: As many values as the row group has rows.
    /// - Throws: When there is no such column or row group, it holds something else, or the file is damaged.
    func bytes(column: String, rowGroup: Int) throws -> [[UInt8]?]
}
