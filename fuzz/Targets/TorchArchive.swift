// modules: StrictJSON Checkpoints
import Checkpoints

/// Whatever is accepted must lie in the file.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: data, count: count)
    do {
        for tensor in try TorchArchive(parsing: bytes, file: "fuzz").stateDictionary() {
            precondition(tensor.offset >= 0 && tensor.offset + tensor.byteCount <= count, "out of bounds")
        }
    } catch {
        precondition(!error.description.isEmpty)
    }
    return 0
}
