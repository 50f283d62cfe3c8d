public import Checkpoints
public import Torch

/// Parameters of a checkpoint on disk.
///
/// On the CPU a parameter is the file's own memory, mapped, unless it is converted; on another device it is copied
/// there once.
public final class CheckpointParameters: ParameterSource {
    private let checkpoint: Checkpoint
    private let device: Device
    private let dtype: DType?
    private var used: Set<String> = []

    /// `dtype`: the type to convert floating-point parameters to on loading; `nil` keeps the file's, so that
    /// nothing is copied.
    public init(_ checkpoint: Checkpoint, device: Device = .cpu, dtype: DType? = nil) {
        self.checkpoint = checkpoint
        self.device = device
        self.dtype = dtype
    }

    /// The tensor of that name on the device.
    public func parameter(_ name: String, shape: [Int]) throws -> Tensor {
        guard let stored = checkpoint[name] else { throw ParameterError.missing(name: name) }
        used.insert(name)
        guard stored.shape == shape else {
            throw ParameterError.shapeMismatch(name: name, expected: shape, found: stored.shape)
        }
        let tensor = try Tensor(stored)
        guard tensor.dtype.isFloatingPoint else {
            throw ParameterError.elementType(name: name, found: tensor.dtype.rawValue)
        }
        return try tensor.to(device, dtype: dtype)
    }

    /// Checks that the model has asked for all that the checkpoint holds.
    ///
    /// - Parameter ignored: names that a checkpoint may hold beside the parameters, as constant buffers.
    /// - Throws: ``ParameterError/unused(names:)``.
    public func finish(ignoring ignored: Set<String> = []) throws {
        let unused = checkpoint.names.filter { !used.contains($0) && !ignored.contains($0) }
        guard unused.isEmpty else { throw ParameterError.unused(names: unused.sorted()) }
    }
}

extension Tensor {
    /// A tensor over the mapped memory of a checkpoint: nothing is copied, unless the file holds it unaligned.
    public init(_ stored: StoredTensor) throws {
        let dtype = DType(stored.elementType)
        guard stored.shape.allSatisfy({ $0 > 0 }) else {
            self = try .empty(stored.shape, dtype: dtype)
            return
        }
        let base = UnsafeMutableRawPointer(mutating: stored.baseAddress)
        if UInt(bitPattern: base) % UInt(dtype.byteCount) == 0 {
            try self.init(
                aliasing: base, shape: stored.shape, strides: stored.strides, dtype: dtype, owner: stored.storage)
        } else {
            let bytes = try stored.withBytes { try Tensor([UInt8]($0)) }
            self = try bytes.viewed(as: dtype, shape: stored.shape, strides: stored.strides)
        }
    }
}

extension DType {
    /// The engine's name for a file's element type.
    public init(_ type: ElementType) {
        self =
            switch type {
            case .bool: .bool
            case .uint8: .uint8
            case .int8: .int8
            case .int16: .int16
            case .int32: .int32
            case .int64: .int64
            case .float16: .float16
            case .bfloat16: .bfloat16
            case .float32: .float32
            case .float64: .float64
            }
    }
}
