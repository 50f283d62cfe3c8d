import Datasets
import Diffusion
public import Foundation
import ImageTokenizer
import Images
import MMaDA
public import NN
public import Rewards
import ShapesWorld
public import StrictJSON
import Synchronization
import TextTokenizer
import Torch
public import Transformer

/// Stage 3, UniGRPO: the policy answers prompts, rewards tell its answers apart, and masked likelihoods move towards the
/// better ones (arXiv 2505.15809 §3.4).
///
/// A phase is a set of answers; each of its inner updates is one optimizer step. All draws depend on the seed and on the
/// phase's number alone, so that a phase that was cut short is made again as it would have been.
public final class PolicyStage: TrainingStage {
    /// What the optimizer does to the parameters.
    public let groups: [Optimizer.Group]
    /// The policy.
    public let model: LLaDA

    private let reference: LLaDA?
    private let settings: PolicySettings
    private let language: LanguageParts
    private let feeds: PartFeeds
    private let rewards: RewardList
    private let writer: ([NamedParameter], URL) throws -> Void
    private let validator: (LLaDA, Int, URL) throws -> [String: Double]
    private let isInterrupted: () -> Bool
    private let noise: PolicyNoise
    private let cache: CodeCache
    private var phase: PolicyPhase?
    /// Phases begun.
    private var phaseCount = 0

    /// A stage.
    ///
    /// - Parameters:
    ///   - model: The policy; its parameters are those of `groups`.
    ///   - reference: The policy as it was at first, frozen; may share storage with it where adapters are trained. `nil`
    ///     to measure the divergence from the policy that sampled.
    ///   - groups: What is trained.
    ///   - settings: Of phases, noise and objective.
    ///   - language: Tokenizer, prompts and image tokenizer.
    ///   - feeds: Prompts for each part that has some in a phase.
    ///   - rewards: What tells answers apart.
    ///   - writer: Writes a model folder with given values.
    ///   - validator: Looks at the model.
    ///   - isInterrupted: Whether the run is to end, asked while answers are being made.
    /// - Throws: ``TrainingError/noData(part:)``.
    public init(
        _ model: LLaDA, reference: LLaDA?, groups: [Optimizer.Group], settings: PolicySettings, language: LanguageParts,
        feeds: [LossPart: any RecordFeed], rewards: RewardList,
        writer: @escaping ([NamedParameter], URL) throws -> Void,
        validator: @escaping (LLaDA, Int, URL) throws -> [String: Double] = { _, _, _ in [:] },
        isInterrupted: @escaping () -> Bool = { false }
    ) throws {
        self.model = model
        self.reference = reference
        self.groups = groups
        self.settings = settings
        self.language = language
        self.feeds = try PartFeeds(feeds, counts: settings.promptCounts)
        self.rewards = rewards
        self.writer = writer
        self.validator = validator
        self.isInterrupted = isInterrupted
        noise = PolicyNoise(
            settings.noise, pictures: settings.imageNoise, updates: settings.updates,
            promptMaskProbability: settings.promptMaskProbability, seed: settings.seed)
        cache = CodeCache(language.imageTokenizer, device: model.device)
    }

    // MARK: Steps

    /// The loss of one slice of the phase's answers in its next inner update; begins a phase where one is over.
    public func microStep() throws -> MicroStep {
        var measures: [String: Double] = [:]
        if phase.map({ $0.isOver(slices: settings.accumulation, updates: settings.updates) }) ?? true {
            phase = try makePhase(&measures)
        }
        guard var phase else { throw TrainingError.noData(part: "a phase") }
        let (update, slice) = phase.next.quotientAndRemainder(dividingBy: settings.accumulation)
        phase.next += 1
        self.phase = phase

        let members = phase.slice(slice, of: settings.accumulation)
        guard !members.isEmpty else {
            return MicroStep(
                loss: try .zeros([], dtype: .float32, device: model.device), parts: [:], measures: measures,
                tokenCount: 0, sampleCount: 0, samples: [])
        }
        let likelihood = try likelihood(members, phase, update)
        let logp = try likelihood.logProbabilities(model, recomputing: settings.recomputes)
        let old: [Float] =
            settings.updates == 1 ? try logp.detached().array() : phase.old[slice * settings.updates + update]
        let result = try settings.objective(
            logp,
            PolicyObjective.Rows(
                counts: likelihood.counts, advantages: likelihood.order.map { members[$0].advantage }, old: old,
                reference: settings.objective.divergenceWeight > 0
                    ? reference == nil ? old : phase.reference[slice * settings.updates + update] : []))
        measures["policy/ratio"] = result.ratio
        measures["policy/clipped_share"] = result.clippedShare
        return MicroStep(
            loss: result.loss, parts: ["surrogate": -result.surrogate, "divergence": result.divergence],
            measures: measures, tokenCount: likelihood.tokenCount, sampleCount: members.count,
            samples: members.map(\.name))
    }

