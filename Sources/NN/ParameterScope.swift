public import Torch

/// Where parameters come from: a checkpoint, an initializer, a dictionary, or a list that only takes note.
public protocol ParameterSource: AnyObject {
    /// The parameter of that name, which must have that shape.
    func parameter(_ name: String, shape: [Int]) throws -> Tensor
    /// The adapter that a linear layer of that name is to have beside its weight; most sources have none.
    func adapter(_ path: String, inputs: Int, outputs: Int) throws -> LowRankAdapter?
}

extension ParameterSource {
    /// None.
    public func adapter(_ path: String, inputs: Int, outputs: Int) throws -> LowRankAdapter? { nil }
}

/// A place in the tree of a model's parameters: `scope / "blocks" / 0 / "q_proj"` is a checkpoint name.
public struct ParameterScope {
    private let source: any ParameterSource
    /// The name of this place, as the checkpoint writes it.
    public let path: String

    /// The root of the tree, or another place named by `path`.
    public init(_ source: any ParameterSource, path: String = "") {
        self.source = source
        self.path = path
    }

    /// The place below with this name.
    public static func / (scope: ParameterScope, name: String) -> ParameterScope {
        ParameterScope(scope.source, path: scope.path.isEmpty ? name : scope.path + "." + name)
    }

    /// The place below with this index.
    public static func / (scope: ParameterScope, index: Int) -> ParameterScope { scope / String(index) }

    /// The parameter at `path.name`.
    ///
    /// - Throws: ``ParameterError`` when it is missing or has another shape.
    public func parameter(_ name: String, _ shape: Int...) throws -> Tensor {
        try source.parameter((self / name).path, shape: shape)
    }

    /// The adapter of the linear layer at this place, if it has one.
    public func adapter(inputs: Int, outputs: Int) throws -> LowRankAdapter? {
        try source.adapter(path, inputs: inputs, outputs: outputs)
    }
}

/// Parameters held in a dictionary, for tests and for models made in memory.
public final class DictionaryParameters: ParameterSource {
    private let tensors: [String: Tensor]

    /// Serves the tensors of `tensors` by name.
    public init(_ tensors: [String: Tensor]) { self.tensors = tensors }

    /// The tensor of that name, as it is.
    public func parameter(_ name: String, shape: [Int]) throws -> Tensor {
        guard let tensor = tensors[name] else { throw ParameterError.missing(name: name) }
        guard tensor.shape == shape else {
            throw ParameterError.shapeMismatch(name: name, expected: shape, found: tensor.shape)
        }
        return tensor
    }
}

/// Random parameters, for benchmarks and for models trained from scratch.
public final class RandomParameters: ParameterSource {
    private let random: RandomSource
    private let dtype: DType

    /// Draws weights of `dtype` from `random`, in the order in which the model asks.
    public init(_ random: RandomSource, dtype: DType = .float32) {
        self.random = random
        self.dtype = dtype
    }

    /// Normal numbers of deviation 1/√fan-in for matrices and kernels, ones for weights of norms, zeros for biases.
    public func parameter(_ name: String, shape: [Int]) throws -> Tensor {
        if shape.count < 2 {
            return try name.hasSuffix("bias") ? .zeros(shape, dtype: dtype) : .ones(shape, dtype: dtype)
        }
        let fanIn = shape.dropFirst().reduce(1, *)
        return try random.normal(shape, deviation: 1 / Double(fanIn).squareRoot(), dtype: dtype)
    }
}

/// Takes note of the parameters that a model asks for, and gives placeholders that take no memory.
public final class ParameterAudit: ParameterSource {
    /// Name and shape of each parameter, in the order of the model.
    public private(set) var expected: [(name: String, shape: [Int])] = []

    /// An empty list.
    public init() {}

    /// A tensor of that shape in which all elements are the same one.
    public func parameter(_ name: String, shape: [Int]) throws -> Tensor {
        expected.append((name, shape))
        let one = try Tensor.zeros(shape.map { _ in 1 }, dtype: .float32)
        return try one.expanded(to: shape)
    }

    /// Number of elements in all parameters.
    public var parameterCount: Int { expected.reduce(0) { $0 + $1.shape.reduce(1, *) } }
}
