import Checkpoints
import Datasets
import Diffusion
import Foundation
import Images
import MMaDA
import NN
import Rewards
import ShapesWorld
import StrictJSON
import Synchronization
import Testing
import TextTokenizer
import Torch
import Transformer

@testable import Training

/// A reward that a test makes up.
private struct MadeUpReward: Reward {
    var name = "made_up"
    var judge: @Sendable (RewardSample) throws -> RewardOutcome
    func outcomes(of samples: [RewardSample]) throws -> [RewardOutcome] { try samples.map(judge) }
}

private struct Refusal: Error {}

@Suite(.serialized) final class PolicyStageTests {
    private let tiny: TinyWorld
    private let base: URL
    private let world = World(level: .cells, seed: 3)

    init() throws {
        tiny = try TinyWorld()
        let observer = RecordingObserver()
        for loaded in [
            try tiny.tokenizer(output: "vq", ["training.max_train_steps=2"]),
            try tiny.language(output: "base", imageTokenizer: "vq/checkpoint-2", ["training.max_train_steps=1"]),
        ] {
            let run = try TrainingRun(loaded, start: .new, interruption: Interruption(), observer: observer)
            try run.trainer.run()
        }
        base = tiny.folder.appending(path: "base/checkpoint-1")
    }

    deinit { tiny.remove() }

    // MARK: Stages made by hand

    private struct Made {
        var stage: PolicyStage
        var trained: TrainableParameters
        var reference: LLaDA
    }

    private func settings() -> PolicySettings {
        var settings = PolicySettings()
        settings.groupSize = 3
        settings.updates = 2
        settings.promptCounts = [.textToImage: 1, .language: 1, .understanding: 1]
        settings.sampling.genLength = 8
        settings.sampling.blockLength = 4
        settings.sampling.chatGenLength = 8
        settings.sampling.tokensPerStep = [1]
        settings.sampling.chatTokensPerStep = [1, 2]
        settings.sampling.text.temperature = 1
        settings.sampling.chatTemperature = 1
        settings.sampling.imageSteps = [3, 2]
        settings.sampling.image.guidanceScale = 1
        settings.sampling.rowsAtOnce = 4
        settings.refills = 0
        settings.seed = 5
        settings.objective.divergenceWeight = 0.1
        return settings
    }

    private func make(
        _ change: (inout PolicySettings) -> Void = { _ in }, reference: Bool = true,
        isInterrupted: @escaping () -> Bool = { false },
        judge: @escaping @Sendable (RewardSample) throws -> RewardOutcome
    ) throws -> Made {
        var settings = settings()
        change(&settings)
        let (shape, checkpoint) = try MMaDAModel.transformerFiles(directory: base)
        let trained = TrainableParameters(CheckpointParameters(checkpoint))
        let model = try LLaDA(shape, dtype: .float32, ParameterScope(trained))
        let frozen = try LLaDA(shape, dtype: .float32, ParameterScope(CheckpointParameters(checkpoint)))
        let whole = try MMaDAModel(directory: base)
        let tasks: [LossPart: TaskKind] = [
            .textToImage: .textToImage, .language: .chat, .understanding: .understanding,
        ]
        let feeds = try tasks.mapValues { task in
            RepeatedRecords(try (0..<4).map { try world.example(task, .train, $0).record })
        }
        let stage = try PolicyStage(
            model, reference: reference ? frozen : nil, groups: [Optimizer.Group(trained.parameters, weightDecay: 0)],
            settings: settings,
            language: LanguageParts(
                tokenizer: whole.tokenizer, prompts: whole.prompts, imageTokenizer: whole.imageTokenizer()),
            feeds: feeds, rewards: RewardList([RewardList.Entry(MadeUpReward(judge: judge))]), writer: { _, _ in },
            isInterrupted: isInterrupted)
        return Made(stage: stage, trained: trained, reference: frozen)
    }

