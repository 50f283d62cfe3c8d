// modules: StrictJSON Checkpoints
import Checkpoints

/// No shard may be named outside of the directory.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: data, count: count)
    guard let index = try? ShardIndex(parsing: bytes, file: "fuzz") else { return 0 }
    for (_, shard) in index.weightMap {
        precondition(!shard.isEmpty && shard != ".." && !shard.utf8.contains(UInt8(ascii: "/")), "leaves the directory")
    }
    return 0
}
