import Foundation

/// A file that only grows: every record is handed to the system whole, before `append` returns.
struct AppendedFile: Sendable {
    let path: String
    private let handle: FileHandle

    /// Makes a file, or fails if it is there.
    init(creating file: URL) throws(MetricsError) {
        path = file.path
        do {
            try Data().write(to: file, options: .withoutOverwriting)
            handle = try FileHandle(forWritingTo: file)
        } catch {
            throw .file(path: path, reason: error.localizedDescription)
        }
    }

    /// Opens a file, or makes it, and drops what lies after `length`.
    init(_ file: URL, cutTo length: UInt64) throws(MetricsError) {
        path = file.path
        do {
            if !FileManager.default.fileExists(atPath: path) {
                try Data().write(to: file, options: .withoutOverwriting)
            }
            handle = try FileHandle(forWritingTo: file)
            if try handle.seekToEnd() > length {
                try handle.truncate(atOffset: length)
                try handle.synchronize()
            }
        } catch {
            throw .file(path: path, reason: error.localizedDescription)
        }
    }

    func append(_ record: [UInt8]) throws(MetricsError) {
        do {
            try handle.write(contentsOf: Data(record))
        } catch {
            throw .file(path: path, reason: error.localizedDescription)
        }
    }

    func flush() throws(MetricsError) {
        do {
            try handle.synchronize()
        } catch {
            throw .file(path: path, reason: error.localizedDescription)
        }
    }
}
