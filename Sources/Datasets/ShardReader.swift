public import StrictJSON

/// Where a sample is: small, so that shuffling moves these and not the samples.
public struct SampleAddress: Codable, Hashable, Sendable {
    /// Index of the shard among those of its source.
    public var shard: Int
    /// Place within the shard: a byte offset or a row, as its reader has it.
    public var position: Int

    /// An address.
    public init(shard: Int, position: Int) {
        self.shard = shard
        self.position = position
    }
}

/// A sample as its file holds it, before it is made a ``Record``.
public struct RawSample: Sendable {
    /// File or directory it comes from.
    public var shard: String
    /// Its name in the shard: key, or place.
    public var key: String
    /// Files of the sample by extension in lower case, without the dot.
    public var parts: [String: [UInt8]]
    /// Columns or members, as a JSON object; `null` for none.
    public var fields: JSONValue

    /// A sample.
    public init(shard: String, key: String, parts: [String: [UInt8]] = [:], fields: JSONValue = .null) {
        self.shard = shard
        self.key = key
        self.parts = parts
        self.fields = fields
    }

    /// The name for messages and for seeding: last name of the shard, and the key.
    public var id: String { (shard.split(separator: "/").last.map(String.init) ?? shard) + "/" + key }
}

/// Samples of one file or directory: walked in order without loading them, then loaded from anywhere.
public protocol ShardReader: Sendable {
    /// Number of samples if positions are rows from 0, each as cheap to load as the next; else `nil`.
    var rowCount: Int? { get }

    /// The first sample at or after `position`; `nil` at the end.
    ///
    /// - Parameter position: 0, or the `end` of the sample before.
    /// - Returns: Where it begins, and where to look for the next.
    /// - Throws: ``DatasetError`` if the rest of the shard cannot be read.
    func next(from position: Int) throws(DatasetError) -> SampleSpan?

    /// The sample that begins at `position`; callable from any thread.
    func load(at position: Int) throws(DatasetError) -> RawSample
}

/// A stretch of a shard that holds one sample.
public struct SampleSpan: Hashable, Sendable {
    /// Where the sample begins.
    public var position: Int
    /// Where to look for the next one; larger than `position`.
    public var end: Int

    /// A stretch.
    public init(position: Int, end: Int) {
        self.position = position
        self.end = end
    }
}

extension ShardReader {
    /// Walking over rows from 0.
    func nextRow(from position: Int, of count: Int) -> SampleSpan? {
        position >= 0 && position < count ? SampleSpan(position: position, end: position + 1) : nil
    }
}
