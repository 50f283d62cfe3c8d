public import NN
public import StrictJSON
public import Torch

/// Pixels to codes and back: an autoencoder around a lookup-free quantizer.
public protocol VisualTokenizer: Sendable {
    /// Codes and signs.
    var quantizer: LookupFreeQuantizer { get }
    /// Pixels on a side that one code stands for.
    var downsampling: Int { get }
    /// The latent before quantisation: pixels `[B, 3, Y, X]` in −1…1 to `[B, bits, y, x]`.
    func latent(_ pixels: Tensor) throws -> Tensor
    /// Pixels `[B, 3, Y, X]`, not clamped, of a quantised latent `[B, bits, y, x]` of ±1.
    func pixels(ofSigns signs: Tensor) throws -> Tensor
}

extension VisualTokenizer {
    /// Number of codes.
    public var codebookSize: Int { 1 << quantizer.bits }

    /// Codes `[B, y, x]` (int64) of pixels `[B, 3, Y, X]` in −1…1.
    public func encode(_ pixels: Tensor) throws -> Tensor { try quantizer.codes(latent(pixels)) }

    /// Pixels `[B, 3, Y, X]`, not clamped, of codes `[B, y, x]` (int64).
    public func decode(_ codes: Tensor) throws -> Tensor { try pixels(ofSigns: quantizer.signs(codes)) }
}

/// The shape of an image tokenizer of either architecture.
public enum VisualTokenizerConfiguration: Hashable, Sendable {
    /// The released architecture.
    case magvit(MAGVITConfiguration)
    /// Each patch by itself.
    case patch(PatchAutoencoderConfiguration)

    /// Reads a `config.json`; `model_type` says which architecture, MAGVIT-v2 if it says nothing.
    public init(_ json: JSONValue) throws(ConfigurationError) {
        if json["model_type"]?.stringValue == PatchAutoencoderConfiguration.modelType {
            self = .patch(try PatchAutoencoderConfiguration(json))
        } else {
            self = .magvit(try MAGVITConfiguration(json))
        }
    }

    /// A tokenizer of this shape, with the parameters of a scope at the root of a checkpoint.
    public func build(_ root: ParameterScope) throws -> any VisualTokenizer {
        switch self {
        case .magvit(let configuration): try MAGVIT(configuration, root)
        case .patch(let configuration): try PatchAutoencoder(configuration, root)
        }
    }

    /// Constant buffers that a checkpoint may hold beside the parameters.
    public var constantNames: Set<String> {
        if case .magvit = self { MAGVIT.constantNames } else { [] }
    }

    /// Number of codes.
    public var codebookSize: Int {
        switch self {
        case .magvit(let configuration): configuration.codebookSize
        case .patch(let configuration): 1 << configuration.bits
        }
    }

    /// Pixels on a side that one code stands for.
    public var downsampling: Int {
        switch self {
        case .magvit(let configuration): configuration.downsampling
        case .patch(let configuration): configuration.patchSize
        }
    }

    /// What `config.json` says.
    public var json: JSONValue {
        switch self {
        case .magvit(let configuration): configuration.json
        case .patch(let configuration): configuration.json
        }
    }
}
