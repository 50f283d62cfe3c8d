public import Diffusion
import Foundation
import Synchronization
import Torch
import Transformer

/// Runs requests on a model, one step at a time, on a thread of its own.
///
/// Requests that run at the same time take their steps together, in one pass of the model; they join and leave between
/// steps, and each gives what it would give alone. Those that find no room wait in the order of their coming. The steps
/// of a request come as an asynchronous sequence. Who stops reading, or cancels, stops the work before its next step.
public actor InferenceEngine {
    /// The model; constant.
    public nonisolated let model: MMaDAModel
    private let executor: ThreadExecutor

    /// The thread that all forward passes run on: they must not block the shared pool, and the tensor engine keeps
    /// threads and modes for each caller's thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What a reader that is slower than the model gets.
    public enum Delivery: Hashable, Sendable {
        /// Every step.
        case every
        /// The newest step only; a step is a whole snapshot, so nothing lasting is missed.
        case latest
    }

    /// How much is in work at the same time.
    public struct Capacity: Hashable, Sendable {
        /// Requests.
        public var requests: Int
        /// Tokens of all of them, which bound the memory of a pass; a request that alone has more runs alone.
        public var tokens: Int

        /// Limits.
        public init(requests: Int = 32, tokens: Int = 16_384) {
            self.requests = requests
            self.tokens = tokens
        }
    }

    /// What the engine is doing.
    public struct Load: Hashable, Sendable {
        /// Requests that take steps, and that wait.
        public var running = 0, waiting = 0
        /// Passes of the model so far.
        public var passes = 0
    }

    private typealias Continuation = AsyncThrowingStream<DenoisingStep, any Error>.Continuation

    private struct Member {
        let request: PreparedRequest
        let continuation: Continuation
        let onStart: @Sendable () -> Void
    }

    private let capacity: Capacity
    private var batch: DenoiserBatch<UInt64>
    private var running: [UInt64: Member] = [:]
    private var waiting: [(key: UInt64, member: Member)] = []
    private var passes = 0
    private var isStepping = false
    private let keys = Mutex<UInt64>(0)

    /// An engine for one model.
    public init(_ model: MMaDAModel, capacity: Capacity = Capacity()) {
        self.model = model
        self.capacity = capacity
        batch = DenoiserBatch(model.transformer)
        executor = ThreadExecutor(name: "mmada.inference")
    }

    /// What is running and waiting.
    public var load: Load { Load(running: running.count, waiting: waiting.count, passes: passes) }

    /// The steps of a request.
    ///
    /// `onStart`: Called when its waiting is over.
    public nonisolated func steps(
        for request: PreparedRequest, delivery: Delivery = .every, onStart: @escaping @Sendable () -> Void = {}
    ) -> AsyncThrowingStream<DenoisingStep, any Error> {
        let policy: Continuation.BufferingPolicy = delivery == .every ? .unbounded : .bufferingNewest(1)
        let key = keys.withLock { last in
            last += 1
            return last
        }
        return AsyncThrowingStream(bufferingPolicy: policy) { continuation in
            let joining = Task {
                await self.join(key, Member(request: request, continuation: continuation, onStart: onStart))
            }
            continuation.onTermination = { reason in
                guard case .cancelled = reason else { return }
                Task {
                    // Never before it has joined.
                    await joining.value
                    await self.leave(key)
                }
            }
        }
    }

    private func join(_ key: UInt64, _ member: Member) {
        waiting.append((key, member))
        guard !isStepping else { return }
        isStepping = true
        Task { await step() }
    }

    private func leave(_ key: UInt64) {
        waiting.removeAll { $0.key == key }
        running[key] = nil
        batch.remove(key)
    }

    /// Takes steps until nothing is left to do.
    private func step() async {
        while true {
            admit()
            guard !running.isEmpty else { break }
            do {
                passes += 1
                for progress in try batch.next() { deliver(progress) }
            } catch {
                separate(error)
            }
            // A request with nothing to do is over without a step.
            for key in Set(running.keys).subtracting(batch.keys) {
                running.removeValue(forKey: key)?.continuation.finish()
            }
            await Task.yield()  // lets others join, leave and use the model
        }
        isStepping = false
    }

    private func admit() {
        while let next = waiting.first, running.isEmpty || hasRoom(for: next.member) {
            waiting.removeFirst()
            do {
                batch.insert(try model.denoiser(for: next.member.request), as: next.key)
                running[next.key] = next.member
                next.member.onStart()
            } catch {
                next.member.continuation.finish(throwing: error)
            }
        }
    }

    private func hasRoom(for member: Member) -> Bool {
        let tokens = running.values.reduce(member.request.tokenCount) { $0 + $1.request.tokenCount }
        return running.count < capacity.requests && tokens <= capacity.tokens
    }

    private func deliver(_ progress: DenoiserBatch<UInt64>.Progress) {
        guard let member = running[progress.key] else { return }
        if let step = progress.steps.first { member.continuation.yield(step) }
        guard progress.isLast else { return }
        running[progress.key] = nil
        member.continuation.finish(throwing: progress.error)
    }

    /// After a pass that failed: members step alone from now on where more than one is there, and one fails by itself.
    private func separate(_ error: any Error) {
        guard running.count > 1 else {
            for (key, member) in running {
                batch.remove(key)
                member.continuation.finish(throwing: error)
            }
            running = [:]
            return
        }
        for key in batch.keys {
            do {
                for progress in try batch.next(only: key) { deliver(progress) }
            } catch {
                batch.remove(key)
                running[key]?.continuation.finish(throwing: error)
                running[key] = nil
            }
        }
    }

    /// Runs `body` on the engine's thread: encoding and decoding of pictures belongs there too.
    public func perform<Result: Sendable>(_ body: @Sendable (MMaDAModel) throws -> Result) throws -> Result {
        try body(model)
    }
}

