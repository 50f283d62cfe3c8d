public import Datasets
public import StrictJSON

/// Where a stage's examples come from: an endless stream that can be continued exactly.
public protocol RecordFeed: AnyObject {
    /// The next example.
    func next() throws -> Record
    /// Where the stream stands.
    var state: JSONValue { get throws }
    /// Puts the stream where ``state`` was taken.
    func restore(_ state: JSONValue) throws
}

/// Examples held in memory, in order, again and again.
public final class RepeatedRecords: RecordFeed {
    private let records: [Record]
    private var position = 0

    /// A stream of these; there must be at least one.
    public init(_ records: [Record]) {
        precondition(!records.isEmpty)
        self.records = records
    }

    /// The next example.
    public func next() -> Record {
        defer { position = (position + 1) % records.count }
        return records[position]
    }

    /// The place of the next example.
    public var state: JSONValue { .integer(Int64(position)) }

    /// Continues at that place.
    public func restore(_ state: JSONValue) throws {
        guard let place = state.intValue, records.indices.contains(place) else {
            throw TrainingError.unreadableState(folder: "records", reason: "no such place")
        }
        position = place
    }
}
