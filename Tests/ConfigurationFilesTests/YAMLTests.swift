import ConfigurationFiles
import Foundation
import TestSupport
import Testing

@Suite struct YAMLTests {
    @Test(arguments: [
        ("null", ConfigurationTree.null), ("~", .null), ("", .null), ("# nothing", .null),
        ("5", .integer(5)), ("-7", .integer(-7)), ("010", .integer(8)), ("0x1F", .integer(31)),
        ("1_000", .integer(1000)), ("9007199254740993", .integer(9_007_199_254_740_993)),
        ("5e-5", .real(5e-5)), ("1e-8", .real(1e-8)), ("1.0", .real(1)), (".5", .real(0.5)), (".inf", .real(.infinity)),
        ("True", .flag(true)), ("False", .flag(false)), ("yes", .flag(true)), ("off", .flag(false)),
        ("cosine", .text("cosine")), ("'5'", .text("5")), ("\"no\"", .text("no")), ("'null'", .text("null")),
        ("!!str 5", .text("5")), ("/a/*.parquet", .text("/a/*.parquet")), ("2001-01-01", .text("2001-01-01")),
        ("[a, 1]", .list([.text("a"), .integer(1)])), ("[]", .list([])), ("{}", .mapping([])),
    ])
    func `scalars have the types of YAML`(text: String, value: ConfigurationTree) throws {
        #expect(try ConfigurationTree(yaml: "key: \(text)")["key"] == value)
    }

    @Test(arguments: ["", "\n\n", "# only a comment", "---", "null"])
    func `nothing is an empty mapping`(yaml: String) throws {
        #expect(try ConfigurationTree(yaml: yaml) == .mapping([]))
    }

    @Test(arguments: ["a: 1\nb: 2\na: 3", "s: {a: 1, a: 2}", "1: x\n'1': y", "yes: x\n'yes': y"])
    func `a key that stands twice is refused`(yaml: String) throws {
        let error = try #require(throws: ConfigurationFileError.self) { try ConfigurationTree(yaml: yaml) }
        #expect(error.description.contains("stands twice"))
        #expect(error.description.contains("line "))
    }

