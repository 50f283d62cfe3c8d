public import Datasets
import Foundation
import StrictJSON

/// Rejection sampling: asks for reasoning, keeps what is sound and right (training §5, UniGRPO's stage-2 data).
///
/// What was asked is noted beside the output as it comes in, so that work that was interrupted goes on where it was.
public struct Distillation: Sendable {
    /// What is asked and kept.
    public struct Settings: Hashable, Sendable {
        /// Answers asked for a prompt, at most.
        public var samples = 1
        /// Different right answers kept for a prompt; no more are asked for then.
        public var kept = 1
        /// Of all random numbers.
        public var seed: UInt64 = 0
        /// Prompts asked about at the same time.
        public var batchSize = 16
        /// Whether prompts without a known answer are passed over; else their answers are judged by form alone.
        public var requiresGold = true

        /// Every default.
        public init() {}
    }

    private let settings: Settings
    private let source: any ResponseSource
    private let filter: ReasoningFilter

    /// Asks `source`.
    public init(_ source: any ResponseSource, _ settings: Settings = Settings()) {
        self.source = source
        self.settings = settings
        filter = ReasoningFilter(requiresGold: settings.requiresGold)
    }

    /// Asks about every record of a JSON Lines file and writes the kept ones to another, whole or not at all.
    ///
    /// - Parameters:
    ///   - input: Records; their pictures lie at paths below its folder. What they hold as reasoning and answer is not used.
    ///   - images: What becomes of pictures before they are shown.
    ///   - output: Gets the kept records, prompts in the order of `input`.
    ///   - hard: If given, gets the records of `input` to which at least one answer was not right, as they are: the prompts
    ///     from which reinforcement learning has something to learn.
    ///   - progress: Called with the prompts done and in all.
    /// - Returns: How many prompts were solved, and why answers were dropped.
    /// - Throws: `DatasetError` for a broken record, ``DistillationError``, or what the source throws.
    public func run(
        _ input: String, images: ImagePreparation, output: String, hard: String? = nil,
        progress: (Int, _ total: Int) -> Void = { _, _ in }
    ) async throws -> DistillationReport {
        let reader = try JSONLinesReader(path: input)
        var positions: [Int] = []
        var position = 0
        while let span = try reader.next(from: position) {
            positions.append(span.position)
            position = span.end
        }
        let journal = try DistillationJournal(
            beside: output,
            of: [
                ("input_bytes", .integer(Int64(position))), ("prompts", .integer(Int64(positions.count))),
                ("samples", .integer(Int64(settings.samples))), ("kept", .integer(Int64(settings.kept))),
                ("seed", .string(JSONString("\(settings.seed)"))), ("requires_gold", .bool(settings.requiresGold)),
            ])
        let builder = StoredRecordBuilder(images: images)
        for start in stride(from: 0, to: positions.count, by: max(1, settings.batchSize)) {
            let batch = start..<min(positions.count, start + max(1, settings.batchSize))
            progress(start, positions.count)
            var open = batch.filter { !journal.isDone($0, settings) }
            guard !open.isEmpty else { continue }
            var prompts: [Int: Prompt] = [:]
            for index in open { prompts[index] = try prompt(reader.load(at: positions[index]), builder) }
            for sample in 0..<settings.samples where !open.isEmpty {
                try await ask(open.filter { journal.attempts($0) <= sample }, sample, prompts, journal)
                open = open.filter { !journal.isDone($0, settings) }
            }
        }
        progress(positions.count, positions.count)
        try StoredRecord.write(journal.kept, to: output)
        if let hard {
            let records = try journal.missed.map { index in
                let sample = try reader.load(at: positions[index])
                return try StoredRecord(json: sample.fields, sample: sample.id)
            }
            try StoredRecord.write(records, to: hard)
        }
        let report = DistillationReport(journal.entries, prompts: positions.count)
        journal.remove()
        return report
    }

    private struct Prompt {
        let record: Record
        /// Path of its picture, as it was stored.
        let image: String
    }

    private func prompt(_ sample: RawSample, _ builder: StoredRecordBuilder) throws -> Prompt {
        var random = SampleRandom(seed: settings.seed)
        guard case .record(let record) = try builder.build(sample, random: &random) else {
            throw DatasetError.missingField(sample: sample.id, field: "prompt", expected: "a record that can be used")
        }
        guard !record.prompt.isEmpty else {
            throw DatasetError.missingField(sample: sample.id, field: "prompt", expected: "what is asked")
        }
        return Prompt(record: record, image: try StoredRecord(json: sample.fields, sample: sample.id).image)
    }

    private func ask(
        _ indices: [Int], _ sample: Int, _ prompts: [Int: Prompt], _ journal: DistillationJournal
    ) async throws {
        var asked: [(index: Int, prompt: Prompt)] = []
        for index in indices {
            guard let prompt = prompts[index] else { continue }
            if settings.requiresGold, prompt.record.gold.allSatisfy(\.isWhitespace) {
                try journal.add(.init(prompt: index, verdict: ReasoningFilter.Verdict.noGold.name, kept: nil))
            } else {
                asked.append((index, prompt))
            }
        }
        guard !asked.isEmpty else { return }
        let responses = try await source.responses(
            to: asked.map { ResponseQuery($0.prompt.record, seed: seed($0.index, sample)) })
        for ((index, prompt), response) in zip(asked, responses) {
            try journal.add(entry(index, prompt, response, journal))
        }
    }

    /// Apart for every prompt and sample, whatever else is asked beside them.
    private func seed(_ index: Int, _ sample: Int) -> UInt64 {
        var random = SampleRandom(seed: settings.seed, pass: sample, id: "\(index)")
        return random.next()
    }

    private func entry(
        _ index: Int, _ prompt: Prompt, _ response: Result<String, NoResponse>, _ journal: DistillationJournal
    ) -> DistillationJournal.Entry {
        guard case .success(let text) = response else {
            return .init(prompt: index, verdict: DistillationReport.noReply, kept: nil)
        }
        var stored = StoredRecord(prompt.record, image: prompt.image)
        stored.record.reasoning = ""
        stored.record.formatted = ""
        stored.record.answer = text
        let (found, report) = filter.filter([stored])
        guard let kept = found.first else {
            let verdict = report.counts.keys.first?.name ?? DistillationReport.noReply
            return .init(prompt: index, verdict: verdict, kept: nil)
        }
        let isNew = !journal.kept(index).contains {
            $0.record.reasoning == kept.record.reasoning && $0.record.answer == kept.record.answer
        }
        return .init(
            prompt: index, verdict: isNew ? report.counts.keys.first?.name ?? "" : DistillationReport.repeated,
            kept: isNew ? kept : nil)
    }
}
