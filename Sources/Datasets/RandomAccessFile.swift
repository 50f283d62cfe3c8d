import Foundation

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A regular file read piece by piece from any place, from any thread.
///
/// Not mapped: a shard on a network disk that is shortened while it is read gives an error here, and a signal that ends
/// the program there; and what was read does not stay in the memory of the process.
final class RandomAccessFile: Sendable {
    /// The path that was opened, for messages.
    let path: String
    /// Length in bytes when it was opened.
    let byteCount: Int

    private let descriptor: Int32

    /// Opens the file.
    init(path: String) throws(DatasetError) {
        self.path = path
        // Without O_NONBLOCK, opening a pipe would wait for its other end.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { throw .missingFile(path: path) }
            throw .unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .unreadable(path: path, reason: "expected a regular file")
        }
        self.descriptor = descriptor
        byteCount = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// The bytes from `offset`; an error if the file ends before.
    func read(at offset: Int, count: Int) throws(DatasetError) -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= byteCount, count <= byteCount - offset else {
            throw .truncated(file: path, expected: offset &+ count, found: byteCount)
        }
        var done = 0
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while done < count {
                // Some systems refuse more than 2 GiB in a call.
                let wanted = min(count - done, 1 << 30)
                let got = pread(descriptor, buffer.baseAddress.map { $0 + done }, wanted, off_t(offset + done))
                if got > 0 {
                    done += got
                } else if got == 0 || errno != EINTR {
                    code = got == 0 ? 0 : errno
                    break
                }
            }
            filled = done
        }
        guard code == 0 else { throw .unreadable(path: path, reason: String(cString: strerror(code))) }
        guard done == count else { throw .truncated(file: path, expected: offset + count, found: offset + done) }
        return bytes
    }

    /// All bytes of a file that is no larger than `limit`.
    static func contents(path: String, limit: Int) throws(DatasetError) -> [UInt8] {
        let file = try RandomAccessFile(path: path)
        guard file.byteCount <= limit else {
            throw .tooLarge(file: path, offset: 0, bytes: file.byteCount, limit: limit)
        }
        return try file.read(at: 0, count: file.byteCount)
    }
}
