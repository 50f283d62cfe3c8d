import Foundation
import StrictJSON
import TestSupport
import Testing
import TextTokenizer

/// Comparison with the `tokenizers` library itself; MMADA_PEERS_PYTHON names a Python that has it.
@Suite struct LibraryComparisonTests {
    static let python = ProcessInfo.processInfo.environment["MMADA_PEERS_PYTHON"]
    /// Members of tokenizer.json to replace.
    static let variants: [[String: String]] = [
        [:],
        ["normalizer": #"{"type": "NFC"}"#],
        ["pre_tokenizer": #"{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}"#],
        [
            "normalizer": #"{"type": "Sequence", "normalizers": [{"type": "NFC"}]}"#,
            "pre_tokenizer": """
            {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": "\\\\p{N}{1,3}|[\\\\r\\\\n]+"}, "behavior": "Isolated", "invert": false},
            {"type": "Split", "pattern": {"String": "ing"}, "behavior": "Isolated", "invert": false},
            {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}]}
            """,
        ],
    ]

    @Test(
        .enabled(if: python != nil, "set MMADA_PEERS_PYTHON to a Python with tokenizers==0.22.2"),
        arguments: GoldenTokenizer.all, variants)
    func `random texts and ids give what the library gives`(golden: GoldenTokenizer, members: [String: String]) throws {
        let json = try golden.variant(members)
        let tokenizer = try Tokenizer(json: json)
        var texts = TextGenerator(seed: UInt64(members.count) &* 7919 &+ UInt64(golden.name.utf8.count))
        var random = SeededGenerator(seed: 99)
        let samples = (0..<(members.isEmpty ? 20_000 : 8_000)).map { _ in texts.next() }
        let ids = (0..<4_000).map { _ in
            (0..<Int.random(in: 0...12, using: &random)).map { _ in
                Int32.random(in: 0..<Int32(tokenizer.count + 3), using: &random)
            }
        }
        let reply = try ask(json, texts: samples, ids: ids)
        var (compared, mismatches) = (0, 0)
        func compare(_ isEqual: Bool, _ what: @autoclosure () -> String) {
            compared += 1
            if isEqual { return }
            mismatches += 1
            if mismatches <= 10 { Issue.record("\(golden.name) \(members): \(what())") }
        }
        let encoded = try #require(reply["encoded"]?.arrayValue)
        let plain = try #require(reply["plain"]?.arrayValue)
        try #require(encoded.count == samples.count && plain.count == samples.count)
        for (index, text) in samples.enumerated() {
            compare(tokenizer.encode(text) == encoded[index].ids, "encode \(text.debugDescription)")
            compare(
                tokenizer.encode(text, addingSpecialTokens: false) == plain[index].ids, "plain \(text.debugDescription)"
            )
        }
        let decoded = try #require(reply["decoded"]?.arrayValue)
        let skipped = try #require(reply["skipped"]?.arrayValue)
        try #require(decoded.count == ids.count && skipped.count == ids.count)
        for (index, list) in ids.enumerated() {
            compare(
                Array(tokenizer.decode(list, skippingSpecialTokens: false).utf8) == decoded[index].bytesValue,
                "decode \(list)")
            compare(Array(tokenizer.decode(list).utf8) == skipped[index].bytesValue, "decode, skipping, \(list)")
        }
        print(
            "compared with the library: \(golden.name) variant \(members.keys.sorted()): \(compared), mismatches \(mismatches)"
        )
        #expect(mismatches == 0)
    }

    private func ask(_ json: [UInt8], texts: [String], ids: [[Int32]]) throws -> JSONValue {
        let directory = FileManager.default.temporaryDirectory.appending(path: "mmada-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let (file, question, answer) = (
            directory.appending(path: "tokenizer.json"), directory.appending(path: "question"),
            directory.appending(path: "answer")
        )
        try Data(json).write(to: file)
        let work = JSONValue.object([
            (JSONString("texts"), .array(texts.map { .string(JSONString($0)) })),
            (JSONString("ids"), .array(ids.map { .array($0.map { .integer(Int64($0)) }) })),
        ])
        try Data(work.serialized()).write(to: question)
        try Data().write(to: answer)
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Peers/tokenizers_peer.py")
        let process = Process()
        process.executableURL = URL(filePath: try #require(Self.python))
        process.arguments = [script.path, file.path]
        process.standardInput = try FileHandle(forReadingFrom: question)
        process.standardOutput = try FileHandle(forWritingTo: answer)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try JSONValue(parsing: [UInt8](try Data(contentsOf: answer)))
    }
}
