import Foundation
import Yams

extension ConfigurationTree {
    private static let maximumBytes = 4 << 20
    static let maximumDepth = 64
    /// Counted after aliases are followed, so that a small file cannot stand for a large tree.
    private static let maximumNodes = 100_000
    /// The parser compares keys with all that their aliases stand for, which costs time before anything can be counted.
    private static let maximumAliases = 16
    private static let maximumBytesWithAliases = 64 << 10

    /// Reads a YAML file; an empty one is an empty mapping.
    public init(file: String) throws(ConfigurationFileError) {
        let data: Data
        do {
            // No more than is allowed, whatever the file's length is or is said to be.
            let handle = try FileHandle(forReadingFrom: URL(filePath: file))
            data = try handle.read(upToCount: Self.maximumBytes + 1) ?? Data()
        } catch {
            var isFolder: ObjCBool = false
            let isThere = FileManager.default.fileExists(atPath: file, isDirectory: &isFolder)
            let reason = isThere && isFolder.boolValue ? "it is a folder" : error.localizedDescription
            throw .unreadable(file: file, reason: reason)
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

    /// Reads YAML text, where nothing is an empty mapping; `file` names it in errors.
    public init(yaml: String, file: String = "YAML") throws(ConfigurationFileError) {
        try self.init(value: yaml, file: file)
        if self == .null { self = .mapping([]) }
    }

    /// Reads YAML text, where nothing is null.
    init(value yaml: String, file: String) throws(ConfigurationFileError) {
        let aliases = Self.aliasCount(yaml)
        guard aliases <= Self.maximumAliases else {
            throw .tooLarge(file: file, limit: "\(Self.maximumAliases) aliases")
        }
        guard aliases == 0 || yaml.utf8.count <= Self.maximumBytesWithAliases else {
            throw .tooLarge(file: file, limit: "64 KiB, as a file with aliases may")
        }
        let node: Node?
        do {
            node = try Yams.compose(yaml: yaml)
        } catch {
            throw .invalidYAML(file: file, reason: Self.reason(error))
        }
        var count = 0
        self =
            try node.map { node throws(ConfigurationFileError) in
                try Self.tree(node, depth: 0, count: &count, file: file)
            } ?? .null
    }

    /// How many aliases `*name` there can be: any asterisk before a name that is not inside a word or a path.
    private static func aliasCount(_ yaml: String) -> Int {
        func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        var count = 0
        var (last, beforeLast) = (UInt8(ascii: " "), UInt8(ascii: " "))
        for byte in yaml.utf8 {
            let isInside = isWord(beforeLast) || beforeLast == UInt8(ascii: "/") || beforeLast == UInt8(ascii: ".")
            if last == UInt8(ascii: "*"), isWord(byte), !isInside { count += 1 }
            (beforeLast, last) = (last, byte)
        }
        return count
    }

    /// One line without the text itself, which `YamlError` repeats as a whole.
    private static func reason(_ error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "line \(mark.line), column \(mark.column): \(problem)"
        case .reader(let problem, _, _, _):
            problem
        case .duplicatedKeysInMapping(let keys, let context):
            "line \(context.mark.line): the key '\(keys.first?.prefix(60) ?? "")' stands twice"
        default:
            String("\(error)".split(whereSeparator: \.isNewline).joined(separator: " ").prefix(200))
        }
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
            var names: Set<String> = []
            for (key, value) in mapping {
                guard let name = key.scalar?.string else {
                    throw .invalidYAML(file: file, reason: "a key that is not a word")
                }
                // The parser tells 1 from "1", which are one name here.
                guard names.insert(name).inserted else {
                    let line = key.mark.map { "line \($0.line): " } ?? ""
                    throw .invalidYAML(file: file, reason: line + "the key '\(name.prefix(60))' stands twice")
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
        if scalar.style == .singleQuoted || scalar.style == .doubleQuoted || scalar.tag == Tag(.str) {
            return .text(scalar.string)
        }
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
