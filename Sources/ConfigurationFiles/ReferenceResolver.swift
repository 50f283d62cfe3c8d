/// Puts what `${a.b}` names in its place, within bounds: a few references to references could stand for any amount.
struct ReferenceResolver {
    private static let maximumChain = 32
    private static let maximumDepth = 128
    private static let maximumValues = 100_000
    private static let maximumBytes = 4 << 20

    private let root: ConfigurationTree
    private var values = 0
    private var bytes = 0

    init(_ root: ConfigurationTree) { self.root = root }

    /// A tree with every reference followed.
    mutating func resolved(_ tree: ConfigurationTree) throws(ConfigurationFileError) -> ConfigurationTree {
        try resolved(tree, path: [], open: [], depth: 0)
    }

    /// `open`: The references being followed, outermost first.
    private mutating func resolved(
        _ tree: ConfigurationTree, path: [String], open: [String], depth: Int
    ) throws(ConfigurationFileError) -> ConfigurationTree {
        values += 1
        guard values <= Self.maximumValues else { throw tooLarge(path, "\(Self.maximumValues) values") }
        guard depth <= Self.maximumDepth else { throw tooLarge(path, "\(Self.maximumDepth) levels") }
        switch tree {
        case .mapping(let entries):
            var result: [ConfigurationTree.Entry] = []
            for entry in entries {
                let value = try resolved(entry.value, path: path + [entry.key], open: open, depth: depth + 1)
                result.append(ConfigurationTree.Entry(entry.key, value))
            }
            return .mapping(result)
        case .list(let items):
            var result: [ConfigurationTree] = []
            for (index, item) in items.enumerated() {
                result.append(try resolved(item, path: path + [String(index)], open: open, depth: depth + 1))
            }
            return .list(result)
        case .text(let text):
            return try substituted(text, path: path, open: open, depth: depth)
        default:
            return tree
        }
    }

    private mutating func substituted(
        _ text: String, path: [String], open: [String], depth: Int
    ) throws(ConfigurationFileError) -> ConfigurationTree {
        let place = path.joined(separator: ".")
        var result = ""
        var rest = Substring(text)
        while let start = rest.firstRange(of: "${") {
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else { break }
            let reference = rest[start.upperBound..<end].filter { $0 != " " }
            guard !open.contains(reference) else { throw .circularReference(path: place) }
            guard open.count < Self.maximumChain else {
                throw tooLarge(path, "\(Self.maximumChain) references one behind the other")
            }
            let target = reference.split(separator: ".").map(String.init)
            guard !target.isEmpty, let found = root[path: target] else {
                throw .unknownReference(path: place, reference: reference)
            }
            let value = try resolved(found, path: target, open: open + [reference], depth: depth + 1)
            let isWhole = start.lowerBound == text.startIndex && rest.index(after: end) == text.endIndex
            if isWhole { return value }
            result += rest[..<start.lowerBound]
            switch value {
            case .text(let text): result += text
            case .null, .flag, .integer, .real: result += value.summary
            case .list, .mapping: throw .wrongType(path: place, expected: "a word to put in", found: value.summary)
            }
            guard result.utf8.count <= Self.maximumBytes - bytes else { throw tooLarge(path, "4 MiB of text") }
            rest = rest[rest.index(after: end)...]
        }
        result += rest
        bytes += result.utf8.count
        guard bytes <= Self.maximumBytes else { throw tooLarge(path, "4 MiB of text") }
        return .text(result)
    }

    private func tooLarge(_ path: [String], _ limit: String) -> ConfigurationFileError {
        .tooLarge(file: "'\(path.joined(separator: "."))' with its references", limit: limit)
    }
}
