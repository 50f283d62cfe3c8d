public import Diffusion
import Foundation
import Synchronization
import Torch
import Transformer

/// Runs requests on a model, one step at a time, on a thread of its own.
///
/// The steps of a request come as an asynchronous sequence. Who stops reading, or cancels, stops the work before its
/// next step.
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

    /// An engine for one model.
    public init(_ model: MMaDAModel) {
        self.model = model
        executor = ThreadExecutor(name: "mmada.inference")
    }

    /// The steps of a request.
    public nonisolated func steps(
        for request: PreparedRequest, delivery: Delivery = .every
    ) -> AsyncThrowingStream<DenoisingStep, any Error> {
        let policy: AsyncThrowingStream<DenoisingStep, any Error>.Continuation.BufferingPolicy =
            delivery == .every ? .unbounded : .bufferingNewest(1)
        return AsyncThrowingStream(bufferingPolicy: policy) { continuation in
            let task = Task { await run(request, continuation) }
            continuation.onTermination = { reason in
                if case .cancelled = reason { task.cancel() }
            }
        }
    }

    private func run(
        _ request: PreparedRequest, _ continuation: AsyncThrowingStream<DenoisingStep, any Error>.Continuation
    ) async {
        do {
            var denoiser = try model.denoiser(for: request)
            while true {
                try Task.checkCancellation()
                guard let step = try denoiser.next()?.first else { break }
                continuation.yield(step)
                await Task.yield()  // lets other requests take a step
            }
            continuation.finish()
        } catch {
            continuation.finish(throwing: error)
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
