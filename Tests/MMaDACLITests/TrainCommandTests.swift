import Foundation
import TestSupport
import Testing

@Suite(.serialized) final class TrainCommandTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "mmada-train-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let made = try Program.run(["data", "shapes", "--output", path("world"), "--count", "40", "--seed", "5"])
        try #require(made.status == 0, "\(made.errors)")
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func path(_ name: String) -> String { folder.appending(path: name).path }

    /// A configuration of stage 0, small enough that a step takes milliseconds.
    private func configuration(output: String, steps: Int, saveEvery: Int) throws -> String {
        let yaml = """
            experiment: {stage: tokenizer, output_dir: \(path(output)), save_every: \(saveEvery), log_every: 1}
            model: {vq_model: {architecture: {kind: patch, patch_size: 16, bits: 6, width: 48, depth: 1}}}
            data:
              images: [{name: pictures, container: tar, kind: captions, paths: ["\(path("world"))/train/t2i-*.tar"]}]
            dataset: {preprocessing: {resolution: 64}}
            optimizer: {params: {learning_rate: 1e-3, ema_decay: 0.9}}
            training: {batch_size_images: 4, max_train_steps: \(steps), threads: 1}
            """
        let file = folder.appending(path: "\(output).yaml")
        try Data(yaml.utf8).write(to: file)
        return file.path
    }

    /// Starts the program, and kills it once `condition` holds.
    private func kill(_ arguments: [String], when condition: () -> Bool, signal: Int32 = SIGKILL) throws -> Int32 {
        let process = Process()
        process.executableURL = Program.executable
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        while process.isRunning, !condition() { usleep(2000) }
        Foundation.kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationStatus
    }

    private func hasCheckpoint(_ output: String, _ step: Int) -> Bool {
        FileManager.default.fileExists(atPath: path("\(output)/checkpoint-\(step)/manifest.json"))
    }

    private func steps(_ output: String) -> [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path(output))) ?? []
        return names.compactMap { $0.hasPrefix("checkpoint-") ? Int($0.dropFirst(11)) : nil }.sorted()
    }

    @Test func `40 steps in one go and 20, kill -9, and the rest give the same bytes`() throws {
        let whole = try configuration(output: "whole", steps: 40, saveEvery: 10)
        let first = try Program.run(["train", "--config", whole])
        #expect(first.status == 0, "\(first.errors)")

        let parts = try configuration(output: "parts", steps: 40, saveEvery: 10)
        _ = try kill(["train", "--config", parts]) { hasCheckpoint("parts", 20) }
        let rest = try Program.run(["train", "--config", parts, "--resume", "latest"])
        #expect(rest.status == 0, "\(rest.errors)")
        for name in [
            "model.safetensors", "training/weights.safetensors", "training/average.safetensors",
            "training/optimizer.safetensors", "training/state.json",
        ] {
            let (a, b) = (path("whole/checkpoint-40/\(name)"), path("parts/checkpoint-40/\(name)"))
            #expect(FileManager.default.contentsEqual(atPath: a, andPath: b), "\(name)")
        }
    }

    @Test func `30 kills at random moments of saving never leave an unreadable latest checkpoint`() throws {
        // With a checkpoint after every step nearly all of the time is spent on saving.
        let file = try configuration(output: "killed", steps: 1_000_000, saveEvery: 1)
        var random = SeededGenerator(seed: 30)
        for round in 0..<30 {
            let before = steps("killed").last ?? -1
            let arguments = ["train", "--config", file] + (before >= 0 ? ["--resume", "latest"] : [])
            let pause = useconds_t.random(in: 0...40_000, using: &random)
            _ = try kill(arguments) {
                guard let last = steps("killed").last, last > before else { return false }
                usleep(pause)
                return true
            }
            // A kill while an old checkpoint is being removed may leave a part of that one, which is none any more.
            let whole = steps("killed").filter { hasCheckpoint("killed", $0) }
            let latest = try #require(whole.last, "round \(round)")
            #expect(latest > before)
        }
        let last = try #require(steps("killed").last)
        let end = try Program.run([
            "train", "--config", file, "--resume", "latest", "--set", "training.max_train_steps=\(last + 1)",
        ])
        #expect(end.status == 0, "\(end.errors)")
        #expect(hasCheckpoint("killed", last + 1))
        let remains = try FileManager.default.contentsOfDirectory(atPath: path("killed"))
        #expect(!remains.contains { $0.hasPrefix(".partial") })
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `a request to end saves, exits with 0 and says how to go on`(signal: Int32) throws {
        let file = try configuration(output: "ended", steps: 1_000_000, saveEvery: 1_000_000)
        let metrics = path("ended/metrics.jsonl")
        let status = try kill(
            ["train", "--config", file],
            when: {
                ((try? FileManager.default.attributesOfItem(atPath: metrics)[.size] as? Int) ?? 0) > 500
            }, signal: signal)
        #expect(status == 0)
        let step = try #require(steps("ended").last)
        #expect(step < 1_000_000 && hasCheckpoint("ended", step))
    }

    @Test func `a full disk ends the run with an error and keeps the last good checkpoint`() throws {
        // The quota of a file stands for a full disk: the system refuses the write in the same way.
        let file = try configuration(output: "full", steps: 2, saveEvery: 1)
        #expect(try Program.run(["train", "--config", file]).status == 0)
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = [
            "-c", "ulimit -f 16; trap '' XFSZ; exec \"$0\" \"$@\"", Program.executable.path, "train", "--config", file,
            "--resume", "latest", "--set", "training.max_train_steps=4",
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus != 0)
        #expect(steps("full") == [1, 2])
        let after = try Program.run([
            "train", "--config", file, "--resume", "latest", "--set", "training.max_train_steps=4",
        ])
        #expect(after.status == 0, "\(after.errors)")
        #expect(hasCheckpoint("full", 4))
    }

    @Test(
        arguments: [
            (["--set", "training.batch_size_image=4"], 64, "did you mean 'training.batch_size_images'?"),
            (["--set", "training.max_train_steps=many"], 64, "training.max_train_steps"),
            (["--set", "data.images.0.paths=[nowhere/*.tar]"], 65, "nowhere"),
            (["--set", "model.vq_model.pretrained_model_path=nowhere"], 66, "nowhere"),
            (["--set", "dataset.preprocessing.resolution=50"], 64, "multiple of 16"),
            (["--resume", "latest"], 66, "no complete checkpoint"),
            (["--resume", "seven"], 64, "seven"),
            (["--set", "training"], 64, "key.path=value"),
            (["--set", "training.device=tpu"], 64, "tpu"),
        ] as [([String], Int32, String)])
    func `what cannot be trained is one clear line and an exit code`(
        arguments: [String], status: Int32, message: String
    ) throws {
        let file = try configuration(output: "bad", steps: 2, saveEvery: 1)
        let result = try Program.run(["train", "--config", file] + arguments)
        #expect(!result.wasKilled)
        #expect(result.status == status, "\(result.errors)")
        #expect(result.errors.contains(message), "\(result.errors)")
    }

    @Test func `a checkpoint of another architecture is refused by name`() throws {
        let file = try configuration(output: "shape", steps: 1, saveEvery: 1)
        #expect(try Program.run(["train", "--config", file]).status == 0)
        let result = try Program.run([
            "train", "--config", file, "--resume", "latest", "--set", "training.max_train_steps=2", "--set",
            "model.vq_model.architecture.width=32",
        ])
        #expect(result.status == 65 && result.errors.contains("expected shape"), "\(result.errors)")
    }

    @Test func `broken examples are named and counted, and too many end the run`() throws {
        // Every second picture becomes a file that is none.
        let tar = folder.appending(path: "world/train/t2i-000000.tar")
        var bytes = [UInt8](try Data(contentsOf: tar))
        let mark = Array(".png".utf8)
        for start in stride(from: 0, to: bytes.count - 1024, by: 512)
        where bytes[start..<start + 100].firstRange(of: mark) != nil && bytes[start + 257] == UInt8(ascii: "u") {
            if (start / 512).isMultiple(of: 2) { bytes[start + 512] = 0 }
        }
        try Data(bytes).write(to: tar)
        let file = try configuration(output: "broken", steps: 200, saveEvery: 1000)
        let result = try Program.run(["train", "--config", file])
        #expect(result.status == 65, "\(result.errors)")
        #expect(result.errors.contains("skipped example 1") && result.errors.contains("pictures"), "\(result.errors)")
    }
}
