import Dispatch
import Foundation
import Synchronization

/// A sample being loaded.
final class LoadJob: Sendable {
    let ticket: SampleTicket
    private let result = Mutex<Result<BuildOutcome, DatasetError>?>(nil)
    private let done = DispatchSemaphore(value: 0)

    init(_ ticket: SampleTicket) { self.ticket = ticket }

    func finish(_ outcome: Result<BuildOutcome, DatasetError>) {
        result.withLock { $0 = outcome }
        done.signal()
    }

    /// Waits until it is loaded; for one caller, once.
    func wait() -> Result<BuildOutcome, DatasetError> {
        while true {
            done.wait()
            if let outcome = result.withLock({ $0.take() }) { return outcome }
        }
    }
}

/// Threads that load samples in the order in which they are asked for.
final class LoadPool: Sendable {
    /// Deeply nested JSON is parsed recursively; some systems give threads half a megabyte.
    private static let stackBytes = 4 << 20

    private struct Queue {
        var jobs: [LoadJob] = []
        var isClosed = false
        var threads = 0
    }

    private let sources: [SampleSource]
    private let seed: UInt64
    private let queue = Mutex(Queue())
    private let work = DispatchSemaphore(value: 0)
    private let running = DispatchGroup()

    init(sources: [SampleSource], seed: UInt64) {
        self.sources = sources
        self.seed = seed
    }

    func add(_ job: LoadJob) {
        queue.withLock { $0.jobs.append(job) }
        work.signal()
    }

    func start(threads: Int) {
        queue.withLock { $0.threads += threads }
        for _ in 0..<threads {
            running.enter()
            let thread = Thread { [self] in
                run()
                running.leave()
            }
            thread.stackSize = Self.stackBytes
            thread.name = "datasets"
            thread.start()
        }
    }

    /// Ends the threads and waits for them; what was not begun is dropped.
    func close() {
        let threads = queue.withLock { queue in
            queue.jobs = []
            queue.isClosed = true
            defer { queue.threads = 0 }
            return queue.threads
        }
        for _ in 0..<threads { work.signal() }
        running.wait()
    }

    private func run() {
        while true {
            work.wait()
            let (job, isClosed) = queue.withLock { queue in
                (queue.jobs.isEmpty ? nil : queue.jobs.removeFirst(), queue.isClosed)
            }
            if let job { job.finish(load(job.ticket)) }
            if isClosed { return }
        }
    }

    private func load(_ ticket: SampleTicket) -> Result<BuildOutcome, DatasetError> {
        Result { () throws(DatasetError) in
            try sources[ticket.source].outcome(at: ticket.address, pass: ticket.pass, seed: seed)
        }
    }
}
