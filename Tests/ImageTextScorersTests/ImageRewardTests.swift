import Checkpoints
import Foundation
import ImageTextScorers
import Images
import NN
import StrictJSON
import TestSupport
import Testing
import TextTokenizer
import Torch

/// What Tests/Peers/imagereward_peer.py made: a tiny model, inputs, and what transformers makes of them.
struct ImageRewardFixture {
    /// Beside the golden data of the project, whichever of those are in use.
    static let folder = URL(filePath: #filePath)  // Tests/ImageTextScorersTests/ImageRewardTests.swift
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(components: "Golden", "imagereward-tiny", directoryHint: .isDirectory)

    let checkpoint: Checkpoint
    let model: ImageReward
    private let outputs: Checkpoint

    init() throws {
        checkpoint = try Checkpoint(directory: Self.folder, stems: ["ImageReward"])
        outputs = try Checkpoint(directory: Self.folder, stems: ["outputs"])
        let json = try JSONValue(parsing: [UInt8](Data(contentsOf: Self.folder.appending(path: "med_config.json"))))
        let configuration = try ImageRewardConfiguration(checkpoint, medConfig: json)
        model = try ImageReward(configuration, ParameterScope(CheckpointParameters(checkpoint, dtype: .float32)))
    }

    subscript(name: String) -> Tensor {
        get throws { try Tensor(outputs.tensor(name)) }
    }

    var prompts: [String] {
        get throws {
            let data = try Data(contentsOf: Self.folder.appending(path: "prompts.json"))
            return try JSONValue(parsing: [UInt8](data))["prompts"]?.arrayValue?.compactMap(\.stringValue) ?? []
        }
    }

    var images: [RGBImage] {
        get throws {
            let bytes = try self["images"]  // [B, Y, X, 3]
            return try (0..<bytes.size(0)).map {
                try RGBImage(width: bytes.size(2), height: bytes.size(1), pixels: bytes.select($0).array())
            }
        }
    }

    /// A copy that a test may damage.
    static func copy(to target: URL) throws {
        for name in ["ImageReward.safetensors", "med_config.json", "vocab.txt"] {
            try FileManager.default.copyItem(at: folder.appending(path: name), to: target.appending(path: name))
        }
    }
}

@Suite struct ImageRewardTests {
    @Test func `states and rewards are those of transformers`() throws {
        let fixture = try ImageRewardFixture()
        let image = try fixture.model.imageStates(fixture["pixel_values"])
        #expect(try image.largestDifference(from: fixture["image_states"]) < 1e-4)
        let mask = try fixture["attention_mask"].greater(0)
        let text = try fixture.model.textStates(fixture["input_ids"], mask: mask, image: image)
        #expect(try text.largestDifference(from: fixture["text_states"]) < 1e-4)
        let rewards = try fixture.model.rewards(ofStates: text)
        #expect(try Tensor(rewards).largestDifference(from: fixture["reward"]) < 1e-4)
    }

    @Test func `pictures and prompts go in, the reference's scores come out`() throws {
        let fixture = try ImageRewardFixture()
        let (images, prompts) = try (fixture.images, fixture.prompts)
        let scorer = try ImageRewardScorer(directory: ImageRewardFixture.folder)
        let scores = try scorer.score(images, prompts: prompts)
        #expect(try Tensor(scores).largestDifference(from: fixture["score"]) < 1e-4)
        #expect(Set(scores.map { Int($0 * 1000) }).count == scores.count)
        // One at a time, where nothing is filled up.
        for index in images.indices {
            let alone = try scorer.score([images[index]], prompts: [prompts[index]])
            #expect(abs(alone[0] - scores[index]) < 1e-5)
        }
    }

    @Test func `prompts give the ids of the reference's tokenizer`() throws {
        let fixture = try ImageRewardFixture()
        let tokenizer = try WordPieceTokenizer(directory: ImageRewardFixture.folder)
        let (ids, mask): ([Int64], [Int64]) = try (fixture["input_ids"].array(), fixture["attention_mask"].array())
        for (row, prompt) in try fixture.prompts.enumerated() {
            let expected = (row * 35..<(row + 1) * 35).filter { mask[$0] == 1 }.map { Int32(ids[$0]) }
            #expect(tokenizer.encode(prompt, limit: 35) == expected)
        }
    }

