// The MAGVIT-v2 image tokenizer with lookup-free quantisation (Yu et al. 2023, arXiv 2310.05737), in the form that
// Show-o and MMaDA released: two-dimensional, fully convolutional, attention in the middle only.
public import NN
public import Torch

private func norm(_ channels: Int, _ scope: ParameterScope) throws -> GroupNorm {
    try GroupNorm(channels, groups: 32, epsilon: 1e-6, scope)
}

/// x + conv(swish(norm(conv(swish(norm(x)))))), with a 1×1 convolution on the shortcut where the width changes.
struct ResidualBlock: Sendable {
    private let norm1, norm2: GroupNorm
    private let conv1, conv2: Conv2d
    private let shortcut: Conv2d?

    init(_ inputs: Int, _ outputs: Int, _ scope: ParameterScope) throws {
        norm1 = try norm(inputs, scope / "norm1")
        conv1 = try Conv2d(inputs, outputs, kernel: 3, padding: 1, scope / "conv1")
        norm2 = try norm(outputs, scope / "norm2")
        conv2 = try Conv2d(outputs, outputs, kernel: 3, padding: 1, scope / "conv2")
        shortcut = inputs == outputs ? nil : try Conv2d(inputs, outputs, kernel: 1, scope / "nin_shortcut")
    }

    /// `[B, inputs, Y, X]` to `[B, outputs, Y, X]`.
    func callAsFunction(_ x: Tensor) throws -> Tensor {
        let h = try conv2(norm2(conv1(norm1(x).silu())).silu())
        return try (shortcut.map { try $0(x) } ?? x) + h
    }
}

/// Attention of one head over all positions of the latent.
struct SpatialAttention: Sendable {
    private let norm: GroupNorm
    private let q, k, v, projOut: Conv2d

    init(_ channels: Int, _ scope: ParameterScope) throws {
        norm = try ImageTokenizer.norm(channels, scope / "norm")
        q = try Conv2d(channels, channels, kernel: 1, scope / "q")
        k = try Conv2d(channels, channels, kernel: 1, scope / "k")
        v = try Conv2d(channels, channels, kernel: 1, scope / "v")
        projOut = try Conv2d(channels, channels, kernel: 1, scope / "proj_out")
    }

    /// `[B, C, Y, X]` to the same.
    func callAsFunction(_ x: Tensor) throws -> Tensor {
        let (B, C, Y, X) = try x.shape4
        let h = try norm(x)
        let flat = { (t: Tensor) throws in try t.reshaped(B, C, Y * X) }  // [B, C, YX]
        let scores = try flat(q(h)).transposed(1, 2).matmul(flat(k(h))) * .real(1 / Double(C).squareRoot())
        let weights = try scores.softmax(along: -1)  // [B, YX queries, YX keys]
        let y = try flat(v(h)).matmul(weights.transposed(1, 2))  // [B, C, YX]
        return try x + projOut(y.reshaped(B, C, Y, X))
    }
}

/// The blocks at the latent resolution, which both halves have.
struct MiddleBlocks: Sendable {
    private let block1, block2: ResidualBlock
    private let attention: SpatialAttention

    init(_ channels: Int, _ scope: ParameterScope) throws {
        block1 = try ResidualBlock(channels, channels, scope / "block_1")
        attention = try SpatialAttention(channels, scope / "attn_1")
        block2 = try ResidualBlock(channels, channels, scope / "block_2")
    }

    func callAsFunction(_ x: Tensor) throws -> Tensor { try block2(attention(block1(x))) }
}

/// Pixels to the latent whose signs are the code.
struct Encoder: Sendable {
    private struct Level: Sendable {
        let blocks: [ResidualBlock]
        let downsample: Conv2d?
    }

    private let convIn: Conv2d
    private let levels: [Level]
    private let middle: MiddleBlocks
    private let normOut: GroupNorm
    private let convOut, quantConv: Conv2d

    init(_ configuration: MAGVITConfiguration, _ scope: ParameterScope) throws {
        let half = configuration.encoder
        convIn = try Conv2d(3, half.channels, kernel: 3, padding: 1, scope / "conv_in")
        var channels = half.channels
        var levels: [Level] = []
        for (i, (multiplier, count)) in zip(half.multipliers, half.blocks).enumerated() {
            let place = scope / "down" / i
            let blocks = try (0..<count).map { j in
                defer { channels = half.channels * multiplier }
                return try ResidualBlock(channels, half.channels * multiplier, place / "block" / j)
            }
            let isLast = i == half.blocks.count - 1
            let conv =
                isLast
                ? nil : try Conv2d(channels, channels, kernel: 3, stride: 2, place / "downsample" / "conv")
            levels.append(Level(blocks: blocks, downsample: conv))
        }
        self.levels = levels
        middle = try MiddleBlocks(channels, scope / "mid")
        normOut = try norm(channels, scope / "norm_out")
        convOut = try Conv2d(channels, configuration.bits, kernel: 3, padding: 1, scope / "conv_out")
        quantConv = try Conv2d(configuration.bits, configuration.bits, kernel: 1, scope / "quant_conv")
    }

