public import ImageTokenizer
public import Torch

/// Weights of the terms of the image tokenizer's loss.
public struct TokenizerLossWeights: Codable, Hashable, Sendable {
    /// Mean distance of pixels.
    public var l1 = 1.0
    /// Mean squared distance of pixels.
    public var l2 = 1.0
    /// Certainty of each bit, less variety of the bits over the batch (image-tokenizer §9).
    public var entropy = 0.1
    /// Distance of the latent from its signs.
    public var commitment = 0.1
    /// Share of the commitment that goes through the straight-through latent (β of the reference).
    public var commitmentBeta = 0.25
    /// Weight of pixels that differ from the picture's border colour, against 1 for the others.
    public var foregroundWeight = 1.0
    /// How much, of a range of 2, a channel of such a pixel differs.
    public var foregroundThreshold = 0.3
    /// Learned perceptual distance (LPIPS); needs a network.
    public var perceptual = 0.0
    /// VGG-16 as torchvision publishes it, safetensors or PyTorch.
    public var perceptualNetwork = ""
    /// What its channels count, as lpips publishes it; empty counts all alike.
    public var perceptualCalibration = ""
    /// What a discriminator trained alongside says of decoded pictures.
    public var adversarial = 0.0
    /// Micro-batches before that counts.
    public var adversarialStart = 0
    /// Channels of the discriminator's first layer.
    public var discriminatorChannels = 64
    /// How often the discriminator halves a picture.
    public var discriminatorDepth = 3

    /// The reference's weights.
    public init() {}
}

/// Networks that judge decoded pictures, where the loss has terms for them.
public struct TokenizerJudges {
    /// For the perceptual term.
    public var perceptual: PerceptualDistance?
    /// For the adversarial term.
    public var adversary: Adversary?

    /// None, or these.
    public init(perceptual: PerceptualDistance? = nil, adversary: Adversary? = nil) {
        self.perceptual = perceptual
        self.adversary = adversary
    }
}

/// The terms of the loss of one batch.
public struct TokenizerLoss {
    /// The weighted sum, for the backward pass.
    public let total: Tensor
    /// Each term without its weight.
    public let parts: [String: Double]

    /// Puts `pixels` `[B, 3, Y, X]` in −1…1 through `tokenizer` and compares.
    ///
    /// - Parameters:
    ///   - tokenizer: In training.
    ///   - pixels: A batch.
    ///   - weights: Of the terms.
    ///   - judges: Networks for the terms that need one; a term without its network is left out.
    /// - Throws: `TensorError`.
    public init(
        _ tokenizer: any VisualTokenizer, pixels: Tensor, _ weights: TokenizerLossWeights,
        judges: TokenizerJudges = TokenizerJudges()
    ) throws {
        let latent = try tokenizer.latent(pixels)  // [B, bits, y, x]
        let one = try Tensor.full([1], 1, dtype: latent.dtype, device: latent.device)
        let signs = try latent.detached().greater(0).choosing(one, else: -one)
        let quantized = try latent + (signs - latent).detached()  // straight through
        let decoded = try tokenizer.pixels(ofSigns: quantized)
        let importance = try Self.importance(of: pixels, weights)
        let difference = try decoded - pixels
        let l1 = try Self.mean(importance.map { try difference.magnitude() * $0 } ?? difference.magnitude())
        let squares = try difference.power(2)
        let l2 = try Self.mean(importance.map { try squares * $0 } ?? squares)
        let entropy = try Self.entropy(latent)
        let beta = weights.commitmentBeta
        let commitment =
            try Self.mean((signs - latent).power(2))
            + beta * Self.mean((quantized - latent.detached()).power(2))
        var total = try weights.l1 * l1 + weights.l2 * l2 + weights.entropy * entropy + weights.commitment * commitment
        var parts = [
            "l1": try l1.item(), "l2": try l2.item(), "entropy": try entropy.item(),
            "commitment": try commitment.item(),
        ]
        if let perceptual = judges.perceptual {
            let distance = try perceptual(decoded, pixels)
            total = try total + weights.perceptual * distance
            parts["perceptual"] = try distance.item()
        }
        if let adversary = judges.adversary {
            let deceit = try adversary.generatorLoss(decoded: decoded)
            let judgement = try adversary.discriminatorLoss(real: pixels, decoded: decoded)
            total = try total + weights.adversarial * deceit + judgement
            parts["adversarial"] = try deceit.item()
            parts["discriminator"] = try judgement.item()
        }
        self.total = total
        self.parts = parts
    }

    private static func mean(_ x: Tensor) throws -> Tensor { try x.sum() / .integer(x.count) }

    /// H(bit) averaged over positions and bits, less H(average bit): p(+1) = σ(4z), the factorised form of the reference.
    private static func entropy(_ latent: Tensor) throws -> Tensor {
        let p = try (4 * latent).sigmoid()
        let certainty = try mean(binaryEntropy(p))
        let average = try p.transposed(0, 1).reshaped(latent.size(1), -1).mean(along: 1)  // [bits]
        return try certainty - mean(binaryEntropy(average))
    }

    private static func binaryEntropy(_ p: Tensor) throws -> Tensor {
        let q = try p.clamped(1e-7, 1 - 1e-7)
        let opposite = try -(q - 1)
        return try -(q * q.log() + opposite * opposite.log())
    }

    /// Weights `[B, 1, Y, X]` of mean 1 for each picture; `nil` where all pixels weigh the same.
    private static func importance(of pixels: Tensor, _ weights: TokenizerLossWeights) throws -> Tensor? {
        guard weights.foregroundWeight != 1 else { return nil }
        let (B, C, Y, X) = try pixels.shape4
        let edges = try Tensor.cat(
            [
                pixels.select(0, along: 2), pixels.select(Y - 1, along: 2), pixels.select(0, along: 3),
                pixels.select(X - 1, along: 3),
            ], along: -1)  // [B, C, 2X + 2Y]
        let sorted = try edges.sorted(along: -1).values
        let border = try sorted.select(sorted.size(-1) / 2, along: -1).reshaped(B, C, 1, 1)
        let far = try (pixels - border).magnitude().max(along: 1, keeping: true)
            .greater(.real(weights.foregroundThreshold)).to(dtype: pixels.dtype)
        let raw = try (weights.foregroundWeight - 1) * far + 1.0
        return try raw / raw.reshaped(B, -1).mean(along: 1).reshaped(B, 1, 1, 1)
    }
}
