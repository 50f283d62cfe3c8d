import Checkpoints
import ConfigurationFiles
import Datasets
import Diffusion
import Foundation
import Images
import MMaDA
import NN
import StrictJSON
import Testing
import Torch
import Transformer

@testable import Training

@Suite(.serialized) final class TrainingRunTests {
    private let world: TinyWorld

    init() throws {
        world = try TinyWorld()
        _ = try run(world.tokenizer(output: "vq"))
    }

    deinit { world.remove() }

    private func run(
        _ loaded: LoadedConfiguration, _ start: TrainingRun.Start = .new, observer: RecordingObserver = .init(),
        interruption: Interruption = .init()
    ) throws -> (outcome: Trainer.Outcome, folder: URL) {
        let run = try TrainingRun(loaded, start: start, interruption: interruption, observer: observer)
        return (try run.trainer.run(), run.folder)
    }

    /// Every file of a checkpoint but those that name times or places.
    private func files(_ folder: URL, step: Int) throws -> [String: Data] {
        let place = folder.appending(path: "checkpoint-\(step)")
        var found: [String: Data] = [:]
        for name in [
            "model.safetensors", "config.json", "training/weights.safetensors", "training/average.safetensors",
            "training/optimizer.safetensors", "training/state.json",
        ] {
            found[name] = try Data(contentsOf: place.appending(path: name))
        }
        return found
    }

    @Test func `a run stopped half-way and resumed ends in the same bytes`() throws {
        let whole = try run(world.language(output: "whole", imageTokenizer: "vq/checkpoint-4"))
        #expect(whole.outcome == .finished)
        let expected = try files(whole.folder, step: 10)

        let interruption = Interruption()
        let observer = RecordingObserver()
        observer.onStep = { if $0.step == 7 { interruption.request() } }
        let loaded = try world.language(output: "halves", imageTokenizer: "vq/checkpoint-4")
        let first = try run(loaded, observer: observer, interruption: interruption)
        #expect(first.outcome == .interrupted(step: 7))
        #expect(observer.saved == [5, 7])
        let second = try run(loaded, .latest)
        #expect(second.outcome == .finished)
        let found = try files(second.folder, step: 10)
        for (name, data) in expected { #expect(found[name] == data, "\(name)") }
        // From an older checkpoint too.
        try FileManager.default.removeItem(at: second.folder.appending(path: "checkpoint-10"))
        _ = try run(loaded, .step(5))
        let again = try files(second.folder, step: 10)
        for (name, data) in expected { #expect(again[name] == data, "\(name)") }
    }

    @Test func `a checkpoint is a model folder that writes and paints`() throws {
        let loaded = try world.language(
            output: "model", imageTokenizer: "vq/checkpoint-4", ["training.max_train_steps=2"])
        let folder = try run(loaded).folder.appending(path: "checkpoint-2")
        let model = try MMaDAModel(directory: folder)
        var request = ImageRequest("a red circle")
        request.sampling.steps = 2
        request.seed = 1
        let prepared = try model.prepare(request)
        var denoiser = try model.denoiser(for: prepared)
        var last: DenoisingStepPicture?
        while let step = try denoiser.next()?.first {
            last = try model.picture(step, of: prepared).map { .init(width: $0.width) }
        }
        #expect(last?.width == 64)
        let inspection = try ModelInspection(directory: folder)
        #expect(inspection.isSound)
    }

    private struct DenoisingStepPicture { let width: Int }

    @Test func `a second run into the same folder is refused, and unknown steps are named`() throws {
        let loaded = try world.language(
            output: "twice", imageTokenizer: "vq/checkpoint-4", ["training.max_train_steps=1"])
        let folder = try run(loaded).folder
        #expect(throws: TrainingError.occupied(folder: folder.path)) { try self.run(loaded) }
        #expect(throws: TrainingError.checkpointMissing(folder: folder.path, step: 3, available: [1])) {
            try self.run(loaded, .step(3))
        }
    }

    @Test func `a cut file in a checkpoint is found before it is used`() throws {
        let loaded = try world.language(
            output: "cut", imageTokenizer: "vq/checkpoint-4", ["training.max_train_steps=1"])
        let folder = try run(loaded).folder
        let file = folder.appending(path: "checkpoint-1/training/optimizer.safetensors")
        let data = try Data(contentsOf: file)
        try data.dropLast(5).write(to: file)
        #expect(
            throws: TrainingError.checkpointDamaged(
                folder: folder.appending(path: "checkpoint-1").path, file: "training/optimizer.safetensors",
                expected: data.count, found: data.count - 5)
        ) { try self.run(loaded, .latest) }
    }

