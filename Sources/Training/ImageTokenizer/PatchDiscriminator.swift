// The judge of the adversarial term: PatchGAN (Isola et al. 2017) with the hinge loss, as in VQGAN (Esser et al. 2021),
// with group in place of batch normalisation, whose statistics would tie the pictures of a batch together.
public import NN
public import Torch

/// Says of each patch of a picture how real it looks.
public struct PatchDiscriminator: Sendable {
    private struct Layer: Sendable {
        let convolution: Conv2d
        let norm: GroupNorm?
    }

    private let layers: [Layer]
    private let last: Conv2d

    /// `depth` halvings of the picture from `channels` channels on, then one layer at full width, then the verdict.
    public init(channels: Int, depth: Int, _ scope: ParameterScope) throws {
        var width = 3
        layers = try (0...depth).map { index in
            let outputs = channels << min(index, 3)
            defer { width = outputs }
            let place = scope / "layers" / index
            return Layer(
                convolution: try Conv2d(
                    width, outputs, kernel: 4, stride: index < depth ? 2 : 1, padding: 1, place / "conv"),
                norm: index == 0 ? nil : try GroupNorm(outputs, groups: 1, epsilon: 1e-6, place / "norm"))
        }
        last = try Conv2d(width, 1, kernel: 4, padding: 1, scope / "conv_out")
    }

    /// Pixels `[B, 3, Y, X]` in −1…1 to verdicts `[B, 1, y, x]`: above 0 for real.
    public func callAsFunction(_ pixels: Tensor) throws -> Tensor {
        var x = pixels
        for layer in layers {
            x = try layer.convolution(x)
            if let norm = layer.norm { x = try norm(x) }
            x = try x.maximum(0.2 * x)
        }
        return try last(x)
    }
}

/// A discriminator in training beside the image tokenizer that it judges.
public struct Adversary {
    /// What is trained, under names that begin with ``prefix``.
    public let parameters: [NamedParameter]
    /// Tells the discriminator's parameters from the image tokenizer's.
    public static let prefix = "discriminator."

    private let judging, judged: PatchDiscriminator

    /// A discriminator with parameters of `source`.
    public init(channels: Int, depth: Int, _ source: any ParameterSource, device: Device) throws {
        let trained = TrainableParameters(source, device: device)
        let name = String(Self.prefix.dropLast())
        judging = try PatchDiscriminator(channels: channels, depth: depth, ParameterScope(trained) / name)
        parameters = trained.parameters
        // The same storage without gradients: what the image tokenizer learns from must not teach the judge.
        let still = try parameters.map { ($0.name, try $0.tensor.detached()) }
        judged = try PatchDiscriminator(
            channels: channels, depth: depth,
            ParameterScope(DictionaryParameters(Dictionary(uniqueKeysWithValues: still))) / name)
    }

    /// What the image tokenizer pays for pictures that look decoded: −D(decoded).
    public func generatorLoss(decoded: Tensor) throws -> Tensor { try -Self.mean(judged(decoded)) }

    /// What the discriminator pays: ½ (max(0, 1 − D(real)) + max(0, 1 + D(decoded))).
    public func discriminatorLoss(real: Tensor, decoded: Tensor) throws -> Tensor {
        let onReal = try Self.mean((-judging(real) + 1.0).maximum(0))
        let onDecoded = try Self.mean((judging(decoded.detached()) + 1.0).maximum(0))
        return try (onReal + onDecoded) / 2.0
    }

    private static func mean(_ x: Tensor) throws -> Tensor { try x.sum() / .integer(x.count) }
}
