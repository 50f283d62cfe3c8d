import ConfigurationFiles
import Datasets
import Foundation
import ShapesWorld
import TextTokenizer

@testable import Training

/// A folder with a tiny Shapes world, a text tokenizer and an image tokenizer's configuration, for whole runs.
struct TinyWorld {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "mmada-run-\(UUID().uuidString)")
        let world = World(level: .cells, seed: 3)
        try WorldWriter(world, count: 24).write(to: folder.appending(path: "world"))
        try BytePairTrainer(vocabularySize: 420, extraTokens: ["<think>", "</think>"]).train(
            lines: world.corpus(lines: 300)
        )
        .write(to: folder.appending(path: "text"))
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    /// A configuration of stage 0.
    func tokenizer(output: String, _ sets: [String] = []) throws -> LoadedConfiguration {
        try load(
            """
            experiment: {stage: tokenizer, output_dir: \(folder.path)/\(output), save_every: 2, log_every: 1}
            model:
              vq_model:
                architecture: {kind: patch, patch_size: 16, bits: 6, width: 16, depth: 1}
            data:
              images: [{container: tar, kind: captions, paths: ["\(folder.path)/world/train/t2i-*.tar"]}]
            dataset: {preprocessing: {resolution: 64}}
            optimizer: {params: {learning_rate: 1e-3, ema_decay: 0.9}}
            training: {batch_size_images: 4, max_train_steps: 4, threads: 1}
            """, sets)
    }

    /// A configuration of a language stage from scratch, on an image tokenizer made before.
    func language(output: String, imageTokenizer: String, _ sets: [String] = []) throws -> LoadedConfiguration {
        try load(
            """
            experiment: {output_dir: \(folder.path)/\(output), save_every: 5, log_every: 1, checkpoints_total_limit: 0}
            model:
              vq_model: {pretrained_model_path: \(folder.path)/\(imageTokenizer)}
              mmada:
                start: scratch
                tokenizer_path: \(folder.path)/text
                num_vq_tokens: 16
                structured_codes: true
                reasoning_instruction: false
                architecture: {d_model: 16, n_layers: 2, n_heads: 2, n_kv_heads: 2, mlp_hidden_size: 32}
            data:
              shuffle_buffer_size: 8
              t2i: [{container: tar, kind: captions, paths: ["\(folder.path)/world/train/t2i-*.tar"]}]
              mmu: [{container: tar, kind: records, paths: ["\(folder.path)/world/train/mmu-*.tar"]}]
              lm: [{container: jsonl, kind: records, paths: ["\(folder.path)/world/train/chat.jsonl"]}]
              r2i: [{container: tar, kind: records, paths: ["\(folder.path)/world/train/r2i-*.tar"]}]
            dataset: {preprocessing: {resolution: 64, max_seq_length: 160}}
            optimizer: {params: {learning_rate: 1e-3, ema_decay: 0.9, decay_norms_and_embeddings: false}}
            lr_scheduler: {params: {warmup_steps: 2}}
            training:
              {batch_size_t2i: 2, batch_size_lm: 1, batch_size_mmu: 1, batch_size_r2i: 1, pad_to: batch, threads: 1,
               max_train_steps: 10, r2i_noise: staged, gradient_accumulation_steps: 2}
            """, sets)
    }

    private func load(_ yaml: String, _ sets: [String]) throws -> LoadedConfiguration {
        let file = folder.appending(path: "config-\(UUID().uuidString).yaml")
        try Data(yaml.utf8).write(to: file)
        return try LoadedConfiguration(file: file.path, sets: sets)
    }
}

/// Collects what a run tells.
final class RecordingObserver: TrainingObserver {
    var reports: [StepReport] = []
    var skipped: [(step: Int, reason: String, samples: [String])] = []
    var saved: [Int] = []
    var onStep: (StepReport) -> Void = { _ in }

    func didStep(_ report: StepReport) {
        reports.append(report)
        onStep(report)
    }
    func didSkip(step: Int, reason: String, samples: [String]) { skipped.append((step, reason, samples)) }
    func didSave(step: Int, to folder: URL) { saved.append(step) }
    func didValidate(step: Int, scores: [String: Double], folder: URL) {}
}
