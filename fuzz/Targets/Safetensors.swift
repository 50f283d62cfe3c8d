// modules: StrictJSON Checkpoints
import Checkpoints

/// Whatever is accepted must lie in the file, one tensor after another to its end.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: data, count: count)
    do {
        let header = try SafetensorsHeader(parsing: bytes, file: "fuzz")
        var end = header.tensors.first?.offset ?? 0
        for tensor in header.tensors {
            precondition(tensor.offset >= end && tensor.offset + tensor.byteCount <= count, "out of bounds")
            precondition(tensor.shape.reduce(tensor.elementType.byteCount, *) == tensor.byteCount, "wrong size")
            end = tensor.offset + tensor.byteCount
        }
    } catch {
        precondition(!error.description.isEmpty)
    }
    return 0
}
