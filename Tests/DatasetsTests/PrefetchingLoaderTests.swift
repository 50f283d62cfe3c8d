import Datasets
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite struct PrefetchingLoaderTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func mixture(_ options: StreamOptions = StreamOptions(shuffleBuffer: 9)) throws -> MixedStream {
        let first = try textSource("first", scratch, shards: 3, each: 11)
        let second = try textSource("second", scratch, shards: 2, each: 7, from: 1000)
        return try MixedStream([(first, 2), (second, 1)], options: options)
    }

    @Test(arguments: [(1, 1), (1, 16), (4, 3), (4, 64)])
    func `neither threads nor depth change the sequence`(threads: Int, depth: Int) throws {
        let expected = try PrefetchingLoader(stream: mixture(), threads: 2, depth: 5).answers(200)
        #expect(expected.count == 200)
        #expect(try PrefetchingLoader(stream: mixture(), threads: threads, depth: depth).answers(200) == expected)
    }

    @Test func `a saved position continues the unbroken sequence, whatever was loaded ahead`() throws {
        let expected = try PrefetchingLoader(stream: mixture(), threads: 2, depth: 5).answers(250)
        var random = SeededGenerator(seed: 8)
        for _ in 0..<20 {
            let stop = Int.random(in: 0...200, using: &random)
            let depths = (0..<2).map { _ in Int.random(in: 1...40, using: &random) }
            let before = try PrefetchingLoader(stream: mixture(), threads: 2, depth: depths[0])
            let head = try before.answers(stop)
            let saved = try JSONEncoder().encode(before.state)
            let state = try JSONDecoder().decode(PrefetchingLoader.State.self, from: saved)
            let after = try PrefetchingLoader(stream: mixture(), resuming: state, threads: 3, depth: depths[1])
            #expect(head + (try after.answers(250 - stop)) == expected)
        }
    }

    @Test func `one pass ends with nil, again and again`() throws {
        let loader = try PrefetchingLoader(stream: mixture(StreamOptions(shuffleBuffer: 4, isEndless: false)))
        #expect(try loader.answers().count == 47)
        #expect(try loader.next() == nil)
        #expect(loader.failures.tallies["first"]?.delivered == 33)
    }

    @Test func `broken samples are left out, counted and named`() throws {
        let lines = (0..<200).map { $0 % 20 == 7 ? "{\"content\": oops\n" : "{\"content\": \"text \($0)\"}\n" }
        let source = try textSource("s", [scratch.write(lines.joined(), "a.jsonl")])
        let reported = Mutex(0)
        let options = StreamOptions(isEndless: false)
        let loader = try PrefetchingLoader(stream: MixedStream(source, options: options)) { _ in
            reported.withLock { $0 += 1 }
        }
        #expect(try loader.answers().count == 190)
        #expect(loader.failures.tallies["s"]?.failed == 10)
        #expect(loader.failures.tallies["s"]?.tried == 200)
        #expect(reported.withLock { $0 } == 10)
        guard case .json(_, let offset, _)? = loader.failures.failures.first?.error else {
            Issue.record("expected a JSON error, found \(loader.failures.failures)")
            return
        }
        #expect(offset > 0)
    }

    @Test func `too large a share of broken samples ends the run, and stays an error`() throws {
        let lines = (0..<300).map { $0 % 5 == 0 ? "{]\n" : "{\"content\": \"text \($0)\"}\n" }
        let source = try textSource("s", [scratch.write(lines.joined(), "a.jsonl")])
        let loader = try PrefetchingLoader(stream: MixedStream(source), depth: 4)
        for _ in 0..<2 {
            #expect {
                _ = try loader.answers()
            } throws: { error in
                guard case DatasetError.tooManyFailures("s", let failed, let tried, let first) = error else {
                    return false
                }
                return failed * 10 > tried && tried >= 100 && first.count == 3
            }
        }
    }

    @Test(arguments: ["[]", "{\"other\": 1}", "x"])
    func `an endless source of which every sample fails ends`(line: String) throws {
        let source = try textSource("s", [scratch.write(line + "\n" + line + "\n", "a.jsonl")])
        let loader = try PrefetchingLoader(stream: MixedStream(source))
        #expect {
            _ = try loader.next()
        } throws: { error in
            guard case DatasetError.tooManyFailures("s", 100, 100, _) = error else { return false }
            return true
        }
        let once = try PrefetchingLoader(stream: MixedStream(source, options: StreamOptions(isEndless: false)))
        #expect(throws: DatasetError.self) { try once.next() }
    }

    @Test func `an endless source of which every sample is passed over ends`() throws {
        let source = try textSource("s", [scratch.write("{\"content\": \" \"}\n", "a.jsonl")])
        let loader = try PrefetchingLoader(stream: MixedStream(source))
        #expect(throws: DatasetError.nothingUsable(source: "s", tried: 1000, reasons: ["1000 empty text"])) {
            try loader.next()
        }
    }

    @Test func `samples of too many tokens are passed over, not cut`() throws {
        let shard = try linesFile(scratch, "a.jsonl", 0..<12)
        let limit = TokenLimit(maxTokens: 6) { $0.utf8.count }
        let source = try SampleSource(
            name: "s", shards: [shard], builder: PlainTextBuilder(), tokenLimit: limit
        ) { path throws(DatasetError) in
            try JSONLinesReader(path: path)
        }
        let loader = try PrefetchingLoader(stream: MixedStream(source, options: StreamOptions(isEndless: false)))
        #expect(Set(try loader.answers()) == Set((0..<10).map { "text \($0)" }))
        #expect(loader.failures.tallies["s"]?.skipped == [.tooLong: 2])
    }

    @Test func `closing ends the threads, and releasing does`() throws {
        for isClosed in [true, false] {
            var loader: PrefetchingLoader? = try PrefetchingLoader(stream: mixture(), threads: 4, depth: 64)
            #expect(try loader?.next() != nil)
            if isClosed {
                loader?.close()
                #expect(try loader?.next() == nil)
            }
            weak let released = loader
            loader = nil
            #expect(released == nil)
        }
    }

    @Test func `damaged positions are refused or give samples, and never end the program`() throws {
        let before = try PrefetchingLoader(stream: mixture(), threads: 1, depth: 3)
        _ = try before.answers(5)
        let valid = [UInt8](try JSONEncoder().encode(before.state))
        var outcomes: Set<Bool> = []
        for seed in 0..<300 as Range<UInt64> {
            do {
                let bytes = Data(Mutations.mutate(valid, seed: seed))
                let state = try JSONDecoder().decode(PrefetchingLoader.State.self, from: bytes)
                let after = try PrefetchingLoader(stream: mixture(), resuming: state, threads: 1, depth: 3)
                outcomes.insert(try after.answers(20).count == 20)
            } catch {
                outcomes.insert(false)
            }
        }
        #expect(outcomes == [true, false])
    }

    @Test func `negative places are errors`() throws {
        let source = try textSource("s", scratch, shards: 1, each: 2)
        for position in [-1, .min] {
            let address = SampleAddress(shard: 0, position: position)
            #expect(throws: DatasetError.self) { try source.outcome(at: address, pass: 0, seed: 0) }
            #expect(throws: DatasetError.self) { try JSONLinesReader(path: source.shards[0]).load(at: position) }
        }
    }

    @Test func `a position of another mixture is refused`() throws {
        let other = try MixedStream(textSource("third", scratch, shards: 1, each: 3))
        let state = try PrefetchingLoader(stream: other).state
        #expect(throws: DatasetError.self) { try PrefetchingLoader(stream: mixture(), resuming: state) }
    }
}
