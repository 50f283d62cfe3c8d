import Checkpoints
import ImageTextScorers
import Images
import NN
import StrictJSON
import TestSupport
import Testing
import Torch

@Suite struct CLIPTests {
    private func golden() throws -> (GoldenSet, CLIP) {
        let configuration = try CLIPConfiguration(JSONValue(parsing: Golden.bytes("clip-tiny/config.json")))
        let checkpoint = try Checkpoint(directory: Golden.file("clip-tiny"))
        let parameters = CheckpointParameters(checkpoint)
        let model = try CLIP(configuration, ParameterScope(parameters))
        try parameters.finish(ignoring: CLIP.constantNames)
        return (try GoldenSet("clip"), model)
    }

    @Test func `pictures give the reference's states and vectors`() throws {
        let (golden, model) = try golden()
        var records: [Tensor] = []
        let features = try model.imageFeatures(golden["pixel_values"]) { records.append($0) }
        let states = try golden["vision_hidden_states"]
        #expect(records.count == states.size(0) + 1)
        for index in 0..<states.size(0) {
            #expect(try records[index].largestDifference(from: states.select(index)) < 1e-4)
        }
        #expect(
            try records[states.size(0) - 1].largestDifference(from: golden["vision_last_hidden_state"]) < 1e-4)
        #expect(try records[states.size(0)].largestDifference(from: golden["vision_pooler_output"]) < 1e-4)
        #expect(try features.largestDifference(from: golden["image_features"]) < 1e-4)
        #expect(try CLIP.unit(features).largestDifference(from: golden["image_embeds"]) < 1e-4)
    }

    @Test func `texts give the reference's states up to their end, and its vectors`() throws {
        let (golden, model) = try golden()
        var records: [Tensor] = []
        let features = try model.textFeatures(golden["input_ids"]) { records.append($0) }
        // What stands behind the end is masked in the reference and read by nobody here.
        let mask = try golden["attention_mask"].unsqueezed(2).to(dtype: .float32)  // [B, L, 1]
        let states = try golden["text_hidden_states"]
        #expect(records.count == states.size(0) + 2)
        for index in 0..<states.size(0) {
            #expect(try (records[index] * mask).largestDifference(from: states.select(index) * mask) < 1e-4)
        }
        let last = try golden["text_last_hidden_state"]
        #expect(try (records[states.size(0)] * mask).largestDifference(from: last * mask) < 1e-4)
        #expect(try records[states.size(0) + 1].largestDifference(from: golden["text_pooler_output"]) < 1e-4)
        #expect(try features.largestDifference(from: golden["text_features"]) < 1e-4)
        let unit = try CLIP.unit(features)
        #expect(try unit.largestDifference(from: golden["text_embeds"]) < 1e-4)
        #expect(try unit.largestDifference(from: golden["no_attention_mask.text_embeds"]) < 1e-4)
    }

    @Test func `logits and scores are the reference's`() throws {
        let (golden, model) = try golden()
        let images = try model.imageFeatures(golden["pixel_values"])
        let texts = try model.textFeatures(golden["input_ids"])
        let logits = try model.logits(images: images, texts: texts)
        #expect(try logits.largestDifference(from: golden["logits_per_image"]) < 1e-4)
        #expect(try logits.transposed(0, 1).largestDifference(from: golden["logits_per_text"]) < 1e-4)
        let expected = try golden["clip_score_0_to_100"]
        let pairs = try CLIP.unit(images) * CLIP.unit(texts.slice(0..<expected.size(0)))
        let scores = try (pairs.sum(along: 1) * 100).maximum(0)
        #expect(try scores.largestDifference(from: expected) < 1e-4)
    }

    @Test(arguments: [
        (name: "ViT-B/32", vision: (768, 12), text: (512, 12), patch: 32, side: 224, joint: 512, count: 151_277_313),
        ("ViT-B/16", (768, 12), (512, 12), 16, 224, 512, 149_620_737),
        ("ViT-L/14", (1024, 24), (768, 12), 14, 224, 768, 427_616_513),
        ("ViT-L/14@336", (1024, 24), (768, 12), 14, 336, 768, 427_944_193),
    ])
    func `the released shapes have the released numbers of parameters`(
        name: String, vision: (Int, Int), text: (Int, Int), patch: Int, side: Int, joint: Int, count: Int
    ) throws {
        var shape = CLIPConfiguration()
        shape.vision = CLIPConfiguration.Tower(width: vision.0, layers: vision.1)
        shape.text = CLIPConfiguration.Tower(width: text.0, layers: text.1)
        (shape.patchSize, shape.imageSize, shape.projectionWidth) = (patch, side, joint)
        let audit = ParameterAudit()
        _ = try CLIP(shape, ParameterScope(audit))
        #expect(audit.parameterCount == count)
        #expect(audit.expected.count == (vision.1 == 12 ? 398 : 590))
    }

    @Test func `padding behind the end changes nothing, and the first end counts`() throws {
        let fixture = try CLIPFixture()
        var shape = fixture.configuration
        for end in [nil, 599] {
            shape.endToken = end
            let parameters = DictionaryParameters(
                Dictionary(uniqueKeysWithValues: fixture.tensors.map { ($0.name, $0.tensor) }))
            let model = try CLIP(shape, ParameterScope(parameters))
            let short = try model.textFeatures(Tensor([Int64(598), 3, 599], shape: [1, 3]))
            let filled = try model.textFeatures(Tensor([Int64(598), 3, 599, 599, 0, 599], shape: [1, 6]))
            #expect(try short.largestDifference(from: filled) < 1e-6)
        }
    }

    @Test func `half-precision activations come near`() throws {
        let fixture = try CLIPFixture()
        let pixels = try CLIPPreprocessing(side: 16).pixels(of: [picture(1)])
        let exact = try CLIP.unit(fixture.model().imageFeatures(pixels))
        let rough = try CLIP.unit(fixture.model(dtype: .bfloat16).imageFeatures(pixels))
        #expect(rough.dtype == .float32)
        #expect(try exact.largestDifference(from: rough) < 0.05)
    }

    @Test func `a batch of another size than the model's is a typed error`() throws {
        let model = try CLIPFixture().model()
        #expect(throws: TensorError.self) { try model.imageFeatures(Tensor.zeros([1, 3, 24, 24], dtype: .float32)) }
        #expect(throws: TensorError.self) { try model.imageFeatures(Tensor.zeros([3], dtype: .float32)) }
        #expect(throws: TensorError.self) { try model.textFeatures(Tensor.zeros([1, 13], dtype: .int64)) }
        #expect(throws: TensorError.self) { try model.textFeatures(Tensor([Int64(600)], shape: [1, 1])) }
    }
}
