internal import CTorch

/// Why a tensor operation could not be done.
public enum TensorError: Error, Hashable, Sendable, CustomStringConvertible {
    /// libtorch refused: the operation, the shapes it was given, and libtorch's own words.
    case operation(String, shapes: [[Int]], reason: String)
    case rank(expected: Int, shape: [Int])
    case elementCount(expected: Int, found: Int)
    case dtype(expected: DType, found: DType)
    case deviceUnavailable(Device, reason: String)

    /// One line for a terminal.
    public var description: String {
        switch self {
        case .operation(let name, let shapes, let reason):
            "\(name) of \(shapes.map(\.description).joined(separator: ", ")) failed: \(firstLine(reason))"
        case .rank(let expected, let shape):
            "expected a tensor of \(expected) dimensions, found shape \(shape)"
        case .elementCount(let expected, let found):
            "expected \(expected) elements, found \(found)"
        case .dtype(let expected, let found):
            "expected \(expected) elements, found \(found)"
        case .deviceUnavailable(let device, let reason):
            "device \(device) cannot be used: \(firstLine(reason))"
        }
    }
}

extension TensorError {
    /// Whether there was no memory left for it, of the processor or of a device.
    public var isOutOfMemory: Bool {
        guard case .operation(_, _, let reason) = self else { return false }
        return reason.contains("out of memory") || reason.contains("can't allocate memory")
            || reason.contains("not enough memory")
    }
}

/// What went wrong in the last call of the shim on this thread.
func lastError() -> String { String(cString: ctorch_last_error()) }

private func firstLine(_ text: String) -> String {
    String(text.prefix { $0 != "\n" })
}
