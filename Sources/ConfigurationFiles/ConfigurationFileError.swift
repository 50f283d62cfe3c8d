/// Why a configuration cannot be used.
public enum ConfigurationFileError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(file: String, reason: String)
    case invalidYAML(file: String, reason: String)
    case tooLarge(file: String, limit: String)
    case unknownKey(path: String, nearest: String?)
    case wrongType(path: String, expected: String, found: String)
    case outOfRange(path: String, found: String, allowed: String)
    case unknownReference(path: String, reference: String)
    case circularReference(path: String)
    case malformedSet(String)
    case inconsistent(String)

    /// One line for a terminal.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
        case .invalidYAML(let file, let reason): "\(file) is not valid YAML: \(reason)"
        case .tooLarge(let file, let limit): "\(file) holds more than \(limit)"
        case .unknownKey(let path, let nearest):
            "unknown key '\(path)'" + (nearest.map { "; did you mean '\($0)'?" } ?? "")
        case .wrongType(let path, let expected, let found): "'\(path)': expected \(expected), found \(found)"
        case .outOfRange(let path, let found, let allowed): "'\(path)' is \(found); allowed: \(allowed)"
        case .unknownReference(let path, let reference): "'\(path)' refers to '\(reference)', which is not set"
        case .circularReference(let path): "'\(path)' refers to itself"
        case .malformedSet(let text): "'\(text)': expected key.path=value"
        case .inconsistent(let what): what
        }
    }
}
