import StrictJSON
import Testing

@Suite struct JSONValueTests {
    @Test func `accessors give a value only of their own kind`() {
        let object = JSONValue.object([
            ("a", .integer(3)), ("b", .array([.null])), ("c", .bool(true)), ("d", .number(1)),
        ])
        #expect(object["a"]?.intValue == 3)
        #expect(object["a"]?.doubleValue == 3)
        #expect(object["d"]?.intValue == nil)
        #expect(object["d"]?.doubleValue == 1)
        #expect(object["b"]?.arrayValue?.first?.isNull == true)
        #expect(object["c"]?.boolValue == true)
        #expect(object["c"]?.stringValue == nil)
        #expect(object["e"] == nil)
        #expect(JSONValue.null["a"] == nil)
        #expect(JSONValue.string("é").stringValue == "é")
        #expect(JSONValue.string("é").bytesValue == [0xC3, 0xA9])
        #expect(object.objectValue?.map(\.key.string) == ["a", "b", "c", "d"])
    }

    @Test func `strings compare as bytes`() {
        #expect(JSONString("\u{e9}") != JSONString("e\u{301}"))
        #expect(JSONString("a") < JSONString("b"))
        #expect(JSONString("a") < "aa")
        #expect(JSONString("a").hashValue == JSONString("a").hashValue)
    }

    @Test(
        arguments: [
            (.null, "null"), (.bool(false), "false"), (.integer(-5), "-5"), (.number(0.1), "0.1"),
            (.number(1e100), "1e+100"),
            (.number(-0.0), "-0.0"), (.number(.nan), "null"), (.number(.infinity), "null"),
            (.string("a\"\\\u{1}\u{1f}\n\r\t\u{8}\u{c}/é😀"), #""a\"\\\u0001\u001f\n\r\t\b\f/é😀""#),
            (.array([.integer(1), .array([])]), "[1,[]]"),
            (.object([("b", .null), ("a", .object([]))]), #"{"b":null,"a":{}}"#),
        ] as [(JSONValue, String)])
    func `values are written compactly and in order`(value: JSONValue, expected: String) {
        #expect(String(decoding: value.serialized(), as: UTF8.self) == expected)
    }
}
