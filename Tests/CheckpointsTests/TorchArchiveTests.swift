import Checkpoints
import TestSupport
import Testing

private typealias Value = PickleWriter.Value

/// A file whose only tensor is a view of a storage of six floats.
private func view(offset: Int = 0, shape: [Int], strides: [Int]) -> [UInt8] {
    let storage = Value.storage("FloatStorage", key: "0", count: 6)
    return torchFile(
        .dict([(.string("w"), .tensor(storage, offset: offset, shape: shape, strides: strides))]),
        storages: [("0", Array(repeating: 0, count: 24))])
}

@Suite struct TorchArchiveTests {
    @Test(arguments: [2, 4] as [UInt8], [false, true])
    func `a state dictionary gives its tensors, shared, strided or wrapped`(protocol version: UInt8, wide: Bool) throws
    {
        let bytes = torchFile(sampleStateDictionary, storages: sampleStorages, protocol: version, wide: wide)
        let tensors = try readTorch(bytes)
        #expect(tensors.map(\.name) == ["weight", "transposed", "row", "bias", "steps", "empty"])
        #expect(tensors.map(\.shape) == [[3, 4], [4, 3], [4], [2], [], [0, 5]])
        #expect(tensors.map(\.strides) == [nil, [1, 4], nil, nil, nil, nil])
        #expect(tensors.map(\.elementType) == [.float32, .float32, .float32, .bfloat16, .int64, .bool])
        #expect(tensors.map(\.byteCount) == [48, 48, 16, 4, 8, 0])
        #expect(tensors[2].offset == tensors[0].offset + 32)
        #expect(tensors[0].offset.isMultiple(of: 64))
        #expect(Array(bytes[tensors[4].offset..<tensors[4].offset + 8]) == littleEndian(42))
    }

