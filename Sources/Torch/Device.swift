internal import CTorch

/// Where a tensor lies and is computed on.
public enum Device: Hashable, Sendable, CustomStringConvertible {
    case cpu
    case cuda(Int)
    case mps

    /// The name as users write it: `cpu`, `cuda:1`, `mps`.
    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        case .mps: "mps"
        }
    }

    /// Reads `cpu`, `cuda`, `cuda:N` or `mps`; `nil` for anything else.
    public init?(_ name: String) {
        switch name {
        case "cpu": self = .cpu
        case "cuda": self = .cuda(0)
        case "mps": self = .mps
        default:
            guard name.hasPrefix("cuda:"), let index = Int(name.dropFirst(5)), (0..<128).contains(index) else {
                return nil
            }
            self = .cuda(index)
        }
    }

    /// Makes the device ready: for CUDA this loads its libraries, which must come before other work.
    ///
    /// - Throws: ``TensorError/deviceUnavailable(_:reason:)``.
    public func prepare() throws(TensorError) {
        let available =
            switch self {
            case .cpu: true
            case .cuda: ctorch_cuda_available()
            case .mps: ctorch_mps_available()
            }
        guard available else {
            throw .deviceUnavailable(self, reason: self == .mps ? "this system has no Metal device" : lastError())
        }
    }

    /// Waits until all work given to the device has ended: a no-op for the CPU.
    public func synchronize() throws(TensorError) {
        guard ctorch_synchronize(raw) else { throw .operation("synchronize", shapes: [], reason: lastError()) }
    }

    var raw: ctorch_device {
        switch self {
        case .cpu: ctorch_device(kind: ctorch_cpu, index: 0)
        case .cuda(let index): ctorch_device(kind: ctorch_cuda, index: Int32(index))
        case .mps: ctorch_device(kind: ctorch_mps, index: 0)
        }
    }

    init(raw: ctorch_device) {
        switch raw.kind {
        case ctorch_cuda: self = .cuda(Int(raw.index))
        case ctorch_mps: self = .mps
        default: self = .cpu
        }
    }
}
