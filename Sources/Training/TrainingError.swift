/// Why a run cannot start or go on.
public enum TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Too many steps in a row whose loss or gradient was not a number.
    case diverged(step: Int, skipped: Int, batch: [String])
    case noCheckpoint(folder: String)
    case checkpointMissing(folder: String, step: Int, available: [Int])
    case checkpointDamaged(folder: String, file: String, expected: Int, found: Int)
    case unreadableState(folder: String, reason: String)
    case noData(part: String)
    case notDivisible(what: String, value: Int, divisor: Int)
    case missingFile(path: String, key: String)
    case unsupported(String)
    case occupied(folder: String)

    /// One line for a terminal.
    public var description: String {
        switch self {
        case .diverged(let step, let skipped, let batch):
            "step \(step): \(skipped) steps in a row gave no finite loss or gradient (last batch: "
                + "\(batch.prefix(4).joined(separator: ", "))); lower the learning rate, or start from an earlier step"
        case .noCheckpoint(let folder): "no complete checkpoint in \(folder); start without --resume"
        case .checkpointMissing(let folder, let step, let available):
            "no checkpoint of step \(step) in \(folder); there are: \(available.map(String.init).joined(separator: ", "))"
        case .checkpointDamaged(let folder, let file, let expected, let found):
            "\(folder)/\(file) has \(found) bytes, its manifest says \(expected); resume from another step"
        case .unreadableState(let folder, let reason): "\(folder): the state cannot be read: \(reason)"
        case .noData(let part): "the batch has a share for '\(part)', but no data source is given for it"
        case .notDivisible(let what, let value, let divisor): "\(what) \(value) is not a multiple of \(divisor)"
        case .missingFile(let path, let key): "no file '\(path)'; set \(key)"
        case .unsupported(let what): what
        case .occupied(let folder):
            "\(folder) holds checkpoints of an earlier run; give --resume latest, or another experiment.output_dir"
        }
    }
}
