import Datasets
import Diffusion
public import MMaDA
import StrictJSON
import TextTokenizer
import Torch
import Transformer

/// Answers the items of a benchmark, many in one pass, and notes the verdicts.
///
/// Each item has random numbers of its own: its answer does not depend on what is asked beside it, or before.
public struct BenchmarkRunner {
    private let model: MMaDAModel
    private let settings: BenchmarkSettings
    private let batchSize: Int

    /// A runner of a model; `batchSize`: items in work at the same time.
    public init(_ model: MMaDAModel, _ settings: BenchmarkSettings, batchSize: Int) {
        self.model = model
        self.settings = settings
        self.batchSize = max(1, batchSize)
    }

    /// Answers what has no result yet.
    ///
    /// - Parameters:
    ///   - benchmark: What judges.
    ///   - items: Those of `benchmark`, or some of them.
    ///   - method: How they are answered.
    ///   - run: Where results are noted.
    ///   - progress: Called with the results so far; what it throws ends the work, which can be gone on with.
    /// - Throws: ``BenchmarkError`` if two items have one name, and errors of the model.
    public func answer(
        _ benchmark: any Benchmark, _ items: [BenchmarkItem], by method: AnswerMethod, into run: BenchmarkRun,
        progress: (Int) throws -> Void = { _ in }
    ) throws {
        let open = try run.open(items)
        var done = items.count - open.count
        try progress(done)
        for start in stride(from: 0, to: open.count, by: batchSize) {
            let batch = Array(open[start..<min(open.count, start + batchSize)])
            let results =
                switch method {
                case .likelihood: try batch.map { try ranked($0) }
                case .generation, .painting: try written(batch, benchmark, progress: { try progress(done) })
                }
            for result in results { try run.add(result) }
            done += results.count
            try progress(done)
        }
    }

    /// A generator's seed that belongs to an item.
    private func seed(_ item: BenchmarkItem) -> UInt64 {
        var random = SampleRandom(seed: settings.seed, pass: 0, id: item.id)
        return random.next()
    }

    private func skipped(_ item: BenchmarkItem, _ reason: String) -> ItemResult {
        ItemResult(id: item.id, group: item.group, skipped: reason)
    }

    // MARK: Writing

    private func written(
        _ batch: [BenchmarkItem], _ benchmark: any Benchmark, progress: () throws -> Void
    ) throws -> [ItemResult] {
        var results = [ItemResult?](repeating: nil, count: batch.count)
        var asked: [(index: Int, request: PreparedRequest)] = []
        for (index, item) in batch.enumerated() {
            switch try prepared(item) {
            case .success(let request): asked.append((index, request))
            case .failure(let reason): results[index] = skipped(item, reason.text)
            }
        }
        let steps = try DenoiserBatch.run(
            model.transformer, count: asked.count, atOnce: batchSize,
            denoiser: { try model.denoiser(for: asked[$0].request) }, progress: { _ in try progress() })
        for ((index, request), step) in zip(asked, steps) {
            let item = batch[index]
            let output = step.map { model.text($0, of: request) } ?? ""
            let (answer, score) = benchmark.verdict(on: output, to: item)
            results[index] = ItemResult(
                id: item.id, group: item.group, prompt: item.messages.map(\.content).joined(separator: "\n"),
                output: output, answer: answer, gold: item.gold, score: score)
        }
        return results.compactMap(\.self)
    }

    private struct Reason: Error { let text: String }

    private func prepared(_ item: BenchmarkItem) throws -> Result<PreparedRequest, Reason> {
        var request = TextRequest(
            item.messages, genLength: settings.genLength, blockLength: settings.blockLength, steps: settings.steps)
        request.sampling.temperature = settings.temperature
        request.sampling.cfgScale = settings.cfgScale
        request.sampling.earlyStop = .answerComplete(endToken: model.vocabulary.end)
        request.thinks = settings.thinks
        request.seed = seed(item)
        if let picture = item.picture {
            do {
                request.image = try picture.load()
            } catch {
                return .failure(Reason(text: "unreadable picture"))
            }
        }
        do {
            let prepared = try model.prepare(request)
            let limit = model.transformer.configuration.maxSequenceLength
            guard prepared.promptCount + settings.genLength <= limit else {
                return .failure(Reason(text: "prompt too long"))
            }
            return .success(prepared)
        } catch MMaDAError.promptTooLong {
            return .failure(Reason(text: "prompt too long"))
        }
    }

