import Foundation

extension ConfigurationTree {
    /// The tree of a value's properties, under snake-case keys in alphabetical order.
    public init(encoding value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .custom { NamedKey(Self.snakeCase($0.last?.stringValue ?? "")) }
        encoder.outputFormatting = [.sortedKeys]
        self = try ConfigurationTree(yaml: String(decoding: encoder.encode(value), as: UTF8.self))
    }

    /// A value of the tree's keys, in snake case.
    ///
    /// - Throws: ``ConfigurationFileError/wrongType(path:expected:found:)`` naming the key.
    public func decoded<Value: Decodable>(as type: Value.Type) throws(ConfigurationFileError) -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { NamedKey(Self.camelCase($0.last?.stringValue ?? "")) }
        do {
            let data = try JSONSerialization.data(withJSONObject: object, options: [.fragmentsAllowed])
            return try decoder.decode(type, from: data)
        } catch let error as DecodingError {
            throw wrongType(error)
        } catch {
            throw .inconsistent("the configuration cannot be read: \(error)")
        }
    }

    private func wrongType(_ error: DecodingError) -> ConfigurationFileError {
        let (context, expected): (DecodingError.Context, String) =
            switch error {
            case .typeMismatch(let type, let context): (context, Self.name(of: type))
            case .valueNotFound(let type, let context): (context, Self.name(of: type))
            case .keyNotFound(let key, let context): (context, "a key '\(key.stringValue)'")
            case .dataCorrupted(let context): (context, context.debugDescription)
            @unknown default: (DecodingError.Context(codingPath: [], debugDescription: ""), "another value")
            }
        let path = context.codingPath.map { $0.intValue.map(String.init) ?? Self.snakeCase($0.stringValue) }
        let found = self[path: path]?.summary ?? "nothing"
        return .wrongType(path: path.joined(separator: "."), expected: expected, found: found)
    }

    private static func name(of type: Any.Type) -> String {
        switch type {
        case is Int.Type: "a whole number"
        case is Double.Type: "a number"
        case is Bool.Type: "true or false"
        case is String.Type: "a text"
        default: "a \(type)"
        }
    }

    private static func snakeCase(_ name: String) -> String {
        name.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
    }

    /// Foundation's own conversion takes "t2i" for "T2I".
    private static func camelCase(_ name: String) -> String {
        let words = name.split(separator: "_")
        return words.dropFirst().reduce(into: String(words.first ?? "")) { $0 += $1.prefix(1).uppercased() + $1.dropFirst() }
    }

    private var object: Any {
        switch self {
        case .null: NSNull()
        case .flag(let value): value
        case .integer(let value): value
        case .real(let value): value.isFinite ? value : String(value)
        case .text(let value): value
        case .list(let items): items.map(\.object)
        case .mapping(let entries): Dictionary(entries.map { ($0.key, $0.value.object) }) { $1 }
        }
    }
}

/// A key that is just its name.
private struct NamedKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}