    @Test(
        arguments: [
            (6, [], []), (0, [7], [1]), (1, [2, 3], [3, 1]), (0, [2, 3], [4, 1]), (0, [2, 2], [5, 2]), (7, [0], [1]),
            (0, [1 << 60], [1]), (0, [3], [.max]), (.max, [1], [1]), (1, [2], [.max]),
        ] as [(Int, [Int], [Int])])
    func `a view beyond its storage is refused`(offset: Int, shape: [Int], strides: [Int]) {
        let expected = PickleProblem.viewOutOfBounds(shape: shape, strides: strides, offset: offset, storage: 6)
        #expect {
            try readTorch(view(offset: offset, shape: shape, strides: strides))
        } throws: {
            guard case .pickle(_, _, expected) = $0 as? CheckpointError else { return false }
            return true
        }
    }

    @Test(
        arguments: [
            (5, [], [], nil), (0, [6], [1], nil), (0, [2, 3], [3, 1], nil), (0, [3, 2], [1, 3], [1, 3]),
            (0, [1, 6], [99, 1], nil),
            (0, [3], [2], [2]), (0, [1000], [0], [0]), (6, [0], [1], nil),
        ] as [(Int, [Int], [Int], [Int]?)])
    func `a view within its storage keeps its strides unless contiguous`(
        offset: Int, shape: [Int], strides: [Int], expected: [Int]?
    ) throws {
        #expect(try readTorch(view(offset: offset, shape: shape, strides: strides)).first?.strides == expected)
    }

    @Test(arguments: ["model", "state_dict"]) func `a nested state dictionary is found by its usual keys`(key: String)
        throws
    {
        let bytes = torchFile(
            .dict([
                (.string("step"), .int(1)), (.string("optimizer"), .dict([])), (.string(key), sampleStateDictionary),
            ]),
            storages: sampleStorages)
        #expect(try readTorch(bytes).count == 6)
        #expect(try readTorch(bytes, key: key).count == 6)
        let missing = CheckpointError.noStateDictionary(file: "f", key: "ema", found: ["step", "optimizer", key])
        #expect(throws: missing) { try readTorch(bytes, key: "ema") }
    }

    @Test func `tensors at the top are preferred to nested ones`() throws {
        let storage = Value.storage("FloatStorage", key: "0", count: 12)
        let top = Value.dict([
            (.string("model"), sampleStateDictionary), (.string("w"), .tensor(storage, shape: [12], strides: [1])),
        ])
        let bytes = torchFile(top, storages: sampleStorages)
        #expect(try readTorch(bytes).map(\.name) == ["w"])
        #expect(try readTorch(bytes, key: "model").count == 6)
    }

    @Test(
        arguments: [
            (.call(.global("os", "system"), [.string("true")]), .refusedGlobal(module: "os", name: "system")),
            (.global("builtins", "eval"), .refusedGlobal(module: "builtins", name: "eval")),
            (.global("torch", "load"), .refusedGlobal(module: "torch", name: "load")),
            (.global("torch", "QInt8Storage"), .refusedGlobal(module: "torch", name: "QInt8Storage")),
            (.global("argparse", "Namespace"), .refusedGlobal(module: "argparse", name: "Namespace")),
            (.call(.global("collections", "OrderedDict"), [.list([])]), .operand(expected: .noArguments)),
            (.call(.int(1), []), .operand(expected: .call)), (.built(.int(1), .none), .operand(expected: .dictionary)),
            (.persistent(.string("x")), .operand(expected: .storage)),
            (.call(.global("torch._utils", "_rebuild_tensor_v2"), []), .operand(expected: .tensorArguments)),
            (
                .call(.global("torch._utils", "_rebuild_parameter"), [.none, .none, .none]),
                .operand(expected: .parameterArguments)
            ),
            (.storage("FloatStorage", key: "9", count: 1), .noStorage(entry: "9")),
            (.storage("FloatStorage", key: "0", count: 13), .storageSize(entry: "0", expected: 52, found: 48)),
            (.storage("FloatStorage", key: "0", count: .max), .storageSize(entry: "0", expected: .max, found: 48)),
            (.storage("FloatStorage", key: "0", count: -1), .operand(expected: .storage)),
            (
                .tensor(.storage("FloatStorage", key: "0", count: 12), shape: [.max, 2], strides: [0, 0]),
                .shapeTooLarge(shape: [.max, 2])
            ),
            (
                .tensor(.storage("FloatStorage", key: "0", count: 12), shape: [1 << 61], strides: [0]),
                .shapeTooLarge(shape: [1 << 61])
            ),
            (
                .tensor(.storage("FloatStorage", key: "0", count: 12), shape: [-1], strides: [1]),
                .operand(expected: .sizes)
            ),
            (
                .tensor(.storage("FloatStorage", key: "0", count: 12), shape: [1], strides: []),
                .operand(expected: .tensorArguments)
            ),
            (
                .tensor(
                    .storage("FloatStorage", key: "0", count: 12), shape: Array(repeating: 1, count: 17),
                    strides: Array(repeating: 1, count: 17)), .tooManyDimensions(limit: 16, found: 17)
            ),
        ] as [(PickleWriter.Value, PickleProblem)])
    func `a pickle that asks for anything else is refused and nothing is called`(
        value: PickleWriter.Value, problem: PickleProblem
    ) {
        for version in [2, 4] as [UInt8] {
            #expect {
                try readTorch(torchFile(.dict([(.string("k"), value)]), storages: sampleStorages, protocol: version))
            } throws: {
                guard case .pickle("f", _, problem) = $0 as? CheckpointError else { return false }
                return true
            }
        }
    }

    @Test(
        arguments: [
            ([0x80, 1, 0x4E, 0x2E], .protocolVersion(1)), ([0x80, 6, 0x4E, 0x2E], .protocolVersion(6)),
            ([], .truncated),
            ([0x80], .truncated), ([0x4E], .truncated), ([0x2E], .stackUnderflow), ([0x28, 0x2E], .stackUnderflow),
            ([0x74, 0x2E], .operand(expected: .mark)), ([0x85, 0x2E], .stackUnderflow), ([0x68, 3, 0x2E], .noMemo(3)),
            ([0x6A, 1, 2, 3, 4, 0x2E], .noMemo(0x0403_0201)), ([0x69, 0x2E], .refusedOpcode(0x69)),
            ([0x81, 0x2E], .refusedOpcode(0x81)), ([0x58, 0xFF, 0xFF, 0xFF, 0xFF, 0x41], .truncated),
            ([0x8D] + Array(repeating: 0xFF, count: 8), .truncated), ([0x58, 1, 0, 0, 0, 0xFF, 0x2E], .badText),
            ([0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x2E], .integerTooLarge(bytes: 9)),
            ([0x7D, 0x4E, 0x73], .stackUnderflow),
            ([0x7D, 0x28, 0x4E, 0x75], .operand(expected: .pairs)),
            ([0x4E, 0x28, 0x75], .operand(expected: .dictionary)),
            ([0x7D, 0x4E, 0x61], .operand(expected: .list)), ([0x63, 0x61], .truncated),
            ([0x4E, 0x4E, 0x93], .operand(expected: .string)), ([0x28, 0x71, 0], .stackUnderflow),
        ] as [([UInt8], PickleProblem)])
    func `a pickle that is no program is refused`(pickle: [UInt8], problem: PickleProblem) {
        let file = ZipWriter.archive([.init(name: "a/data.pkl", data: pickle)])
        #expect {
            try readTorch(file)
        } throws: {
            guard case .pickle("f", _, problem) = $0 as? CheckpointError else { return false }
            return true
        }
    }

    @Test func `a pickle longer than any model's is refused unread`() {
        let pickle = [UInt8](repeating: 0x29, count: (1 << 22) + 1)
        let file = ZipWriter.archive([.init(name: "a/data.pkl", data: pickle, checksum: 0)])
        let problem = PickleProblem.tooLong(limit: 1 << 22, found: (1 << 22) + 1)
        #expect(throws: CheckpointError.pickle(file: "f", offset: 0, problem)) { try readTorch(file) }
    }

    @Test func `a pickle that holds itself is read`() throws {
        // d = {}; d["k"] = d
        let pickle: [UInt8] = [0x7D, 0x71, 0, 0x58, 1, 0, 0, 0, 0x6B, 0x68, 0, 0x73, 0x2E]
        let file = ZipWriter.archive([.init(name: "a/data.pkl", data: pickle)])
        #expect(throws: CheckpointError.noStateDictionary(file: "f", key: nil, found: ["k"])) { try readTorch(file) }
    }

    @Test func `a name that occurs twice is refused`() {
        let tensor = Value.tensor(.storage("FloatStorage", key: "0", count: 12), shape: [12], strides: [1])
        let file = torchFile(.dict([(.string("w"), tensor), (.string("w"), tensor)]), storages: sampleStorages)
        #expect(throws: CheckpointError.duplicateTensor(file: "f", tensor: "w")) { try readTorch(file) }
    }

    @Test func `big-endian files and those of an older PyTorch are refused`() {
        let file = torchFile(sampleStateDictionary, storages: sampleStorages, byteOrder: "big")
        #expect(throws: CheckpointError.archive(file: "f", .byteOrder(found: "big"))) { try readTorch(file) }
        let magic: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
        #expect(throws: CheckpointError.legacyTorchFile(file: "f")) { try readTorch(magic) }
        let tar = Array(repeating: 0x61, count: 257) + Array("ustar\u{0}00".utf8)
        #expect(throws: CheckpointError.legacyTorchFile(file: "f")) { try readTorch(tar) }
        #expect(throws: CheckpointError.notAnArchive(file: "f", found: [1, 2, 3, 4])) {
            try readTorch([1, 2, 3, 4, 5])
        }
        #expect(throws: CheckpointError.notAnArchive(file: "f", found: [])) { try readTorch([]) }
    }

    @Test(arguments: [false, true])
    func `damaged archives are refused, or described within their bounds`(wide: Bool) throws {
        let original = torchFile(sampleStateDictionary, storages: sampleStorages, wide: wide)
        var accepted = 0
        for seed in 0..<600 as Range<UInt64> {
            let bytes = Mutations.mutate(original, seed: seed)
            guard let tensors = try? readTorch(bytes) else { continue }
            accepted += 1
            #expect(tensors.allSatisfy { $0.offset + $0.byteCount <= bytes.count }, "seed \(seed)")
        }
        #expect(accepted < 600)
    }

    @Test(arguments: [2, 4] as [UInt8])
    func `damaged pickles are refused, or described within their storages`(protocol version: UInt8) throws {
        let original = PickleWriter.pickle(sampleStateDictionary, protocol: version)
        let storages = ["0": 64..<112, "1": 128..<132, "2": 192..<200, "3": 256..<256]
        for seed in 0..<2000 as Range<UInt64> {
            let pickle = Mutations.mutate(original, seed: seed)
            pickle.withUnsafeBytes { bytes in
                guard let archive = try? TorchArchive(pickle: bytes, storages: storages, file: "f"),
                    let tensors = try? archive.stateDictionary()
                else { return }
                for tensor in tensors {
                    #expect(
                        storages.values.contains {
                            $0.lowerBound <= tensor.offset && tensor.offset + tensor.byteCount <= $0.upperBound
                        }, "seed \(seed)")
                }
            }
        }
    }
}
