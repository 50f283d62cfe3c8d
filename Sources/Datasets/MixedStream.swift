/// Weighted sources for one kind of batch row: each sample comes from a source drawn by weight.
public struct MixedStream: Sendable {
    /// A position that can be saved.
    public struct State: Codable, Hashable, Sendable {
        fileprivate var random: SampleRandom
        fileprivate var isFinished: [Bool]
        fileprivate var streams: [SampleStream.State]
    }

    /// The sources, in the order of the tickets' `source`.
    public let sources: [SampleSource]
    /// Seed of the samples' random choices.
    let seed: UInt64

    private let weights: [Double]
    private var streams: [SampleStream]
    private var isFinished: [Bool]
    private var random: SampleRandom

    /// A mixture at its beginning.
    ///
    /// - Parameters:
    ///   - sources: Sources with weights, which need not add up to 1; names must differ.
    ///   - options: For all sources alike.
    /// - Throws: ``DatasetError/invalidOption(name:expected:found:)``.
    public init(
        _ sources: [(source: SampleSource, weight: Double)], options: StreamOptions = StreamOptions()
    ) throws(DatasetError) {
        guard Set(sources.map(\.source.name)).count == sources.count else {
            throw .invalidOption(
                name: "sources", expected: "names that differ",
                found: sources.map(\.source.name).joined(separator: ", "))
        }
        weights = sources.map(\.weight)
        let sum = weights.reduce(0, +)
        guard weights.allSatisfy({ $0 >= 0 }), sum > 0, sum.isFinite else {
            throw .invalidOption(name: "weights", expected: "numbers from 0, one above", found: "\(weights)")
        }
        var streams: [SampleStream] = []
        for (source, _) in sources { streams.append(try SampleStream(source: source, options: options)) }
        self.streams = streams
        self.sources = sources.map(\.source)
        seed = options.seed
        // A source of no weight counts as finished from the start.
        isFinished = weights.map { $0 == 0 }
        random = SampleRandom(seed: options.seed, pass: options.rank, id: "mixture")
    }

    /// One source alone.
    public init(_ source: SampleSource, options: StreamOptions = StreamOptions()) throws(DatasetError) {
        try self.init([(source, 1)], options: options)
    }

    /// The position, for ``restore(_:)``.
    public var state: State { State(random: random, isFinished: isFinished, streams: streams.map(\.state)) }

    /// Continues from a position saved by a mixture of the same sources.
    ///
    /// - Throws: ``DatasetError/stateMismatch(source:what:expected:found:)``.
    public mutating func restore(_ state: State) throws(DatasetError) {
        let found = state.streams.map(\.source).joined(separator: ", ")
        let expected = sources.map(\.name).joined(separator: ", ")
        guard found == expected, state.isFinished.count == sources.count, state.streams.count == sources.count else {
            throw .stateMismatch(source: "mixture", what: "sources", expected: expected, found: found)
        }
        var restored = streams
        for place in restored.indices { try restored[place].restore(state.streams[place]) }
        streams = restored
        isFinished = zip(state.isFinished, weights).map { $0 || $1 == 0 }
        random = state.random
    }

    /// The next sample; `nil` when every source is at its end.
    ///
    /// A source that is at its end leaves the mixture; the others keep their proportions.
    ///
    /// - Parameter log: Takes shards that cannot be read.
    /// - Returns: A ticket for ``outcome(of:)``.
    /// - Throws: ``DatasetError/noSamples(source:rank:)``.
    public mutating func next(_ log: inout FailureLog) throws(DatasetError) -> SampleTicket? {
        while let chosen = draw() {
            if var ticket = try streams[chosen].next(&log) {
                ticket.source = chosen
                return ticket
            }
            isFinished[chosen] = true
        }
        return nil
    }

    private mutating func draw() -> Int? {
        let open = isFinished.indices.filter { !isFinished[$0] }
        guard open.count > 1 else { return open.first }
        var rest = random.unit() * open.reduce(0) { $0 + weights[$1] }
        for place in open {
            rest -= weights[place]
            if rest < 0 { return place }
        }
        return open.last
    }
}
