// modules: StrictJSON Checkpoints
import Checkpoints

/// The storages that the seeds name.
private let storages = ["0": 64..<112, "1": 128..<132, "2": 192..<200, "3": 256..<256]

/// Whatever is accepted must lie in one of the storages, to its last element.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: data, count: count)
    do {
        let archive = try TorchArchive(pickle: bytes, storages: storages, file: "fuzz")
        for tensor in try archive.stateDictionary() {
            let end = tensor.offset + tensor.byteCount
            precondition(storages.values.contains { $0.lowerBound <= tensor.offset && end <= $0.upperBound })
            if let strides = tensor.strides, !tensor.shape.contains(0) {
                let last = zip(tensor.shape, strides).reduce(0) { $0 + ($1.0 - 1) * $1.1 }
                precondition((last + 1) * tensor.elementType.byteCount == tensor.byteCount, "wrong extent")
            }
        }
    } catch {
        precondition(!error.description.isEmpty)
    }
    return 0
}
