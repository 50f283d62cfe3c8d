internal import Foundation

#if canImport(Darwin)
internal import Darwin
#else
internal import Glibc
#endif

/// Writes files that appear under their name whole, or not at all.
enum AtomicFile {
    /// The content is flushed before it is renamed and the directory after: otherwise a loss of power could leave the
    /// name without the content.
    static func write(_ bytes: [UInt8], to url: URL) throws(ImageError) {
        func failure(_ code: Int32) -> ImageError { .unwritable(url, reason: String(cString: strerror(code))) }
        let target = url.path(percentEncoded: false)
        let directory = url.deletingLastPathComponent()
        // Not from the name, which may be as long as names can be.
        let temporary = directory.appending(path: ".mmada-\(UUID().uuidString).tmp").path(percentEncoded: false)

        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(errno) }
        var code = fill(descriptor, bytes)
        if close(descriptor) != 0, code == 0 { code = errno }
        if code == 0, rename(temporary, target) != 0 { code = errno }
        guard code == 0 else {
            unlink(temporary)
            throw failure(code)
        }
        let parent = open(directory.path(percentEncoded: false), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parent >= 0 else { return }  // it may be written to but not opened: the file is there all the same
        defer { close(parent) }
        code = synchronize(parent)
        guard code == 0 || code == EINVAL else { throw failure(code) }  // not every file system flushes directories
    }

    /// Writes and flushes; 0, or the system's error code.
    private static func fill(_ descriptor: Int32, _ bytes: [UInt8]) -> Int32 {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))  // some systems refuse 2 GiB
                #if canImport(Darwin)
                let count = Darwin.write(descriptor, piece.baseAddress, piece.count)
                #else
                let count = Glibc.write(descriptor, piece.baseAddress, piece.count)
                #endif
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno != EINTR {
                    return errno
                }
            }
            return synchronize(descriptor)
        }
    }

    private static func synchronize(_ descriptor: Int32) -> Int32 {
        #if canImport(Darwin)
        // fsync on macOS leaves data in the drive's cache; this does not, where the file system knows it.
        if fcntl(descriptor, F_FULLFSYNC) == 0 { return 0 }
        #endif
        while fsync(descriptor) != 0 {
            guard errno == EINTR else { return errno }
        }
        return 0
    }
}
