import Checkpoints
import Foundation
import TestSupport
import Testing

private struct Interruption: Error {}

private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0) } }
private func tensor(_ name: String, _ type: ElementType, _ shape: [Int]) -> OutgoingTensor {
    OutgoingTensor(name: name, elementType: type, shape: shape, bytes: bytes(shape.reduce(type.byteCount, *)))
}

@Suite struct SafetensorsWriterTests {
    @Test func `what is written is read back, most aligned first`() throws {
        try withTemporaryDirectory { directory in
            let file = directory.appending(path: "x.safetensors")
            let tensors = ElementType.allCases.flatMap { type in
                [
                    tensor("b.\(type)", type, [3]), tensor("a \"\\\n\u{1}é.\(type)", type, [2, 0, 1]),
                    tensor("s.\(type)", type, []),
                ]
            }
            try SafetensorsWriter.write(tensors, metadata: ["format": "pt", "note": "a\"b"], to: file)
            let read = try SafetensorsFile(url: file)
            #expect(read.metadata == ["format": "pt", "note": "a\"b"])
            #expect(Set(read.tensors.map(\.name)) == Set(tensors.map(\.name)))
            for expected in tensors {
                let found = try #require(read.tensors.first { $0.name == expected.name })
                #expect(found.elementType == expected.elementType)
                #expect(found.shape == expected.shape)
                #expect(found.isAligned)
                #expect(found.withBytes { Array($0) } == bytes(found.byteCount))
            }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.path(percentEncoded: false)) == [
                    "x.safetensors"
                ])
        }
    }

    @Test func `a golden file is written again byte for byte`() throws {
        for name in ["llada-tiny/model.safetensors", "magvit-tiny/pytorch_model.safetensors", "forward.safetensors"] {
            let original = try SafetensorsFile(url: Golden.file(name))
            let tensors = original.tensors.shuffled().map { stored in
                OutgoingTensor(name: stored.name, elementType: stored.elementType, shape: stored.shape) { sink in
                    try stored.withBytes(sink)
                }
            }
            try withTemporaryDirectory { directory in
                let file = directory.appending(path: "copy.safetensors")
                try SafetensorsWriter.write(tensors, metadata: original.metadata, to: file)
                #expect(try [UInt8](Data(contentsOf: file)) == Golden.bytes(name), "\(name)")
            }
        }
    }

    @Test func `a failure leaves the old file and nothing else`() throws {
        try withTemporaryDirectory { directory in
            let file = directory.appending(path: "x.safetensors")
            let path = file.path(percentEncoded: false)
            try SafetensorsWriter.write([tensor("a", .uint8, [2])], to: file)
            let before = try Data(contentsOf: file)
            let short = OutgoingTensor(name: "s", elementType: .float32, shape: [2], bytes: [1, 2, 3])
            let broken = OutgoingTensor(name: "s", elementType: .float32, shape: [2]) { _ in throw Interruption() }
            #expect(throws: Interruption.self) { try SafetensorsWriter.write([broken], to: file) }
            #expect(throws: CheckpointError.sizeMismatch(file: path, tensor: "s", expected: 8, found: 3)) {
                try SafetensorsWriter.write([short], to: file)
            }
            #expect(throws: CheckpointError.duplicateTensor(file: path, tensor: "a")) {
                try SafetensorsWriter.write([tensor("a", .uint8, [1]), tensor("a", .int8, [1])], to: file)
            }
            #expect(throws: CheckpointError.reservedName(tensor: "__metadata__")) {
                try SafetensorsWriter.write([tensor("__metadata__", .uint8, [1])], to: file)
            }
            #expect(throws: CheckpointError.shapeTooLarge(file: path, tensor: "a", shape: [.max, 2])) {
                try SafetensorsWriter.write(
                    [OutgoingTensor(name: "a", elementType: .uint8, shape: [.max, 2], bytes: [])], to: file)
            }
            #expect(try Data(contentsOf: file) == before)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory.path(percentEncoded: false)).count == 1)
            let nowhere = directory.appending(path: "no/x.safetensors")
            #expect(throws: CheckpointError.self) { try SafetensorsWriter.write([], to: nowhere) }
        }
    }

    @Test func `large checkpoints are divided in order, small ones are not`() throws {
        try withTemporaryDirectory { directory in
            let tensors = [
                tensor("d", .uint8, [6]), tensor("c", .uint8, [4]), tensor("b", .uint8, [30]), tensor("a", .uint8, [1]),
            ]
            let files = try SafetensorsWriter.writeSharded(tensors, to: directory, maxShardBytes: 10)
            #expect(
                files.map(\.lastPathComponent) == [
                    "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors",
                    "model-00003-of-00003.safetensors", "model.safetensors.index.json",
                ])
            let index = try String(
                contentsOf: directory.appending(path: "model.safetensors.index.json"), encoding: .utf8)
            #expect(
                index == #"{"metadata":{"total_size":41},"weight_map":{"a":"model-00003-of-00003.safetensors","#
                    + #""b":"model-00002-of-00003.safetensors","c":"model-00001-of-00003.safetensors","#
                    + #""d":"model-00001-of-00003.safetensors"}}"#)
            let checkpoint = try Checkpoint(directory: directory)
            #expect(checkpoint.names.sorted() == ["a", "b", "c", "d"])
            #expect(checkpoint.byteCount == 41)
            #expect(checkpoint["b"]?.withBytes { Array($0) } == bytes(30))

            let single = try SafetensorsWriter.writeSharded(tensors, to: directory, maxShardBytes: 41)
            #expect(single.map(\.lastPathComponent) == ["model.safetensors"])
            #expect(throws: CheckpointError.self) {
                try SafetensorsWriter.writeSharded(tensors, to: directory, maxShardBytes: 10)
            }
        }
    }
}
