/// A configuration before it has types: what YAML holds, with the order of its keys.
public indirect enum ConfigurationTree: Hashable, Sendable {
    case null
    case flag(Bool)
    case integer(Int)
    case real(Double)
    case text(String)
    case list([ConfigurationTree])
    case mapping([Entry])

    /// A key and its value.
    public struct Entry: Hashable, Sendable {
        /// The key.
        public var key: String
        /// The value.
        public var value: ConfigurationTree

        /// An entry.
        public init(_ key: String, _ value: ConfigurationTree) {
            self.key = key
            self.value = value
        }
    }

    /// The value of a key; `nil` where there is none, or this is no mapping.
    public subscript(key: String) -> ConfigurationTree? {
        guard case .mapping(let entries) = self else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// The value at a path of keys and list places, `a.b.0`.
    public subscript(path path: [String]) -> ConfigurationTree? {
        var here = self
        for part in path {
            if case .list(let items) = here, let index = Int(part), items.indices.contains(index) {
                here = items[index]
            } else if let next = here[part] {
                here = next
            } else {
                return nil
            }
        }
        return here
    }

    /// The same with the value at `path` set; keys that are missing on the way are made.
    ///
    /// - Throws: ``ConfigurationFileError`` where the path leads through something else than a mapping or list.
    public func setting(_ path: [String], to value: ConfigurationTree) throws(ConfigurationFileError) -> Self {
        try setting(path[...], to: value, at: [])
    }

    private func setting(
        _ path: ArraySlice<String>, to value: ConfigurationTree, at place: [String]
    ) throws(ConfigurationFileError) -> Self {
        guard let first = path.first else { return value }
        let rest = path.dropFirst()
        switch self {
        case .mapping(var entries):
            if let index = entries.firstIndex(where: { $0.key == first }) {
                entries[index].value = try entries[index].value.setting(rest, to: value, at: place + [first])
            } else {
                entries.append(Entry(first, try Self.mapping([]).setting(rest, to: value, at: place + [first])))
            }
            return .mapping(entries)
        case .list(var items):
            guard let index = Int(first), items.indices.contains(index) else {
                throw .wrongType(
                    path: (place + [first]).joined(separator: "."), expected: "a place from 0 to \(items.count - 1)",
                    found: first)
            }
            items[index] = try items[index].setting(rest, to: value, at: place + [first])
            return .list(items)
        case .null:
            return try Self.mapping([]).setting(path, to: value, at: place)
        default:
            throw .wrongType(
                path: place.joined(separator: "."), expected: "a mapping, for '\(path.joined(separator: "."))'",
                found: summary)
        }
    }

    /// The same with the values of `other` in the place of its own: mappings key by key, all else as a whole; null in
    /// `other` changes nothing.
    public func merged(with other: ConfigurationTree) -> ConfigurationTree {
        switch (self, other) {
        case (_, .null): return self
        case (.mapping(var entries), .mapping(let added)):
            for entry in added {
                if let index = entries.firstIndex(where: { $0.key == entry.key }) {
                    entries[index].value = entries[index].value.merged(with: entry.value)
                } else {
                    entries.append(entry)
                }
            }
            return .mapping(entries)
        default: return other
        }
    }

    /// What it is, for an error.
    public var summary: String {
        switch self {
        case .null: "null"
        case .flag(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .real(let value): "\(value)"
        case .text(let value): "'\(value.prefix(60))'"
        case .list(let items): "a list of \(items.count)"
        case .mapping(let entries): "a mapping of \(entries.count) keys"
        }
    }
}
