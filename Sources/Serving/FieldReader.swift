import Foundation
import StrictJSON

/// Reads the fields of a request's body; every error names the field, what it should be and what was found.
struct FieldReader {
    private let json: JSONValue
    /// Where this object stands in the body, such as `messages[0].`.
    private let path: String

    /// The fields of a whole body.
    ///
    /// - Throws: ``APIError`` for what is no JSON object.
    init(body: [UInt8]) throws(APIError) {
        do {
            json = try JSONValue(parsing: body, limits: JSONLimits(maxBytes: 1 << 28, maxDepth: 64))
        } catch {
            throw .invalid("The body is not JSON: \(error).")
        }
        guard json.objectValue != nil else { throw .invalid("The body must be a JSON object.") }
        path = ""
    }

    /// The fields of an object that stands at `path`.
    init(_ json: JSONValue, path: String) {
        self.json = json
        self.path = path
    }

    private func wrong(_ name: String, _ expected: String) -> APIError {
        .invalid("'\(path)\(name)' must be \(expected).", parameter: path + name)
    }

    /// The value of a field; `nil` where it is missing or null.
    func value(_ name: String) -> JSONValue? {
        guard let value = json[name], !value.isNull else { return nil }
        return value
    }

    func text(_ name: String) throws(APIError) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.stringValue else { throw wrong(name, "a string") }
        return text
    }

    func requiredText(_ name: String) throws(APIError) -> String {
        guard let text = try text(name) else { throw wrong(name, "a string, and is missing") }
        return text
    }

    func flag(_ name: String) throws(APIError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let flag = value.boolValue else { throw wrong(name, "true or false") }
        return flag
    }

    func integer(_ name: String, _ range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let value = value(name) else { return nil }
        // Some clients write 64.0 for 64.
        let whole = value.doubleValue.flatMap { Int(exactly: $0) }
        guard let number = value.intValue ?? whole, range.contains(number) else {
            throw wrong(name, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func number(_ name: String, _ range: ClosedRange<Double>) throws(APIError) -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = value.doubleValue ?? value.intValue.map(Double.init), range.contains(number) else {
            throw wrong(name, "a number from \(range.lowerBound.formatted()) to \(range.upperBound.formatted())")
        }
        return number
    }

    /// The seed of all random numbers; a random one that can be typed again where none is given.
    func seed() throws(APIError) -> UInt64 {
        try integer("seed", Int.min...Int.max).map { UInt64(bitPattern: Int64($0)) }
            ?? UInt64.random(in: 0...UInt64(Int32.max))
    }

    /// One of the names of a kind.
    func choice<Kind: RawRepresentable<String> & CaseIterable>(_ name: String, _ kind: Kind.Type) throws(APIError)
        -> Kind?
    {
        guard let text = try text(name) else { return nil }
        guard let found = Kind(rawValue: text) else {
            throw wrong(name, "one of \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return found
    }

    /// Up to four short texts to stop at.
    func stops(_ name: String = "stop") throws(APIError) -> [String] {
        let stops = try texts(name, atMost: 4)
        guard stops.allSatisfy({ $0.utf8.count <= 256 }) else { throw wrong(name, "of at most 256 bytes each") }
        return stops
    }

    /// A string or a list of strings.
    func texts(_ name: String, atMost limit: Int) throws(APIError) -> [String] {
        guard let value = value(name) else { return [] }
        if let text = value.stringValue { return [text] }
        guard let list = value.arrayValue, list.count <= limit else {
            throw wrong(name, "a string, or up to \(limit) of them")
        }
        let texts = list.compactMap(\.stringValue)
        guard texts.count == list.count else { throw wrong(name, "a list of strings alone") }
        return texts
    }

    func object(_ name: String) throws(APIError) -> FieldReader? {
        guard let value = value(name) else { return nil }
        guard value.objectValue != nil else { throw wrong(name, "an object") }
        return FieldReader(value, path: "\(path)\(name).")
    }

    /// A list of objects that has at least one and at most `limit`.
    func objects(_ name: String, atMost limit: Int) throws(APIError) -> [FieldReader] {
        guard let list = value(name)?.arrayValue, !list.isEmpty, list.count <= limit else {
            throw wrong(name, "a list of 1 to \(limit) objects")
        }
        var readers: [FieldReader] = []
        for (index, value) in list.enumerated() {
            guard value.objectValue != nil else { throw wrong("\(name)[\(index)]", "an object") }
            readers.append(FieldReader(value, path: "\(path)\(name)[\(index)]."))
        }
        return readers
    }

    /// An error about this object.
    func invalid(_ name: String, _ expected: String) -> APIError { wrong(name, expected) }
}