    @Test(arguments: [
        "a: [1", "a: 'x", "a:\n\tb: 1", "a: *b", "a: &a [*a]", "? [x, y]\n: 1", "a: 1\n---\nb: 2", "a: 1\u{0}",
        "a: b: c",
        "%YAML 9.9\n---\na: 1", "@a: 1",
    ])
    func `what is no YAML is refused in one short line`(yaml: String) throws {
        let error = try #require(throws: ConfigurationFileError.self) {
            try ConfigurationTree(yaml: yaml, file: "a.yaml")
        }
        #expect(error.description.hasPrefix("a.yaml is not valid YAML: "))
        #expect(!error.description.contains("\n") && error.description.utf8.count < 300)
    }

    @Test func `an error does not repeat the file`() throws {
        let long = String(repeating: "x", count: 100_000)
        let error = try #require(throws: ConfigurationFileError.self) {
            try ConfigurationTree(yaml: "a: '\(long)\na: [")
        }
        #expect(error.description.utf8.count < 300)
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["\nx: 1", "\n? *a19\n: 1", "\nx: {*a19 : 1}"])
    func `an alias bomb is refused before it goes off`(end: String) throws {
        var yaml = "a0: &a0 [x, x, x, x, x, x, x, x]\n"
        for index in 1..<20 {
            let items = Array(repeating: "*a\(index - 1)", count: 8).joined(separator: ", ")
            yaml += "a\(index): &a\(index) [\(items)]\n"
        }
        let error = ConfigurationFileError.tooLarge(file: "YAML", limit: "16 aliases")
        #expect(throws: error) { try ConfigurationTree(yaml: yaml + end) }
    }

    @Test(.timeLimit(.minutes(1))) func `what the permitted aliases stand for is bounded too`() throws {
        var yaml = "a0: &a0 [\(String(repeating: "x,", count: 20_000))]\n"
        for index in 1...5 { yaml += "a\(index): &a\(index) [*a\(index - 1), *a\(index - 1), *a\(index - 1)]\n" }
        #expect(throws: ConfigurationFileError.tooLarge(file: "YAML", limit: "100000 values")) {
            try ConfigurationTree(yaml: yaml)
        }
        #expect(throws: ConfigurationFileError.self) { try ConfigurationTree(yaml: yaml + "? *a5\n: 1") }
        let padding = String(repeating: "# padding\n", count: 7000)
        #expect(throws: ConfigurationFileError.self) { try ConfigurationTree(yaml: "a: &a 1\nb: *a\n" + padding) }
    }

    @Test func `a few aliases are followed, and asterisks of patterns are none`() throws {
        let tree = try ConfigurationTree(yaml: "a: &x {b: 1}\nc: *x\nd: [*x]")
        #expect(tree["c"] == tree["a"])
        #expect(tree[path: ["d", "0"]] == tree["a"])
        let patterns = (0..<40).map { "k\($0): /data/*shard/part-*x.tar" }.joined(separator: "\n")
        #expect(try ConfigurationTree(yaml: patterns)["k39"] == .text("/data/*shard/part-*x.tar"))
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            String(repeating: "[", count: 100_000), String(repeating: "- ", count: 100_000) + "x",
            String(repeating: "? ", count: 100_000), String(repeating: "{a: ", count: 100_000),
            "a: " + String(repeating: "[", count: 100) + String(repeating: "]", count: 100),
        ])
    func `deep nesting is refused`(yaml: String) {
        #expect(throws: ConfigurationFileError.self) { try ConfigurationTree(yaml: yaml) }
    }

    @Test(.timeLimit(.minutes(1))) func `too many values are refused`() {
        #expect(throws: ConfigurationFileError.tooLarge(file: "YAML", limit: "100000 values")) {
            try ConfigurationTree(yaml: "a: [" + String(repeating: "1,", count: 100_001) + "1]")
        }
    }

    @Test func `damaged text gives an error or a tree, never a crash`() throws {
        let sample = """
            a: &x {b: [1, 5e-5, 'text'], c: "${a.b}"}
            list:
              - *x
              - {path: /data/{000..199}.tar, flag: yes} # comment
            text: |
              some lines
            """
        for seed in 0..<UInt64(3000) {
            let text = String(decoding: Mutations.mutate(Array(sample.utf8), seed: seed), as: UTF8.self)
            do {
                let tree = try ConfigurationTree(yaml: text)
                let again = try ConfigurationTree(yaml: tree.yaml())
                #expect(again == tree, "seed \(seed)")
                _ = try tree.resolvingReferences()
            } catch let error as ConfigurationFileError {
                #expect(!error.description.contains("\n"), "seed \(seed)")
            }
        }
    }

    @Test func `any tree comes back from its YAML`() throws {
        for seed in 0..<UInt64(400) {
            var random = SeededGenerator(seed: seed)
            let tree = ConfigurationTree.mapping([.init("root", Self.tree(depth: 0, &random))])
            let yaml = try tree.yaml()
            #expect(try ConfigurationTree(yaml: yaml) == tree, "seed \(seed): \(yaml)")
        }
    }

    private static func tree(depth: Int, _ random: inout SeededGenerator) -> ConfigurationTree {
        let words = [
            "", "null", "yes", "5", "5e-5", "0x1", "~", "a: b", "# x", "- x", " lead", "trail ", "line\nbreak\n",
            "tab\t",
            "\"quoted\"", "it's", "é日本😀", "${a.b}", "*a", "&a", "!x", "%", "@", "/data/{0..9}.tar", "\u{85}\u{2028}",
            "\\", "a\u{1}b", "<<", "=", String(repeating: "long words ", count: 30),
        ]
        let word = words.randomElement(using: &random) ?? ""
        switch Int.random(in: 0..<(depth < 4 ? 9 : 6), using: &random) {
        case 0: return .null
        case 1: return .flag(.random(using: &random))
        case 2: return .integer(Int(truncatingIfNeeded: Int64.random(in: .min ... .max, using: &random)))
        case 3: return .real(Double.random(in: -1...1, using: &random) * 1e-7)
        case 4: return .real(Double.random(in: -1e30...1e30, using: &random))
        case 5: return .text(word)
        case 6, 7:
            let count = Int.random(in: 0..<4, using: &random)
            return .mapping((0..<count).map { .init("\($0)\(word)", tree(depth: depth + 1, &random)) })
        default:
            return .list((0..<Int.random(in: 0..<4, using: &random)).map { _ in tree(depth: depth + 1, &random) })
        }
    }
}
