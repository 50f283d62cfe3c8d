/// The order of the samples of one source for one process, as tickets: nothing is loaded here.
///
/// In each pass the shards come in an order drawn from seed and pass, the same for all processes. They are dealt out by
/// shard if there are enough for every process, else sample by sample. From a bounded buffer of tickets the next one is
/// drawn; it is emptied before a new pass begins, so that each pass holds each sample exactly once.
public struct SampleStream: Sendable {
    /// A position that can be saved: the sequence continues from it as if it had never stopped.
    public struct State: Codable, Hashable, Sendable {
        /// Source the position belongs to.
        public fileprivate(set) var source: String
        fileprivate var fingerprint: String
        fileprivate var options: StreamOptions
        /// Passes completed; stays 0 for resampled shards.
        public fileprivate(set) var pass = 0
        /// Place in the pass's order of shards, and within the shard.
        fileprivate var place = 0
        fileprivate var position = 0
        /// Samples walked over in this pass.
        fileprivate var ordinal = 0
        /// Tickets of this pass.
        fileprivate var found = 0
        fileprivate var isFinished = false
        fileprivate var random: SampleRandom
        fileprivate var buffer: [SampleTicket] = []
    }

    /// Where the samples are.
    public let source: SampleSource
    private let options: StreamOptions
    private var now: State
    /// The pass's order of shards, and the pass it belongs to.
    private var order: [Int] = []
    private var orderPass = -1
    /// Shards, and passes, in a row that gave nothing.
    private var barren = 0
    private var barrenPasses = 0
    /// A process may be dealt nothing but an empty shard in one pass, and others in the next.
    private static let maxBarrenPasses = 16

    /// The beginning of the first pass.
    ///
    /// - Throws: ``DatasetError/invalidOption(name:expected:found:)``.
    public init(source: SampleSource, options: StreamOptions = StreamOptions()) throws(DatasetError) {
        try options.validate()
        self.source = source
        self.options = options
        let random = SampleRandom(seed: options.seed, pass: options.rank, id: "buffer of " + source.name)
        now = State(source: source.name, fingerprint: source.fingerprint, options: options, random: random)
    }

    /// The position, for ``restore(_:)``.
    public var state: State { now }

    /// Continues from a position saved by a stream over the same source with the same options.
    ///
    /// - Throws: ``DatasetError/stateMismatch(source:what:expected:found:)``.
    public mutating func restore(_ state: State) throws(DatasetError) {
        try require("source", source.name, state.source)
        try require("list of shards", source.fingerprint, state.fingerprint)
        try require("seed", options.seed, state.options.seed)
        try require("rank", options.rank, state.options.rank)
        try require("number of processes", options.worldSize, state.options.worldSize)
        try require("order", options.order.rawValue, state.options.order.rawValue)
        let numbers = [state.pass, state.place, state.position, state.ordinal, state.found]
        // Files may be damaged; a bound below the largest number leaves room to count on.
        let sound = numbers.allSatisfy { (0..<1 << 40).contains($0) } && state.buffer.count <= 10_000_000
        try require("cursor", "sound", sound ? "sound" : "impossible")
        now = state
        now.options = options
        orderPass = -1
        (barren, barrenPasses) = (0, 0)
    }

    /// The next sample; `nil` after the only pass.
    ///
    /// - Parameter log: Takes shards that cannot be read, which are left at that point.
    /// - Returns: A ticket whose `source` is 0.
    /// - Throws: ``DatasetError/noSamples(source:rank:)`` if pass after pass gives nothing.
    public mutating func next(_ log: inout FailureLog) throws(DatasetError) -> SampleTicket? {
        while !now.isFinished {
            while now.buffer.count < options.shuffleBuffer, let ticket = try walk(&log) { now.buffer.append(ticket) }
            if !now.buffer.isEmpty {
                guard options.shuffleBuffer > 1 else { return now.buffer.removeFirst() }
                let chosen = now.random.below(now.buffer.count)
                now.buffer.swapAt(chosen, now.buffer.count - 1)
                return now.buffer.removeLast()
            }
            if !options.isEndless {
                now.isFinished = true
            } else {
                barrenPasses = now.found == 0 ? barrenPasses + 1 : 0
                guard barrenPasses < Self.maxBarrenPasses else {
                    throw .noSamples(source: source.name, rank: options.rank)
                }
                (now.place, now.position, now.ordinal, now.found) = (0, 0, 0, 0)
                now.pass += 1
            }
        }
        return nil
    }

    // MARK: Walking

    /// The next sample of this pass that is ours; `nil` at the end of the pass.
    private mutating func walk(_ log: inout FailureLog) throws(DatasetError) -> SampleTicket? {
        while let shard = currentShard() {
            guard let found = step(shard, &log) else {
                nextShard()
                barren += 1
                // Drawing again and again from shards without samples would never end.
                if options.order == .resampled, barren > 10 * source.shards.count {
                    throw .noSamples(source: source.name, rank: options.rank)
                }
                continue
            }
            barren = 0
            now.ordinal += 1
            if dealsSamples, (now.ordinal - 1) % options.worldSize != options.rank { continue }
            now.found += 1
            return SampleTicket(address: SampleAddress(shard: shard, position: found), pass: choicePass)
        }
        return nil
    }

    /// Position of the next sample of a shard; `nil` if there is none or the rest cannot be read.
    private mutating func step(_ shard: Int, _ log: inout FailureLog) -> Int? {
        do {
            let reader = try source.reader(shard)
            guard let span = try reader.next(from: now.position), span.end > now.position else { return nil }
            now.position = span.end
            guard let rows = reader.rowCount, options.order != .listed else { return span.position }
            let seed = SampleRandom(
                seed: options.seed, pass: choicePass, id: "rows of shard \(shard) of " + source.name
            )
            .first
            return IndexPermutation(count: rows, seed: seed)[span.position]
        } catch {
            log.note(error, source: source.name)
            return nil
        }
    }

    private var dealsSamples: Bool {
        options.order != .resampled && options.worldSize > 1 && source.shards.count < options.worldSize
    }

    /// Drawn shards may come twice in a pass and on several processes: their samples must not choose the same.
    private var choicePass: Int {
        options.order == .resampled ? now.place &* options.worldSize &+ options.rank : now.pass
    }

    private mutating func currentShard() -> Int? {
        if options.order == .resampled {
            var random = SampleRandom(seed: options.seed, pass: choicePass, id: "shards of " + source.name)
            return random.below(source.shards.count)
        }
        if orderPass != now.pass {
            var random = SampleRandom(seed: options.seed, pass: now.pass, id: "shards of " + source.name)
            let count = source.shards.count
            order = options.order == .shuffled ? random.permutation(count) : Array(0..<count)
            orderPass = now.pass
        }
        let place = dealsSamples ? now.place : now.place * options.worldSize + options.rank
        return order.indices.contains(place) ? order[place] : nil
    }

    private mutating func nextShard() {
        now.place += 1
        now.position = 0
    }

    private func require<Value: Equatable>(
        _ what: String, _ expected: Value, _ found: Value
    ) throws(DatasetError) {
        guard expected == found else {
            throw .stateMismatch(source: source.name, what: what, expected: "\(expected)", found: "\(found)")
        }
    }
}

extension SampleRandom {
    /// The first draw, as a seed for something else.
    fileprivate var first: UInt64 {
        var copy = self
        return copy.next()
    }
}
