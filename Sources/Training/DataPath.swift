import Datasets

/// The data of a configuration by itself: read, shuffled, mixed and decoded as a run does it, without a model.
public final class DataPath {
    private let feeds: [(feed: any RecordFeed, count: Int)]

    /// Opens the sources.
    ///
    /// - Parameters:
    ///   - configuration: Says which, and how many of each a micro-step takes.
    ///   - directory: Where relative paths begin.
    ///   - reportFailure: Called for each example that cannot be read.
    /// - Throws: What is wrong with a source.
    public init(
        _ configuration: TrainingConfiguration, directory: String = "",
        reportFailure: @escaping @Sendable (String) -> Void = { _ in }
    ) throws {
        feeds = try StageBuilder(configuration, directory: directory, resumed: nil, reportFailure: reportFailure).data()
    }

    /// Reads what one micro-step would.
    ///
    /// - Returns: The number of examples.
    /// - Throws: `DatasetError` where too many are broken.
    public func readStep() throws -> Int {
        for (feed, count) in feeds {
            for _ in 0..<count { _ = try feed.next() }
        }
        return feeds.reduce(0) { $0 + $1.count }
    }
}
