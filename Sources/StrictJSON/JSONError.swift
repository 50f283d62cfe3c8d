/// Why bytes are not an acceptable JSON text; every case but ``tooLarge(limit:found:)`` says at which byte.
public enum JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text has `found` bytes.
    case tooLarge(limit: Int, found: Int)
    /// The text ends where `expected` should stand.
    case unexpectedEnd(offset: Int, expected: JSONExpectation)
    /// A byte stands where `expected` should.
    case unexpectedByte(offset: Int, expected: JSONExpectation, found: UInt8)
    /// Arrays and objects are nested more than `limit` deep.
    case tooDeep(offset: Int, limit: Int)
    /// A number such as `012`.
    case leadingZero(offset: Int)
    /// A number larger than any finite `Double`.
    case numberOutOfRange(offset: Int)
    /// A control character stands unescaped in a string.
    case controlCharacter(offset: Int, found: UInt8)
    /// A string is not UTF-8.
    case invalidUTF8(offset: Int, found: UInt8)
    /// `\u` names half a surrogate pair without the other half.
    case loneSurrogate(offset: Int, found: UInt16)
    /// An object holds a key twice, compared after unescaping.
    case duplicateKey(offset: Int, key: String)

    /// One line for a terminal.
    public var description: String {
        switch self {
        case .tooLarge(let limit, let found):
            "JSON of \(found) bytes; at most \(limit) are allowed here"
        case .unexpectedEnd(let offset, let expected):
            "JSON ends at byte \(offset); expected \(expected.rawValue)"
        case .unexpectedByte(let offset, let expected, let found):
            "JSON byte \(offset): expected \(expected.rawValue), found \(Self.name(found))"
        case .tooDeep(let offset, let limit):
            "JSON byte \(offset): nested more than \(limit) deep"
        case .leadingZero(let offset):
            "JSON byte \(offset): a number may not begin with a superfluous 0"
        case .numberOutOfRange(let offset):
            "JSON byte \(offset): number too large for a 64-bit float"
        case .controlCharacter(let offset, let found):
            "JSON byte \(offset): \(Self.name(found)) must be escaped in a string"
        case .invalidUTF8(let offset, let found):
            "JSON byte \(offset): \(Self.name(found)) is not valid UTF-8 here"
        case .loneSurrogate(let offset, let found):
            "JSON byte \(offset): \\u\(String(found, radix: 16)) is half of a surrogate pair, alone"
        case .duplicateKey(let offset, let key):
            "JSON byte \(offset): key \(Self.quoted(key)) occurs twice in one object"
        }
    }

    /// The key as JSON, in which no control character reaches the terminal; only the start of a long one.
    private static func quoted(_ key: String) -> String {
        let start = key.unicodeScalars.prefix(80)
        let text = JSONValue.string(JSONString(String(start))).serialized()
        return String(decoding: text, as: UTF8.self) + (start.endIndex < key.unicodeScalars.endIndex ? "…" : "")
    }

    private static func name(_ byte: UInt8) -> String {
        (0x21...0x7E).contains(byte) ? "'\(UnicodeScalar(byte))'" : "byte 0x\(String(byte, radix: 16))"
    }
}

/// What a JSON text needed at some place.
public enum JSONExpectation: String, Hashable, Sendable {
    /// The start of any value.
    case value = "a value"
    /// A digit of a number.
    case digit = "a digit"
    /// A key of an object.
    case key = "a key in quotes"
    /// A first key, or the end of the object.
    case keyOrEnd = "a key in quotes or '}'"
    /// The colon after a key.
    case colon = "':'"
    /// The comma or bracket after an array element.
    case commaOrArrayEnd = "',' or ']'"
    /// The comma or brace after an object member.
    case commaOrObjectEnd = "',' or '}'"
    /// The rest of `true`, `false` or `null`.
    case literal = "true, false or null"
    /// The closing quote of a string.
    case closingQuote = "'\"'"
    /// The character after a backslash.
    case escape = "one of \"\\/bfnrtu"
    /// A digit after `\u`.
    case hexDigit = "a hexadecimal digit"
    /// The end of the text.
    case end = "the end of the text"
}