    @Test func `only the adapters are trained, and the model is otherwise the same`() throws {
        let base = try world.language(output: "base", imageTokenizer: "vq/checkpoint-4", ["training.max_train_steps=1"])
        let start = try run(base).folder.appending(path: "checkpoint-1")
        let loaded = try world.language(
            output: "adapters", imageTokenizer: "vq/checkpoint-4",
            [
                "model.mmada.start=pretrained", "model.mmada.pretrained_model_path=\(start.path)", "model.lora.rank=2",
                "model.mmada.tokenizer_path=", "training.max_train_steps=3", "optimizer.params.ema_decay=0",
            ])
        let folder = try run(loaded).folder.appending(path: "checkpoint-3")
        #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "model.safetensors").path))
        let merged = world.folder.appending(path: "merged")
        try AdapterMerge.merge(model: start, adapter: folder, into: merged)
        let model = try MMaDAModel(directory: merged)
        #expect(model.transformer.configuration == (try MMaDAModel(directory: start)).transformer.configuration)
        let before = try Data(contentsOf: start.appending(path: "model.safetensors"))
        #expect(try Data(contentsOf: merged.appending(path: "model.safetensors")) != before)
    }

    @Test func `an adversary is trained and resumed with the image tokenizer, and is no part of its model`() throws {
        let sets = [
            "training.tokenizer_loss.adversarial=0.1", "training.tokenizer_loss.adversarial_start=1",
            "training.tokenizer_loss.discriminator_channels=4", "training.tokenizer_loss.discriminator_depth=2",
        ]
        let whole = try run(world.tokenizer(output: "whole-vq", sets))
        let interruption = Interruption()
        let observer = RecordingObserver()
        observer.onStep = { if $0.step == 1 { interruption.request() } }
        let loaded = try world.tokenizer(output: "parts-vq", sets)
        _ = try run(loaded, observer: observer, interruption: interruption)
        #expect(observer.reports.first?.parts["discriminator"] == nil)
        let second = RecordingObserver()
        let rest = try run(loaded, .latest, observer: second)
        #expect(second.reports.allSatisfy { $0.parts["discriminator"] != nil })
        #expect(try files(rest.folder, step: 4) == files(whole.folder, step: 4))
        let model = try Checkpoint(directory: rest.folder.appending(path: "checkpoint-4"))
        #expect(!model.names.isEmpty && !model.names.contains { $0.hasPrefix(Adversary.prefix) })
    }

    @Test(arguments: [
        ("training.tokenizer_loss.perceptual=1", "training.tokenizer_loss.perceptual_network"),
        ("training.tokenizer_loss.adversarial=1", "discriminator_depth"),
    ])
    func `a term whose network cannot be had is an error that names the key`(set: String, key: String) throws {
        let loaded = try world.tokenizer(
            output: "judges", [set, "training.tokenizer_loss.discriminator_depth=6"])
        let error = try #require(throws: TrainingError.self) { try self.run(loaded) }
        #expect(error.description.contains(key))
    }

    @Test func `a share of the batch without data is an error that names it`() throws {
        let loaded = try world.language(output: "nodata", imageTokenizer: "vq/checkpoint-4", ["data.r2i=[]"])
        #expect(throws: TrainingError.noData(part: "r2i")) { try self.run(loaded) }
    }
}

@Suite struct TrainerTests {
    /// One number that is to become 1; some steps have no finite loss.
    private final class OneNumber: TrainingStage {
        let parameter: NamedParameter
        let groups: [Optimizer.Group]
        var broken: Set<Int> = []
        var count = 0

        init() throws {
            parameter = NamedParameter(name: "x", tensor: try .zeros([1], dtype: .float32))
            try parameter.tensor.requireGradientInPlace()
            groups = [Optimizer.Group([parameter], weightDecay: 0)]
        }

