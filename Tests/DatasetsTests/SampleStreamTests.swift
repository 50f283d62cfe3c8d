import Datasets
import Foundation
import TestSupport
import Testing

@Suite struct SampleStreamTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// Answers of all tickets of a stream that ends, or of so many.
    private func answers(_ stream: inout SampleStream, _ count: Int = .max) throws -> [String] {
        var log = FailureLog()
        var found: [String] = []
        while found.count < count, let ticket = try stream.next(&log) {
            guard case .record(let record) = try stream.source.outcome(at: ticket.address, pass: ticket.pass, seed: 1)
            else { continue }
            found.append(record.answer)
        }
        return found
    }

    private func all(_ count: Int) -> Set<String> { Set((0..<count).map { "text \($0)" }) }

    @Test func `each pass gives every sample once, in another order`() throws {
        let source = try textSource("s", scratch, shards: 4, each: 25)
        var stream = try SampleStream(source: source, options: StreamOptions(shuffleBuffer: 10))
        let first = try answers(&stream, 100)
        let second = try answers(&stream, 100)
        #expect(Set(first) == all(100) && Set(second) == all(100))
        #expect(first != second)
        #expect(first != (0..<100).map { "text \($0)" })
        var again = try SampleStream(source: source, options: StreamOptions(shuffleBuffer: 10))
        #expect(try answers(&again, 100) == first)
        var other = try SampleStream(source: source, options: StreamOptions(seed: 2, shuffleBuffer: 10))
        #expect(try answers(&other, 100) != first)
    }

    @Test func `listed order is the order of the files`() throws {
        let source = try textSource("s", scratch, shards: 3, each: 5)
        let options = StreamOptions(shuffleBuffer: 1, order: .listed, isEndless: false)
        var stream = try SampleStream(source: source, options: options)
        #expect(try answers(&stream) == (0..<15).map { "text \($0)" })
        #expect(try answers(&stream).isEmpty)
    }

    @Test(arguments: [(1, 1), (8, 3), (4, 4), (2, 5), (1, 4)])
    func `processes share each pass without overlap`(shards: Int, ranks: Int) throws {
        let source = try textSource("s", scratch, shards: shards, each: 7)
        for order in [StreamOptions.Order.shuffled, .listed] {
            var found: [String] = []
            for rank in 0..<ranks {
                let options = StreamOptions(
                    rank: rank, worldSize: ranks, shuffleBuffer: 4, order: order, isEndless: false)
                var stream = try SampleStream(source: source, options: options)
                found += try answers(&stream)
            }
            #expect(found.count == shards * 7)
            #expect(Set(found) == all(shards * 7))
        }
    }

    @Test(arguments: [StreamOptions.Order.shuffled, .resampled, .listed])
    func `a saved position continues the unbroken sequence`(order: StreamOptions.Order) throws {
        let source = try textSource("s", scratch, shards: 5, each: 13)
        let options = StreamOptions(shuffleBuffer: 17, order: order)
        var unbroken = try SampleStream(source: source, options: options)
        let expected = try answers(&unbroken, 300)
        var random = SeededGenerator(seed: 5)
        for _ in 0..<25 {
            let stop = Int.random(in: 0...250, using: &random)
            var before = try SampleStream(source: source, options: options)
            let head = try answers(&before, stop)
            let saved = try JSONEncoder().encode(before.state)
            var after = try SampleStream(source: textSource("s", source.shards), options: options)
            try after.restore(JSONDecoder().decode(SampleStream.State.self, from: saved))
            #expect(head + (try answers(&after, 300 - stop)) == expected)
        }
    }

    @Test func `resampled shards never end and differ between processes`() throws {
        let source = try textSource("s", scratch, shards: 6, each: 4)
        let sequences = try (0..<2).map { rank in
            let options = StreamOptions(rank: rank, worldSize: 2, shuffleBuffer: 8, order: .resampled)
            var stream = try SampleStream(source: source, options: options)
            return try answers(&stream, 100)
        }
        #expect(sequences[0].count == 100 && sequences[0] != sequences[1])
    }

    @Test func `a position of other data or options is refused`() throws {
        let source = try textSource("s", scratch, shards: 2, each: 4)
        var stream = try SampleStream(source: source)
        let other = try SampleStream(source: textSource("t", scratch, shards: 2, each: 4))
        let shorter = try SampleStream(source: textSource("s", [source.shards[0]]))
        let reseeded = try SampleStream(source: source, options: StreamOptions(seed: 4))
        for state in [other.state, shorter.state, reseeded.state] {
            #expect(throws: DatasetError.self) { try stream.restore(state) }
        }
        try stream.restore(stream.state)
    }

    @Test func `sources without samples end with an error`() throws {
        let empty = try textSource("s", [scratch.write("\n\n", "empty.jsonl")])
        for order in [StreamOptions.Order.shuffled, .resampled] {
            var stream = try SampleStream(source: empty, options: StreamOptions(order: order))
            var log = FailureLog()
            #expect(throws: DatasetError.noSamples(source: "s", rank: 0)) { try stream.next(&log) }
        }
        // Three samples for four processes: one has none.
        let few = try textSource("f", scratch, shards: 1, each: 3)
        var stream = try SampleStream(source: few, options: StreamOptions(rank: 3, worldSize: 4))
        var log = FailureLog()
        #expect(throws: DatasetError.noSamples(source: "f", rank: 3)) { try stream.next(&log) }
    }

    @Test func `a process that is dealt an empty shard goes on with the next pass`() throws {
        let full = try textSource("f", scratch, shards: 2, each: 3).shards
        let source = try textSource("s", full + [scratch.write("\n", "empty.jsonl")])
        for rank in 0..<3 {
            var stream = try SampleStream(source: source, options: StreamOptions(rank: rank, worldSize: 3))
            #expect(try answers(&stream, 60).count == 60)
        }
    }

    @Test(arguments: [1, 3])
    func `images of a folder are shuffled whole and shared`(ranks: Int) throws {
        for number in 0..<40 { try scratch.write("x", "set/c\(number / 20)/\(100 + number).png") }
        let source = try SampleSource(
            name: "f", shards: [scratch.path + "/set"], builder: PlainTextBuilder()
        ) { path throws(DatasetError) in
            try ImageFolderReader(directory: path, layout: .classes(labels: []))
        }
        var log = FailureLog()
        var rows: [Int] = []
        for rank in 0..<ranks {
            let options = StreamOptions(rank: rank, worldSize: ranks, shuffleBuffer: 1, isEndless: false)
            var stream = try SampleStream(source: source, options: options)
            while let ticket = try stream.next(&log) { rows.append(ticket.address.position) }
        }
        #expect(rows.sorted() == Array(0..<40))
        // Both classes among the first: a buffer of one would not mix them.
        #expect(Set(rows.prefix(12).map { $0 / 20 }) == [0, 1])
    }

    @Test func `a shard that breaks is noted and the others go on`() throws {
        let good = try textSource("g", scratch, shards: 1, each: 5).shards[0]
        let source = try textSource("s", [scratch.path + "/missing.jsonl", good])
        var stream = try SampleStream(source: source, options: StreamOptions(isEndless: false))
        var log = FailureLog()
        var count = 0
        while try stream.next(&log) != nil { count += 1 }
        #expect(count == 5)
        #expect(log.failures.map(\.error) == [.missingFile(path: scratch.path + "/missing.jsonl")])
    }

    @Test(arguments: [("rank", 2, 2, 10), ("worldSize", 0, 0, 10), ("shuffleBuffer", 0, 1, 0)])
    func `options that make no sense are refused`(name: String, rank: Int, world: Int, buffer: Int) throws {
        let source = try textSource("s", scratch, shards: 1, each: 1)
        let options = StreamOptions(rank: rank, worldSize: world, shuffleBuffer: buffer)
        #expect {
            try SampleStream(source: source, options: options)
        } throws: { error in
            guard case DatasetError.invalidOption(name, _, _) = error else { return false }
            return true
        }
    }
}
