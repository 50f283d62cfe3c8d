import ConfigurationFiles
import Datasets
import Foundation
import NN
import TestSupport
import Testing

@testable import Training

@Suite struct TrainingConfigurationTests {
    private static let minimal = "training: {batch_size_t2i: 1}"

    private func loaded(_ yaml: String = minimal, _ sets: [String] = []) throws -> LoadedConfiguration {
        var tree = try ConfigurationTree(yaml: yaml)
        for text in sets {
            let (path, value) = try ConfigurationTree.assignment(text)
            tree = try tree.setting(path, to: value)
        }
        return try LoadedConfiguration(tree)
    }

    @Test func `every key of every section is its property in snake case`() throws {
        let tree = try ConfigurationTree(encoding: TrainingConfiguration())
        for path in [
            "experiment.output_dir", "experiment.resume_from_checkpoint", "experiment.checkpoints_total_limit",
            "model.vq_model.vq_model_name", "model.vq_model.architecture.patch_size", "model.mmada.w_clip_vit",
            "model.mmada.num_vq_tokens", "model.mmada.architecture.n_kv_heads", "model.gradient_checkpointing",
            "dataset.preprocessing.max_lm_text_length", "optimizer.params.beta1", "lr_scheduler.params.min_lr_scale",
            "training.batch_size_t2i", "training.t2i_coeff", "training.enable_tf32", "training.cond_dropout_prob",
            "training.tokenizer_loss.l1", "training.r2i_noise", "mask_schedule.schedule", "validation.gen_length",
        ] {
            #expect(tree[path: path.split(separator: ".").map(String.init)] != nil, "\(path)")
        }
        #expect(try tree.decoded(as: TrainingConfiguration.self) == TrainingConfiguration())
    }

    @Test func `null and an empty section leave the defaults`() throws {
        let yaml = "training: {batch_size_t2i: 1, seed: null, guidance_scale: ~}\nexperiment:\nmodel: {}"
        #expect(try loaded(yaml).configuration == loaded().configuration)
        let set = try loaded("training: {batch_size_t2i: 1, seed: 7}", ["training.seed=null"])
        #expect(set.configuration.training.seed == 10_086)
    }

    @Test(arguments: [
        ("training.seed=7", UInt64(7)), ("training.seed=010", 8), ("training.seed=${training.batch_size_t2i}", 1),
    ])
    func `a setting takes the place of the file's value`(set: String, value: UInt64) throws {
        #expect(try loaded("training: {batch_size_t2i: 1, seed: 3}", [set]).configuration.training.seed == value)
    }

    @Test func `settings reach items of lists, whole lists, words and references`() throws {
        let yaml = "training: {batch_size_t2i: 1}\ndata: {t2i: [{name: a, paths: [x]}, {name: b, paths: [y]}]}"
        let configuration = try loaded(
            yaml,
            [
                "data.t2i.1.weight=2.5", "data.t2i.0.paths=[p, q]", "lr_scheduler.scheduler=linear",
                "experiment.name=run-${training.seed}", "optimizer.params.learning_rate=3e-4",
                "lr_scheduler.params.min_lr_scale=${optimizer.params.learning_rate}", "model.lora.targets=[q_proj]",
                "data.t2i.0.kind=caption_files", "data.t2i.0.container=tar",
            ]
        ).configuration
        #expect(configuration.data.t2i.map(\.weight) == [1, 2.5])
        #expect(configuration.data.t2i.map(\.paths) == [["p", "q"], ["y"]])
        #expect(configuration.data.t2i.map(\.kind) == [.captionFiles, .captions])
        #expect(configuration.lrScheduler.scheduler == .linear)
        #expect(configuration.experiment.name == "run-10086")
        #expect(configuration.lrScheduler.params.minLrScale == 3e-4)
        #expect(configuration.model.lora.targets == ["q_proj"])
    }

    @Test(arguments: [("False", "none"), ("True", "latest"), ("latest", "latest"), ("3000", "3000"), ("null", "none")])
    func `resumption is said in several ways`(text: String, expected: String) throws {
        let configuration = try loaded(Self.minimal, ["experiment.resume_from_checkpoint=\(text)"]).configuration
        #expect(configuration.experiment.resumeFromCheckpoint == expected)
    }

