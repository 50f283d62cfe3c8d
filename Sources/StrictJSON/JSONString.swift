/// A JSON string after unescaping, compared and hashed as its UTF-8 bytes.
///
/// Swift's `String` holds two canonically equivalent texts (NFC and NFD) to be equal, which merges distinct vocabulary
/// entries; a tokenizer and a checkpoint need them apart.
public struct JSONString: Hashable, Sendable {
    /// The text as valid UTF-8.
    public let utf8: [UInt8]

    /// Holds bytes known to be valid UTF-8.
    init(validated utf8: [UInt8]) { self.utf8 = utf8 }

    /// The bytes of `string`.
    public init(_ string: String) { utf8 = Array(string.utf8) }

    /// The text as a Swift string.
    public var string: String { String(decoding: utf8, as: UTF8.self) }

    /// Feeds the bytes to `hasher` in one piece: element by element is many times slower on a large vocabulary.
    public func hash(into hasher: inout Hasher) {
        utf8.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension JSONString: Comparable {
    /// Whether the bytes of `lhs` come before those of `rhs`, which is the order of their code points.
    public static func < (lhs: JSONString, rhs: JSONString) -> Bool { lhs.utf8.lexicographicallyPrecedes(rhs.utf8) }
}

extension JSONString: ExpressibleByStringLiteral {
    /// The bytes of a literal.
    public init(stringLiteral value: String) { self.init(value) }
}

extension JSONString: CustomStringConvertible {
    /// The text itself.
    public var description: String { string }
}