    /// A judgement that differs between answers and needs nothing but them.
    @Sendable private static func variety(_ sample: RewardSample) -> RewardOutcome {
        if let picture = sample.picture {
            return .value(Double(picture.pixels.reduce(0) { ($0 &* 31 &+ Int($1)) % 997 }))
        }
        return .value(Double(sample.text.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) % 997 }))
    }

    private func gradient(_ made: Made) throws -> Double {
        try Tensor.norm(of: made.trained.parameters.compactMap { try $0.tensor.gradient() })
    }

    @Test func `in the first inner update ratios are 1 and the divergence is 0`() throws {
        let made = try make(judge: Self.variety)
        let first = try made.stage.microStep()
        #expect(abs(try #require(first.measures["policy/ratio"]) - 1) < 1e-4)
        #expect(abs(try #require(first.parts["divergence"])) < 1e-6)
        try first.loss.backward()
        #expect(try gradient(made) > 0)
        let second = try made.stage.microStep()
        #expect(second.measures["seconds/rollout"] == nil && first.measures["seconds/rollout"] != nil)
    }

    @Test func `where all answers to a prompt are worth the same nothing is learnt`() throws {
        let made = try make(judge: { _ in .value(1) })
        let step = try made.stage.microStep()
        #expect(!step.loss.requiresGradient)
        #expect(step.sampleCount == 0 && step.measures["policy/used_share"] == 0)
        #expect(step.measures["reward/made_up"] == 1)
    }

    @Test func `a better answer becomes likelier and a worse one less likely`() throws {
        let made = try make({ $0.promptCounts = [.language: 2] }, judge: Self.variety)
        let optimizer = Optimizer(made.stage.groups)
        let first = try made.stage.microStep()
        try first.loss.backward()
        try optimizer.step(learningRate: 1e-3)
        try optimizer.clearGradients()
        // The same answers under another mask: the surrogate has grown by the step.
        let second = try made.stage.microStep()
        #expect(try #require(second.parts["surrogate"]) < 0)
        #expect(try #require(second.measures["policy/ratio"]) != 1)
    }

    @Test func `where worse answers count nothing only better ones are learnt from`() throws {
        let all = try make(judge: Self.variety).stage.microStep()
        let better = try make({ $0.negativeScale = 0 }, judge: Self.variety).stage.microStep()
        #expect(all.sampleCount == 9 && (3...6).contains(better.sampleCount))
        #expect(try #require(better.parts["surrogate"]) < 0 && abs(#require(all.parts["surrogate"])) < 1e-3)
        #expect(better.measures["policy/used_share"] == all.measures["policy/used_share"])
    }

    @Test func `groups that agree hold the policy where it was, if asked`() throws {
        // The first phase has something to learn from, the second has not.
        let counter = CallCounter()
        let made = try make({ $0.anchors = 2 }, judge: { counter.next() <= 9 ? Self.variety($0) : .value(1) })
        let optimizer = Optimizer(made.stage.groups)
        for _ in 0..<2 {
            try made.stage.microStep().loss.backward()
            try optimizer.step(learningRate: 1e-3)
            try optimizer.clearGradients()
        }
        let step = try made.stage.microStep()
        #expect(step.sampleCount == 6 && step.measures["policy/used_share"] == 0)
        #expect(try #require(step.parts["surrogate"]) == 0 && #require(step.parts["divergence"]) > 0)
        try step.loss.backward()
        #expect(try gradient(made) > 0)
    }

    @Test func `an answer whose reward failed holds nothing`() throws {
        let made = try make({ $0.anchors = 3 }, judge: { $0.task == .chat ? .failed("no") : .value(1) })
        #expect(try made.stage.microStep().sampleCount == 6)
    }

    @Test func `answers that are the same cancel out where they are masked alike`() throws {
        let counter = CallCounter()
        func gradient(shared: Bool) throws -> Double {
            let made = try make(
                {
                    $0.promptCounts = [.language: 1]
                    $0.sampling.chatTemperature = 0
                    $0.sharesMasks = shared
                }, judge: { _ in .value(Double(counter.next())) })
            let step = try made.stage.microStep()
            #expect(step.sampleCount == 3)
            try step.loss.backward()
            return try self.gradient(made)
        }
        let (alike, apart) = (try gradient(shared: true), try gradient(shared: false))
        #expect(alike < 1e-5 * apart, "\(alike) of \(apart)")
    }

    @Test func `a reward that throws, is no number or fails costs its answers alone`() throws {
        let made = try make(judge: { sample in
            switch sample.task {
            case .chat: throw Refusal()
            case .understanding: .value(.nan)
            default: Self.variety(sample)
            }
        })
        let step = try made.stage.microStep()
        // A throw costs the whole batch of that reward; pictures of the made-up reward are in it too.
        #expect(step.sampleCount == 0)
        let other = try make(
            { $0.promptCounts[.language] = 0 },
            judge: { sample in
                sample.task == .understanding ? .value(.infinity) : Self.variety(sample)
            })
        let found = try other.stage.microStep()
        #expect(found.sampleCount == 3)
        #expect(found.measures["reward_failures/made_up"] == 3)
    }

    @Test func `an answer in a batch is the answer alone`() throws {
        let whole = try MMaDAModel(directory: base)
        let settings = settings()
        let sampler = RolloutSampler(
            model: whole.transformer, vocabulary: whole.vocabulary, sampling: settings.sampling,
            unconditional: whole.prompts.textToImage("", maxTextLength: 64))
        let requests = try (0..<7).map { index -> RolloutSampler.Request in
            let record = try world.example(index.isMultiple(of: 3) ? .textToImage : .chat, .train, index).record
            let prompt =
                try record.task == .textToImage
                ? whole.prompts.textToImage(record.prompt, maxTextLength: 64)
                : whole.prompts.chat([ChatMessage(role: .user, content: record.prompt)])
            return .init(task: record.task, group: index, prompt: prompt, seed: UInt64(100 + index))
        }
        let together = try sampler.rollouts(requests)
        for (request, rollout) in zip(requests, together) {
            #expect(try sampler.rollouts([request]) == [rollout])
        }
        for rollout in together {
            let last = rollout.revealedAt.filter { $0 != Rollout.never }.max()
            let steps = settings.sampling.steps(of: rollout.task, group: rollout.group)
            #expect(rollout.isPicture ? last == steps - 1 : last ?? 0 < steps)
        }
        for rollout in together where !rollout.isPicture {
            #expect(rollout.prompt.count + rollout.answer.count + rollout.suffix.count == rollout.prompt.count + 8)
            #expect(rollout.isTruncated == (rollout.answer.last != whole.vocabulary.end))
        }
    }

    @Test func `gathered likelihoods are those of all logits, and the prompt is never masked`() throws {
        let made = try make(judge: Self.variety)
        let whole = try MMaDAModel(directory: base)
        let sampler = RolloutSampler(
            model: whole.transformer, vocabulary: whole.vocabulary, sampling: settings().sampling,
            unconditional: whole.prompts.textToImage("", maxTextLength: 64))
        let caption = try world.example(.textToImage, .train, 1).record.prompt
        let rollouts = try sampler.rollouts([
            .init(
                task: .textToImage, group: 0, prompt: whole.prompts.textToImage(caption, maxTextLength: 64), seed: 1),
            .init(
                task: .chat, group: 1, prompt: whole.prompts.chat([ChatMessage(role: .user, content: "why ?")]), seed: 2
            ),
        ])
        let noise = PolicyNoise(.structured, updates: 1, seed: 8)
        let likelihood = try PolicyLikelihood(
            rollouts, numbers: [0, 1], steps: [nil, nil], noise: noise, rollout: 0, update: 0,
            vocabulary: whole.vocabulary, temperatures: [0.3, 0.7])
        let found: [Float] = try likelihood.logProbabilities(made.stage.model).detached().array()
        var start = 0
        for (index, count) in zip(likelihood.order, likelihood.counts) {
            let rollout = rollouts[index]
            let mask = try noise.mask(
                rollout: 0, answer: index, update: 0, revealedAt: rollout.revealedAt.prefix(rollout.answer.count),
                isPicture: rollout.isPicture)
            #expect(mask.scored.count == count)
            let ids = rollout.noised(
                mask, promptMask: rollout.prompt.map { _ in false }, maskID: whole.vocabulary.mask)
            #expect(Array(ids.prefix(rollout.prompt.count)) == rollout.prompt)
            let x = try whole.transformer.embed(Tensor(ids.map(Int64.init)))
            let hidden = try whole.transformer.hiddenStates(x, SequenceLayout(lengths: [ids.count]))
            let range = rollout.isPicture ? whole.vocabulary.image : 0..<whole.transformer.configuration.vocabularySize
            let logits = try whole.transformer.logits(hidden, vocabulary: range) / .real(rollout.isPicture ? 1 : 0.7)
            let all = try logits.logSoftmax(along: -1)
            for place in mask.scored {
                let column = Int(rollout.answer[place]) - range.lowerBound
                let wanted = try all.select(rollout.prompt.count + place).select(column).item()
                #expect(abs(Double(found[start]) - wanted) < 1e-5)
                start += 1
            }
        }
        #expect(start == found.count)
    }

    @Test func `answers that look the same go through the model once, and pictures are guided as they were`() throws {
        let whole = try MMaDAModel(directory: base)
        let model = whole.transformer
        let prompt = try whole.prompts.chat([ChatMessage(role: .user, content: "why ?")])
        func text(_ answer: [Int32]) -> Rollout {
            Rollout(
                task: .chat, group: 0, prompt: prompt, answer: answer, suffix: [11, 12], revealedAt: [0, 0, 1, 1, 1, 2])
        }
        let caption = try world.example(.textToImage, .train, 1).record.prompt
        let codes = (0..<16).map { Int32(whole.vocabulary.image.lowerBound + $0 * 3) }
        let picture = Rollout(
            task: .textToImage, group: 1, prompt: whole.prompts.textToImage(caption, maxTextLength: 64), answer: codes,
            suffix: [whole.vocabulary.endOfImage], revealedAt: (0..<16).map { $0 % 4 })
        let rollouts = [picture, text([1, 2, 3, 4]), text([1, 2, 5, 4]), text([1, 2, 3, 6])]
        let unconditional = whole.prompts.textToImage("", maxTextLength: 64)
        let likelihood = try PolicyLikelihood(
            rollouts, numbers: [0, 1, 2, 3], steps: [2, 1, 1, 1],
            noise: PolicyNoise(.branches, pictures: .trajectory, updates: 1, seed: 8), rollout: 0, update: 0,
            vocabulary: whole.vocabulary, temperatures: [0.3, 0.7, 0.5, 0.7],
            guidance: PictureGuidance(scale: 0.5, unconditional: unconditional))
        // One text for three answers, and a picture with its caption and without.
        #expect(
            likelihood.tokenCount == prompt.count + 6 + picture.prompt.count + unconditional.count + 2 * (16 + 1))
        #expect(likelihood.order == [1, 2, 3, 0] && likelihood.counts == [2, 2, 2, 4])
        let found: [Float] = try likelihood.logProbabilities(model).detached().array()

        let mask = whole.vocabulary.mask
        func states(_ ids: [Int32]) throws -> Tensor {
            try model.hiddenStates(
                model.embed(Tensor(ids.map(Int64.init))), SequenceLayout(lengths: [ids.count]))
        }
        // What had been written behind the end is seen from the step on that wrote it.
        let seen = try states(prompt + [1, 2, mask, mask, mask, mask])
        var wanted: [Double] = []
        for (answer, temperature) in zip([[3, 4], [5, 4], [3, 6]], [0.7, 0.5, 0.7]) {
            let all = try (model.logits(seen) / .real(temperature)).logSoftmax(along: -1)
            for (place, token) in zip([2, 3], answer) {
                wanted.append(try all.select(prompt.count + place).select(token).item())
            }
        }
        let shown = codes.enumerated().map { $0.offset % 4 < 2 ? $0.element : mask } + picture.suffix
        let (given, free) = (try states(picture.prompt + shown), try states(unconditional + shown))
        for place in stride(from: 2, to: 16, by: 4) {
            let conditional = try model.logits(
                given.slice(picture.prompt.count + place..<picture.prompt.count + place + 1),
                vocabulary: whole.vocabulary.image)
            let unguided = try model.logits(
                free.slice(unconditional.count + place..<unconditional.count + place + 1),
                vocabulary: whole.vocabulary.image)
            let guided = try (1.5 * conditional - 0.5 * unguided).logSoftmax(along: -1)
            wanted.append(try guided.select(0).select(place * 3).item())
        }
        #expect(found.count == wanted.count && zip(found, wanted).allSatisfy { abs(Double($0) - $1) < 1e-5 })
        #expect(
            text([1, 2, 3, 4]).noised(
                PolicyMask(before: 2, revealedAt: [0, 0, 1, 1]), promptMask: prompt.map { _ in false }, maskID: mask)
                == prompt + [1, 2, 3, 4, 11, mask])
    }

    @Test func `a phase that is given up leaves no trace`() throws {
        let counter = CallCounter()
        let made = try make(isInterrupted: { counter.next() > 4 }, judge: Self.variety)
        let before = try made.stage.state
        #expect(throws: StepAbandoned.self) { try made.stage.microStep() }
        #expect(try made.stage.state == before)
        counter.reset()
        let again = try make(judge: Self.variety)
        let (a, b) = (made.stage, again.stage)
        counter.stop()
        #expect(try a.microStep().loss.detached().item() == b.microStep().loss.detached().item())
    }

    private final class CallCounter: Sendable {
        private let state = Mutex((count: 0, isStopped: false))
        func next() -> Int {
            state.withLock { state in
                if !state.isStopped { state.count += 1 }
                return state.count
            }
        }
        func reset() { state.withLock { $0.count = 0 } }
        func stop() { state.withLock { $0.isStopped = true } }
    }

    @Test(arguments: PolicyNoiseKind.allCases)
    func `every kind of noise and level of ratio trains`(kind: PolicyNoiseKind) throws {
        for level in RatioLevel.allCases {
            let made = try make(
                {
                    $0.noise = kind
                    $0.objective.ratioLevel = level
                    $0.promptMaskProbability = kind == .full ? 0.15 : 0
                    $0.updates = kind == .random ? 1 : 2
                    $0.accumulation = 2
                }, reference: kind != .rising, judge: Self.variety)
            for _ in 0..<4 {
                let step = try made.stage.microStep()
                #expect(try step.loss.detached().item().isFinite)
                try step.loss.backward()
            }
            #expect(try gradient(made) > 0)
        }
    }

    // MARK: Whole runs

    private func loaded(_ output: String, _ sets: [String] = []) throws -> LoadedConfiguration {
        let yaml = """
            experiment: {stage: unigrpo, output_dir: \(tiny.folder.path)/\(output), save_every: 3, log_every: 1,
              checkpoints_total_limit: 0}
            model: {mmada: {pretrained_model_path: \(base.path), num_vq_tokens: 16}}
            data:
              shuffle_buffer_size: 8
              t2i: [{container: tar, kind: records, paths: ["\(tiny.folder.path)/world/train/t2i-*.tar"]}]
              mmu: [{container: tar, kind: records, paths: ["\(tiny.folder.path)/world/train/mmu-*.tar"]}]
              lm: [{container: jsonl, kind: records, paths: ["\(tiny.folder.path)/world/train/chat.jsonl"]}]
            dataset: {preprocessing: {resolution: 64, max_seq_length: 64}}
            optimizer: {params: {learning_rate: 1e-3, weight_decay: 0}}
            training: {batch_size_t2i: 1, batch_size_lm: 1, batch_size_mmu: 1, max_train_steps: 8, threads: 1,
              gradient_accumulation_steps: 2}
            unigrpo: {group_size: 4, inner_updates: 4, gen_length: 8, block_length: 4, tokens_per_step: 1,
              temperature: 1.0, image_steps: 3, rows_at_once: 5}
            rewards:
              - {kind: shapes, weight: 1.0, tasks: [t2i]}
              - {kind: length, free_length: 0, full_length: 200, tasks: [chat, mmu]}
            """
        let file = tiny.folder.appending(path: "\(output).yaml")
        try Data(yaml.utf8).write(to: file)
        return try LoadedConfiguration(file: file.path, sets: sets)
    }

    private func run(
        _ loaded: LoadedConfiguration, _ start: TrainingRun.Start = .new, _ observer: RecordingObserver = .init(),
        _ interruption: Interruption = .init()
    ) throws -> URL {
        let run = try TrainingRun(loaded, start: start, interruption: interruption, observer: observer)
        try run.trainer.run()
        return run.folder
    }

    @Test(arguments: [(6, "structured"), (4, "structured"), (6, "branches"), (4, "trajectory")])
    func `a run stopped within a phase, or between two, ends in the same bytes`(step: Int, noise: String) throws {
        let kinds = ["unigrpo.noise=\(noise)", "unigrpo.image_noise=\(noise)"]
        let whole = try run(loaded("whole-\(step)-\(noise)", kinds))
        let interruption = Interruption()
        let observer = RecordingObserver()
        observer.onStep = { if $0.step == step { interruption.request() } }
        let halves = try loaded("halves-\(step)-\(noise)", kinds)
        _ = try run(halves, .new, observer, interruption)
        let second = RecordingObserver()
        let end = try run(halves, .latest, second)
        #expect(second.reports.map(\.step) == Array(step + 1...8))
        for name in ["model.safetensors", "training/optimizer.safetensors", "training/state.json"] {
            let files = [whole, end].map { $0.appending(path: "checkpoint-8/\(name)").path }
            #expect(FileManager.default.contentsEqual(atPath: files[0], andPath: files[1]), "\(name)")
        }
        #expect(second.reports.contains { $0.measures["seconds/rollout"] != nil } || step == 6)
        #expect(observer.reports[0].measures.keys.contains { $0.hasPrefix("reward/") })
    }

    @Test func `adapters are trained over the weights that the reference has`() throws {
        let folder = try run(
            loaded("lora", ["model.lora.rank=2", "training.max_train_steps=2", "unigrpo.inner_updates=2"]))
        let merged = tiny.folder.appending(path: "merged-policy")
        try AdapterMerge.merge(model: base, adapter: folder.appending(path: "checkpoint-2"), into: merged)
        #expect(try ModelInspection(directory: merged).isSound)
    }

    @Test(arguments: [
        ("answer", "[1,2,3]"), ("revealed", "[0,0]"), ("step", "7"), ("prompt", "[-1]"), ("task", "\"sing\""),
        ("advantage", "\"much\""), ("number", "-1"),
    ])
    func `a stored phase that cannot be is an error, not a crash`(key: String, value: String) throws {
        var phase = PolicyPhase(number: 1)
        let rollout = Rollout(task: .chat, group: 0, prompt: [5], answer: [1, 2], suffix: [9], revealedAt: [0, 1, 1])
        phase.examples = [PolicyExample(rollout: rollout, number: 0, advantage: 0.5, name: "a/1", step: 1)]
        #expect(try PolicyPhase(phase.json, slices: 2) == phase)
        guard case .object(let fields) = phase.json,
            case .object(let answer)? = phase.json["examples"]?.arrayValue?.first
        else {
            Issue.record("no object")
            return
        }
        let changed = try JSONValue.object(
            answer.map { ($0.key, $0.key == JSONString(key) ? try JSONValue(parsing: Array(value.utf8)) : $0.value) })
        let broken = JSONValue.object(
            fields.map { ($0.key, $0.key == JSONString("examples") ? .array([changed]) : $0.value) })
        #expect(throws: TrainingError.self) { try PolicyPhase(broken, slices: 2) }
    }

    @Test func `prompts take turns at the paces that are given, and one number is a list of one`() throws {
        var sampling = RolloutSampling()
        (sampling.imageSteps, sampling.tokensPerStep, sampling.chatTokensPerStep) = ([8, 16], [16, 4], [2])
        #expect((0..<4).map { sampling.steps(of: .textToImage, group: $0) } == [8, 16, 8, 16])
        #expect((0..<3).map { sampling.steps(of: .understanding, group: $0) } == [16, 64, 16])
        #expect((0..<2).map { sampling.steps(of: .chat, group: $0) } == [128, 128])
        let one = try loaded("one", ["unigrpo.image_steps=5", "unigrpo.tokens_per_step=[2,4]"]).configuration.unigrpo
        #expect(one.imageSteps == [5] && one.tokensPerStep == [2, 4])
        let referred = try loaded("referred", ["unigrpo.image_steps=${training.max_train_steps}"])
        #expect(referred.configuration.unigrpo.imageSteps == [8])
    }

    @Test(arguments: [
        (["rewards=[]"], "rewards"), (["unigrpo.group_size=1"], "group_size"), (["unigrpo.gen_length=9"], "gen_length"),
        (["training.batch_size_r2i=1"], "batch_size_r2i"), (["rewards.0.weigth=2"], "weight"),
        (["unigrpo.noise=loud"], "noise"), (["unigrpo.gen_length_lm=6"], "gen_length_lm"),
        (["unigrpo.tokens_per_step_lm=3"], "tokens_per_step_lm"), (["unigrpo.tokens_per_step=[]"], "tokens_per_step"),
        (["unigrpo.image_steps=[8,0]"], "image_steps"), (["unigrpo.image_steps=[8,x]"], "image_steps"),
        (["unigrpo.image_steps=2.5"], "image_steps"),
        (["unigrpo.temperature_lm=-1"], "temperature_lm"),
        (["unigrpo.anchors=-1"], "anchors"), (["unigrpo.negative_scale=2"], "negative_scale"),
    ])
    func `what cannot be is an error that names the key`(sets: [String], key: String) throws {
        let error = #expect(throws: (any Error).self) { try self.loaded("bad", sets) }
        #expect("\(try #require(error))".contains(key))
    }
}
