import Checkpoints
import Foundation
import StrictJSON
import TestSupport
import Testing

/// The elements of a tensor in row-major order, each as its bytes.
private func elements(_ tensor: StoredTensor) -> [[UInt8]] {
    let width = tensor.elementType.byteCount
    var contiguous: [Int] = []
    for size in tensor.shape.reversed() { contiguous.insert((contiguous.first ?? 1) * max(size, 1), at: 0) }
    let strides = tensor.strides ?? Array((contiguous + [1]).suffix(tensor.shape.count))
    return tensor.withBytes { bytes in
        (0..<tensor.elementCount).map { element in
            var rest = element
            var place = 0
            for (size, stride) in zip(tensor.shape, strides).reversed() {
                place += rest % size * stride
                rest /= size
            }
            return Array(bytes[place * width..<(place + 1) * width])
        }
    }
}

@Suite(.enabled(if: PeerPython.hasTorch, "MMADA_PEERS_PYTHON names no Python with PyTorch"))
struct TorchPeerTests {
    @Test func `what PyTorch saves reads as the same tensors in either format`() throws {
        try withTemporaryDirectory { directory in
            let path = directory.path(percentEncoded: false)
            let (status, output) = try PeerPython.run(script: "safetensors_from_torch.py", [path])
            #expect(status == 0)
            let names = try JSONValue(parsing: output).arrayValue?.compactMap(\.stringValue) ?? []
            #expect(names.count == 8)
            for name in names {
                let file = directory.appending(path: name)
                let ours = try Checkpoint(file: file)
                let reference = try Checkpoint(file: file.deletingPathExtension().appendingPathExtension("safetensors"))
                #expect(Set(ours.names) == Set(reference.names), "\(name)")
                for tensor in reference.names {
                    let (found, expected) = (try ours.tensor(tensor), try reference.tensor(tensor))
                    #expect(found.elementType == expected.elementType, "\(name): \(tensor)")
                    #expect(found.shape == expected.shape, "\(name): \(tensor)")
                    #expect(elements(found) == elements(expected), "\(name): \(tensor)")
                    #expect(found.isAligned, "\(name): \(tensor)")
                }
            }
            let legacy = directory.appending(path: "legacy.pt")
            #expect(throws: CheckpointError.legacyTorchFile(file: legacy.path(percentEncoded: false))) {
                try Checkpoint(file: legacy)
            }
            #expect {
                try Checkpoint(file: directory.appending(path: "whole_module.pt"))
            } throws: {
                guard case .pickle(_, _, .refusedGlobal) = $0 as? CheckpointError else { return false }
                return true
            }
        }
    }
}
