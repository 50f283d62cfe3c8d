/// Why reasoning cannot be collected.
public enum DistillationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What an earlier run left beside the output is of another input or other settings.
    case otherSettings(path: String)
    /// A line that an earlier run left is not what was written.
    case damaged(place: String)
    /// Answers cannot be noted.
    case unwritable(path: String)

    /// One line for a terminal.
    public var description: String {
        switch self {
        case .otherSettings(let path):
            "\(path) was begun with another input or other settings; repeat those, or remove it to begin anew"
        case .damaged(let place):
            "\(place): expected an answer noted by an earlier run; remove the line or the file"
        case .unwritable(let path):
            "\(path) cannot be written"
        }
    }
}
