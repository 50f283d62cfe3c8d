/// Which sample comes next: everything needed to load it, and to load it again after a restart.
public struct SampleTicket: Hashable, Sendable {
    /// Index of the source in its mixture.
    public var source: Int
    /// Where the sample is.
    public var address: SampleAddress
    /// Number of the pass over the source, which the sample's random choices depend on.
    public var pass: Int

    /// A ticket.
    public init(source: Int = 0, address: SampleAddress, pass: Int) {
        self.source = source
        self.address = address
        self.pass = pass
    }
}

extension SampleTicket: Codable {
    /// Reads four numbers: saved positions hold thousands of tickets.
    public init(from decoder: any Decoder) throws {
        var numbers = try decoder.unkeyedContainer()
        source = try numbers.decode(Int.self)
        address = SampleAddress(shard: try numbers.decode(Int.self), position: try numbers.decode(Int.self))
        pass = try numbers.decode(Int.self)
    }

    /// Writes four numbers.
    public func encode(to encoder: any Encoder) throws {
        var numbers = encoder.unkeyedContainer()
        for number in [source, address.shard, address.position, pass] { try numbers.encode(number) }
    }
}

/// In which order the samples of a source come.
public struct StreamOptions: Codable, Hashable, Sendable {
    /// How shards follow one another.
    public enum Order: String, Codable, Hashable, Sendable {
        /// As they are listed, and samples as they lie in them.
        case listed
        /// In another random order each pass; each sample once a pass.
        case shuffled
        /// Drawn with replacement, each process for itself: passes have no end.
        case resampled
    }

    /// Seed of everything random.
    public var seed: UInt64
    /// This process among ``worldSize``.
    public var rank: Int
    /// Number of processes that share the samples.
    public var worldSize: Int
    /// Addresses among which the next is drawn; 1 keeps the order of the shards.
    public var shuffleBuffer: Int
    /// Order of the shards.
    public var order: Order
    /// Whether a new pass follows the last.
    public var isEndless: Bool

    /// Options, by default those of the reference.
    public init(
        seed: UInt64 = 10086, rank: Int = 0, worldSize: Int = 1, shuffleBuffer: Int = 1000, order: Order = .shuffled,
        isEndless: Bool = true
    ) {
        self.seed = seed
        self.rank = rank
        self.worldSize = worldSize
        self.shuffleBuffer = shuffleBuffer
        self.order = order
        self.isEndless = isEndless
    }

    /// Checks the ranges.
    func validate() throws(DatasetError) {
        guard (1...1 << 20).contains(worldSize) else {
            throw .invalidOption(name: "worldSize", expected: "1 to \(1 << 20)", found: "\(worldSize)")
        }
        guard (0..<worldSize).contains(rank) else {
            throw .invalidOption(name: "rank", expected: "0 to \(worldSize - 1)", found: "\(rank)")
        }
        guard (1...10_000_000).contains(shuffleBuffer) else {
            throw .invalidOption(name: "shuffleBuffer", expected: "1 to 10000000", found: "\(shuffleBuffer)")
        }
        guard isEndless || order != .resampled else {
            throw .invalidOption(name: "isEndless", expected: "true for resampled shards", found: "false")
        }
    }
}
