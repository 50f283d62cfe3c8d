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

@Suite struct CLIPScorerTests {
    private func withScorer(_ body: (CLIPScorer) throws -> Void) throws {
        try withTemporaryFolder { folder in
            try CLIPFixture().write(to: folder)
            try body(CLIPScorer(directory: folder))
        }
    }

    @Test func `a score is 100 times the cosine, not below 0`() throws {
        let fixture = try CLIPFixture()
        let model = try fixture.model()
        try withTemporaryFolder { folder in
            try fixture.write(to: folder)
            let scorer = try CLIPScorer(directory: folder)
            let tokenizer = try CLIPTokenizer(directory: folder)
            let prompts = ["a cat", "red dog!", "", String(repeating: "cat ", count: 99), "a cat"]
            let images = try prompts.indices.map { try picture(UInt64($0)) }
            let scores = try scorer.score(images, prompts: prompts)
            for (index, prompt) in prompts.enumerated() {
                let ids = tokenizer.encode(prompt, limit: 12).map(Int64.init)
                let text = try CLIP.unit(model.textFeatures(Tensor(ids, shape: [1, ids.count])))
                let pixels = try CLIPPreprocessing(side: 16).pixels(of: [images[index]])
                let cosine = try (CLIP.unit(model.imageFeatures(pixels)) * text).sum().item()
                #expect(abs(scores[index] - max(100 * cosine, 0)) < 1e-3)
            }
            #expect(scores.allSatisfy { $0 > 1 } && Set(scores).count == scores.count)
            // The same with every picture turned about is the opposite, which does not count.
            let turned = try fixture.tensors.map { name, tensor in
                try OutgoingTensor(name, name == "visual_projection.weight" ? -tensor : tensor)
            }
            try fixture.write(turned, to: folder)
            #expect(try CLIPScorer(directory: folder).score(images, prompts: prompts) == [0, 0, 0, 0, 0])
        }
    }

    @Test func `batching changes nothing`() throws {
        try withScorer { scorer in
            let images = try (0..<37).map { try picture($0, width: 16 + Int($0) % 5, height: 17) }
            let prompts = (0..<37).map { "cat \($0 % 20) dog" }
            let together = try scorer.score(images, prompts: prompts)
            for index in [0, 15, 16, 36] {
                let alone = try scorer.score([images[index]], prompts: [prompts[index]])
                #expect(abs(alone[0] - together[index]) < 1e-3)
            }
            #expect(try scorer.score([], prompts: []).isEmpty)
        }
    }

