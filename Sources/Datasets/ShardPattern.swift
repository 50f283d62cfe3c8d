import Foundation

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Names of shards as training configurations write them: `{000..999}`, `{a,b}`, nested, and `*`, `?`, `[a-z]`.
public enum ShardPattern {
    /// Most names that patterns may stand for.
    public static let maxNames = 1_000_000

    /// The names that braces stand for, in order; other characters, `*` too, are left as they are.
    ///
    /// - Throws: ``DatasetError/malformedPattern(pattern:)``, ``DatasetError/patternTooLarge(pattern:limit:)``.
    public static func expandingBraces(_ pattern: String) throws(DatasetError) -> [String] {
        var parser = BraceParser(pattern: pattern)
        return try parser.parse()
    }

    /// The files that patterns stand for: names in braces must all exist, a `*` must match at least once.
    ///
    /// - Parameters:
    ///   - patterns: Absolute, or relative to `directory`.
    ///   - directory: Where relative ones begin.
    /// - Returns: Paths, in the order of the patterns, those of a `*` sorted.
    /// - Throws: ``DatasetError`` for no file, a missing file or a malformed pattern.
    public static func files(_ patterns: [String], relativeTo directory: String = "") throws(DatasetError) -> [String] {
        var paths: [String] = []
        for pattern in patterns {
            for name in try expandingBraces(pattern) {
                let path = name.hasPrefix("/") || directory.isEmpty ? name : directory + "/" + name
                if name.contains(where: { "*?[".contains($0) }) {
                    paths += try matches(path)
                } else {
                    guard access(path, F_OK) == 0 else { throw .missingFile(path: path) }
                    paths.append(path)
                }
            }
        }
        guard !paths.isEmpty else { throw .noShards(pattern: patterns.joined(separator: " ")) }
        return paths
    }

    private static func matches(_ pattern: String) throws(DatasetError) -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0, found.gl_pathc > 0, let list = found.gl_pathv else {
            throw .noShards(pattern: pattern)
        }
        // Sorted by bytes, not by the locale of the moment.
        return (0..<Int(found.gl_pathc)).compactMap { list[$0].map { String(cString: $0) } }.sorted()
    }
}

/// Reads a pattern from left to right.
private struct BraceParser {
    private let pattern: String
    private let text: [UInt8]
    private var position = 0

    private static let maxDepth = 16

    init(pattern: String) {
        self.pattern = pattern
        text = Array(pattern.utf8)
    }

    mutating func parse() throws(DatasetError) -> [String] {
        let names = try sequence(depth: 0)
        guard position == text.count else { throw .malformedPattern(pattern: pattern) }
        return names.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Text and groups up to a comma or brace that belongs to the group around.
    private mutating func sequence(depth: Int) throws(DatasetError) -> [[UInt8]] {
        var names: [[UInt8]] = [[]]
        while position < text.count {
            let byte = text[position]
            if byte == UInt8(ascii: "{") {
                let choices = try group(depth: depth + 1)
                let (count, overflow) = names.count.multipliedReportingOverflow(by: choices.count)
                guard !overflow, count <= ShardPattern.maxNames else { throw tooLarge }
                names = names.flatMap { name in choices.map { name + $0 } }
            } else if byte == UInt8(ascii: "}") || (byte == UInt8(ascii: ",") && depth > 0) {
                if depth == 0 { throw .malformedPattern(pattern: pattern) }
                return names
            } else {
                for place in names.indices { names[place].append(byte) }
                position += 1
            }
        }
        return names
    }

    private mutating func group(depth: Int) throws(DatasetError) -> [[UInt8]] {
        guard depth <= Self.maxDepth else { throw tooLarge }
        position += 1
        if let range = try numbers() { return range }
        var choices: [[UInt8]] = []
        var count = 0
        while true {
            choices += try sequence(depth: depth)
            count += 1
            guard choices.count <= ShardPattern.maxNames else { throw tooLarge }
            guard position < text.count else { throw .malformedPattern(pattern: pattern) }
            let byte = text[position]
            position += 1
            if byte == UInt8(ascii: "}") {
                // `{x}` is no choice: a slip rather than a name.
                guard count > 1 else { throw .malformedPattern(pattern: pattern) }
                return choices
            }
        }
    }

    /// `000..999}`, of the width of its longer end if one begins with a zero.
    private mutating func numbers() throws(DatasetError) -> [[UInt8]]? {
        guard let close = text[position...].firstIndex(of: UInt8(ascii: "}")) else { return nil }
        let inside = String(decoding: text[position..<close], as: UTF8.self)
        let ends = inside.split(separator: "..", omittingEmptySubsequences: false)
        guard ends.count == 2, ends.allSatisfy({ $0.count <= 18 && $0.utf8.allSatisfy { (48...57).contains($0) } }),
            let first = Int(ends[0]), let last = Int(ends[1])
        else { return nil }
        guard first <= last else { throw .malformedPattern(pattern: pattern) }
        guard last - first < ShardPattern.maxNames else { throw tooLarge }
        let padded = ends.contains { $0.count > 1 && $0.hasPrefix("0") }
        let width = padded ? max(ends[0].count, ends[1].count) : 0
        position = close + 1
        return (first...last).map { number in
            let digits = String(number)
            return Array((String(repeating: "0", count: max(0, width - digits.count)) + digits).utf8)
        }
    }

    private var tooLarge: DatasetError { .patternTooLarge(pattern: pattern, limit: ShardPattern.maxNames) }
}
