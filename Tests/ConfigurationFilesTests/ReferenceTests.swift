import ConfigurationFiles
import Testing

@Suite struct ReferenceTests {
    private func resolved(_ yaml: String) throws -> ConfigurationTree {
        try ConfigurationTree(yaml: yaml).resolvingReferences()
    }

    @Test(arguments: [
        ("${n}", ConfigurationTree.integer(3)),
        ("${ n }", .integer(3)),
        ("${r}", .real(5e-5)),
        ("${m.l}", .list([.integer(1), .integer(2)])),
        ("${m.l.1}", .integer(2)),
        ("${m}", .mapping([.init("l", .list([.integer(1), .integer(2)]))])),
        ("${f}", .flag(true)),
        ("${t}", .text("word")),
        ("run-${n}-${t}", .text("run-3-word")),
        ("${t}${t}", .text("wordword")),
        ("${chain}", .integer(3)),
        ("x ${chain} y", .text("x 3 y")),
        ("$n {n} $", .text("$n {n} $")),
        ("${open", .text("${open")),
    ])
    func `a whole value keeps its type, and inside a text it is put in`(text: String, value: ConfigurationTree) throws {
        let yaml = "n: 3\nr: 5e-5\nf: yes\nt: word\nm: {l: [1, 2]}\nchain: ${n}\nx: \"\(text)\""
        #expect(try resolved(yaml)["x"] == value)
    }

    @Test func `references inside mappings and lists are followed`() throws {
        let tree = try resolved("a: {b: ['${c}', {d: '${c}'}]}\nc: 1")
        let expected = try ConfigurationTree(yaml: "a: {b: [1, {d: 1}]}\nc: 1")
        #expect(tree == expected)
    }

    @Test func `what is put in is not read again`() throws {
        #expect(try resolved("a: $\nb: '{c}'\nc: no\nx: '${a}${b}'")["x"] == .text("${c}"))
    }

    @Test(arguments: [("${nowhere}", "nowhere"), ("x ${m.z} y", "m.z"), ("${m.l.7}", "m.l.7"), ("${}", "")])
    func `an unknown reference is named with its place`(text: String, reference: String) {
        #expect(throws: ConfigurationFileError.unknownReference(path: "s.x", reference: reference)) {
            try resolved("m: {l: [1]}\ns: {x: \"\(text)\"}")
        }
    }

    @Test(arguments: ["a: ${a}", "a: x${b}\nb: ${c}\nc: ${a}", "a: {b: '${a}'}", "a: ['${a.0}']"])
    func `a circle is refused`(yaml: String) throws {
        let error = try #require(throws: ConfigurationFileError.self) { try resolved(yaml) }
        guard case .circularReference = error else {
            Issue.record("found \(error)")
            return
        }
    }

    @Test func `a list cannot stand inside a text`() {
        let error = ConfigurationFileError.wrongType(path: "b", expected: "a word to put in", found: "a list of 1")
        #expect(throws: error) { try resolved("a: [1]\nb: x${a}") }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: ["\"${v@}${v@}\"", "[\"${v@}\", \"${v@}\"]", "{x: \"${v@}\", y: \"${v@}\"}"])
    func `references that double each other stop at a limit`(pattern: String) throws {
        var yaml = "v30: x\n"
        for index in 0..<30 { yaml += "v\(index): \(pattern.replacing("@", with: String(index + 1)))\n" }
        let error = try #require(throws: ConfigurationFileError.self) { try resolved(yaml) }
        guard case .tooLarge = error else {
            Issue.record("found \(error)")
            return
        }
    }

    @Test func `a long text repeated stops at a limit`() throws {
        let yaml =
            "t: \(String(repeating: "x", count: 100_000))\nl: [" + String(repeating: "'${t}', ", count: 100) + "]"
        let error = try #require(throws: ConfigurationFileError.self) { try resolved(yaml) }
        #expect(error.description.contains("4 MiB"))
    }

    @Test func `a chain may be long, but not endless`() throws {
        let chain = { (length: Int) in (0..<length).map { "v\($0): ${v\($0 + 1)}\n" }.joined() + "v\(length): 7" }
        #expect(try resolved(chain(30))["v0"] == .integer(7))
        #expect(throws: ConfigurationFileError.self) { try resolved(chain(40)) }
    }
}