    @Test(arguments: [
        ("training: {batch_size_t2: 1}", "training.batch_size_t2", "training.batch_size_t2i"),
        ("training: {max_train_step: 1}", "training.max_train_step", "training.max_train_steps"),
        ("experiment: {ouptut_dir: x}", "experiment.ouptut_dir", "experiment.output_dir"),
        (
            "dataset: {params: {train_t2i_shard_path_or_url: x}}", "dataset.params.train_t2i_shard_path_or_url",
            "dataset.params.train_t2i_shards_path_or_url"
        ),
        ("data: {t2i: [{path: [x]}]}", "data.t2i.0.path", "data.t2i.0.paths"),
        ("learning_rate: 1", "learning_rate", "optimizer.params.learning_rate"),
        ("dataset.params.nothing: 1", "dataset.params.nothing", nil),
        ("wandbb: {}", "wandbb", "wandb"),
    ])
    func `an unknown key is named with the nearest`(yaml: String, path: String, nearest: String?) throws {
        let error = try #require(throws: ConfigurationFileError.self) { try loaded(yaml) }
        guard case .unknownKey(path, let found) = error else {
            Issue.record("found \(error)")
            return
        }
        if let nearest { #expect(found == nearest) }
    }

    @Test(arguments: [
        ("training.seed=-1", "training.seed", "a whole number from 0"),
        ("training.max_train_steps=1.5", "training.max_train_steps", "a whole number"),
        ("training=5", "training", "keys below it"),
        ("model.gradient_checkpointing=1", "model.gradient_checkpointing", "true or false"),
        ("lr_scheduler.scheduler=cosinus", "lr_scheduler.scheduler", "cosine, linear or constant"),
        ("experiment.stage=pretrain", "experiment.stage", "tokenizer, language or unigrpo"),
        ("data.t2i=a.tar", "data.t2i", "a list"),
        ("optimizer.name=lion", "optimizer.name", "adamw or muon"),
        ("training.noise_type=random_replace", "training.noise_type", "mask"),
        ("training.mixed_precision=int8", "training.mixed_precision", "no, bf16 or fp16"),
    ])
    func `a wrong type or word is named by path and what is allowed`(set: String, path: String, expected: String) throws
    {
        let error = try #require(throws: ConfigurationFileError.self) { try loaded(Self.minimal, [set]) }
        guard case .wrongType(path, expected, _) = error else {
            Issue.record("found \(error)")
            return
        }
    }

    @Test func `a word of a source is checked too`() throws {
        let error = try #require(throws: ConfigurationFileError.self) {
            try loaded("training: {batch_size_t2i: 1}\ndata: {t2i: [{paths: [x]}, {kind: caption}]}")
        }
        guard case .wrongType("data.t2i.1.kind", let expected, "'caption'") = error else {
            Issue.record("found \(error)")
            return
        }
        #expect(expected.contains("captions, ") && expected.contains("caption_files"))
    }

    @Test(arguments: [
        "training.max_train_steps=0", "training.gradient_accumulation_steps=0", "training.batch_size_lm=-1",
        "training.cond_dropout_prob=1.1", "training.block_noise_share=1.5", "training.block_noise_length=0",
        "training.min_masking_rate=-0.1", "optimizer.params.learning_rate=-1e-4",
        "optimizer.params.beta1=2", "optimizer.params.ema_decay=1", "lr_scheduler.params.warmup_steps=-1",
        "dataset.preprocessing.resolution=0", "dataset.preprocessing.max_seq_length=0", "data.workers=0",
        "data.shuffle_buffer_size=0", "experiment.checkpoints_total_limit=-1", "experiment.max_broken_share=2",
        "training.t2i_coeff=-1", "model.vq_model.architecture.patch_size=0", "model.mmada.architecture.n_heads=0",
        "model.vq_model.architecture.bits=64", "training.generation_timesteps=0", "validation.block_length=0",
        "data.t2i=[{paths: [x], weight: -1}]", "training.max_skipped_steps=0",
    ])
    func `a number out of range is refused by name`(set: String) throws {
        let error = try #require(throws: ConfigurationFileError.self) { try loaded(Self.minimal, [set]) }
        guard case .outOfRange(let path, _, _) = error else {
            Issue.record("found \(error)")
            return
        }
        #expect(path.hasPrefix(set.prefix { $0 != "=" }))
    }

    @Test func `a language run needs rows, a tokenizer run none`() throws {
        #expect(throws: ConfigurationFileError.self) { try loaded("experiment: {name: x}") }
        #expect(try loaded("experiment: {stage: tokenizer}").configuration.experiment.stage == .tokenizer)
    }

    @Test func `a file with settings loads, and its merged text is complete`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "configuration-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "run.yaml")
        let yaml = """
            experiment: {name: 'a "b" é', output_dir: runs/x}
            training: {batch_size_t2i: 2, t2i_coeff: 0.5}
            data: {t2i: [{paths: ["/data/{000..199}.tar"], kind: caption_files, captions: c}]}
            """
        try Foundation.Data(yaml.utf8).write(to: file)
        let loaded = try LoadedConfiguration(file: file.path, sets: ["optimizer.params.learning_rate=3e-5"])
        #expect(loaded.configuration.optimizer.params.learningRate == 3e-5)
        #expect(loaded.configuration.data.t2i.map(\.resolution) == [256])
        try Foundation.Data(loaded.mergedYAML.utf8).write(to: file)
        let again = try LoadedConfiguration(file: file.path)
        #expect(again.configuration == loaded.configuration && again.mergedYAML == loaded.mergedYAML)
        #expect(throws: ConfigurationFileError.self) { try LoadedConfiguration(file: folder.path + "/none.yaml") }
    }

    @Test func `damaged official files give an error or a configuration, never a crash`() throws {
        let yaml = Array(try OfficialFile.named("stage-2.2").tree.yaml().utf8)
        for seed in 0..<UInt64(60) {
            let text = String(decoding: Mutations.mutate(yaml, seed: seed), as: UTF8.self)
            do {
                _ = try LoadedConfiguration(ConfigurationTree(yaml: text))
            } catch let error as ConfigurationFileError {
                #expect(!error.description.contains("\n"), "seed \(seed)")
            }
        }
    }
}
