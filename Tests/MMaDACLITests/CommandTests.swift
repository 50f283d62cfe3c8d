import Foundation
import Images
import StrictJSON
import TestSupport
import Testing

/// The program, run as a user runs it.
enum Program {
    struct Result {
        let status: Int32
        /// Whether it ended by a signal: a crash.
        let wasKilled: Bool
        let output: String
        let errors: String
    }

    /// The program that was built with the tests.
    static let executable: URL = {
        let beside = URL(filePath: CommandLine.arguments.first ?? "").deletingLastPathComponent()
        let candidates =
            [beside, beside.deletingLastPathComponent()]
            + [#filePath].map {
                URL(filePath: $0).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
                    .appending(path: ".build/debug")
            }
        let found = candidates.map { $0.appending(path: "mmada") }.first {
            FileManager.default.isExecutableFile(atPath: $0.path)
        }
        return found ?? beside.appending(path: "mmada")
    }()

    static func run(_ arguments: [String], input: String? = nil) throws -> Result {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        let (output, errors, standardInput) = (Pipe(), Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = standardInput
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: Data((input ?? "").utf8))
        try standardInput.fileHandleForWriting.close()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaints = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, wasKilled: process.terminationReason == .uncaughtSignal, output: text,
            errors: complaints)
    }
}

/// A model folder as released, of the golden parts.
final class ModelFolder {
    let url: URL
    var model: String { url.appending(path: "model").path }

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "mmada-cli-\(UUID().uuidString)")
        let folder = url.appending(path: "model")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for file in [
            "llada-tiny/config.json", "llada-tiny/model.safetensors", "tokenizer/tokenizer.json",
            "tokenizer/tokenizer_config.json",
        ] {
            let source = Golden.file(file)
            try FileManager.default.copyItem(at: source, to: folder.appending(path: source.lastPathComponent))
        }
        try FileManager.default.copyItem(at: Golden.file("magvit-tiny"), to: folder.appending(path: "vq"))
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }
}

@Suite struct CommandTests {
    private let folder: ModelFolder
    private let photo = Golden.file("images/photo.png").path

    init() throws { folder = try ModelFolder() }

    private func json(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

    @Test func `text for a seed is the same every time, and comes from standard input too`() throws {
        let options = [
            "generate", "--model", folder.model, "--gen-length", "8", "--temperature", "1", "--seed", "4", "--json",
        ]
        let first = try Program.run(options + ["--prompt", "Hi"])
        let second = try Program.run(options, input: "Hi\n")
        #expect(first.status == 0, "\(first.errors)")
        let tokens = try json(first.output)["tokens"]?.arrayValue?.compactMap(\.intValue)
        #expect(tokens?.count == 8)
        #expect(try json(second.output)["tokens"]?.arrayValue?.compactMap(\.intValue) == tokens)
        #expect(try json(first.output)["seed"]?.intValue == 4)
    }

    @Test func `an answer about a picture sees the picture`() throws {
        let result = try Program.run([
            "generate", "--model", folder.model, "--image", photo, "--prompt", "What?", "--gen-length", "4", "--json",
        ])
        #expect(result.status == 0, "\(result.errors)")
        #expect(try json(result.output)["prompt_tokens"]?.intValue ?? 0 > 20)
    }

    @Test func `gaps are filled in place`() throws {
        let result = try Program.run([
            "generate", "--model", folder.model, "--infill", "--prompt", "one [MASK*3] two", "--seed", "1",
        ])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("one") && result.output.contains("two"))
    }

    @Test func `pictures, their frames and their numbers are written where they should be`() throws {
        let result = try Program.run([
            "imagine", "--model", folder.model, "--prompt", "a cat", "--output", folder.path("cat.png"), "--count", "2",
            "--steps", "3", "--frames", folder.path("frames"), "--seed", "1",
        ])
        #expect(result.status == 0, "\(result.errors)")
        for name in ["cat-1.png", "cat-2.png", "frames/1-step-001.png", "frames/2-step-003.png"] {
            let picture = try RGBImage(contentsOf: URL(filePath: folder.path(name)))
            #expect(picture.width == 64 && picture.height == 64)
        }
    }

