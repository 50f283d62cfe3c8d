import StrictJSON
import TestSupport
import Testing

/// The value of a text, for tests in which the text is a literal.
private func parse(_ text: String) throws(JSONError) -> JSONValue { try JSONValue(parsing: Array(text.utf8)) }

@Suite struct JSONParserTests {
    @Test(
        arguments: [
            ("null", .null), (" true\n", .bool(true)), ("false\t", .bool(false)), ("0", .integer(0)),
            ("-1", .integer(-1)),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("-0", .number(-0.0)), ("1.0", .number(1)),
            ("1e3", .number(1000)), ("-2.5E-1", .number(-0.25)), ("1e-999", .number(0)), ("\"\"", .string("")),
            ("[]", .array([])), ("[1, [2]]", .array([.integer(1), .array([.integer(2)])])), ("{}", .object([])),
            (#"{"a":1,"b":{"c":null}}"#, .object([("a", .integer(1)), ("b", .object([("c", .null)]))])),
        ] as [(String, JSONValue)])
    func `valid texts give their value`(text: String, expected: JSONValue) throws {
        #expect(try parse(text) == expected)
    }

    @Test(arguments: [
        (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{c}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
        (#""\ud83d\ude00 😀""#, "😀 😀"), (#""\u0000""#, "\u{0}"), ("\"\u{7f}\u{10ffff}\"", "\u{7f}\u{10ffff}"),
    ])
    func `strings are unescaped`(text: String, expected: String) throws {
        #expect(try parse(text).bytesValue == Array(expected.utf8))
    }

    @Test(
        arguments: [
            ("", .unexpectedEnd(offset: 0, expected: .value)), (" ", .unexpectedEnd(offset: 1, expected: .value)),
            ("nul", .unexpectedEnd(offset: 3, expected: .literal)),
            ("NaN", .unexpectedByte(offset: 0, expected: .value, found: 78)),
            ("-Infinity", .unexpectedByte(offset: 1, expected: .digit, found: 73)),
            ("1 2", .unexpectedByte(offset: 2, expected: .end, found: 50)),
            ("01", .leadingZero(offset: 0)), ("-012", .leadingZero(offset: 1)),
            ("+1", .unexpectedByte(offset: 0, expected: .value, found: 43)),
            ("1.", .unexpectedEnd(offset: 2, expected: .digit)), ("1e", .unexpectedEnd(offset: 2, expected: .digit)),
            (".5", .unexpectedByte(offset: 0, expected: .value, found: 46)), ("1e999", .numberOutOfRange(offset: 0)),
            ("[1,]", .unexpectedByte(offset: 3, expected: .value, found: 93)),
            ("[1 2]", .unexpectedByte(offset: 3, expected: .commaOrArrayEnd, found: 50)),
            (#"{"a":1,}"#, .unexpectedByte(offset: 7, expected: .key, found: 125)),
            ("{a:1}", .unexpectedByte(offset: 1, expected: .keyOrEnd, found: 97)),
            (#"{"a" 1}"#, .unexpectedByte(offset: 5, expected: .colon, found: 49)),
            (#"{"a":1"#, .unexpectedEnd(offset: 6, expected: .commaOrObjectEnd)),
            (#"{"a":1,"\u0061":2}"#, .duplicateKey(offset: 7, key: "a")),
            ("\"a", .unexpectedEnd(offset: 2, expected: .closingQuote)),
            ("\"\n\"", .controlCharacter(offset: 1, found: 10)),
            (#""\x""#, .unexpectedByte(offset: 2, expected: .escape, found: 120)),
            (#""\u12g4""#, .unexpectedByte(offset: 5, expected: .hexDigit, found: 103)),
            (#""\ud83d""#, .loneSurrogate(offset: 1, found: 0xD83D)),
            (#""\ude00""#, .loneSurrogate(offset: 1, found: 0xDE00)),
            (#""\ud83d\u0041""#, .loneSurrogate(offset: 1, found: 0xD83D)),
            ("/* */ 1", .unexpectedByte(offset: 0, expected: .value, found: 47)),
            ("\u{FEFF}1", .unexpectedByte(offset: 0, expected: .value, found: 0xEF)),
        ] as [(String, JSONError)])
    func `invalid texts are refused at the offending byte`(text: String, expected: JSONError) {
        #expect(throws: expected) { try parse(text) }
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xC3], [0xE2, 0x82], [0xE2, 0x82, 0x41],
        ] as [[UInt8]])
    func `text that is not UTF-8 is refused`(bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22] + bytes + [0x22]) }
        #expect(throws: JSONError.self) { try JSONValue(parsing: [0x22] + bytes) }
    }

    @Test func `keys that differ only in Unicode normalisation stay apart`() throws {
        let value = try parse("{\"\u{e9}\":1,\"e\u{301}\":2}")
        #expect(value.objectValue?.count == 2)
        #expect(value["e\u{301}"]?.intValue == 2)
    }

    @Test(arguments: [3, 16, 17, 18, 5000]) func `a duplicate key is found in objects of any size`(count: Int) throws {
        let members = (0..<count).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        #expect(try parse("{\(members)}").objectValue?.count == count)
        for repeated in [0, count / 2, count - 1] {
            #expect(throws: JSONError.duplicateKey(offset: members.utf8.count + 2, key: "k\(repeated)")) {
                try parse("{\(members),\"k\(repeated)\":0}")
            }
        }
    }

    @Test func `nesting is bounded`() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array(repeating: 0x5B, count: depth) + Array(repeating: 0x5D, count: depth)
        }
        #expect(throws: Never.self) { try JSONValue(parsing: nested(128)) }
        #expect(throws: JSONError.tooDeep(offset: 128, limit: 128)) { try JSONValue(parsing: nested(129)) }
        let deepest = JSONLimits(maxDepth: .max)
        #expect(throws: Never.self) { try JSONValue(parsing: nested(512), limits: deepest) }
        #expect(throws: JSONError.tooDeep(offset: 512, limit: 512)) {
            try JSONValue(parsing: nested(1_000_000), limits: deepest)
        }
    }

    @Test func `size is bounded`() {
        #expect(throws: JSONError.tooLarge(limit: 2, found: 3)) {
            try JSONValue(parsing: Array("123".utf8), limits: JSONLimits(maxBytes: 2))
        }
    }

    @Test(arguments: ["config.json", "generation_config.json"])
    func `damaged configuration files are parsed or refused, and what is parsed survives a round trip`(name: String)
        throws
    {
        let original = try Golden.bytes("llada-tiny/\(name)")
        #expect(throws: Never.self) { try JSONValue(parsing: original) }
        for seed in 0..<500 as Range<UInt64> {
            guard let value = try? JSONValue(parsing: Mutations.mutate(original, seed: seed)) else { continue }
            #expect(try JSONValue(parsing: value.serialized()) == value, "seed \(seed)")
        }
    }
}