    // MARK: Likelihoods

    /// The likeliest choice, by the sum over its tokens and by the mean over its bytes (lm-evaluation-harness's `acc` and
    /// `acc_norm`).
    private func ranked(_ item: BenchmarkItem) throws -> ItemResult {
        let queries = try item.choices.map { choice -> AnswerQuery in
            let (prompt, answer) = split(item.context, choice)
            return AnswerQuery(prompt: prompt, answer: answer, random: try RandomSource(seed: seed(item)))
        }
        guard !queries.isEmpty, queries.allSatisfy({ !$0.answer.isEmpty }) else {
            return skipped(item, "an empty choice")
        }
        let longest = queries.map { $0.prompt.count + $0.answer.count }.max() ?? 0
        guard longest <= model.transformer.configuration.maxSequenceLength else {
            return skipped(item, "prompt too long")
        }
        // One mask is exact for a single token.
        let isSingle = queries.allSatisfy { $0.answer.count == 1 }
        let likelihood = AnswerLikelihood(
            model.transformer, maskID: model.vocabulary.mask,
            .init(
                samples: isSingle ? 1 : settings.likelihoodSamples, batchSize: isSingle ? 1 : settings.likelihoodBatch,
                guidanceScale: settings.cfgScale))
        let estimates = try likelihood.estimates(queries) { isSettled($0) }
        let values = estimates.map(\.logLikelihood)
        let normalized = zip(values, item.choices).map { $0 / Double(max(1, $1.utf8.count)) }
        let (best, bestNormalized) = (Self.largest(values), Self.largest(normalized))
        let gold = item.gold.intValue ?? -1
        let output = JSONValue.object([
            ("log_likelihoods", .array(values.map { .number($0) })),
            ("acc_norm", .number(bestNormalized == gold ? 1 : 0)),
            ("rounds", .integer(Int64(estimates.map(\.losses.count).max() ?? 0))),
        ])
        return ItemResult(
            id: item.id, group: item.group, prompt: item.context,
            output: String(decoding: output.serialized(), as: UTF8.self), answer: "\(best)", gold: item.gold,
            score: best == gold ? 1 : 0)
    }

    /// Of equals the first.
    private static func largest(_ values: [Double]) -> Int {
        values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }
    }

    /// Whether the first leads every other by so many standard errors of their difference.
    private func isSettled(_ estimates: [LikelihoodEstimate]) -> Bool {
        guard settings.settledAt > 0, estimates.allSatisfy({ $0.losses.count >= 4 }) else { return false }
        let values = estimates.map(\.logLikelihood)
        let best = Self.largest(values)
        return estimates.indices.allSatisfy { other in
            guard other != best else { return true }
            let (a, b) = (estimates[best].standardError, estimates[other].standardError)
            return values[best] - values[other] > settings.settledAt * (a * a + b * b).squareRoot()
        }
    }

    /// Tokens of the context and of what continues it: those by which both together are longer than the context
    /// (lm-evaluation-harness; spaces at the end of the context belong to the choice).
    private func split(_ context: String, _ choice: String) -> (prompt: [Int32], answer: [Int32]) {
        let spaces = context.reversed().prefix { $0.isWhitespace }.count
        let whole = model.tokenizer.encode(context + choice)
        let prompt = model.tokenizer.encode(String(context.dropLast(spaces)))
        return (Array(whole.prefix(prompt.count)), Array(whole.dropFirst(prompt.count)))
    }
}