    @Test func `without med_config the heads are 64 wide`() throws {
        let fixture = try ImageRewardFixture()
        #expect(fixture.model.configuration.vision.heads == fixture.model.configuration.vision.width / 64)
        #expect(throws: ScorerError.self) { try ImageRewardConfiguration(fixture.checkpoint) }
        var shape = fixture.model.configuration
        shape.text.heads = 1
        let other = try ImageRewardScorer(directory: ImageRewardFixture.folder, configuration: shape)
        let (images, prompts) = try (fixture.images, fixture.prompts)
        #expect(try Tensor(other.score(images, prompts: prompts)).largestDifference(from: fixture["score"]) > 1e-3)
    }

    @Test func `the standard shape is the released one`() throws {
        let audit = ParameterAudit()
        // Folding the head is the only arithmetic on loading, and has zeros to work on.
        _ = try ImageReward(ImageRewardConfiguration(), ParameterScope(audit))
        // Without the two projections that the score does not need.
        #expect(audit.parameterCount == 446_665_953 - 459_264)
    }

    @Test(
        .enabled(if: PeerPython.has("torch") && PeerPython.has("transformers"), "no Python with transformers is named"))
    func `the stored outputs are what transformers gives now`() throws {
        let fixture = try ImageRewardFixture()
        let path = ImageRewardFixture.folder.path(percentEncoded: false)
        let (status, output) = try PeerPython.run(script: "imagereward_peer.py", [path])
        try #require(status == 0)
        let reply = try JSONValue(parsing: output)
        for name in ["image_states", "text_states", "reward", "score"] {
            let numbers = try #require(reply[name]?.numbers)
            #expect(try Tensor(numbers).largestDifference(from: fixture[name].reshaped(-1)) < 1e-5, "\(name)")
        }
    }
}

@Suite struct ImageRewardScorerTests {
    /// The fixture's tensors, float32.
    private func tensors() throws -> [OutgoingTensor] {
        let checkpoint = try ImageRewardFixture().checkpoint
        return try checkpoint.names.map { try OutgoingTensor($0, Tensor(checkpoint.tensor($0))) }
    }

    private func expectError(_ tensors: [OutgoingTensor], _ what: String, medConfig: String? = nil) throws {
        try withTemporaryFolder { folder in
            try ImageRewardFixture.copy(to: folder)
            try SafetensorsWriter.write(tensors, to: folder.appending(path: "ImageReward.safetensors"))
            if let medConfig { try Data(medConfig.utf8).write(to: folder.appending(path: "med_config.json")) }
            do {
                _ = try ImageRewardScorer(directory: folder)
                Issue.record("\(what) is taken")
            } catch is ScorerError, is ParameterError, is ConfigurationError, is CheckpointError {
            }
        }
    }

    @Test func `missing tensors and wrong shapes are typed errors, whichever it is`() throws {
        let tensors = try tensors()
        for index in tensors.indices
        where !tensors[index].name.contains("_proj.") || tensors[index].name.contains("attn") {
            let name = tensors[index].name
            if name.contains("position_ids") { continue }
            var fewer = tensors
            fewer.remove(at: index)
            try expectError(fewer, "without \(name)")
            let bent = OutgoingTensor(name: name, elementType: .float32, shape: [], bytes: [0, 0, 0, 0])
            try expectError(fewer + [bent], "a scalar \(name)")
        }
    }

    @Test func `an unknown name inside the towers is an error, elsewhere it is passed over`() throws {
        let tensors = try tensors()
        try expectError(tensors + [OutgoingTensor("blip.text_encoder.extra", Tensor([Float(1)]))], "an extra name")
        try withTemporaryFolder { folder in
            try ImageRewardFixture.copy(to: folder)
            try SafetensorsWriter.write(
                tensors + [OutgoingTensor("blip.itm_head.weight", Tensor([Float(1)]))],
                to: folder.appending(path: "ImageReward.safetensors"))
            #expect(throws: Never.self) { try ImageRewardScorer(directory: folder) }
        }
    }