        var state: JSONValue { .integer(Int64(count)) }
        func restore(_ state: JSONValue) { count = state.intValue ?? 0 }
        func microStep() throws -> MicroStep {
            defer { count += 1 }
            let distance = try parameter.tensor - 1.0
            let loss = try distance.power(2).sum() * .real(broken.contains(count) ? .nan : 1)
            return MicroStep(loss: loss, parts: [:], tokenCount: 1, sampleCount: 1, samples: ["sample \(count)"])
        }
        func writeModel(_ parameters: [NamedParameter], to folder: URL) throws {
            try Data("model".utf8).write(to: folder.appending(path: "model"))
        }
        func validate(step: Int, folder: URL) -> [String: Double] { [:] }
    }

    private func settings(steps: Int) -> TrainerSettings {
        var settings = TrainerSettings()
        settings.steps = steps
        settings.learningRate = 0.1
        settings.schedule = LearningRateSchedule(.constant, warmupSteps: 0, totalSteps: steps)
        settings.maxSkippedSteps = 3
        return settings
    }

    private func store() -> CheckpointStore {
        CheckpointStore(
            folder: FileManager.default.temporaryDirectory.appending(path: "mmada-\(UUID().uuidString)"), keepLast: 2)
    }

    @Test func `a step without a finite loss is passed over and its batch named`() throws {
        let stage = try OneNumber()
        stage.broken = [2, 3]
        let observer = RecordingObserver()
        let store = store()
        defer { try? FileManager.default.removeItem(at: store.folder) }
        try Trainer(stage, settings(steps: 6), store: store, observer: observer).run()
        #expect(observer.skipped.map(\.step) == [3, 4])
        #expect(observer.skipped.first?.samples == ["sample 2"])
        let value = try stage.parameter.tensor.detached().item()
        #expect(value > 0.3 && value.isFinite)
    }

    @Test func `too many such steps in a row end the run`() throws {
        let stage = try OneNumber()
        stage.broken = [1, 2, 3]
        let store = store()
        defer { try? FileManager.default.removeItem(at: store.folder) }
        let trainer = try Trainer(stage, settings(steps: 6), store: store)
        #expect(throws: TrainingError.diverged(step: 4, skipped: 3, batch: ["sample 3"])) { try trainer.run() }
    }

    @Test func `old checkpoints go when newer ones are complete`() throws {
        let stage = try OneNumber()
        let store = store()
        defer { try? FileManager.default.removeItem(at: store.folder) }
        var settings = settings(steps: 5)
        settings.saveEvery = 1
        try Trainer(stage, settings, store: store).run()
        #expect(store.steps() == [4, 5])
    }

    @Test func `a run may end before its course does`() throws {
        let stage = try OneNumber()
        let store = store()
        defer { try? FileManager.default.removeItem(at: store.folder) }
        var settings = settings(steps: 9)
        settings.stopAfter = 4
        #expect(try Trainer(stage, settings, store: store).run() == .finished)
        #expect(stage.count == 4 && store.steps() == [4])
    }

    @Test func `a checkpoint that cannot be written leaves the last good one and no remains`() throws {
        let store = store()
        defer { try? FileManager.default.removeItem(at: store.folder) }
        try store.write(step: 1) { try Data("a".utf8).write(to: $0.appending(path: "model")) }
        #expect(throws: CocoaError.self) {
            try store.write(step: 2) { folder in
                try Data("b".utf8).write(to: folder.appending(path: "model"))
                throw CocoaError(.fileWriteOutOfSpace)
            }
        }
        #expect(try store.latest() == 1)
        try store.verify(step: 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: store.folder.path) == ["checkpoint-1"])
    }

    @Test func `recomputed blocks and a moving average do not change what is computed`() throws {
        let parameter = NamedParameter(name: "w", tensor: try Tensor([Float(1), 2, 3]))
        let average = try MovingAverage([parameter], decay: 0.5)
        try parameter.tensor.copyInPlace(from: Tensor([Float(3), 4, 5]))
        try average.update(step: 100)
        #expect(try average.averages[0].tensor.array(of: Float.self) == [2, 3, 4])
    }
}
