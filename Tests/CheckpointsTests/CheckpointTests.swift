import Checkpoints
import Foundation
import StrictJSON
import TestSupport
import Testing

private func tensor(_ name: String, _ values: [Float]) -> OutgoingTensor {
    OutgoingTensor(
        name: name, elementType: .float32, shape: [values.count], bytes: values.flatMap { littleEndian($0.bitPattern) })
}

private func write(_ text: String, to file: URL) throws { try Data(text.utf8).write(to: file) }

/// Two shards and an index with this weight map.
private func writeShards(_ weightMap: String, in directory: URL) throws {
    try SafetensorsWriter.write([tensor("a", [1]), tensor("b", [2])], to: directory.appending(path: "one.safetensors"))
    try SafetensorsWriter.write([tensor("c", [3])], to: directory.appending(path: "two.safetensors"))
    try write(
        #"{"metadata":{"total_size":12},"weight_map":\#(weightMap)}"#,
        to: directory.appending(path: "model.safetensors.index.json"))
}

@Suite struct CheckpointTests {
    @Test func `the first file there is wins, stem by stem`() throws {
        try withTemporaryDirectory { directory in
            let expected = ["model", "pytorch_model"].flatMap { stem in
                [".safetensors", ".safetensors.index.json", ".bin", ".bin.index.json", ".pt", ".pth"].map { stem + $0 }
            }
            let path = directory.path(percentEncoded: false)
            #expect(throws: CheckpointError.noCheckpoint(directory: path, expected: expected)) {
                try Checkpoint(directory: directory, stems: ["model", "pytorch_model"])
            }
            for (name, value) in [("pytorch_model.safetensors", 1), ("model.bin", 2), ("model.safetensors", 3)]
                as [(String, Float)]
            {
                let file = directory.appending(path: name)
                if name.hasSuffix("bin") {
                    let storage = PickleWriter.Value.storage("FloatStorage", key: "0", count: 1)
                    let dictionary = PickleWriter.Value.dict([
                        (.string("w"), .tensor(storage, shape: [1], strides: [1]))
                    ])
                    try Data(torchFile(dictionary, storages: [("0", littleEndian(value.bitPattern))])).write(to: file)
                } else {
                    try SafetensorsWriter.write([tensor("w", [value])], to: file)
                }
                let checkpoint = try Checkpoint(directory: directory, stems: ["model", "pytorch_model"])
                #expect(checkpoint.files.map(\.lastPathComponent) == [name])
                #expect(checkpoint["w"]?.withBytes { $0.loadUnaligned(as: Float.self) } == value)
            }
        }
    }

    @Test func `the golden models open, with every tensor in bounds and aligned`() throws {
        let model = try Checkpoint(directory: Golden.file("llada-tiny"))
        #expect(model.names.contains("model.transformer.wte.weight"))
        #expect(model.metadata == ["format": "pt"])
        let tokenizer = try Checkpoint(directory: Golden.file("magvit-tiny"), stems: ["pytorch_model"])
        for checkpoint in [model, tokenizer] {
            #expect(checkpoint.unsupported.isEmpty)
            for name in checkpoint.names {
                let tensor = try checkpoint.tensor(name)
                #expect(tensor.isAligned)
                #expect(tensor.byteCount == tensor.elementCount * tensor.elementType.byteCount)
                #expect(tensor.offset + tensor.byteCount <= tensor.storage.byteCount)
            }
        }
    }

    @Test func `a missing tensor and one of another type are told apart`() throws {
        try withTemporaryDirectory { directory in
            let file = directory.appending(path: "model.safetensors")
            let text = #"{"q":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}"#
            try Data(safetensors(text, data: [0, 0])).write(to: file)
            let checkpoint = try Checkpoint(file: file)
            let path = file.path(percentEncoded: false)
            #expect(checkpoint.names == ["q"])
            #expect(checkpoint["q"] == nil)
            #expect(throws: CheckpointError.unsupportedElementType(file: path, tensor: "q", found: "F8_E4M3")) {
                try checkpoint.tensor("q")
            }
            #expect(throws: CheckpointError.noTensor(files: [path], tensor: "r")) { try checkpoint.tensor("r") }
        }
    }

    @Test func `shards are joined by their index`() throws {
        try withTemporaryDirectory { directory in
            try writeShards(#"{"c":"two.safetensors","a":"one.safetensors","b":"one.safetensors"}"#, in: directory)
            let checkpoint = try Checkpoint(directory: directory)
            #expect(checkpoint.files.map(\.lastPathComponent) == ["two.safetensors", "one.safetensors"])
            #expect(checkpoint.names == ["c", "a", "b"])
            #expect(checkpoint.byteCount == 12)
            #expect(checkpoint["b"]?.withBytes { $0.loadUnaligned(as: Float.self) } == 2)
        }
    }

    @Test(arguments: [
        #"{"a":"../one.safetensors"}"#, #"{"a":"/etc/passwd"}"#, #"{"a":".."}"#, #"{"a":""}"#,
        #"{"a":"x\\y.safetensors"}"#,
        #"{"a":"x\u0000.safetensors"}"#, #"{"a":"model.safetensors.index.json"}"#,
    ])
    func `an index that leads out of its directory is refused`(weightMap: String) throws {
        try withTemporaryDirectory { directory in
            try writeShards(weightMap, in: directory)
            #expect {
                try Checkpoint(directory: directory)
            } throws: {
                guard case .unsafeShardName = $0 as? CheckpointError else { return false }
                return true
            }
        }
    }

    @Test func `an index and its shards must agree`() throws {
        try withTemporaryDirectory { directory in
            func path(_ name: String) -> String { directory.appending(path: name).path(percentEncoded: false) }
            let one = #""a":"one.safetensors","b":"one.safetensors""#
            let cases: [(String, CheckpointError)] = [
                (
                    #"{\#(one),"c":"two.safetensors","d":"two.safetensors"}"#,
                    .missingFromShard(shard: path("two.safetensors"), tensor: "d")
                ),
                (
                    #"{"a":"one.safetensors"}"#,
                    .unexpectedInShard(shard: path("one.safetensors"), tensor: "b", expectedIn: nil)
                ),
                (
                    #"{"a":"one.safetensors","b":"two.safetensors"}"#,
                    .unexpectedInShard(shard: path("one.safetensors"), tensor: "b", expectedIn: "two.safetensors")
                ),
                (
                    #"{"c":"three.safetensors"}"#,
                    .system(operation: .open, file: path("three.safetensors"), code: ENOENT)
                ),
                (#"{"c":"two.txt"}"#, .unknownFormat(file: path("two.txt"))),
                (
                    #"{"c":1}"#,
                    .malformed(file: path("model.safetensors.index.json"), at: "weight_map.c", expected: .string)
                ),
                ("[]", .malformed(file: path("model.safetensors.index.json"), at: "weight_map", expected: .object)),
                (
                    #"{"c":"two.safetensors","c":"one.safetensors"}"#,
                    .json(file: path("model.safetensors.index.json"), .duplicateKey(offset: 66, key: "c"))
                ),
            ]
            for (weightMap, expected) in cases {
                try writeShards(weightMap, in: directory)
                #expect(throws: expected) { try Checkpoint(directory: directory) }
            }
        }
    }

    @Test func `a path that is no ordinary file is refused`() throws {
        try withTemporaryDirectory { directory in
            let inner = directory.appending(path: "model.safetensors", directoryHint: .notDirectory)
            let path = inner.path(percentEncoded: false)
            try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: false)
            #expect(throws: CheckpointError.notRegularFile(file: path)) { try Checkpoint(directory: directory) }
            try FileManager.default.removeItem(at: inner)
            #expect(mkfifo(path, 0o600) == 0)
            #expect(throws: CheckpointError.notRegularFile(file: path)) { try Checkpoint(directory: directory) }
            try FileManager.default.removeItem(at: inner)
            try Data().write(to: inner)
            #expect(throws: CheckpointError.emptyFile(file: path)) { try Checkpoint(directory: directory) }
            let text = directory.appending(path: "model.txt")
            try write("x", to: text)
            #expect(throws: CheckpointError.unknownFormat(file: text.path(percentEncoded: false))) {
                try Checkpoint(file: text)
            }
        }
    }

    @Test func `writing through an alias never reaches the file`() throws {
        try withTemporaryDirectory { directory in
            let file = directory.appending(path: "model.safetensors")
            try SafetensorsWriter.write([tensor("w", [1, 2])], to: file)
            let before = try Data(contentsOf: file)
            let stored = try Checkpoint(file: file).tensor("w")
            UnsafeMutableRawPointer(mutating: stored.baseAddress).storeBytes(of: 9, as: Float.self)
            #expect(stored.withBytes { $0.load(as: Float.self) } == 9)
            #expect(try Data(contentsOf: file) == before)
            stored.storage.advise(.willNeed)
            stored.storage.advise(.sequential, range: 3..<1 << 40)
        }
    }

    @Test func `a sparse file of 64 GiB opens at once`() throws {
        try withTemporaryDirectory { directory in
            let file = directory.appending(path: "model.safetensors")
            let count = 1 << 36
            let head = safetensors(#"{"w":{"dtype":"U8","shape":[\#(count)],"data_offsets":[0,\#(count)]}}"#)
            try Data(head).write(to: file)
            #expect(truncate(file.path(percentEncoded: false), off_t(head.count + count)) == 0)
            let checkpoint = try Checkpoint(directory: directory)
            #expect(checkpoint.byteCount == count)
            #expect(checkpoint["w"]?.withBytes { $0[count - 1] } == 0)
        }
    }

    @Test func `damaged indexes are refused or stay in their directory`() throws {
        let original = Array(#"{"metadata":{"total_size":12},"weight_map":{"a":"one.safetensors","b":"../two"}}"#.utf8)
        for seed in 0..<500 as Range<UInt64> {
            let bytes = Mutations.mutate(original, seed: seed)
            let index = bytes.withUnsafeBytes { try? ShardIndex(parsing: $0, file: "f") }
            #expect(index?.weightMap.allSatisfy { !$0.shard.contains("/") } ?? true, "seed \(seed)")
        }
    }
}
