/// A JSON value whose object keys keep their order and are told apart byte for byte.
///
/// The parser is strict RFC 8259: no duplicate keys, no comments, no trailing commas, no NaN, valid UTF-8 only.
public enum JSONValue: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number written without fraction or exponent that fits 64 bits; `-0` is a ``number(_:)``.
    case integer(Int64)
    /// Any other number; always finite when parsed.
    case number(Double)
    /// A string, unescaped.
    case string(JSONString)
    /// An array.
    case array([JSONValue])
    /// The members of an object in file order, no key twice.
    case object([(key: JSONString, value: JSONValue)])

    /// Parses a whole JSON text.
    ///
    /// - Throws: ``JSONError`` with the offset of the first byte that is wrong.
    public init(parsing bytes: [UInt8], limits: JSONLimits = .init()) throws(JSONError) {
        self = try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
            try JSONValue(parsing: UnsafeRawBufferPointer(buffer), limits: limits)
        }
    }

    /// Parses a whole JSON text; the value keeps no reference to `bytes`.
    ///
    /// - Throws: ``JSONError`` with the offset of the first byte that is wrong.
    public init(parsing bytes: UnsafeRawBufferPointer, limits: JSONLimits = .init()) throws(JSONError) {
        guard bytes.count <= limits.maxBytes else {
            throw .tooLarge(limit: limits.maxBytes, found: bytes.count)
        }
        var parser = JSONParser(bytes: bytes, maxDepth: limits.maxDepth)
        self = try parser.parseText()
    }
}

/// Bounds on what a JSON text may ask of the parser.
public struct JSONLimits: Hashable, Sendable {
    /// The deepest nesting that may be asked for: values are parsed, and freed, recursively.
    public static let deepest = 512

    /// Longest text, in bytes; at most 4 GiB.
    public let maxBytes: Int
    /// Deepest nesting of arrays and objects, at most ``deepest``.
    public let maxDepth: Int

    /// Bounds that fit any tokenizer or configuration file.
    public init(maxBytes: Int = 1 << 28, maxDepth: Int = 128) {
        self.maxBytes = min(maxBytes, Int(UInt32.max))
        self.maxDepth = min(maxDepth, Self.deepest)
    }
}

extension JSONValue {
    /// The value of `key`, or `nil` if this is no object or lacks it; a linear search, so loop over large objects.
    public subscript(_ key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        let wanted = Array(key.utf8)
        return members.first { $0.key.utf8 == wanted }?.value
    }

    /// The text of a string.
    public var stringValue: String? {
        guard case .string(let string) = self else { return nil }
        return string.string
    }

    /// The UTF-8 of a string.
    public var bytesValue: [UInt8]? {
        guard case .string(let string) = self else { return nil }
        return string.utf8
    }

    /// The value of an integer; `1.0` is none.
    public var intValue: Int? {
        guard case .integer(let integer) = self else { return nil }
        return Int(exactly: integer)
    }

    /// The value of any number.
    public var doubleValue: Double? {
        switch self {
        case .integer(let integer): Double(integer)
        case .number(let number): number
        default: nil
        }
    }

    /// The value of `true` or `false`.
    public var boolValue: Bool? {
        guard case .bool(let bool) = self else { return nil }
        return bool
    }

    /// The elements of an array.
    public var arrayValue: [JSONValue]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// The members of an object, in order.
    public var objectValue: [(key: JSONString, value: JSONValue)]? {
        guard case .object(let members) = self else { return nil }
        return members
    }

    /// Whether this is `null`.
    public var isNull: Bool {
        guard case .null = self else { return false }
        return true
    }
}

extension JSONValue: Equatable {
    /// Whether both are the same value, with object members in the same order; an integer never equals a number.
    public static func == (lhs: JSONValue, rhs: JSONValue) -> Bool {
        switch (lhs, rhs) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): a == b
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a.elementsEqual(b) { $0.key == $1.key && $0.value == $1.value }
        default: false
        }
    }
}
