import Datasets
import Diffusion
public import Foundation
import Images
public import MMaDA
import StrictJSON
import TextTokenizer

/// Paints the items of a benchmark, many in one pass, and has the pictures judged.
public struct PaintingRunner {
    private let engine: InferenceEngine
    private let settings: BenchmarkSettings
    private let batchSize: Int

    /// A runner of a model; `batchSize`: pictures in work at the same time.
    public init(_ engine: InferenceEngine, _ settings: BenchmarkSettings, batchSize: Int) {
        self.engine = engine
        self.settings = settings
        self.batchSize = max(1, batchSize)
    }

    /// Paints and judges what has no result yet.
    ///
    /// - Parameters:
    ///   - benchmark: What judges.
    ///   - items: Those of `benchmark`, or some of them.
    ///   - run: Where results are noted; the score of an item is the mean over its pictures.
    ///   - folder: Gets the pictures, where the official scorer looks for them.
    ///   - progress: Called with the results so far; what it throws ends the work, which can be gone on with.
    /// - Throws: ``BenchmarkError``, errors of the model, and what the judge throws.
    public func paint(
        _ benchmark: any PaintingBenchmark, _ items: [BenchmarkItem], into run: BenchmarkRun, folder: URL,
        progress: (Int) throws -> Void = { _ in }
    ) async throws {
        let open = try run.open(items)
        var done = items.count - open.count
        try progress(done)
        let count = max(1, settings.pictures)
        let share = max(1, batchSize / count)
        for start in stride(from: 0, to: open.count, by: share) {
            let batch = Array(open[start..<min(open.count, start + share)])
            let pictures = try await pictures(of: batch, count: count)
            for (index, item) in batch.enumerated() {
                try write(benchmark, item, Array(pictures[index * count..<(index + 1) * count]), folder)
            }
            let judged = pictures.indices.map { (pictures[$0], batch[$0 / count]) }
            let scores = try await benchmark.scores(judged)
            for (index, item) in batch.enumerated() {
                try run.add(result(benchmark, item, Array(scores[index * count..<(index + 1) * count])))
            }
            done += batch.count
            try progress(done)
        }
    }

    private func result(_ benchmark: any PaintingBenchmark, _ item: BenchmarkItem, _ scores: [Double?]) -> ItemResult {
        let known = scores.compactMap(\.self)
        guard known.count == scores.count else {
            return ItemResult(id: item.id, group: item.group, skipped: "no verdict")
        }
        return ItemResult(
            id: item.id, group: item.group, prompt: item.messages[0].content,
            output: benchmark.path(of: item, picture: 0), answer: known.map { "\($0)" }.joined(separator: " "),
            gold: item.gold, score: known.reduce(0, +) / Double(known.count))
    }

    /// `count` pictures of each item, item after item.
    private func pictures(of batch: [BenchmarkItem], count: Int) async throws -> [RGBImage] {
        let settings = settings
        let size = batchSize
        return try await engine.perform { model in
            let requests = try batch.flatMap { item in
                try (0..<count).map { number in
                    var request = ImageRequest(item.messages[0].content)
                    request.sampling.steps = settings.imageSteps
                    request.sampling.guidanceScale = settings.guidanceScale
                    request.sampling.temperature = settings.imageTemperature
                    var random = SampleRandom(seed: settings.seed, pass: number, id: item.id)
                    request.seed = random.next()
                    return try model.prepare(request)
                }
            }
            let steps = try DenoiserBatch.run(
                model.transformer, count: requests.count, atOnce: size,
                denoiser: { try model.denoiser(for: requests[$0]) }, progress: { _ in try Task.checkCancellation() })
            return try zip(requests, steps).map { request, step in
                guard let step, let picture = try model.picture(step, of: request) else {
                    throw BenchmarkError.picture(reason: "nothing was painted")
                }
                return picture
            }
        }
    }

    private func write(
        _ benchmark: any PaintingBenchmark, _ item: BenchmarkItem, _ pictures: [RGBImage], _ folder: URL
    ) throws {
        func place(_ path: String) throws -> URL {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            return file
        }
        do {
            for companion in benchmark.companions(of: item) {
                try Data(companion.content).write(to: place(companion.path), options: .atomic)
            }
            for (number, picture) in pictures.enumerated() {
                try picture.write(to: place(benchmark.path(of: item, picture: number)))
            }
        } catch {
            throw BenchmarkError.unwritable(path: folder.path)
        }
    }
}