    @Test func `a part of a picture is painted anew, and a picture is continued`() throws {
        let mask = folder.path("mask.png")
        let image = try RGBImage(contentsOf: URL(filePath: photo))
        try RGBImage(width: image.width, height: image.height, pixels: image.pixels.map { _ in 255 }).write(
            to: URL(filePath: mask))
        let painted = try Program.run([
            "imagine", "--model", folder.model, "--prompt", "a hat", "--image", photo, "--mask", mask, "--steps", "2",
            "--output", folder.path("hat.png"),
        ])
        #expect(painted.status == 0, "\(painted.errors)")
        let continued = try Program.run([
            "imagine", "--model", folder.model, "--prompt", "grass", "--image", photo, "--extend", "left", "--steps",
            "2",
            "--output", folder.path("wide.jpg"), "--think", "--thought-length", "4",
        ])
        #expect(continued.status == 0, "\(continued.errors)")
        #expect(try RGBImage(contentsOf: URL(filePath: folder.path("wide.jpg"))).width == 96)
    }

    @Test func `a conversation goes on over several lines`() throws {
        let result = try Program.run(
            ["chat", "--model", folder.model, "--gen-length", "4", "--seed", "1"],
            input: "Hello\n/think\n/image \(photo)\nWhat is this?\n/image nothing.png\n/nonsense\n/reset\nBye\n/quit\n")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("reasoning is on") && result.errors.contains("no command /nonsense"))
    }

    @Test func `inspection tells sound from damaged`() throws {
        let sound = try Program.run(["inspect", folder.model, "--json"])
        #expect(sound.status == 0, "\(sound.errors)")
        #expect(try json(sound.output)["sound"]?.boolValue == true)
        let config = URL(filePath: folder.model).appending(path: "config.json")
        let text = try String(contentsOf: config, encoding: .utf8)
        try text.replacing("\"n_layers\": 2", with: "\"n_layers\": 3").write(
            to: config, atomically: true, encoding: .utf8)
        let damaged = try Program.run(["inspect", folder.model])
        #expect(damaged.status == 65)
        #expect(damaged.output.contains("missing: model.transformer.blocks.2.q_proj.weight"))
    }

    @Test func `tokens go there and back`() throws {
        let there = try Program.run(["tokenize", "--model", folder.model, "Hello, <|eot_id|> wörld"])
        #expect(there.status == 0, "\(there.errors)")
        let ids = there.output.split { " \n".contains($0) }.map(String.init)
        let back = try Program.run(["tokenize", "--model", folder.model, "--decode"] + ids)
        #expect(back.output == "Hello, <|eot_id|> wörld\n")
    }

    @Test func `a picture comes back from the image tokenizer`() throws {
        let result = try Program.run([
            "reconstruct", "--model", folder.model, photo, "--output", folder.path("back.png"),
        ])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.hasPrefix("PSNR "))
        #expect(try RGBImage(contentsOf: URL(filePath: folder.path("back.png"))).width == 64)
    }

    @Test(arguments: ["text", "image", "answer", "forward"])
    func `every benchmark reports what it should`(task: String) throws {
        let result = try Program.run(["bench", "--model", folder.model, "--task", task, "--steps", "2", "--json"])
        #expect(result.status == 0, "\(result.errors)")
        let report = try json(result.output)
        #expect(report["seconds_per_step"]?["all"]?.arrayValue?.count == 2)
        #expect(report["peak_rss_bytes"]?.intValue ?? 0 > 1 << 20)
    }

    /// Options that must be refused, and a phrase of the complaint.
    static let bad: [(arguments: [String], phrase: String)] = [
        (["generate", "--model", "/nowhere", "--prompt", "x"], "/nowhere/config.json"),
        (["generate", "--model", "MODEL", "--prompt", ""], "prompt is empty"),
        (
            ["generate", "--model", "MODEL", "--prompt", "x", "--gen-length", "100", "--block-length", "64"],
            "64 or 128"
        ),
        (["generate", "--model", "MODEL", "--prompt", "x", "--gen-length", "99999999999999999999"], "gen-length"),
        (["generate", "--model", "MODEL", "--prompt", "x", "--gen-length", "0"], "gen-length"),
        (["generate", "--model", "MODEL", "--prompt", "x", "--temperature", "nan"], "temperature"),
        (["generate", "--model", "MODEL", "--prompt", "x", "--remasking", "best"], "remasking"),
        (["generate", "--model", "MODEL", "--prompt", "x", "--device", "cuda:77"], "cuda:77"),
        (["generate", "--model", "MODEL", "--prompt", "x", "--seed", "-5"], "seed"),
        (["generate", "--model", "MODEL", "--prompt", "x", "--image", "MODEL/config.json"], "PNG, JPEG or WebP"),
        (["generate", "--model", "MODEL", "--prompt", "x", "--image", "/nowhere.png"], "nowhere.png"),
        (["generate", "--model", "MODEL", "--prompt", "no gap", "--infill"], "[MASK]"),
        (["generate", "--model", "MODEL/config.json", "--prompt", "x"], "config.json"),
        (["imagine", "--model", "MODEL", "--prompt", "x", "--output", "/nowhere/x.png"], "/nowhere"),
        (["imagine", "--model", "MODEL", "--prompt", "x", "--output", "x.bmp"], "bmp"),
        (["imagine", "--model", "MODEL", "--prompt", "x", "--output", "OUT.png", "--steps", "0"], "steps"),
        (["imagine", "--model", "MODEL", "--prompt", "x", "--output", "OUT.png", "--schedule", "lazy"], "schedule"),
        (["imagine", "--model", "MODEL", "--prompt", "x", "--output", "OUT.png", "--resolution", "50"], "48 or 64"),
        (["data", "distill", "--model", "MODEL", "--input", "a", "--output", "b", "--hard", "a"], "--hard"),
        (["data", "distill", "--model", "MODEL", "--input", "a", "--output", "b", "--hard", "b"], "--hard"),
        (["imagine", "--model", "MODEL", "--prompt", "x", "--output", "OUT.png", "--mask", "m.png"], "--image"),
        (["inspect", "/nowhere"], "/nowhere"), (["tokenize", "--model", "/nowhere", "x"], "/nowhere"),
        (["tokenize", "--model", "MODEL", "--decode", "cat"], "cat"),
        (["reconstruct", "--model", "MODEL", "/nowhere.png"], "nowhere.png"), (["bench", "--task", "text"], "--model"),
    ]

    @Test(arguments: bad.indices)
    func `what cannot be done is refused in one clear line`(index: Int) throws {
        let (arguments, phrase) = Self.bad[index]
        let filled = arguments.map {
            $0.replacing("MODEL", with: folder.model).replacing("OUT", with: folder.path("out"))
        }
        let result = try Program.run(filled)
        #expect(!result.wasKilled && result.status != 0, "\(arguments): \(result.status)")
        #expect(result.errors.contains(phrase), "\(arguments): \(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("out.png")))
    }

    @Test(arguments: ["model.safetensors", "config.json", "tokenizer.json"])
    func `a damaged file of a model is refused, not read past`(name: String) throws {
        let file = URL(filePath: folder.model).appending(path: name)
        let bytes = try Data(contentsOf: file)
        try bytes.prefix(bytes.count / 2).write(to: file)
        let result = try Program.run(["generate", "--model", folder.model, "--prompt", "x", "--gen-length", "4"])
        #expect(!result.wasKilled && [65, 66].contains(result.status), "\(result.status): \(result.errors)")
        #expect(result.errors.hasPrefix("error: "))
    }

    @Test func `an interrupted generation ends at once and says so`() throws {
        let process = Process()
        process.executableURL = Program.executable
        process.arguments = ["generate", "--model", folder.model, "--prompt", "x", "--gen-length", "4096"]
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        Thread.sleep(forTimeInterval: 2)
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(text.contains("interrupted"))
    }
}
