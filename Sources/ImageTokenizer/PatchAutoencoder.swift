// A small image tokenizer for small pictures: every patch is encoded by itself, so that a code says what its own patch
// shows and nothing else, and a model over the codes has little to untangle. Residual MLPs as in MLP-Mixer (Tolstikhin
// et al. 2021) without the mixing; quantisation as in MAGVIT-v2.
public import NN
public import StrictJSON
public import Torch

/// The shape of a ``PatchAutoencoder``.
public struct PatchAutoencoderConfiguration: Hashable, Sendable {
    static let modelType = "patch_lfq"

    /// Pixels on a side of a patch.
    public var patchSize: Int
    /// Bits of a code.
    public var bits: Int
    /// Width of the residual stream.
    public var width: Int
    /// Residual blocks of each half.
    public var depth: Int

    /// A shape.
    public init(patchSize: Int, bits: Int, width: Int, depth: Int) {
        self.patchSize = patchSize
        self.bits = bits
        self.width = width
        self.depth = depth
    }

    /// Reads a `config.json`.
    public init(_ json: JSONValue) throws(ConfigurationError) {
        let fields = try ConfigurationFields(json)
        patchSize = try fields.integer("patch_size", in: 1...256)
        bits = try fields.integer("codebook_dim", in: 1...24)
        width = try fields.integer("width", in: 1...65536)
        depth = try fields.integer("depth", in: 0...1024)
    }

    var json: JSONValue {
        let fields: [(key: JSONString, value: JSONValue)] = [
            ("model_type", .string(JSONString(Self.modelType))), ("patch_size", .integer(Int64(patchSize))),
            ("codebook_dim", .integer(Int64(bits))), ("width", .integer(Int64(width))),
            ("depth", .integer(Int64(depth))),
        ]
        return .object(fields)
    }
}

/// x + down(silu(up(norm(x)))).
struct ResidualMLP: Sendable {
    private let norm: RMSNorm
    private let up, down: Linear

    init(_ width: Int, _ scope: ParameterScope) throws {
        norm = try RMSNorm(width, epsilon: 1e-6, scope / "norm")
        up = try Linear(width, 2 * width, bias: true, scope / "up")
        down = try Linear(2 * width, width, bias: true, scope / "down")
    }

    /// `[..., width]` to the same.
    func callAsFunction(_ x: Tensor) throws -> Tensor { try x + down(up(norm(x)).silu()) }
}

/// One half of the autoencoder: a linear layer, residual blocks, a norm and a linear layer.
struct PatchNetwork: Sendable {
    private let first, last: Linear
    private let blocks: [ResidualMLP]
    private let norm: RMSNorm

    init(_ inputs: Int, _ outputs: Int, width: Int, depth: Int, _ scope: ParameterScope) throws {
        first = try Linear(inputs, width, bias: true, scope / "linear_in")
        blocks = try (0..<depth).map { try ResidualMLP(width, scope / "blocks" / $0) }
        norm = try RMSNorm(width, epsilon: 1e-6, scope / "norm_out")
        last = try Linear(width, outputs, bias: true, scope / "linear_out")
    }

    /// `[..., inputs]` to `[..., outputs]`.
    func callAsFunction(_ x: Tensor) throws -> Tensor {
        var x = try first(x)
        for block in blocks { x = try block(x) }
        return try last(norm(x))
    }
}

/// An image tokenizer that encodes and decodes every patch by itself.
public struct PatchAutoencoder: VisualTokenizer {
    /// The shape of the model.
    public let configuration: PatchAutoencoderConfiguration
    /// Codes and signs.
    public let quantizer: LookupFreeQuantizer
    /// Pixels on a side that one code stands for.
    public var downsampling: Int { configuration.patchSize }

    private let encoder, decoder: PatchNetwork

    /// Takes the weights from a scope at the root of a checkpoint.
    public init(_ configuration: PatchAutoencoderConfiguration, _ root: ParameterScope) throws {
        self.configuration = configuration
        let (width, depth) = (configuration.width, configuration.depth)
        let pixels = 3 * configuration.patchSize * configuration.patchSize
        encoder = try PatchNetwork(pixels, configuration.bits, width: width, depth: depth, root / "encoder")
        decoder = try PatchNetwork(configuration.bits, pixels, width: width, depth: depth, root / "decoder")
        quantizer = LookupFreeQuantizer(bits: configuration.bits)
    }

    /// The latent before quantisation: pixels `[B, 3, Y, X]` in −1…1 to `[B, bits, y, x]`.
    public func latent(_ pixels: Tensor) throws -> Tensor {
        let (B, C, Y, X) = try pixels.shape4
        let p = configuration.patchSize
        guard Y.isMultiple(of: p), X.isMultiple(of: p) else {
            throw TensorError.operation(
                "latent", shapes: [pixels.shape], reason: "sides must be multiples of the patch size \(p)")
        }
        let patches = try pixels.reshaped(B, C, Y / p, p, X / p, p).permuted(0, 2, 4, 1, 3, 5)
            .reshaped(B, Y / p, X / p, C * p * p)
        return try encoder(patches).permuted(0, 3, 1, 2)
    }

    /// Pixels `[B, 3, Y, X]`, not clamped, of a quantised latent `[B, bits, y, x]` of ±1.
    public func pixels(ofSigns signs: Tensor) throws -> Tensor {
        let (B, _, Y, X) = try signs.shape4
        let p = configuration.patchSize
        let patches = try decoder(signs.permuted(0, 2, 3, 1))  // [B, y, x, 3·p·p]
        return try patches.reshaped(B, Y, X, 3, p, p).permuted(0, 3, 1, 4, 2, 5).reshaped(B, 3, Y * p, X * p)
    }
}
