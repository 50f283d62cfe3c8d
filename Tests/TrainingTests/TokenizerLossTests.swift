import Checkpoints
import Foundation
import ImageTokenizer
import NN
import StrictJSON
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct TokenizerLossTests {
    private let random: RandomSource
    private let tokenizer: PatchAutoencoder
    private let trained: TrainableParameters
    private let pixels: Tensor

    init() throws {
        random = try RandomSource(seed: 4)
        trained = TrainableParameters(RandomParameters(random))
        tokenizer = try PatchAutoencoder(
            PatchAutoencoderConfiguration(patchSize: 16, bits: 6, width: 16, depth: 1), ParameterScope(trained))
        pixels = try random.normal([2, 3, 32, 32], deviation: 0.4)
    }

    private func perceptual(calibrated: Bool) throws -> (PerceptualDistance, TrainableParameters, TrainableParameters) {
        let draws = try RandomSource(seed: 5)
        let network = TrainableParameters(RandomParameters(draws))
        // What a channel counts is positive in the published weights.
        let lines = TrainableParameters(RandomParameters(draws))
        let distance = try PerceptualDistance(
            channels: 4, network: ParameterScope(network), calibration: calibrated ? ParameterScope(lines) : nil)
        return (distance, network, lines)
    }

    private func adversary() throws -> Adversary {
        try Adversary(channels: 4, depth: 2, RandomParameters(RandomSource(seed: 6)), device: .cpu)
    }

    private func save(_ parameters: [NamedParameter], _ name: String, _ folder: URL) throws {
        try SafetensorsWriter.write(
            parameters.map { try OutgoingTensor(NamedParameter(name: $0.name, tensor: $0.tensor.detached())) },
            to: folder.appending(path: name + ".safetensors"))
    }

    @Test(.enabled(if: PeerPython.has("safetensors") && PeerPython.has("numpy")))
    func `the perceptual distance and the verdicts are those of an independent calculation`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mmada-loss-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (calibrated, network, lines) = try perceptual(calibrated: true)
        let (plain, _, _) = try perceptual(calibrated: false)
        let judge = TrainableParameters(RandomParameters(try RandomSource(seed: 6)))
        let discriminator = try PatchDiscriminator(
            channels: 4, depth: 2, ParameterScope(judge) / "discriminator")
        let other = try random.normal([2, 3, 32, 32], deviation: 0.4)
        try save(network.parameters, "vgg", folder)
        try save(lines.parameters, "lpips", folder)
        try save(judge.parameters, "discriminator", folder)
        try save(
            [NamedParameter(name: "x", tensor: pixels), NamedParameter(name: "y", tensor: other)], "pictures", folder)

        let answer = try PeerPython.run(script: "perceptual_peer.py", [folder.path])
        try #require(answer.status == 0)
        let expected = try JSONValue(parsing: answer.output)
        for (distance, name) in [(calibrated, "calibrated"), (plain, "plain")] {
            let found = try distance(pixels, other).detached().item()
            let wanted = try #require(expected[name]?.doubleValue)
            #expect(abs(found - wanted) <= 1e-5 * abs(wanted), "\(name): \(found), not \(wanted)")
        }
        let found = try discriminator(pixels).detached().contiguous().array(of: Float.self)
        let wanted = try #require(expected["verdicts"]?.arrayValue).compactMap(\.doubleValue)
        #expect(found.count == wanted.count)
        for (a, b) in zip(found, wanted) { #expect(abs(Double(a) - b) <= 1e-4 * max(1, abs(b))) }
        // Read back from the files, it is the same network.
        let loaded = try PerceptualDistance(
            network: folder.appending(path: "vgg.safetensors"),
            calibration: folder.appending(path: "lpips.safetensors"),
            device: .cpu)
        #expect(try loaded(pixels, other).item() == calibrated(pixels, other).detached().item())
        #expect(throws: CheckpointError.self) {
            try PerceptualDistance(
                network: folder.appending(path: "pictures.safetensors"), calibration: nil, device: .cpu)
        }
    }

    @Test func `each term adds its weighted share, and equal pictures are at distance 0`() throws {
        let (distance, _, _) = try perceptual(calibrated: false)
        #expect(try distance(pixels, pixels).item() == 0)
        var weights = TokenizerLossWeights()
        let base = try TokenizerLoss(tokenizer, pixels: pixels, weights)
        weights.perceptual = 0.5
        weights.adversarial = 0.25
        let all = try TokenizerLoss(
            tokenizer, pixels: pixels, weights,
            judges: TokenizerJudges(perceptual: distance, adversary: adversary()))
        let parts = all.parts
        let extra =
            try #require(parts["perceptual"]) * 0.5 + #require(parts["adversarial"]) * 0.25
            + #require(parts["discriminator"])
        let difference = try all.total.detached().item() - base.total.detached().item()
        #expect(abs(difference - extra) <= 1e-4 * max(1, abs(extra)))
    }

    @Test func `the judge learns from its own loss alone, and the image tokenizer from the other`() throws {
        let adversary = try adversary()
        let decoded = try tokenizer.pixels(ofSigns: .ones([1, 6, 2, 2], dtype: .float32))
        try adversary.generatorLoss(decoded: decoded).backward()
        #expect(try adversary.parameters.allSatisfy { try $0.tensor.gradient() == nil })
        #expect(try trained.parameters.contains { try $0.tensor.gradient() != nil })
        for parameter in trained.parameters { try parameter.tensor.setGradientInPlace(nil) }

        let again = try tokenizer.pixels(ofSigns: .ones([1, 6, 2, 2], dtype: .float32))
        try adversary.discriminatorLoss(real: pixels, decoded: again).backward()
        #expect(try trained.parameters.allSatisfy { try $0.tensor.gradient() == nil })
        #expect(try adversary.parameters.allSatisfy { try $0.tensor.gradient() != nil })
    }

    @Test func `a judge in training comes to tell pictures apart`() throws {
        let adversary = try adversary()
        let optimizer = Optimizer([Optimizer.Group(adversary.parameters, weightDecay: 0)])
        let gray = try Tensor.zeros([2, 3, 32, 32], dtype: .float32)
        let before = try adversary.generatorLoss(decoded: gray).item()
        for _ in 0..<60 {
            try adversary.discriminatorLoss(real: pixels, decoded: gray).backward()
            try optimizer.step(learningRate: 3e-3)
            try optimizer.clearGradients()
        }
        #expect(try adversary.discriminatorLoss(real: pixels, decoded: gray).detached().item() < 0.2)
        // The frozen view has learnt with it: decoded pictures pay more now.
        #expect(try adversary.generatorLoss(decoded: gray).item() > before)
    }
}
