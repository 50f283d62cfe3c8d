public import NN
public import StrictJSON

/// The shape of a MAGVIT-v2 image tokenizer.
///
/// The released `config.json` says nothing about it; the extra objects `encoder`, `decoder` and `quantize` are read
/// where they are given, so that smaller tokenizers can be described.
public struct MAGVITConfiguration: Hashable, Sendable {
    /// One half of the autoencoder, in the order of its levels from full resolution to the latent one.
    public struct Half: Hashable, Sendable {
        /// Channels at multiplier 1.
        public var channels: Int
        /// Channel multiplier of each level.
        public var multipliers: [Int]
        /// Residual blocks of each level.
        public var blocks: [Int]

        /// A half.
        public init(channels: Int, multipliers: [Int], blocks: [Int]) {
            self.channels = channels
            self.multipliers = multipliers
            self.blocks = blocks
        }
    }

    /// Pixels to latent.
    public var encoder = Half(channels: 128, multipliers: [1, 2, 2, 4, 4], blocks: [4, 3, 4, 3, 4])
    /// Latent to pixels; applied from the last level to the first.
    public var decoder = Half(channels: 128, multipliers: [1, 1, 2, 2, 4], blocks: [4, 4, 3, 4, 3])
    /// Bits of a code: the latent has as many channels.
    public var bits = 13

    /// The released tokenizer: 8192 codes, 16 × 16 pixels each.
    public init() {}

    /// Reads a `config.json`.
    public init(_ json: JSONValue) throws(ConfigurationError) {
        let fields = try ConfigurationFields(json)
        encoder = try Self.half(fields.nested("encoder"), encoder, bits: &bits)
        decoder = try Self.half(fields.nested("decoder"), decoder, bits: &bits)
        bits = try fields.nested("quantize").integer("codebook_dim", in: 1...24, or: bits)
        guard encoder.multipliers.count == decoder.multipliers.count else {
            throw .inconsistent("encoder and decoder differ in their number of levels")
        }
    }

    private static func half(
        _ fields: ConfigurationFields, _ standard: Half, bits: inout Int
    ) throws(ConfigurationError) -> Half {
        let half = Half(
            channels: try fields.integer("ch", in: 32...4096, or: standard.channels),
            multipliers: try fields.integers("ch_mult", in: 1...64, or: standard.multipliers),
            blocks: try fields.integers("num_res_blocks", in: 1...64, or: standard.blocks))
        bits = try fields.integer("z_channels", in: 1...24, or: bits)
        guard half.multipliers.count == half.blocks.count, (1...8).contains(half.blocks.count) else {
            throw .inconsistent("ch_mult and num_res_blocks must have one entry for each of 1 to 8 levels")
        }
        guard half.channels.isMultiple(of: 32) else {
            throw .outOfRange(key: "ch", found: "\(half.channels)", allowed: "multiples of 32, the groups of the norms")
        }
        return half
    }

    var json: JSONValue {
        let quantize: [(key: JSONString, value: JSONValue)] = [("codebook_dim", .integer(Int64(bits)))]
        let fields: [(key: JSONString, value: JSONValue)] = [
            ("encoder", encoder.json(bits: bits)), ("decoder", decoder.json(bits: bits)),
            ("quantize", .object(quantize)),
        ]
        return .object(fields)
    }

    /// Number of codes.
    public var codebookSize: Int { 1 << bits }

    /// Pixels on a side that one code stands for.
    public var downsampling: Int { 1 << (encoder.blocks.count - 1) }
}

extension MAGVITConfiguration.Half {
    fileprivate func json(bits: Int) -> JSONValue {
        let list = { (numbers: [Int]) in JSONValue.array(numbers.map { .integer(Int64($0)) }) }
        let fields: [(key: JSONString, value: JSONValue)] = [
            ("ch", .integer(Int64(channels))), ("ch_mult", list(multipliers)), ("num_res_blocks", list(blocks)),
            ("z_channels", .integer(Int64(bits))),
        ]
        return .object(fields)
    }
}
