import ArgumentParser
import Checkpoints
import ConfigurationFiles
import Datasets
import Distillation
import Evaluation
import Foundation
import Images
import MMaDA
import NN
import Rewards
import RunMetrics
import StrictJSON
import TextTokenizer
import Torch
import Training

/// How the program ends when something went wrong: the one place that knows exit codes (sysexits.h).
enum Failure {
    /// What was asked for cannot be; 64.
    static let usage: Int32 = 64
    /// A file's content is not what it should be; 65.
    static let data: Int32 = 65
    /// A file is not there or cannot be read; 66.
    static let noInput: Int32 = 66
    /// A service that is needed does not answer; 69.
    static let unavailable: Int32 = 69
    /// Something inside failed; 70.
    static let software: Int32 = 70
    /// A file cannot be written; 73.
    static let cannotCreate: Int32 = 73
    /// Ended by Ctrl-C; 130.
    static let interrupted: Int32 = 130

    static func exit(_ error: any Error) -> Never {
        Terminal.restore()
        switch error {
        case is CancellationError:
            standardError("interrupted\n")
            Foundation.exit(interrupted)
        case is ExitCode, is ValidationError, is CleanExit:
            MMaDACommand.exit(withError: error)
        default:
            guard let code = code(of: error) else { MMaDACommand.exit(withError: error) }
            let text = "\(error)".map { $0.isNewline ? " " : String($0) }.joined()
            standardError("error: \(text)\n")
            Foundation.exit(code)
        }
    }

    /// `nil` for errors of the argument parser, which prints them itself.
    private static func code(of error: any Error) -> Int32? {
        switch error {
        case let error as MMaDAError:
            switch error {
            case .missingFile, .unreadable: noInput
            case .missingToken, .vocabularyTooSmall, .codebookMismatch: data
            case .noImageCodes, .notDivisible, .outOfRange, .promptTooLong, .nothingToFill, .conflict: usage
            }
        case ImageError.unreadable: noInput
        case ImageError.unwritable: cannotCreate
        case ImageError.unknownExtension: usage
        case is OutputError: cannotCreate
        case TensorError.deviceUnavailable: usage
        case ConfigurationFileError.unreadable, DatasetError.unreadable: noInput
        case is ConfigurationFileError: usage
        case let error as TrainingError:
            switch error {
            case .diverged: software
            case .noCheckpoint, .checkpointMissing, .missingFile: noInput
            case .checkpointDamaged, .unreadableState: data
            case .noData, .notDivisible, .unsupported, .occupied: usage
            }
        case is MetricsError: cannotCreate
        case let error as DistillationError:
            switch error {
            case .otherSettings: usage
            case .damaged: data
            case .unwritable: cannotCreate
            }
        case let error as BenchmarkError:
            switch error {
            case .unknown, .unknownRule, .otherSettings, .method: usage
            case .missing: noInput
            case .item, .repeated, .picture, .damaged: data
            case .unwritable: cannotCreate
            }
        case let error as RewardError:
            switch error {
            case .invalidOption, .missingKey, .noModel: usage
            default: unavailable
            }
        case is DatasetError, is ParquetError: data
        case is ImageError, is CheckpointError, is TokenizerError, is ConfigurationError, is ParameterError,
            is JSONError:
            data
        case is TensorError: software
        case let error as CocoaError where error.isFileError: noInput
        default: nil
        }
    }
}

/// Why results cannot be written where they were asked for; found out before the work.
enum OutputError: Error, CustomStringConvertible {
    case noFolder(URL)
    case notWritable(URL)

    var description: String {
        switch self {
        case .noFolder(let url): "there is no folder \(url.path) to write to; make it first"
        case .notWritable(let url): "\(url.path) cannot be written to"
        }
    }

    /// Checks that a file can be made at `url`.
    static func check(_ url: URL) throws {
        let folder = url.deletingLastPathComponent()
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isDirectory), isDirectory.boolValue
        else {
            throw OutputError.noFolder(folder)
        }
        guard FileManager.default.isWritableFile(atPath: folder.path) else { throw OutputError.notWritable(folder) }
        if FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory), isDirectory.boolValue {
            throw OutputError.notWritable(url)
        }
    }
}
