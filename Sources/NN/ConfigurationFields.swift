public import StrictJSON

/// Why a `config.json` does not describe a model that can be built.
public enum ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    case missing(key: String)
    case wrongType(key: String, expected: String)
    case outOfRange(key: String, found: String, allowed: String)
    case unsupported(key: String, found: String, supported: String)
    case inconsistent(String)

    /// One line for a terminal.
    public var description: String {
        switch self {
        case .missing(let key): "the configuration has no '\(key)'"
        case .wrongType(let key, let expected): "configuration '\(key)': expected \(expected)"
        case .outOfRange(let key, let found, let allowed): "configuration '\(key)' is \(found); allowed: \(allowed)"
        case .unsupported(let key, let found, let supported):
            "configuration '\(key)' is \(found), which no released checkpoint uses; supported: \(supported)"
        case .inconsistent(let what): "the configuration contradicts itself: \(what)"
        }
    }
}

/// Reads typed fields of a JSON object, each with the range it may have.
public struct ConfigurationFields {
    private let object: JSONValue
    private let path: String

    /// The fields of `object`; `path` stands before their names in errors.
    public init(_ object: JSONValue, path: String = "") throws(ConfigurationError) {
        guard object.objectValue != nil else {
            throw .wrongType(key: path.isEmpty ? "config.json" : path, expected: "an object")
        }
        self.object = object
        self.path = path.isEmpty ? "" : path + "."
    }

    private func value(_ key: String) -> JSONValue? {
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }

    /// Whether the field is there and not null.
    public func has(_ key: String) -> Bool { value(key) != nil }

    /// A whole number in `range`; `fallback` where the field is absent or null.
    public func integer(
        _ key: String, in range: ClosedRange<Int>, or fallback: Int? = nil
    ) throws(ConfigurationError) -> Int {
        guard let found = value(key) else {
            guard let fallback else { throw .missing(key: path + key) }
            return fallback
        }
        guard let number = found.intValue else { throw .wrongType(key: path + key, expected: "a whole number") }
        guard range.contains(number) else {
            throw .outOfRange(
                key: path + key, found: "\(number)", allowed: "\(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A finite number above zero.
    public func positive(_ key: String, or fallback: Double? = nil) throws(ConfigurationError) -> Double {
        guard let found = value(key) else {
            guard let fallback else { throw .missing(key: path + key) }
            return fallback
        }
        guard let number = found.doubleValue else { throw .wrongType(key: path + key, expected: "a number") }
        guard number > 0, number.isFinite else {
            throw .outOfRange(key: path + key, found: "\(number)", allowed: "above 0")
        }
        return number
    }

    /// true or false.
    public func flag(_ key: String, or fallback: Bool) throws(ConfigurationError) -> Bool {
        guard let found = value(key) else { return fallback }
        guard let flag = found.boolValue else { throw .wrongType(key: path + key, expected: "true or false") }
        return flag
    }

    /// A string.
    public func string(_ key: String, or fallback: String) throws(ConfigurationError) -> String {
        guard let found = value(key) else { return fallback }
        guard let string = found.stringValue else { throw .wrongType(key: path + key, expected: "a string") }
        return string
    }

    /// Whole numbers in `range`.
    public func integers(
        _ key: String, in range: ClosedRange<Int>, or fallback: [Int]
    ) throws(ConfigurationError) -> [Int] {
        guard let found = value(key) else { return fallback }
        guard let list = found.arrayValue else { throw .wrongType(key: path + key, expected: "a list") }
        var numbers: [Int] = []
        for element in list {
            guard let number = element.intValue, range.contains(number) else {
                throw .outOfRange(
                    key: path + key, found: "\(element)",
                    allowed: "whole numbers from \(range.lowerBound) to \(range.upperBound)")
            }
            numbers.append(number)
        }
        return numbers
    }

    /// Finite numbers, as many as `fallback` has.
    public func numbers(_ key: String, or fallback: [Double]) throws(ConfigurationError) -> [Double] {
        guard let found = value(key) else { return fallback }
        let numbers = found.arrayValue?.compactMap(\.doubleValue).filter(\.isFinite) ?? []
        guard numbers.count == fallback.count, found.arrayValue?.count == fallback.count else {
            throw .wrongType(key: path + key, expected: "a list of \(fallback.count) numbers")
        }
        return numbers
    }

    /// The fields of an object below; those of an empty one where it is absent.
    public func nested(_ key: String) throws(ConfigurationError) -> ConfigurationFields {
        try ConfigurationFields(value(key) ?? .object([]), path: path + key)
    }

    /// Refuses a field whose value is one that the architecture here does not have.
    public func require(_ key: String, _ supported: Bool, or fallback: Bool) throws(ConfigurationError) {
        let found = try flag(key, or: fallback)
        guard found == supported else {
            throw .unsupported(key: path + key, found: "\(found)", supported: "\(supported)")
        }
    }

    /// Refuses a field whose string is another than the one supported.
    public func require(_ key: String, _ supported: String) throws(ConfigurationError) {
        let found = try string(key, or: supported)
        guard found == supported else {
            throw .unsupported(key: path + key, found: "'\(found)'", supported: "'\(supported)'")
        }
    }
}