    private func likelihood(_ members: [PolicyExample], _ phase: PolicyPhase, _ update: Int) throws -> PolicyLikelihood
    {
        try PolicyLikelihood(
            members.map(\.rollout),
            numbers: members.map { settings.sharesMasks ? $0.number / settings.groupSize : $0.number },
            steps: members.map(\.step), noise: noise, rollout: phase.number, update: update,
            vocabulary: language.prompts.vocabulary,
            temperatures: members.map { settings.sampling.temperature(of: $0.rollout.task) },
            guidance: PictureGuidance(scale: settings.sampling.image.guidanceScale, unconditional: unconditional))
    }

    /// What stands before a picture without its caption.
    private var unconditional: [Int32] {
        language.prompts.textToImage("", maxTextLength: settings.maxTextLength)
    }

    // MARK: Phases

    private func makePhase(_ measures: inout [String: Double]) throws -> PolicyPhase {
        let before = try feeds.state
        do {
            return try withoutGradient { () throws in try collect(&measures) }
        } catch is StepAbandoned {
            // As if it had not begun.
            try feeds.restore(before)
            throw StepAbandoned()
        }
    }

    private func collect(_ measures: inout [String: Double]) throws -> PolicyPhase {
        var phase = PolicyPhase(number: phaseCount)
        var seconds = (rollout: 0.0, reward: 0.0)
        var (judged, asked, differing): ([Judged], Int, Int) = ([], 0, 0)
        let wanted = settings.promptCounts.values.reduce(0, +)
        // Groups that agree teach nothing: where too many do, further prompts are asked.
        for _ in 0...settings.refills {
            let prompts = try drawPrompts()
            let requests = prompts.enumerated().flatMap { place, prompt in
                (0..<settings.groupSize).map { index in
                    let number = (asked + place) * settings.groupSize + index
                    return RolloutSampler.Request(
                        task: prompt.task, group: place, prompt: prompt.tokens,
                        seed: PolicyNoise.key([settings.seed, UInt64(phase.number), UInt64(number)]))
                }
            }
            var start = ContinuousClock.now
            let rollouts = try sampler.rollouts(requests) { _ in if isInterrupted() { throw StepAbandoned() } }
            seconds.rollout += (ContinuousClock.now - start).seconds
            start = ContinuousClock.now
            let found = try judge(rollouts, prompts, firstNumber: asked * settings.groupSize)
            seconds.reward += (ContinuousClock.now - start).seconds
            judged += found
            asked += prompts.count
            let taken = examples(found)
            differing += taken.differing
            phase.examples += taken.examples
            if differing >= (wanted + 1) / 2 { break }
        }
        report(judged, groups: asked, differing: differing, &measures)
        let start = ContinuousClock.now
        if settings.updates > 1 || reference != nil { try compare(&phase) }
        measures["seconds/rollout"] = seconds.rollout
        measures["seconds/reward"] = seconds.reward
        measures["seconds/likelihood"] = (ContinuousClock.now - start).seconds
        phaseCount += 1
        return phase
    }

    /// log p under the policy as it is and under the reference, for every slice and inner update.
    private func compare(_ phase: inout PolicyPhase) throws {
        for slice in 0..<settings.accumulation {
            let members = phase.slice(slice, of: settings.accumulation)
            for update in 0..<settings.updates {
                if isInterrupted() { throw StepAbandoned() }
                guard !members.isEmpty else {
                    phase.old.append([])
                    phase.reference.append([])
                    continue
                }
                // Where nothing is drawn every update sees the same.
                if update > 0, noise.promptMaskProbability == 0, members.allSatisfy({ $0.step != nil }) {
                    phase.old.append(phase.old[phase.old.count - 1])
                    phase.reference.append(phase.reference[phase.reference.count - 1])
                    continue
                }
                let likelihood = try likelihood(members, phase, update)
                phase.old.append(settings.updates > 1 ? try likelihood.logProbabilities(model).array() : [])
                let needsReference = settings.objective.divergenceWeight > 0
                phase.reference.append(
                    try needsReference ? reference.map { try likelihood.logProbabilities($0).array() } ?? [] : [])
            }
        }
    }

