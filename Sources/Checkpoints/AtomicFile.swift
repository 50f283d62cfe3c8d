import Foundation

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A file being written beside the place it will take.
struct AtomicFile {
    private let descriptor: Int32
    private let path: String
    /// Bytes written so far.
    private(set) var byteCount = 0

    /// Writes a file that appears under its name whole, or not at all.
    ///
    /// The content is flushed before it is renamed and the directory after: otherwise a loss of power could leave the
    /// name without the content.
    static func write(to file: URL, _ body: (inout AtomicFile) throws -> Void) throws {
        let target = file.path(percentEncoded: false)
        let directory = file.deletingLastPathComponent().path(percentEncoded: false)
        let token = String(UInt64.random(in: .min ... .max), radix: 36)
        let temporary = file.deletingLastPathComponent()
            .appending(path: ".\(file.lastPathComponent).\(token).tmp", directoryHint: .notDirectory)
            .path(percentEncoded: false)

        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CheckpointError.system(operation: .open, file: temporary, code: errno) }
        do {
            defer { close(descriptor) }
            var output = AtomicFile(descriptor: descriptor, path: temporary)
            try body(&output)
            try synchronize(descriptor, temporary)
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, target) == 0 else {
            let code = errno
            unlink(temporary)
            throw CheckpointError.system(operation: .rename, file: target, code: code)
        }
        let parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { throw CheckpointError.system(operation: .open, file: directory, code: errno) }
        defer { close(parent) }
        try synchronize(parent, directory)
    }

    /// Appends bytes.
    mutating func append(_ bytes: [UInt8]) throws(CheckpointError) {
        try bytes.withUnsafeBufferPointer { (buffer) throws(CheckpointError) in
            try append(UnsafeRawBufferPointer(buffer))
        }
    }

    /// Appends bytes, in as many calls as the system asks for.
    mutating func append(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // Some systems refuse more than 2 GiB in a call.
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            let count = Self.systemWrite(descriptor, piece)
            if count < 0 {
                guard errno == EINTR else { throw .system(operation: .write, file: path, code: errno) }
            } else {
                rest = rest.dropFirst(count)
            }
        }
        byteCount += bytes.count
    }

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Darwin)
        Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #else
        Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }

    private static func synchronize(_ descriptor: Int32, _ path: String) throws(CheckpointError) {
        #if canImport(Darwin)
        // fsync on macOS leaves data in the drive's cache; this does not, where the file system knows it.
        if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
        #endif
        while fsync(descriptor) != 0 {
            guard errno == EINTR else { throw .system(operation: .synchronize, file: path, code: errno) }
        }
    }
}
