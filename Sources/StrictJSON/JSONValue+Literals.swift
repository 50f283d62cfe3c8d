// Short ways to write objects in code.
extension JSONValue {
    /// An object, its members in the order written.
    public static func members(_ members: KeyValuePairs<JSONString, JSONValue>) -> JSONValue {
        .object(members.map { (key: $0.key, value: $0.value) })
    }

    /// A string.
    public static func text(_ text: String) -> JSONValue { .string(JSONString(text)) }

    /// A whole number, or null.
    public static func whole(_ number: Int?) -> JSONValue { number.map { .integer(Int64($0)) } ?? .null }

    /// Whole numbers.
    public static func wholes(_ numbers: some Sequence<some BinaryInteger>) -> JSONValue {
        .array(numbers.map { .integer(Int64($0)) })
    }

    /// The object on one line.
    public var line: String { String(decoding: serialized(), as: UTF8.self) + "\n" }
}
