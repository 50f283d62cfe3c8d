import Datasets
import StrictJSON

/// The streams of a stage, one for each part of its batches.
struct PartFeeds {
    private let feeds: [LossPart: any RecordFeed]
    private let counts: [LossPart: Int]

    /// Unusable records in a row after which a part counts as having none.
    private static let mostRefused = 10_000

    /// Streams for the parts of which `counts` asks some.
    ///
    /// - Throws: ``TrainingError/noData(part:)``.
    init(_ feeds: [LossPart: any RecordFeed], counts: [LossPart: Int]) throws {
        for (part, count) in counts where count > 0 && feeds[part] == nil {
            throw TrainingError.noData(part: part.rawValue)
        }
        self.feeds = feeds
        self.counts = counts
    }

    /// As many usable records of a part as are asked; empty where none are.
    ///
    /// `use`: Makes something of a record, `nil` of one that is of no use.
    func draw<Item>(_ part: LossPart, _ use: (Record) throws -> Item?) throws -> [Item] {
        guard let count = counts[part], count > 0, let feed = feeds[part] else { return [] }
        var items: [Item] = []
        var refused = 0
        while items.count < count {
            if let item = try use(feed.next()) {
                items.append(item)
            } else {
                refused += 1
                guard refused < Self.mostRefused else { throw TrainingError.noData(part: part.rawValue) }
            }
        }
        return items
    }

    /// Where each stream stands.
    var state: JSONValue {
        get throws {
            var positions: [(key: JSONString, value: JSONValue)] = []
            for part in LossPart.allCases {
                if let feed = feeds[part] { positions.append((JSONString(part.rawValue), try feed.state)) }
            }
            return .object(positions)
        }
    }

    /// Puts the streams where ``state`` was taken.
    func restore(_ state: JSONValue?) throws {
        for (part, feed) in feeds {
            guard let position = state?[part.rawValue] else {
                throw TrainingError.unreadableState(
                    folder: "state.json", reason: "no position of the data for '\(part.rawValue)'")
            }
            try feed.restore(position)
        }
    }
}
