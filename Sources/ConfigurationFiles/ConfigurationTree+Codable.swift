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
    /// - Parameters:
    ///   - type: What to read.
    ///   - example: Any value, whose properties say in errors which words are allowed where.
    /// - Returns: The value.
    /// - Throws: ``ConfigurationFileError/wrongType(path:expected:found:)`` naming the key.
    public func decoded<Value: Decodable>(
        as type: Value.Type, example: Value? = nil
    ) throws(ConfigurationFileError) -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { NamedKey(Self.camelCase($0.last?.stringValue ?? "")) }
        do {
            let data = try JSONSerialization.data(withJSONObject: object, options: [.fragmentsAllowed])
            return try decoder.decode(type, from: data)
        } catch let error as DecodingError {
            throw wrongType(error, example: example)
        } catch {
            throw .inconsistent("the configuration cannot be read: \(error)")
        }
    }

    private func wrongType(_ error: DecodingError, example: Any?) -> ConfigurationFileError {
        let (context, expected): (DecodingError.Context, String?) =
            switch error {
            case .typeMismatch(let type, let context): (context, Self.name(of: type))
            case .valueNotFound(let type, let context): (context, Self.name(of: type))
            case .keyNotFound(let key, let context): (context, "a key '\(Self.snakeCase(key.stringValue))'")
            case .dataCorrupted(let context): (context, nil)
            @unknown default: (DecodingError.Context(codingPath: [], debugDescription: ""), nil)
            }
        // Of a number that its type cannot hold Foundation says only that there is one.
        if context.codingPath.isEmpty, let example, let misfit = misfit(example, path: []) { return misfit }
        let path = context.codingPath.map { $0.intValue.map(String.init) ?? Self.snakeCase($0.stringValue) }
        let found = self[path: path]?.summary ?? "nothing"
        return .wrongType(
            path: path.joined(separator: "."),
            expected: Self.allowed(at: context.codingPath, in: example) ?? expected ?? context.debugDescription,
            found: found)
    }

    /// The first number that a property of a value of the same type cannot hold.
    private func misfit(_ example: Any, path: [String]) -> ConfigurationFileError? {
        let fits: Bool
        switch self {
        case .mapping(let entries):
            let children = Mirror(reflecting: example).children
            return entries.lazy.compactMap { entry in
                let name = Self.camelCase(entry.key)
                return children.first { $0.label == name }.flatMap {
                    entry.value.misfit($0.value, path: path + [entry.key])
                }
            }.first
        case .list(let items):
            guard let item = Mirror(reflecting: example).children.first?.value else { return nil }
            return items.enumerated().lazy.compactMap { $1.misfit(item, path: path + [String($0)]) }.first
        case .real(let number):
            fits = !(example is Int || example is UInt64) || number == number.rounded() && abs(number) < 9e18
        case .integer(let number): fits = !(example is UInt64) || number >= 0
        default: return nil
        }
        if fits { return nil }
        return .wrongType(path: path.joined(separator: "."), expected: Self.name(of: type(of: example)), found: summary)
    }

    /// What the property at `path` of a value of the same type takes; `nil` if there is none there.
    private static func allowed(at path: [any CodingKey], in example: Any?) -> String? {
        guard var value = example else { return nil }
        for key in path {
            let children = Mirror(reflecting: value).children
            let child = key.intValue == nil ? children.first { $0.label == key.stringValue } : children.first
            guard let child else { return nil }
            value = child.value
        }
        if let choice = type(of: value) as? any CaseIterable.Type {
            let words = words(of: choice)
            if !words.isEmpty { return words.joined(separator: ", ").replacingLast(", ", with: " or ") }
        }
        return name(of: type(of: value))
    }

    private static func words<Choice: CaseIterable>(of type: Choice.Type) -> [String] {
        type.allCases.compactMap { ($0 as? any RawRepresentable<String>)?.rawValue }
    }

    private static func name(of type: Any.Type) -> String {
        switch type {
        case is Int.Type: "a whole number"
        case is UInt64.Type: "a whole number from 0"
        case is Double.Type: "a number"
        case is Bool.Type: "true or false"
        case is String.Type: "a text"
        case is any Sequence.Type where !"\(type)".hasPrefix("Dictionary"): "a list"
        default: "keys below it"
        }
    }

    private static func snakeCase(_ name: String) -> String {
        name.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
    }

    /// Foundation's own conversion takes "t2i" for "T2I".
    private static func camelCase(_ name: String) -> String {
        let words = name.split(separator: "_")
        return words.dropFirst().reduce(into: String(words.first ?? "")) {
            $0 += $1.prefix(1).uppercased() + $1.dropFirst()
        }
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

extension String {
    /// The same with the last occurrence of a text changed.
    fileprivate func replacingLast(_ text: String, with other: String) -> String {
        guard let place = ranges(of: text).last else { return self }
        return replacingCharacters(in: place, with: other)
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
