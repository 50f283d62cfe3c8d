import Checkpoints
import Foundation
import TestSupport
import Testing
import Torch

@testable import ImageTextScorers

@Suite struct OpenAINamesTests {
    /// The fixture's tensors as OpenAI would keep them.
    static func converted(_ fixture: CLIPFixture) throws -> [OutgoingTensor] {
        let ours = Dictionary(uniqueKeysWithValues: fixture.tensors.map { ($0.name, $0.tensor) })
        var theirs: [String: Tensor] = [:]
        for (name, tensor) in ours {
            let place = try #require(OpenAINames.place(of: name))
            switch place.part {
            case .whole: theirs[place.name] = tensor
            case .transposed: theirs[place.name] = try tensor.transposed(0, 1).contiguous()
            case .third:
                let parts = try ["q", "k", "v"].map { letter in
                    let place = try #require(name.firstRange(of: /[qkv]_proj/))
                    return try #require(ours[name.replacingCharacters(in: place, with: letter + "_proj")])
                }
                theirs[place.name] = try Tensor.cat(parts)
            }
        }
        theirs["input_resolution"] = try Tensor([Float(16)])
        return try theirs.map { try OutgoingTensor($0.key, $0.value) }
    }

    @Test func `every name goes there and back`() throws {
        let names = try CLIPFixture().tensors.map(\.name)
        for name in names {
            let place = try #require(OpenAINames.place(of: name), "\(name)")
            #expect(OpenAINames.names(at: place.name).contains(name))
        }
        let places = Set(names.compactMap { OpenAINames.place(of: $0)?.name })
        #expect(Set(places.flatMap(OpenAINames.names(at:))) == Set(names))
        #expect(
            OpenAINames.names(at: "visual.transformer.resblocks.11.attn.in_proj_bias")
                == ["q", "k", "v"].map { "vision_model.encoder.layers.11.self_attn.\($0)_proj.bias" })
        for odd in [
            "", "visual.proj.weight", "transformer.resblocks.x.ln_1.weight", "transformer.resblocks.1.ln_1.gain",
        ] {
            #expect(OpenAINames.names(at: odd).isEmpty && OpenAINames.place(of: odd) == nil)
        }
    }

    @Test func `weights with OpenAI's names score the same, with or without a configuration`() throws {
        let fixture = try CLIPFixture()
        let images = try [picture(1), picture(2)]
        let prompts = ["a red cat", "a dog"]
        let expected = try withTemporaryFolder { folder in
            try fixture.write(to: folder)
            return try CLIPScorer(directory: folder).score(images, prompts: prompts)
        }
        #expect(expected[0] != expected[1])
        for hasConfiguration in [true, false] {
            try withTemporaryFolder { folder in
                try fixture.write(to: folder)
                try fixture.write(Self.converted(fixture), to: folder)
                if !hasConfiguration { try FileManager.default.removeItem(at: folder.appending(path: "config.json")) }
                let found = try CLIPScorer(directory: folder).score(images, prompts: prompts)
                #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-4 })
            }
        }
    }

    @Test func `the shape is read off the tensors`() throws {
        try withTemporaryFolder { folder in
            let fixture = try CLIPFixture()
            try fixture.write(Self.converted(fixture), to: folder)
            let checkpoint = try Checkpoint(directory: folder)
            var expected = fixture.configuration
            expected.endToken = nil
            #expect(try CLIPConfiguration(openAI: checkpoint) == expected)
        }
    }
}