    private var sampler: RolloutSampler {
        RolloutSampler(
            model: model, vocabulary: language.prompts.vocabulary, sampling: settings.sampling,
            unconditional: unconditional)
    }

    /// A prompt and what its answers are judged by.
    private struct Prompt {
        var task: TaskKind
        var tokens: [Int32]
        var record: Record
    }

    private func drawPrompts() throws -> [Prompt] {
        try LossPart.allCases.flatMap { part in try feeds.draw(part) { try prompt($0, part) } }
    }

    private func prompt(_ record: Record, _ part: LossPart) throws -> Prompt? {
        guard !record.prompt.isEmpty else { return nil }
        let messages = language.prompts.thinking([ChatMessage(role: .user, content: record.prompt)])
        let tokens: [Int32]
        switch part {
        case .textToImage:
            tokens = language.prompts.textToImage(record.prompt, maxTextLength: settings.maxTextLength)
        case .language: tokens = try language.prompts.chat(messages)
        case .understanding:
            guard let image = record.image else { return nil }
            tokens = try language.prompts.understanding(
                messages, codes: cache.codes(of: image, named: record.source + "/" + record.id))
        case .reasonToImage: return nil
        }
        let task: TaskKind =
            switch part {
            case .textToImage: .textToImage
            case .language: .chat
            case .understanding, .reasonToImage: .understanding
            }
        return tokens.count <= settings.maxPromptLength ? Prompt(task: task, tokens: tokens, record: record) : nil
    }

    // MARK: Rewards

    /// An answer and what it is worth.
    private struct Judged {
        var rollout: Rollout
        var number: Int
        var name: String
        var reward: CombinedReward
    }

    private func judge(_ rollouts: [Rollout], _ prompts: [Prompt], firstNumber: Int) throws -> [Judged] {
        let samples = try rollouts.map { rollout in
            let prompt = prompts[rollout.group]
            return RewardSample(
                task: prompt.task, prompt: prompt.record.prompt, image: prompt.record.image,
                text: rollout.isPicture ? "" : text(of: rollout),
                picture: rollout.isPicture ? try picture(of: rollout) : nil, gold: prompt.record.gold,
                requirements: CaptionRequirements(text: prompt.record.gold), isTruncated: rollout.isTruncated,
                id: prompt.record.source + "/" + prompt.record.id)
        }
        let rewards = rewards
        let combined = try waiting { try await rewards.combined(samples) }
        return zip(rollouts, zip(samples, combined)).enumerated().map { index, pair in
            Judged(rollout: pair.0, number: firstNumber + index, name: pair.1.0.id, reward: pair.1.1)
        }
    }

    private func text(of rollout: Rollout) -> String {
        let vocabulary = language.prompts.vocabulary
        return language.tokenizer.decode(rollout.answer.filter { vocabulary.text.contains(Int($0)) })
    }

    private func picture(of rollout: Rollout) throws -> RGBImage? {
        guard let tokenizer = language.imageTokenizer else { return nil }
        let side = Int(Double(rollout.answer.count).squareRoot())
        let codes = rollout.answer.map { Int64(language.prompts.vocabulary.code(of: $0) ?? 0) }
        let grid = try Tensor(codes, shape: [1, side, side]).to(model.device)
        return try PixelConversion.images(of: tokenizer.decode(grid)).first
    }

    /// What of some groups takes part in updates, and how many of them do not agree.
    private func examples(_ judged: [Judged]) -> (examples: [PolicyExample], differing: Int) {
        var (examples, differing): ([PolicyExample], Int) = ([], 0)
        for start in stride(from: 0, to: judged.count, by: settings.groupSize) {
            let group = judged[start..<start + settings.groupSize]
            if let advantages = GroupAdvantages.advantages(group.map(\.reward.total), scale: settings.advantageScale) {
                differing += 1
                guard noise.kind(isPicture: group.first?.rollout.isPicture ?? false) == .branches else {
                    examples += zip(group, advantages).compactMap { example($0, $1) }
                    continue
                }
                let answers = Array(group)
                examples += PolicyBranches.branches(answers.map(\.rollout), rewards: answers.map(\.reward.total))
                    .flatMap { branch -> [PolicyExample] in
                        let rewards = branch.members.map { answers[$0].reward.total }
                        let among = GroupAdvantages.advantages(rewards, scale: settings.advantageScale) ?? []
                        return zip(branch.members, among).compactMap { example(answers[$0], $1, step: branch.step) }
                    }
            } else {
                // Without an advantage, so that only the divergence counts.
                examples += group.prefix(settings.anchors).compactMap { answer in
                    example(answer, answer.reward.total.map { _ in 0 })
                }
            }
        }
        return (examples, differing)
    }

