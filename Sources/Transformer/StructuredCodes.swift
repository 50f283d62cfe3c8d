public import NN
public import Torch

/// Fresh rows for image codes that start as sums of a vector for each bit.
///
/// Codes that share bits, and so look alike, start near each other. Afterwards they are rows like any other.
public final class StructuredCodes: ParameterSource {
    private let base: any ParameterSource
    private let codes: Range<Int>
    private let random: RandomSource

    /// `codes`: The ids of the codes, a power of two of them, code 0 first.
    public init(_ base: any ParameterSource, codes: Range<Int>, _ random: RandomSource) {
        self.base = base
        self.codes = codes
        self.random = random
    }

    /// The parameter, with structured rows where it is the embedding or the head.
    public func parameter(_ name: String, shape: [Int]) throws -> Tensor {
        let made = try base.parameter(name, shape: shape)
        let isTable = name == "model.transformer.wte.weight" || name == "model.transformer.ff_out.weight"
        guard isTable, shape.count == 2, codes.upperBound <= shape[0], !codes.isEmpty else { return made }
        let bits = codes.count.trailingZeroBitCount
        guard codes.count == 1 << bits, bits > 0 else { return made }
        let signs = (0..<codes.count).flatMap { code in
            (0..<bits).map { Float(code >> (bits - 1 - $0) & 1 == 1 ? 1 : -1) }
        }
        // Rows keep the deviation 1/√D that the others have; a third of it is each row's own.
        let deviation = 1 / Double(shape[1]).squareRoot()
        let vectors = try random.normal([bits, shape[1]], deviation: deviation / Double(bits).squareRoot())
        let rows = try Tensor(signs, shape: [codes.count, bits]).matmul(vectors)
        let own = try random.normal([codes.count, shape[1]], deviation: deviation / 3)
        return try Tensor.cat([made.slice(0..<codes.lowerBound), rows + own, made.slice(codes.upperBound..<shape[0])])
    }
}
