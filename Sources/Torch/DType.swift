internal import CTorch

/// The type of a tensor's elements.
public enum DType: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    case float32, bfloat16, float16, float64, int64, int32, int16, int8, uint8, bool

    /// Bytes that one element takes.
    public var byteCount: Int {
        switch self {
        case .float64, .int64: 8
        case .float32, .int32: 4
        case .bfloat16, .float16, .int16: 2
        case .int8, .uint8, .bool: 1
        }
    }

    /// Whether the type holds fractions.
    public var isFloatingPoint: Bool {
        switch self {
        case .float32, .bfloat16, .float16, .float64: true
        case .int64, .int32, .int16, .int8, .uint8, .bool: false
        }
    }

    /// The largest finite number of a floating-point type.
    public var greatestFiniteMagnitude: Double {
        switch self {
        case .float64: .greatestFiniteMagnitude
        case .float32: Double(Float.greatestFiniteMagnitude)
        case .bfloat16: 0x1.FEp127
        case .float16: 65504
        case .int64: 0x1p63
        case .int32: Double(Int32.max)
        case .int16: Double(Int16.max)
        case .int8: Double(Int8.max)
        case .uint8: Double(UInt8.max)
        case .bool: 1
        }
    }

    /// The name in this package's options and in Python.
    public var description: String { rawValue }

    var raw: ctorch_dtype {
        switch self {
        case .float32: ctorch_float32
        case .bfloat16: ctorch_bfloat16
        case .float16: ctorch_float16
        case .float64: ctorch_float64
        case .int64: ctorch_int64
        case .int32: ctorch_int32
        case .int16: ctorch_int16
        case .int8: ctorch_int8
        case .uint8: ctorch_uint8
        case .bool: ctorch_bool
        }
    }

    init(raw: ctorch_dtype) {
        self = DType.allCases.first { $0.raw == raw } ?? .float32
    }
}

/// A Swift type whose values can be elements of a tensor as they lie in memory.
public protocol TensorElement: BitwiseCopyable, Sendable {
    /// The element type of such a tensor.
    static var dtype: DType { get }
}

extension Float: TensorElement {
    /// Elements of float32.
    public static var dtype: DType { .float32 }
}
extension Double: TensorElement {
    /// Elements of float64.
    public static var dtype: DType { .float64 }
}
extension Int64: TensorElement {
    /// Elements of int64.
    public static var dtype: DType { .int64 }
}
extension Int32: TensorElement {
    /// Elements of int32.
    public static var dtype: DType { .int32 }
}
extension UInt8: TensorElement {
    /// Elements of uint8.
    public static var dtype: DType { .uint8 }
}
extension Bool: TensorElement {
    /// Elements of bool.
    public static var dtype: DType { .bool }
}