    @Test(arguments: [
        "[]", #"{"num_attention_heads": 5}"#, #"{"num_attention_heads": 0}"#, #"{"hidden_size": 768}"#,
        #"{"hidden_act": "relu"}"#, #"{"layer_norm_eps": -1}"#, #"{"num_hidden_layers": 3}"#, "{",
    ])
    func `a med_config of another model is a typed error`(text: String) throws {
        try expectError(tensors(), text, medConfig: text)
    }

    @Test func `an absurd configuration of the caller's is a typed error`() throws {
        let shape = try ImageRewardFixture().model.configuration
        let changes: [(inout ImageRewardConfiguration) -> Void] = [
            { $0.text.heads = 0 }, { $0.vision.heads = 3 }, { $0.patchSize = 0 }, { $0.imageSize = 0 },
            { $0.head = [] },
            { $0.text.layers = -1 }, { $0.vision.width = -64 }, { $0.vocabularySize = 0 }, { $0.positions = 2 },
        ]
        for change in changes {
            var absurd = shape
            change(&absurd)
            do {
                _ = try ImageRewardScorer(directory: ImageRewardFixture.folder, configuration: absurd)
                Issue.record("\(absurd) is taken")
            } catch is ConfigurationError, is ParameterError {
            }
        }
    }

    @Test(arguments: ["ImageReward.safetensors", "vocab.txt"])
    func `files that are missing or cut are typed errors`(name: String) throws {
        try withTemporaryFolder { folder in
            try ImageRewardFixture.copy(to: folder)
            let file = folder.appending(path: name)
            let whole = try Data(contentsOf: file)
            for part in [0, 10, whole.count / 2] where name != "vocab.txt" || part < 11 {
                try whole.prefix(part).write(to: file)
                #expect(throws: (any Error).self, "\(part) bytes") { try ImageRewardScorer(directory: folder) }
            }
            try FileManager.default.removeItem(at: file)
            #expect(throws: (any Error).self) { try ImageRewardScorer(directory: folder) }
        }
    }

    @Test func `weights that are no numbers, and a wrong count, are typed errors`() throws {
        try withTemporaryFolder { folder in
            try ImageRewardFixture.copy(to: folder)
            let damaged = try tensors().map { tensor in
                tensor.name == "blip.visual_encoder.cls_token"
                    ? try OutgoingTensor(tensor.name, Tensor.full(tensor.shape, .real(.infinity), dtype: .float32))
                    : tensor
            }
            try SafetensorsWriter.write(damaged, to: folder.appending(path: "ImageReward.safetensors"))
            let scorer = try ImageRewardScorer(directory: folder)
            #expect(throws: ScorerError.notFinite(index: 0)) { try scorer.score([picture(1)], prompts: ["cat"]) }
            #expect(throws: ScorerError.countMismatch(images: 0, prompts: 1)) { try scorer.score([], prompts: ["cat"]) }
        }
    }

    @Test(arguments: ["ImageReward.safetensors", "vocab.txt", "med_config.json"])
    func `damaged files never bring the program down`(name: String) throws {
        try withTemporaryFolder { folder in
            try ImageRewardFixture.copy(to: folder)
            let file = folder.appending(path: name)
            let whole = [UInt8](try Data(contentsOf: file))
            let head = min(whole.count, 8000)
            var taken = 0
            for seed in 0..<150 as Range<UInt64> {
                let damaged = Mutations.mutate(Array(whole.prefix(head)), seed: seed) + whole.dropFirst(head)
                try Data(damaged).write(to: file)
                guard let scorer = try? ImageRewardScorer(directory: folder) else { continue }
                taken += 1
                _ = try? scorer.score([picture(1)], prompts: ["a red cat"])
            }
            #expect(taken < 150)
        }
    }
}
