import Datasets
import Testing

@Suite struct ShardPatternTests {
    @Test(arguments: [
        ("plain.tar", ["plain.tar"]),
        ("{000..002}.tar", ["000.tar", "001.tar", "002.tar"]),
        ("{8..11}", ["8", "9", "10", "11"]),
        ("{a,b}-{0..1}", ["a-0", "a-1", "b-0", "b-1"]),
        ("x{a,{1..2}b,}y", ["xay", "x1by", "x2by", "xy"]),
        ("a,b*.tar", ["a,b*.tar"]),
        ("", [""]),
    ])
    func `braces stand for names in order`(pattern: String, expected: [String]) throws {
        #expect(try ShardPattern.expandingBraces(pattern) == expected)
    }

    @Test(arguments: ["{a,b", "a}b", "{5..3}", "{a}", "{}", "{{a,b}"])
    func `malformed patterns are errors`(pattern: String) {
        #expect(throws: DatasetError.malformedPattern(pattern: pattern)) { try ShardPattern.expandingBraces(pattern) }
    }

    @Test(arguments: ["{0..99999999}", "{0..9999}{0..9999}", String(repeating: "{a,", count: 50)])
    func `patterns for too many names are errors`(pattern: String) {
        #expect(throws: DatasetError.patternTooLarge(pattern: pattern, limit: ShardPattern.maxNames)) {
            try ShardPattern.expandingBraces(pattern)
        }
    }

    @Test func `named files must exist and stars must match`() throws {
        let scratch = try Scratch()
        for name in ["b-1.tar", "b-0.tar", "c.txt"] { try scratch.write("x", name) }
        let names = { (paths: [String]) in paths.map { $0.split(separator: "/").last.map(String.init) ?? "" } }
        #expect(names(try ShardPattern.files(["*.tar"], relativeTo: scratch.path)) == ["b-0.tar", "b-1.tar"])
        #expect(names(try ShardPattern.files([scratch.path + "/{c.txt,b-*}"])) == ["c.txt", "b-0.tar", "b-1.tar"])
        #expect(throws: DatasetError.missingFile(path: scratch.path + "/b-2.tar")) {
            try ShardPattern.files(["b-{0..2}.tar"], relativeTo: scratch.path)
        }
        #expect(throws: DatasetError.noShards(pattern: scratch.path + "/*.gz")) {
            try ShardPattern.files(["*.gz"], relativeTo: scratch.path)
        }
        #expect(throws: DatasetError.noShards(pattern: "")) { try ShardPattern.files([]) }
    }
}