extension MMaDAModel {
    /// The denoiser of a request, to be stepped by hand or in a ``Diffusion/DenoiserBatch``; it has one row.
    public func denoiser(for request: PreparedRequest) throws -> any Denoiser {
        let random = try RandomSource(seed: request.seed, device: transformer.device)
        switch request.work {
        case .text(let prompt, let suffix, let blockLength, let blockCount, let sampling):
            return TextDenoiser(
                transformer, prompts: [prompt], blockLength: blockLength, blockCount: blockCount,
                maskID: vocabulary.mask, sampling: sampling, random: random, suffix: suffix)
        case .infill(let canvas, let sampling):
            return TextDenoiser(
                transformer, infilling: canvas, maskID: vocabulary.mask, sampling: sampling, random: random)
        case .image(let row, _, let sampling):
            return ImageDenoiser(
                transformer, rows: [row], imageTokens: vocabulary.image, maskID: vocabulary.mask,
                sampling: sampling, random: random)
        }
    }
}

/// Runs an actor's jobs on one thread.
private final class ThreadExecutor: SerialExecutor {
    /// Shared with the thread, which outlives the executor until its queue is empty.
    private final class Queue: Sendable {
        let jobs = Mutex<[(job: UnownedJob, executor: UnownedSerialExecutor)]>([])
        let signal = DispatchSemaphore(value: 0)
    }

    private let queue = Queue()

    init(name: String) {
        let thread = Thread { [queue] in
            while true {
                queue.signal.wait()
                let next = queue.jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                guard let next else { return }  // signalled without a job: closed
                next.job.runSynchronously(on: next.executor)
            }
        }
        thread.name = name
        thread.stackSize = 8 << 20
        thread.start()
    }

    deinit { queue.signal.signal() }

    func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        queue.jobs.withLock { $0.append((unowned, executor)) }
        queue.signal.signal()
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}
