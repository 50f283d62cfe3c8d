/// Why a model could not take its weights from a checkpoint.
public enum ParameterError: Error, Hashable, Sendable, CustomStringConvertible {
    case missing(name: String)
    case shapeMismatch(name: String, expected: [Int], found: [Int])
    case elementType(name: String, found: String)
    case unused(names: [String])

    /// One line for a terminal.
    public var description: String {
        switch self {
        case .missing(let name):
            "no parameter '\(name)' in the checkpoint; is it of this architecture?"
        case .shapeMismatch(let name, let expected, let found):
            "parameter '\(name)': expected shape \(expected), found \(found)"
        case .elementType(let name, let found):
            "parameter '\(name)': expected floating-point elements, found \(found)"
        case .unused(let names):
            "\(names.count) parameter(s) of the checkpoint that this architecture does not have: "
                + names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", …" : "")
        }
    }
}