    @Test func `a black picture has a score`() throws {
        try withScorer { scorer in
            let black = try RGBImage(width: 20, height: 20, pixels: [UInt8](repeating: 0, count: 1200))
            #expect(try scorer.score([black], prompts: ["dog"])[0].isFinite)
            #expect(throws: ScorerError.countMismatch(images: 1, prompts: 2)) {
                try scorer.score([black], prompts: ["a", "b"])
            }
        }
    }

    @Test func `weights that are no numbers are found when a picture is scored`() throws {
        try withTemporaryFolder { folder in
            let fixture = try CLIPFixture()
            try fixture.write(to: folder)
            let damaged = try fixture.tensors.map { name, tensor in
                let isHit = name == "visual_projection.weight"
                return try OutgoingTensor(
                    name, isHit ? Tensor.full(tensor.shape, .real(.nan), dtype: .float32) : tensor)
            }
            try fixture.write(damaged, to: folder)
            let scorer = try CLIPScorer(directory: folder)
            #expect(throws: ScorerError.notFinite(index: 0)) { try scorer.score([picture(1)], prompts: ["cat"]) }
        }
    }

    @Test(arguments: ["config.json", "model.safetensors", "vocab.json", "merges.txt"])
    func `a file that is missing, empty, cut or no file is a typed error`(name: String) throws {
        try withTemporaryFolder { folder in
            try CLIPFixture().write(to: folder)
            let file = folder.appending(path: name)
            let whole = try Data(contentsOf: file)
            func expectError(_ what: String) {
                do {
                    _ = try CLIPScorer(directory: folder)
                    Issue.record("\(name) \(what) is taken")
                } catch is ScorerError, is CheckpointError, is TokenizerError, is ConfigurationError, is ParameterError
                {
                } catch {
                    Issue.record("\(name) \(what): \(error)")
                }
            }
            // A list of merges cut at the end of a line is a shorter list.
            if name != "merges.txt" {
                try Data().write(to: file)
                expectError("empty")
                try whole.prefix(whole.count / 2).write(to: file)
                expectError("cut")
            }
            try FileManager.default.removeItem(at: file)
            expectError("missing")
            try FileManager.default.createDirectory(at: file, withIntermediateDirectories: false)
            expectError("a folder")
        }
    }

    @Test func `missing tensors, wrong shapes and unknown names are typed errors`() throws {
        try withTemporaryFolder { folder in
            let fixture = try CLIPFixture()
            try fixture.write(to: folder)
            let tensors = try fixture.tensors.map { try OutgoingTensor($0.name, $0.tensor) }
            let gone = tensors[5].name
            try fixture.write(tensors.filter { $0.name != gone }, to: folder)
            #expect(throws: ParameterError.missing(name: gone)) { try CLIPScorer(directory: folder) }
            try fixture.write(tensors + [OutgoingTensor("extra", Tensor([Float(1)]))], to: folder)
            #expect(throws: ParameterError.unused(names: ["extra"])) { try CLIPScorer(directory: folder) }
            let bent = try OutgoingTensor(gone, Tensor([Float(1)]))
            try fixture.write(tensors.filter { $0.name != gone } + [bent], to: folder)
            #expect(throws: ParameterError.self) { try CLIPScorer(directory: folder) }
            // Position ids of old files are passed over.
            let ids = OutgoingTensor(
                name: "text_model.embeddings.position_ids", elementType: .int64, shape: [1],
                bytes: .init(repeating: 0, count: 8))
            try fixture.write(tensors + [ids], to: folder)
            #expect(throws: Never.self) { try CLIPScorer(directory: folder) }
        }
    }

    @Test(arguments: [
        (#""hidden_size": 64"#, #""hidden_size": -1"#), (#""hidden_size": 64"#, #""hidden_size": 1e99"#),
        (#""hidden_size": 64"#, #""hidden_size": 9223372036854775807"#), (#""hidden_size": 64"#, #""hidden_size": 96"#),
        (#""num_attention_heads": 2"#, #""num_attention_heads": 0"#),
        (#""num_attention_heads": 2"#, #""num_attention_heads": 3"#),
        (#""num_hidden_layers": 1"#, #""num_hidden_layers": 100000"#),
        (#""num_hidden_layers": 1"#, #""num_hidden_layers": 2"#),
        (#""num_hidden_layers": 1"#, #""num_hidden_layers": 0"#),
        (#""patch_size": 8"#, #""patch_size": 0"#), (#""patch_size": 8"#, #""patch_size": 17"#),
        (#""patch_size": 8"#, #""patch_size": 4"#), (#""image_size": 16"#, #""image_size": 1000000"#),
        (#""image_size": 16"#, #""image_size": 32"#), (#""hidden_act": "quick_gelu"}"#, #""hidden_act": "tanh"}"#),
        (#""projection_dim": 24"#, #""projection_dim": "24""#), (#""projection_dim": 24"#, #""projection_dim": 25"#),
        (#""vocab_size": 600"#, #""vocab_size": 300"#), (#""eos_token_id": 2"#, #""eos_token_id": 5"#),
        (#""max_position_embeddings": 12"#, #""max_position_embeddings": 1"#),
        (#""model_type": "clip""#, #""model_type": "siglip""#), (#""text_config""#, #""text_configuration""#),
        (#""vision_config": {"#, #""vision_config": [{"#),
        (#""image_size": 16"#, #""image_size": 16, "num_channels": 1"#),
    ])
    func `absurd values of a configuration are typed errors`(old: String, new: String) throws {
        try withTemporaryFolder { folder in
            try CLIPFixture().write(to: folder)
            let text = CLIPFixture.config.replacing(old, with: new)
            try #require(text != CLIPFixture.config)
            try Data(text.utf8).write(to: folder.appending(path: "config.json"))
            do {
                _ = try CLIPScorer(directory: folder)
                Issue.record("\(new) is taken")
            } catch is ConfigurationError, is ParameterError, is ScorerError {
            }
        }
    }

    @Test func `an older file's second configuration counts more`() throws {
        let text = CLIPFixture.config.replacing(
            #""text_config""#,
            with: #""text_config_dict": {"num_attention_heads": 4, "eos_token_id": 7}, "text_config""#)
        let configuration = try CLIPConfiguration(JSONValue(parsing: Array(text.utf8)))
        #expect(configuration.text.heads == 4 && configuration.text.width == 64 && configuration.endToken == 7)
    }

    @Test func `a preprocessor of another size and another release's tokenizer are typed errors`() throws {
        try withTemporaryFolder { folder in
            let fixture = try CLIPFixture()
            try fixture.write(to: folder)
            let file = folder.appending(path: "preprocessor_config.json")
            try Data(#"{"size": 16, "crop_size": 16}"#.utf8).write(to: file)
            #expect(throws: Never.self) { try CLIPScorer(directory: folder) }
            try Data("{}".utf8).write(to: file)
            #expect(throws: ConfigurationError.self) { try CLIPScorer(directory: folder) }
            try FileManager.default.removeItem(at: file)
            let text = CLIPFixture.config.replacing(#""eos_token_id": 2"#, with: #""eos_token_id": 599"#)
            try Data(text.utf8).write(to: folder.appending(path: "config.json"))
            #expect(throws: ScorerError.endTokenMismatch(tokenizer: 519, model: 599)) {
                try CLIPScorer(directory: folder)
            }
        }
    }

    @Test func `a TorchScript program is told from weights`() throws {
        try withTemporaryFolder { folder in
            try CLIPFixture().write(to: folder)
            try FileManager.default.removeItem(at: folder.appending(path: "model.safetensors"))
            let file = folder.appending(path: "model.pt")
            try FileManager.default.copyItem(at: ImageRewardFixture.folder.appending(path: "torchscript.pt"), to: file)
            #expect(throws: ScorerError.torchScript(file: file.path(percentEncoded: false))) {
                try CLIPScorer(directory: folder)
            }
        }
    }

    @Test(arguments: ["config.json", "preprocessor_config.json", "vocab.json", "merges.txt", "model.safetensors"])
    func `damaged files never bring the program down`(name: String) throws {
        try withTemporaryFolder { folder in
            try CLIPFixture().write(to: folder)
            let preprocessor =
                #"{"size": {"shortest_edge": 16}, "crop_size": {"height": 16, "width": 16}, "image_std": [1, 1, 1]}"#
            try Data(preprocessor.utf8).write(to: folder.appending(path: "preprocessor_config.json"))
            let file = folder.appending(path: name)
            let whole = [UInt8](try Data(contentsOf: file))
            // Of weights only the header matters: flipped bits of numbers are other numbers.
            let head = name == "model.safetensors" ? 4000 : whole.count
            var taken = 0
            for seed in 0..<150 as Range<UInt64> {
                let damaged = Mutations.mutate(Array(whole.prefix(head)), seed: seed) + whole.dropFirst(head)
                try Data(damaged).write(to: file)
                guard let scorer = try? CLIPScorer(directory: folder) else { continue }
                taken += 1
                _ = try? scorer.score([picture(1)], prompts: ["cat \u{0}"])
            }
            #expect(taken < 150)
        }
    }
}
