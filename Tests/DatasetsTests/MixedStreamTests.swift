import Datasets
import Testing

@Suite struct MixedStreamTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test func `sources come in proportion to their weights`() throws {
        let weights = [3.5, 5.5, 0.5, 0]
        let sources = try weights.enumerated().map { place, weight in
            (source: try textSource("s\(place)", scratch, shards: 1, each: 20), weight: weight)
        }
        var stream = try MixedStream(sources, options: StreamOptions(shuffleBuffer: 3))
        var log = FailureLog()
        var counts = [0, 0, 0, 0]
        for _ in 0..<8000 { counts[try #require(try stream.next(&log)).source] += 1 }
        for (count, weight) in zip(counts, weights) {
            #expect(abs(Double(count) / 8000 - weight / 9.5) < 0.02)
        }
        #expect(counts[3] == 0)
    }

    @Test func `a source at its end leaves the others`() throws {
        let short = try textSource("short", scratch, shards: 1, each: 2)
        let long = try textSource("long", scratch, shards: 1, each: 50)
        var stream = try MixedStream([(short, 100), (long, 1)], options: StreamOptions(isEndless: false))
        var log = FailureLog()
        var counts = [0, 0]
        while let ticket = try stream.next(&log) { counts[ticket.source] += 1 }
        #expect(counts == [2, 50])
    }

    @Test(arguments: [[0.0, 0], [-1, 2], [.nan, 1], [.infinity, 1]])
    func `weights that make no sense are refused`(weights: [Double]) throws {
        let sources = try (0..<2).map {
            (source: try textSource("s\($0)", scratch, shards: 1, each: 1), weight: weights[$0])
        }
        #expect(throws: DatasetError.self) { try MixedStream(sources) }
    }

    @Test func `names must differ`() throws {
        let source = try textSource("s", scratch, shards: 1, each: 1)
        #expect(throws: DatasetError.self) { try MixedStream([(source, 1), (source, 1)]) }
    }
}
