import Synchronization

/// Records of a mixture in its order, loaded ahead by threads of its own.
///
/// Which sample comes next is decided here, on the side of the consumer; threads only load. So neither the number of
/// threads nor the depth changes the sequence, and a saved position is exact: the stream's, and the tickets given out
/// of which no record was taken yet. Broken samples are counted and left out, up to a limit.
public final class PrefetchingLoader: Sendable {
    /// A position that can be saved.
    public struct State: Codable, Hashable, Sendable {
        fileprivate var stream: MixedStream.State
        /// Given out, but not taken yet.
        fileprivate var issued: [SampleTicket]
    }

    private struct Consumer {
        var stream: MixedStream
        var log: FailureLog
        var pending: [LoadJob] = []
        var isClosed = false
        /// Nothing is given out any more, for this reason or because the stream is at its end.
        var streamError: DatasetError?
        var isStreamFinished = false
        /// Thrown again by every call once it was.
        var failure: DatasetError?
    }

    private let consumer: Mutex<Consumer>
    private let pool: LoadPool
    private let depth: Int
    private let limit: FailureLimit

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - stream: What to load, in which order.
    ///   - state: Where to continue; `nil` for where `stream` is.
    ///   - threads: Threads that load and decode.
    ///   - depth: Samples given out ahead; at least 1.
    ///   - limit: How many broken samples end the run.
    ///   - report: Called with every failure, on the consumer's thread; it must not call the loader.
    /// - Throws: ``DatasetError`` if `state` belongs to other data or an option makes no sense.
    public init(
        stream: MixedStream, resuming state: State? = nil, threads: Int = 2, depth: Int = 16,
        limit: FailureLimit = FailureLimit(), report: (@Sendable (FailureLog.Failure) -> Void)? = nil
    ) throws(DatasetError) {
        guard (1...1024).contains(threads) else {
            throw .invalidOption(name: "threads", expected: "1 to 1024", found: "\(threads)")
        }
        guard (1...100_000).contains(depth) else {
            throw .invalidOption(name: "depth", expected: "1 to 100000", found: "\(depth)")
        }
        var stream = stream
        if let state {
            try stream.restore(state.stream)
            guard state.issued.allSatisfy({ stream.sources.indices.contains($0.source) }) else {
                throw .stateMismatch(source: "mixture", what: "tickets", expected: "of its sources", found: "of others")
            }
        }
        let jobs = (state?.issued ?? []).map { LoadJob($0) }
        let pool = LoadPool(sources: stream.sources, seed: stream.seed)
        consumer = Mutex(Consumer(stream: stream, log: FailureLog(report: report), pending: jobs))
        self.pool = pool
        self.depth = depth
        self.limit = limit
        for job in jobs { pool.add(job) }
        pool.start(threads: threads)
    }

    deinit { pool.close() }

    /// Ends the threads, after the samples they are at; ``next()`` then gives `nil`.
    public func close() {
        consumer.withLock { $0.isClosed = true }
        pool.close()
    }

    /// The next record, waiting for it if need be; `nil` at the end of the data.
    ///
    /// - Returns: Records in the order of the stream, whichever thread loaded them.
    /// - Throws: ``DatasetError`` if too much is broken; every later call throws it again.
    public func next() throws(DatasetError) -> Record? {
        try consumer.withLock { (consumer) throws(DatasetError) -> Record? in
            if let failure = consumer.failure { throw failure }
            do throws(DatasetError) {
                return try next(&consumer)
            } catch {
                consumer.failure = error
                throw error
            }
        }
    }

    /// The position after the records taken so far.
    public var state: State {
        consumer.withLock { State(stream: $0.stream.state, issued: $0.pending.map(\.ticket)) }
    }

    /// What became of the samples since this loader was made.
    public var failures: FailureLog { consumer.withLock { $0.log } }

    // MARK: One record

    private func next(_ consumer: inout Consumer) throws(DatasetError) -> Record? {
        while !consumer.isClosed {
            fill(&consumer)
            guard !consumer.pending.isEmpty else {
                if let error = consumer.streamError { throw error }
                try consumer.log.checkEnd()
                return nil
            }
            let job = consumer.pending.removeFirst()
            let source = consumer.stream.sources[job.ticket.source].name
            switch job.wait() {
            case .success(let outcome):
                consumer.log.note(outcome, source: source)
                if case .record(let record) = outcome { return record }
            case .failure(let error):
                consumer.log.note(error, source: source)
            }
            try consumer.log.check(limit, source: source)
        }
        return nil
    }

    private func fill(_ consumer: inout Consumer) {
        while consumer.pending.count < depth, !consumer.isStreamFinished {
            do {
                guard let ticket = try consumer.stream.next(&consumer.log) else {
                    consumer.isStreamFinished = true
                    return
                }
                let job = LoadJob(ticket)
                consumer.pending.append(job)
                pool.add(job)
            } catch {
                // Thrown when what was given out before is used up: the depth must not decide how much that is.
                consumer.streamError = error
                consumer.isStreamFinished = true
            }
        }
    }
}
