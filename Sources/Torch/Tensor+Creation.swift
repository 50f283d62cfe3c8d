internal import CTorch

extension Tensor {
    /// A tensor whose elements are whatever the memory held.
    public static func empty(_ shape: [Int], dtype: DType, device: Device = .cpu) throws(TensorError) -> Tensor {
        let made = ctorch_empty(shape.map(Int64.init), Int32(shape.count), dtype.raw, device.raw)
        guard let made else { throw .operation("empty", shapes: [shape], reason: lastError()) }
        return Tensor(adopting: made)
    }

    /// A tensor with every element equal to `value`.
    public static func full(
        _ shape: [Int], _ value: Scalar, dtype: DType, device: Device = .cpu
    ) throws(TensorError) -> Tensor {
        let made = ctorch_full(shape.map(Int64.init), Int32(shape.count), value.raw, dtype.raw, device.raw)
        guard let made else { throw .operation("full", shapes: [shape], reason: lastError()) }
        return Tensor(adopting: made)
    }

    /// A tensor of zeros.
    public static func zeros(_ shape: [Int], dtype: DType, device: Device = .cpu) throws(TensorError) -> Tensor {
        try full(shape, 0, dtype: dtype, device: device)
    }

    /// A tensor of ones.
    public static func ones(_ shape: [Int], dtype: DType, device: Device = .cpu) throws(TensorError) -> Tensor {
        try full(shape, 1, dtype: dtype, device: device)
    }

    /// `start`, `start + step`, … below `end`: one dimension.
    public static func arange(
        _ start: Scalar = 0, to end: Scalar, step: Scalar = 1, dtype: DType, device: Device = .cpu
    ) throws(TensorError) -> Tensor {
        let made = ctorch_arange(start.raw, end.raw, step.raw, dtype.raw, device.raw)
        guard let made else { throw .operation("arange", shapes: [], reason: lastError()) }
        return Tensor(adopting: made)
    }
}

/// A plain number in an operation; whole numbers keep whole tensors whole.
public enum Scalar: Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
    case integer(Int)
    case real(Double)

    /// A whole number.
    public init(integerLiteral value: Int) { self = .integer(value) }

    /// A number with a fraction.
    public init(floatLiteral value: Double) { self = .real(value) }

    var raw: ctorch_scalar {
        switch self {
        case .integer(let value): ctorch_scalar(is_integer: true, integer: Int64(value), real: 0)
        case .real(let value): ctorch_scalar(is_integer: false, integer: 0, real: value)
        }
    }
}
