public import Foundation

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A regular file mapped into memory, unmapped with the last reference.
///
/// The mapping is private and writable: a careless write through an alias changes this process's copy of a page and
/// never the file. Nothing is read until a page is touched. Another process that shortens the file meanwhile makes
/// later access fail, as with any mapping; checkpoints are therefore replaced by renaming, never rewritten.
public final class MappedFile: Sendable {
    /// The path that was opened, for messages.
    public let path: String
    /// Length in bytes, at least 1.
    public let byteCount: Int
    /// The first byte, on a page boundary.
    public var baseAddress: UnsafeRawPointer { UnsafeRawPointer(base) }
    /// All bytes; valid while this object lives.
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }

    // Never written through by this class, and constant until `deinit`.
    private nonisolated(unsafe) let base: UnsafeMutableRawPointer

    /// Maps the file at `url`.
    ///
    /// - Throws: ``CheckpointError`` if it is missing, unreadable, empty or not a regular file.
    public init(url: URL) throws(CheckpointError) {
        path = url.path(percentEncoded: false)
        // Without O_NONBLOCK, opening a pipe would wait for its other end.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .system(operation: .open, file: path, code: errno) }
        defer { close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(operation: .status, file: path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegularFile(file: path) }
        guard status.st_size > 0 else { throw .emptyFile(file: path) }
        byteCount = Int(status.st_size)

        // A writable private mapping counts against the commit limit unless it says that it reserves nothing.
        var mapping = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0)
        if mapping == MAP_FAILED, errno == ENOMEM {
            mapping = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
        }
        guard let mapping, mapping != MAP_FAILED else { throw .system(operation: .map, file: path, code: errno) }
        base = mapping
    }

    deinit { munmap(base, byteCount) }

    /// How a stretch of a mapping is about to be used.
    public enum Advice: Sendable {
        /// Read soon: start reading ahead.
        case willNeed
        /// Read once from start to end.
        case sequential
        /// Not needed for now: its clean pages may go. Pages written to through an alias would lose the writes.
        case dontNeed
    }

    /// Passes a hint to the system, for the pages of `range` (all by default); harmless if the system ignores it.
    public func advise(_ advice: Advice, range: Range<Int>? = nil) {
        let range = (range ?? 0..<byteCount).clamped(to: 0..<byteCount)
        guard !range.isEmpty else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let start = range.lowerBound / page * page
        let hint =
            switch advice {
            case .willNeed: MADV_WILLNEED
            case .sequential: MADV_SEQUENTIAL
            case .dontNeed: MADV_DONTNEED
            }
        madvise(base + start, range.upperBound - start, Int32(hint))
    }
}
