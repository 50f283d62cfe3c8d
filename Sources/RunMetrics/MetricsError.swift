public import Images
public import StrictJSON

/// Why the figures of a run could not be written, or those of an earlier run not be continued.
public enum MetricsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A file cannot be opened, read or written.
    case file(path: String, reason: String)
    /// A line of an earlier run is not one that this writes.
    case damagedLine(path: String, line: Int, reason: String)
    /// A line of an earlier run is no JSON.
    case invalidJSON(path: String, line: Int, reason: JSONError)
    /// A new run was to begin where an earlier one has left its figures.
    case holdsEarlierRun(path: String)
    /// Steps must not go back: what resuming drops is the end of the file.
    case stepWentBack(last: Int, found: Int)
    /// A name that has a meaning of its own in the file, or none at all.
    case unusableName(String)
    /// A picture could not be encoded.
    case image(ImageError)

    /// One line for a terminal.
    public var description: String {
        switch self {
        case .file(let path, let reason): "\(path): \(reason)"
        case .damagedLine(let path, let line, let reason):
            "\(path): line \(line) \(reason); move the file away to begin a new one"
        case .invalidJSON(let path, let line, let reason):
            "\(path): line \(line): \(reason); move the file away to begin a new one"
        case .holdsEarlierRun(let path):
            "\(path) is of an earlier run; resume that run, or choose another folder"
        case .stepWentBack(let last, let found): "metrics of step \(found) after those of step \(last)"
        case .unusableName(let name): "'\(name)' cannot be the name of a metric"
        case .image(let error): "\(error)"
        }
    }
}
