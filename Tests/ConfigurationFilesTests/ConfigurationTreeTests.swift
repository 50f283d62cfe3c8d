import ConfigurationFiles
import Testing

@Suite struct ConfigurationTreeTests {
    private func tree(_ yaml: String) throws -> ConfigurationTree { try ConfigurationTree(yaml: yaml) }

    @Test func `mappings merge key by key, all else as a whole, and null changes nothing`() throws {
        let base = try tree("a: {x: 1, y: 2}\nb: [1, 2, 3]\nc: text\nd: 4")
        let over = try tree("a: {y: 5, z: 6}\nb: [9]\nc: null\nd: {deep: true}\ne: new")
        let expected = try tree("a: {x: 1, y: 5, z: 6}\nb: [9]\nc: text\nd: {deep: true}\ne: new")
        #expect(base.merged(with: over) == expected)
        #expect(base.merged(with: .null) == base)
        #expect(base.merged(with: base) == base)
    }

    @Test func `a value is found by keys and list places`() throws {
        let tree = try tree("a: {b: [{c: 1}, {c: 2}]}")
        #expect(tree[path: ["a", "b", "1", "c"]] == .integer(2))
        #expect(tree[path: ["a", "b", "2", "c"]] == nil)
        #expect(tree[path: ["a", "x"]] == nil)
        #expect(tree[path: []] == tree)
        #expect(tree["a"]?["b"] == tree[path: ["a", "b"]])
    }

    @Test(arguments: [
        (["a", "b"], "a: {b: 7, l: [1, 2]}"),
        (["a", "l", "1"], "a: {b: 1, l: [1, 7]}"),
        (["a", "n", "m"], "a: {b: 1, l: [1, 2], n: {m: 7}}"),
        (["a"], "a: 7"),
        (["z"], "a: {b: 1, l: [1, 2]}\nz: 7"),
    ])
    func `a setting changes one place and makes what is missing`(path: [String], expected: String) throws {
        let base = try tree("a: {b: 1, l: [1, 2]}")
        let wanted = try tree(expected)
        #expect(try base.setting(path, to: .integer(7)) == wanted)
    }

    @Test(arguments: [["a", "l", "2"], ["a", "l", "-1"], ["a", "l", "x"], ["a", "b", "c"]])
    func `a path through a number or past a list's end is refused`(path: [String]) throws {
        let base = try tree("a: {b: 1, l: [1, 2]}")
        #expect(throws: ConfigurationFileError.self) { try base.setting(path, to: .null) }
    }

    @Test(arguments: [
        ("a.b=5e-5", ["a", "b"], ConfigurationTree.real(5e-5)),
        ("a=null", ["a"], .null),
        ("a=~", ["a"], .null),
        ("a=", ["a"], .text("")),
        ("a=x=y", ["a"], .text("x=y")),
        ("a=\"5\"", ["a"], .text("5")),
        ("a.0.b=[1, yes]", ["a", "0", "b"], .list([.integer(1), .flag(true)])),
        ("a={b: c}", ["a"], .mapping([.init("b", .text("c"))])),
        ("a=/data/{000..199}.tar", ["a"], .text("/data/{000..199}.tar")),
    ])
    func `an assignment's value is YAML`(text: String, path: [String], value: ConfigurationTree) throws {
        let found = try ConfigurationTree.assignment(text)
        #expect(found.path == path)
        #expect(found.value == value)
    }

    @Test(arguments: ["a", "", "=1", "a..b=1", ".a=1", "a.=1", String(repeating: "a.", count: 50_000) + "a=1"])
    func `an assignment needs a path and a value`(text: String) {
        #expect(throws: ConfigurationFileError.malformedSet(text)) { try ConfigurationTree.assignment(text) }
    }

    @Test(arguments: ["a=[1", "a={", "a=\"x"])
    func `an assignment that is no YAML names itself`(text: String) throws {
        let error = try #require(throws: ConfigurationFileError.self) { try ConfigurationTree.assignment(text) }
        #expect(error.description.contains("--set \(text)"))
    }
}
