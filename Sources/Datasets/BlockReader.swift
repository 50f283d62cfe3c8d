import Synchronization

/// Bytes of a file one after the other, read in blocks of which the last is kept.
final class BlockReader: Sendable {
    private struct Block {
        var start = 0
        var bytes: [UInt8] = []
    }

    private static let blockBytes = 1 << 16

    let file: RandomAccessFile
    private let block = Mutex(Block())

    init(_ file: RandomAccessFile) { self.file = file }

    /// Hands bytes from `offset` on to `body` until it returns false; the offset of that byte, or the file's length.
    func scan(from offset: Int, _ body: (UInt8) -> Bool) throws(DatasetError) -> Int {
        try block.withLock { (block) throws(DatasetError) -> Int in
            var offset = offset
            while offset < file.byteCount {
                if offset < block.start || offset >= block.start + block.bytes.count {
                    let count = min(Self.blockBytes, file.byteCount - offset)
                    block = Block(start: offset, bytes: try file.read(at: offset, count: count))
                }
                let first = offset - block.start
                let stop = block.bytes.withUnsafeBufferPointer { bytes -> Int? in
                    for place in first..<bytes.count where !body(bytes[place]) { return place }
                    return nil
                }
                if let stop { return block.start + stop }
                offset = block.start + block.bytes.count
            }
            return file.byteCount
        }
    }
}
