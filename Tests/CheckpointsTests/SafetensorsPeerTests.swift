import Checkpoints
import Foundation
import StrictJSON
import TestSupport
import Testing

/// A small file with most of what the format has.
private func seedFile(_ random: inout SeededGenerator) -> [UInt8] {
    let types = ["F32": 4, "BF16": 2, "I64": 8, "BOOL": 1, "U8": 1, "F8_E4M3": 1, "C64": 8, "F16": 2]
    var members: [(key: JSONString, value: JSONValue)] = []
    if Bool.random(using: &random) {
        members.append(("__metadata__", .object([("format", .string("pt")), ("note", .string("a\"\\é"))])))
    }
    var begin = 0
    for index in 0..<Int.random(in: 0...4, using: &random) {
        guard let (type, width) = types.sorted(by: { $0.key < $1.key }).randomElement(using: &random) else { continue }
        let shape = (0..<Int.random(in: 0...3, using: &random)).map { _ in Int.random(in: 0...3, using: &random) }
        let end = begin + shape.reduce(width, *)
        var info: [(key: JSONString, value: JSONValue)] = [
            ("dtype", .string(JSONString(type))), ("shape", .array(shape.map { .integer(Int64($0)) })),
            ("data_offsets", .array([.integer(Int64(begin)), .integer(Int64(end))])),
        ]
        if Int.random(in: 0..<8, using: &random) == 0 { info.append(("extra", .array([.null, .number(1.5)]))) }
        members.append((JSONString("layer.\(index).weight"), .object(info.shuffled(using: &random))))
        begin = end
    }
    let json = JSONValue.object(members.shuffled(using: &random)).serialized()
    let padded = json + Array(repeating: 0x20, count: Int.random(in: 0...8, using: &random))
    return safetensors(String(decoding: padded, as: UTF8.self), data: Array(repeating: 7, count: begin))
}

@Suite(.enabled(if: PeerPython.executable != nil, "MMADA_PEERS_PYTHON names no Python with the safetensors package"))
struct SafetensorsPeerTests {
    @Test func `the reference library gives the same verdict on 10,000 damaged files`() throws {
        var random = SeededGenerator(seed: 1)
        var corpus: [UInt8] = []
        for seed in 0..<10_000 as Range<UInt64> {
            let original = seedFile(&random)
            var bytes = Mutations.mutate(original, seed: seed)
            let dataCount = original.count - 8 - Int(original[0]) - Int(original[1]) << 8
            switch seed % 4 {
            case 0: break
            case 1: bytes = original  // sound files must pass
            default:
                // The length is put right, so that the damage reaches the JSON and not only the length.
                bytes = safetensors(
                    "", data: Mutations.mutate(Array(original.dropFirst(8).dropLast(dataCount)), seed: seed))
                bytes.replaceSubrange(0..<8, with: littleEndian(UInt64(bytes.count - 8)))
                bytes += original.suffix(dataCount)
            }
            let accepted = (try? readHeader(bytes)) != nil
            corpus += littleEndian(UInt64(bytes.count)) + [accepted ? 1 : 0] + bytes
        }
        try withTemporaryDirectory { directory in
            let file = directory.appending(path: "corpus")
            try Data(corpus).write(to: file)
            let (status, output) = try PeerPython.run(script: "safetensors_peer.py", [file.path(percentEncoded: false)])
            let report = String(decoding: output, as: UTF8.self)
            print("safetensors peer: \(report)")
            #expect(status == 0, "\(report)")
            #expect(try JSONValue(parsing: output)["cases"]?.intValue == 10_000)
        }
    }

    @Test func `the reference library reads what we write, and would write the same`() throws {
        try withTemporaryDirectory { directory in
            let file = directory.appending(path: "ours.safetensors")
            let copy = directory.appending(path: "theirs.safetensors")
            let tensors = ElementType.allCases.flatMap { type in
                [[], [0], [3, 2]].map { (shape: [Int]) in
                    let bytes = (0..<shape.reduce(type.byteCount, *)).map { UInt8($0) }
                    return OutgoingTensor(
                        name: "é\n\"\\\u{1}/\(type).\(shape)", elementType: type, shape: shape, bytes: bytes)
                }
            }
            try SafetensorsWriter.write(tensors, metadata: ["format": "pt"], to: file)
            let (status, output) = try PeerPython.run(
                script: "safetensors_roundtrip.py",
                [file.path(percentEncoded: false), copy.path(percentEncoded: false)])
            #expect(status == 0)
            #expect(try Data(contentsOf: file) == Data(contentsOf: copy))
            let read = try JSONValue(parsing: output)
            #expect(read["metadata"] == .object([("format", .string("pt"))]))
            #expect(read["tensors"]?.arrayValue?.count == tensors.count)
            for item in read["tensors"]?.arrayValue ?? [] {
                let fields = try #require(item.arrayValue)
                let sent = try #require(tensors.first { $0.name == fields[0].stringValue })
                #expect(fields[1].stringValue == sent.elementType.rawValue)
                #expect(fields[2].arrayValue?.map(\.intValue) == sent.shape)
                let count = sent.shape.reduce(sent.elementType.byteCount, *)
                #expect(fields[3].arrayValue?.map(\.intValue) == Array(0..<count))
            }
        }
    }
}
