import Foundation
import Yams

extension ConfigurationTree {
    private static let maximumBytes = 4 << 20
    private static let maximumDepth = 64
    /// Counted after aliases are followed, so that a small file cannot stand for a large tree.
    private static let maximumNodes = 100_000

    /// Reads a YAML file; an empty one is an empty mapping.
    public init(file: String) throws(ConfigurationFileError) {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: file))
        } catch {
            throw .unreadable(file: file, reason: error.localizedDescription)
        }
        guard data.count <= Self.maximumBytes else { throw .tooLarge(file: file, limit: "4 MiB") }
        guard let text = String(data: data, encoding: .utf8) else {
            throw .invalidYAML(file: file, reason: "it is not UTF-8 text")
        }
        try self.init(yaml: text, file: file)
        guard case .mapping = self else {
            throw .invalidYAML(file: file, reason: "it holds \(summary), not a mapping of keys")
        }
    }

    /// Reads YAML text; `file` names it in errors.
    public init(yaml: String, file: String = "YAML") throws(ConfigurationFileError) {
        let node: Node?
        do {
            node = try Yams.compose(yaml: yaml)
        } catch {
            throw .invalidYAML(file: file, reason: "\(error)".split(separator: "\n").joined(separator: " "))
        }
        guard let node else {
            self = .mapping([])
            return
        }
        var count = 0
        self = try Self.tree(node, depth: 0, count: &count, file: file)
        if self == .null { self = .mapping([]) }
    }

    private static func tree(
        _ node: Node, depth: Int, count: inout Int, file: String
    ) throws(ConfigurationFileError) -> ConfigurationTree {
        count += 1
        guard count <= maximumNodes else { throw .tooLarge(file: file, limit: "\(maximumNodes) values") }
        guard depth <= maximumDepth else { throw .tooLarge(file: file, limit: "\(maximumDepth) levels") }
        switch node {
        case .mapping(let mapping):
            var entries: [Entry] = []
            for (key, value) in mapping {
                guard let name = key.scalar?.string else {
                    throw .invalidYAML(file: file, reason: "a key that is not a word")
                }
                entries.append(Entry(name, try tree(value, depth: depth + 1, count: &count, file: file)))
            }
            return .mapping(entries)
        case .sequence(let sequence):
            var items: [ConfigurationTree] = []
            for item in sequence { items.append(try tree(item, depth: depth + 1, count: &count, file: file)) }
            return .list(items)
        case .scalar(let scalar):
            return Self.scalar(node, scalar)
        case .alias:
            throw .invalidYAML(file: file, reason: "an alias without its anchor")
        }
    }

    private static func scalar(_ node: Node, _ scalar: Node.Scalar) -> ConfigurationTree {
        if scalar.style == .singleQuoted || scalar.style == .doubleQuoted { return .text(scalar.string) }
        if node.null != nil { return .null }
        if let flag = node.bool { return .flag(flag) }
        if let number = node.int { return .integer(number) }
        if let number = node.float { return .real(number) }
        return .text(scalar.string)
    }

    /// The tree as YAML.
    public func yaml() throws -> String { try Yams.serialize(node: node, allowUnicode: true) }

    private var node: Node {
        switch self {
        case .null: Node("null", Tag(.null))
        case .flag(let value): Node(value ? "true" : "false", Tag(.bool))
        case .integer(let value): Node(String(value), Tag(.int))
        case .real(let value): Node(String(value), Tag(.float))
        case .text(let value): .scalar(Node.Scalar(value, Tag(.str), .doubleQuoted))
        case .list(let items): Node(items.map(\.node), Tag(.seq), .block)
        case .mapping(let entries): Node(entries.map { (Node($0.key), $0.value.node) }, Tag(.map), .block)
        }
    }
}
