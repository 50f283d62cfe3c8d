import Checkpoints
import StrictJSON
import TestSupport
import Testing

/// A header of one tensor `a`, with the fields given.
private func one(_ fields: String) -> String { "{\"a\":{\(fields)}}" }
private let sound = #""dtype":"F32","shape":[2],"data_offsets":[0,8]"#
private let eight = [UInt8](repeating: 0, count: 8)

@Suite struct SafetensorsHeaderTests {
    @Test func `a sound header gives each tensor its place in the file`() throws {
        let text =
            #"{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"#
            + #""a":{"dtype":"I16","shape":[2,1],"data_offsets":[0,4]}}"#
        let header = try readHeader(safetensors(text, data: eight))
        #expect(header.metadata == ["format": "pt"])
        #expect(header.tensors.map(\.name) == ["a", "b"])
        #expect(header.tensors.map(\.shape) == [[2, 1], [1]])
        #expect(header.tensors.map(\.elementType) == [.int16, .float32])
        #expect(header.tensors.map(\.offset) == [8 + text.utf8.count, 12 + text.utf8.count])
        #expect(header.tensors.map(\.byteCount) == [4, 4])
    }

    @Test(arguments: [
        one(sound), one(sound) + "   ", one(sound) + " \n\t\r", one(sound + #","extra":{"x":[1,2,{}]}"#),
        #"{"__metadata__":null,"a":{\#(sound)}}"#, #"{"":{\#(sound)}}"#,
        #"{"z":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{\#(sound)}}"#,
        #"{"z":{"dtype":"F32","shape":[3,0],"data_offsets":[8,8]},"a":{\#(sound)}}"#,
        one(#""dtype":"F64","shape":[],"data_offsets":[0,8]"#), one(#""dtype":"F4","shape":[16],"data_offsets":[0,8]"#),
    ])
    func `what the reference accepts is accepted`(header: String) {
        #expect(throws: Never.self) { try readHeader(safetensors(header, data: eight)) }
    }

    @Test func `types we do not compute with are valid, and listed`() throws {
        let header = try readHeader(
            safetensors(one(#""dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]"#), data: eight))
        #expect(header.tensors.isEmpty)
        #expect(header.unsupported == ["a": "F8_E4M3"])
    }

    @Test(
        arguments: [
            (
                one(#""dtype":"X","shape":[2],"data_offsets":[0,8]"#),
                .unknownElementType(file: "f", tensor: "a", found: "X")
            ),
            (
                one(#""dtype":"f32","shape":[2],"data_offsets":[0,8]"#),
                .unknownElementType(file: "f", tensor: "a", found: "f32")
            ),
            (
                one(#""dtype":1,"shape":[2],"data_offsets":[0,8]"#),
                .malformed(file: "f", at: "a.dtype", expected: .string)
            ),
            (one(#""shape":[2],"data_offsets":[0,8]"#), .malformed(file: "f", at: "a.dtype", expected: .string)),
            (one(#""dtype":"F32","data_offsets":[0,8]"#), .malformed(file: "f", at: "a.shape", expected: .sizes)),
            (
                one(#""dtype":"F32","shape":[-2],"data_offsets":[0,8]"#),
                .malformed(file: "f", at: "a.shape", expected: .sizes)
            ),
            (
                one(#""dtype":"F32","shape":[2.0],"data_offsets":[0,8]"#),
                .malformed(file: "f", at: "a.shape", expected: .sizes)
            ),
            (one(#""dtype":"F32","shape":[2]"#), .malformed(file: "f", at: "a.data_offsets", expected: .twoSizes)),
            (
                one(#""dtype":"F32","shape":[2],"data_offsets":[0,8,8]"#),
                .malformed(file: "f", at: "a.data_offsets", expected: .twoSizes)
            ),
            (
                one(#""dtype":"F32","shape":[3],"data_offsets":[0,8]"#),
                .sizeMismatch(file: "f", tensor: "a", expected: 12, found: 8)
            ),
            (
                one(#""dtype":"F32","shape":[1],"data_offsets":[4,8]"#),
                .misplaced(file: "f", tensor: "a", expected: 0, found: 4)
            ),
            (one(#""dtype":"F32","shape":[1],"data_offsets":[0,4]"#), .dataSize(file: "f", expected: 4, found: 8)),
            (one(#""dtype":"F32","shape":[4],"data_offsets":[0,16]"#), .dataSize(file: "f", expected: 16, found: 8)),
            (
                one(#""dtype":"F32","shape":[9223372036854775807,3,0],"data_offsets":[0,0]"#),
                .shapeTooLarge(file: "f", tensor: "a", shape: [.max, 3, 0])
            ),
            (
                one(#""dtype":"F64","shape":[4611686018427387904,2],"data_offsets":[0,8]"#),
                .shapeTooLarge(file: "f", tensor: "a", shape: [1 << 62, 2])
            ),
            (
                one(#""dtype":"F32","shape":[2305843009213693952],"data_offsets":[0,8]"#),
                .shapeTooLarge(file: "f", tensor: "a", shape: [1 << 61])
            ),
            (
                one(#""dtype":"F4","shape":[15],"data_offsets":[0,8]"#),
                .partialByte(file: "f", tensor: "a", elementType: "F4", elements: 15)
            ),
            (#"{"a":{\#(sound)},"a":{\#(sound)}}"#, .json(file: "f", .duplicateKey(offset: 54, key: "a"))),
            (
                "{\"\u{e9}\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                    + "\"e\u{301}\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                .duplicateTensor(file: "f", tensor: "\u{e9}")
            ),
            (#"{"a":[]}"#, .malformed(file: "f", at: "a", expected: .object)),
            (#"{"__metadata__":[]}"#, .malformed(file: "f", at: "__metadata__", expected: .object)),
            (#"{"__metadata__":{"k":1}}"#, .malformed(file: "f", at: "__metadata__.k", expected: .string)),
            ("", .headerNotObject(file: "f", found: nil)), (" {}", .headerNotObject(file: "f", found: 32)),
            ("[]", .headerNotObject(file: "f", found: 91)),
            ("{}x", .json(file: "f", .unexpectedByte(offset: 2, expected: .end, found: 120))),
            ("{}", .dataSize(file: "f", expected: 0, found: 8)),
        ] as [(String, CheckpointError)])
    func `a bad header is refused for what is wrong`(header: String, expected: CheckpointError) {
        #expect(throws: expected) { try readHeader(safetensors(header, data: eight)) }
    }

    @Test func `an overlap is refused`() {
        let text =
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#
        #expect(throws: CheckpointError.misplaced(file: "f", tensor: "b", expected: 8, found: 4)) {
            try readHeader(safetensors(text, data: eight))
        }
    }

    @Test(
        arguments: [
            ([], .truncated(file: "f", expected: 8, found: 0)),
            (eight.dropLast(), .truncated(file: "f", expected: 8, found: 7)),
            (eight, .headerNotObject(file: "f", found: nil)),
            (littleEndian(UInt64(9)) + [0x7B], .truncated(file: "f", expected: 17, found: 9)),
            (littleEndian(UInt64(100_000_001)), .headerTooLong(file: "f", limit: 100_000_000, found: 100_000_001)),
            (littleEndian(UInt64.max), .headerTooLong(file: "f", limit: 100_000_000, found: .max)),
            (Array("version https://git-lfs.github.com/spec/v1\n".utf8), .pointerOfLFS(file: "f")),
        ] as [([UInt8], CheckpointError)])
    func `a file too short for its header is refused`(bytes: [UInt8], expected: CheckpointError) {
        #expect(throws: expected) { try readHeader(bytes) }
    }

    @Test func `every byte cut from the end of a file is noticed`() throws {
        let bytes = safetensors(one(sound), data: eight)
        for count in bytes.indices {
            #expect(throws: CheckpointError.self) { try readHeader(Array(bytes.prefix(count))) }
        }
    }

    @Test func `damaged files are refused, or described within their bounds`() throws {
        let original = try Golden.bytes("magvit-tiny/pytorch_model.safetensors")
        let length = Int(UInt64(littleEndian: original.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }))
        let head = Array(original.prefix(8 + length))
        let data = original.dropFirst(8 + length)
        var accepted = 0
        for seed in 0..<600 as Range<UInt64> {
            var mutant = Mutations.mutate(head, seed: seed)
            // For half of them the length is put right, so that the damage reaches the JSON.
            if seed.isMultiple(of: 2), mutant.count > 8 {
                mutant.replaceSubrange(0..<8, with: littleEndian(UInt64(mutant.count - 8)))
            }
            let bytes = mutant + data
            guard let header = try? readHeader(bytes) else { continue }
            accepted += 1
            #expect(header.tensors.allSatisfy { $0.offset + $0.byteCount <= bytes.count }, "seed \(seed)")
        }
        #expect(accepted < 600)
    }
}
