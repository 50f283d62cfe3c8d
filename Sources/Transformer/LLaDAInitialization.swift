public import NN
public import Torch

/// Weights to train from scratch: LLaDA's "mitchell" scheme (truncated normals, smaller with depth).
public final class MitchellParameters: ParameterSource {
    private let configuration: LLaDAConfiguration
    private let random: RandomSource

    /// Draws from `random`, in the order in which the model asks.
    public init(_ configuration: LLaDAConfiguration, _ random: RandomSource) {
        self.configuration = configuration
        self.random = random
    }

    /// Deviation 1/√D, or 1/√(2·width·(layer + 1)) for the two layers of a block that write to the residual stream.
    public func parameter(_ name: String, shape: [Int]) throws -> Tensor {
        guard shape.count == 2 else { return try .ones(shape, dtype: .float32) }
        let parts = name.split(separator: ".")
        let width = Double(configuration.hiddenSize)
        var deviation = 1 / width.squareRoot()
        if parts.count > 4, parts[2] == "blocks", let layer = Int(parts[3]) {
            let depth = (2 * Double(layer + 1)).squareRoot()
            if parts[4] == "attn_out" { deviation = 1 / width.squareRoot() / depth }
            if parts[4] == "ff_out" { deviation = 1 / Double(configuration.mlpHiddenSize).squareRoot() / depth }
        }
        return try truncatedNormal(shape, deviation: deviation)
    }

    /// Normal numbers, those beyond three deviations drawn again.
    private func truncatedNormal(_ shape: [Int], deviation: Double) throws -> Tensor {
        var values = try random.normal(shape, deviation: 1)
        while true {
            let far = try values.magnitude().greater(3)
            let anyFar = try far.to(dtype: .float32).sum().item() > 0
            guard anyFar else { return try values * .real(deviation) }
            values = try far.choosing(random.normal(shape, deviation: 1), else: values)
        }
    }
}

/// Parameters of a smaller vocabulary, grown: new rows of the embedding and the head are drawn around the mean of the
/// old ones (`resize_token_embeddings` of `transformers`: covariance times 1e-9).
public final class GrownVocabulary: ParameterSource {
    private let base: any ParameterSource
    private let oldSize: Int
    private let random: RandomSource

    /// `oldSize`: rows that `base` has.
    public init(_ base: any ParameterSource, oldSize: Int, _ random: RandomSource) {
        self.base = base
        self.oldSize = oldSize
        self.random = random
    }

    /// The parameter, with rows added where it is one of the two that grow.
    public func parameter(_ name: String, shape: [Int]) throws -> Tensor {
        let grows = name == "model.transformer.wte.weight" || name == "model.transformer.ff_out.weight"
        guard grows, shape.count == 2, shape[0] > oldSize else { return try base.parameter(name, shape: shape) }
        let old = try base.parameter(name, shape: [oldSize, shape[1]])
        let wide = try old.to(dtype: .float32)
        let mean = try wide.mean(along: 0, keeping: true)  // [1, D]
        // zᵀ(X − mean)/√n with z normal has the covariance of the rows, without making a D × D matrix.
        let added = try stride(from: 0, to: shape[0] - oldSize, by: 64).map { start in
            let rows = min(64, shape[0] - oldSize - start)
            let z = try random.normal([rows, oldSize], deviation: 1 / Double(oldSize).squareRoot())
            let spread = try z.matmul(wide) - z.sum(along: 1, keeping: true) * mean
            return try mean + spread * .real(1e-9.squareRoot())
        }
        return try Tensor.cat([old] + added.map { try $0.to(dtype: old.dtype) })
    }
}