    private func example(_ answer: Judged, _ advantage: Double?, step: Int? = nil) -> PolicyExample? {
        // Nothing was said that could be masked, or its reward failed.
        guard let advantage, !answer.rollout.answer.isEmpty else { return nil }
        if advantage < 0, settings.negativeScale == 0 { return nil }
        let weight =
            (settings.coefficients[LossPart(answer.rollout.task)] ?? 1) * (advantage < 0 ? settings.negativeScale : 1)
        return PolicyExample(
            rollout: answer.rollout, number: answer.number, advantage: advantage * weight, name: answer.name,
            step: step)
    }

    private func report(_ judged: [Judged], groups: Int, differing: Int, _ measures: inout [String: Double]) {
        for statistics in rewards.statistics(of: judged.map(\.reward)) where statistics.count + statistics.failures > 0
        {
            measures["reward/\(statistics.name)"] = statistics.mean
            measures["reward_deviation/\(statistics.name)"] = statistics.standardDeviation
            if statistics.failures > 0 { measures["reward_failures/\(statistics.name)"] = Double(statistics.failures) }
        }
        for part in LossPart.allCases {
            let mine = judged.filter { LossPart($0.rollout.task) == part }
            guard !mine.isEmpty else { continue }
            let totals = mine.compactMap(\.reward.total)
            let count = Double(mine.count)
            measures["reward_total/\(part.rawValue)"] = totals.reduce(0, +) / Double(max(1, totals.count))
            measures["answer_length/\(part.rawValue)"] = Double(mine.reduce(0) { $0 + $1.rollout.answer.count }) / count
            measures["truncated_share/\(part.rawValue)"] = Double(mine.count { $0.rollout.isTruncated }) / count
            measures["unique_share/\(part.rawValue)"] =
                Double(Set(mine.map { [Int32($0.number / settings.groupSize)] + $0.rollout.answer }).count) / count
        }
        measures["policy/used_share"] = Double(differing) / Double(max(1, groups))
    }

    // MARK: State

    /// Phases begun, positions of the prompts, and the answers of a phase that is not over.
    public var state: JSONValue {
        get throws {
            let unfinished = phase.flatMap {
                $0.isOver(slices: settings.accumulation, updates: settings.updates) ? nil : $0.json
            }
            let fields: [(key: JSONString, value: JSONValue)] = [
                ("phases", .integer(Int64(phaseCount))), ("data", try feeds.state), ("phase", unfinished ?? .null),
            ]
            return .object(fields)
        }
    }

    /// Puts them back.
    public func restore(_ state: JSONValue) throws {
        guard let count = state["phases"]?.intValue, let stored = state["phase"] else {
            throw TrainingError.unreadableState(folder: "state.json", reason: "no phase")
        }
        phaseCount = count
        phase = stored == .null ? nil : try PolicyPhase(stored, slices: settings.accumulation * settings.updates)
        try feeds.restore(state["data"])
    }

    /// Writes a model folder.
    public func writeModel(_ parameters: [NamedParameter], to folder: URL) throws { try writer(parameters, folder) }

    /// Looks at the model as it is.
    public func validate(step: Int, folder: URL) throws -> [String: Double] { try validator(model, step, folder) }
}

/// What asynchronous work gave, handed from its task to the thread that waits for it.
private final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let done = DispatchSemaphore(value: 0)

    func put(_ value: Result<Value, any Error>) {
        result.withLock { $0 = value }
        done.signal()
    }

    func wait() throws -> Value {
        done.wait()
        guard let found = result.withLock({ $0 }) else { throw CancellationError() }
        return try found.get()
    }
}

/// Runs asynchronous work from a thread that belongs to nobody else, and waits for it.
private func waiting<Value: Sendable>(_ body: @escaping @Sendable () async throws -> Value) throws -> Value {
    let outcome = Outcome<Value>()
    Task {
        do {
            outcome.put(.success(try await body()))
        } catch {
            outcome.put(.failure(error))
        }
    }
    return try outcome.wait()
}