    /// `[B, 3, Y, X]` to `[B, bits, Y/16, X/16]`.
    func callAsFunction(_ pixels: Tensor) throws -> Tensor {
        var x = try convIn(pixels)
        for level in levels {
            for block in level.blocks { x = try block(x) }
            // Padded on the right and below only, so that the stride-2 kernel covers every pixel.
            if let downsample = level.downsample { x = try downsample(x.padded([0, 1, 0, 1])) }
        }
        x = try middle(x)
        return try quantConv(convOut(normOut(x).silu()))
    }
}

/// Code signs to pixels.
struct Decoder: Sendable {
    private struct Level: Sendable {
        let blocks: [ResidualBlock]
        let upsample: Conv2d?
    }

    private let postQuantConv, convIn: Conv2d
    private let middle: MiddleBlocks
    private let levels: [Level]
    private let normOut: GroupNorm
    private let convOut: Conv2d

    init(_ configuration: MAGVITConfiguration, _ scope: ParameterScope) throws {
        let half = configuration.decoder
        var channels = half.channels * (half.multipliers.last ?? 1)
        postQuantConv = try Conv2d(configuration.bits, configuration.bits, kernel: 1, scope / "post_quant_conv")
        convIn = try Conv2d(configuration.bits, channels, kernel: 3, padding: 1, scope / "conv_in")
        middle = try MiddleBlocks(channels, scope / "mid")
        var levels: [Level] = []
        for (i, (multiplier, count)) in zip(half.multipliers, half.blocks).enumerated().reversed() {
            let place = scope / "up" / i
            let blocks = try (0..<count).map { j in
                defer { channels = half.channels * multiplier }
                return try ResidualBlock(channels, half.channels * multiplier, place / "block" / j)
            }
            let conv =
                i == 0
                ? nil : try Conv2d(channels, channels, kernel: 3, padding: 1, place / "upsample" / "conv")
            levels.append(Level(blocks: blocks, upsample: conv))
        }
        self.levels = levels
        normOut = try norm(channels, scope / "norm_out")
        convOut = try Conv2d(channels, 3, kernel: 3, padding: 1, scope / "conv_out")
    }

    /// `[B, bits, y, x]` of ±1 to `[B, 3, 16y, 16x]`.
    func callAsFunction(_ signs: Tensor) throws -> Tensor {
        var x = try middle(convIn(postQuantConv(signs)))
        for level in levels {
            for block in level.blocks { x = try block(x) }
            if let upsample = level.upsample {
                x = try upsample(x.upsampledNearest(height: 2 * x.size(2), width: 2 * x.size(3)))
            }
        }
        return try convOut(normOut(x).silu())
    }
}

/// Lookup-free quantisation: a code is the signs of the latent, the first channel being the highest bit.
public struct LookupFreeQuantizer: Sendable {
    /// Bits of a code.
    public let bits: Int

    /// A quantizer of 2^bits codes.
    public init(bits: Int) { self.bits = bits }

    private func weights(_ device: Device) throws -> Tensor {
        try Tensor((0..<bits).map { Int64(1) << Int64(bits - 1 - $0) }, shape: [1, bits, 1, 1]).to(device)
    }

    /// Codes `[B, y, x]` (int64) of a latent `[B, bits, y, x]`; zero counts as negative.
    public func codes(_ latent: Tensor) throws -> Tensor {
        try (latent.greater(0).to(dtype: .int64) * weights(latent.device)).sum(along: 1)
    }

    /// The entry of each code: `[B, y, x]` (int64) to `[B, bits, y, x]` of ±1 (float32).
    public func signs(_ codes: Tensor) throws -> Tensor {
        let weights = try weights(codes.device)
        // Bit w of c is set where c mod 2w ≥ w; in float64 the halving is exact for all codes.
        let scaled = try codes.unsqueezed(1).to(dtype: .float64) / (weights.to(dtype: .float64) * 2)
        let fraction = try scaled - scaled.floor()
        return try fraction.less(0.5).choosing(
            Tensor.full([1], -1, dtype: .float32, device: codes.device),
            else: Tensor.full([1], 1, dtype: .float32, device: codes.device))
    }
}

/// The image tokenizer: pixels to codes and back.
public struct MAGVIT: VisualTokenizer {
    /// The shape of the model.
    public let configuration: MAGVITConfiguration
    /// Codes and signs.
    public let quantizer: LookupFreeQuantizer

    private let encoder: Encoder
    private let decoder: Decoder

    /// Constant buffers that a checkpoint holds beside the parameters.
    public static let constantNames: Set<String> = ["quantize.embedding", "quantize.power_vals"]

    /// Takes the weights from a scope at the root of a checkpoint.
    public init(_ configuration: MAGVITConfiguration, _ root: ParameterScope) throws {
        self.configuration = configuration
        encoder = try Encoder(configuration, root / "encoder")
        decoder = try Decoder(configuration, root / "decoder")
        quantizer = LookupFreeQuantizer(bits: configuration.bits)
    }

    /// Pixels on a side that one code stands for.
    public var downsampling: Int { configuration.downsampling }

    /// The latent before quantisation: pixels `[B, 3, Y, X]` in −1…1 to `[B, bits, Y/16, X/16]`.
    public func latent(_ pixels: Tensor) throws -> Tensor { try encoder(pixels) }

    /// Pixels `[B, 3, 16y, 16x]`, not clamped, of a quantised latent `[B, bits, y, x]` of ±1.
    public func pixels(ofSigns signs: Tensor) throws -> Tensor { try decoder(signs) }
}
