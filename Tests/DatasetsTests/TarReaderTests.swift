import Datasets
import TestSupport
import Testing

@Suite struct TarReaderTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func reader(_ bytes: [UInt8]) throws -> TarReader { try TarReader(path: scratch.write(bytes, "a.tar")) }

    @Test func `members that share the name up to the first dot are one sample`() throws {
        var tar = TarWriter()
        tar.add("dir/", [], kind: "5")
        tar.add("dir/0001.jpg", "one")
        tar.add("dir/0001.seg.PNG", "two")
        tar.add("README", "no dot")
        tar.add("dir.x/0002.txt", "three")
        let found = try samples(of: reader(tar.finished))
        #expect(found.map(\.key) == ["dir/0001", "dir.x/0002"])
        #expect(found[0].parts == ["jpg": Array("one".utf8), "seg.png": Array("two".utf8)])
        #expect(found[1].parts == ["txt": Array("three".utf8)])
        #expect(found[0].id == "a.tar/dir/0001")
    }

    @Test func `long names of ustar, pax and GNU are read`() throws {
        let long = String(repeating: "d", count: 120) + "/7.txt"
        let record = "path=\(long)\n"
        let length = record.utf8.count + 4
        var tar = TarWriter()
        tar.add("name.txt", Array("prefixed".utf8), prefix: "some/where")
        tar.add("pax", Array("\(length) \(record)".utf8), kind: "x")
        tar.add("short.txt", "pax")
        tar.add("././@LongLink", Array((long + "8\0").utf8), kind: "L")
        tar.add("short.txt", "gnu")
        let found = try samples(of: reader(tar.finished))
        #expect(found.map(\.key) == ["some/where/name", String(long.dropLast(4))])
        #expect(found[1].parts == ["txt": Array("pax".utf8), "txt8": Array("gnu".utf8)])
    }

    @Test(arguments: [
        ("link.txt", Character("2"), TarFault.link(name: "link.txt")),
        ("hard.txt", Character("1"), TarFault.link(name: "hard.txt")),
        ("/etc/a.txt", Character("0"), TarFault.unsafeName("/etc/a.txt")),
        ("x/../../a.txt", Character("0"), TarFault.unsafeName("x/../../a.txt")),
    ])
    func `links and names that leave the archive fail alone`(name: String, kind: Character, fault: TarFault) throws {
        var tar = TarWriter()
        tar.add("a.txt", "before")
        let offset = tar.bytes.count
        tar.add(name, [], kind: kind)
        tar.add("z.txt", "after")
        let reader = try reader(tar.finished)
        let first = try #require(try reader.next(from: 0))
        let second = try #require(try reader.next(from: first.end))
        let third = try #require(try reader.next(from: second.end))
        #expect(throws: DatasetError.tar(file: scratch.path + "/a.tar", offset: offset, fault)) {
            try reader.load(at: second.position)
        }
        #expect(try reader.load(at: third.position).key == "z")
    }

    @Test func `two parts of one name are an error of that sample`() throws {
        var tar = TarWriter()
        tar.add("a.txt", "1")
        tar.add("a.TXT", "2")
        let reader = try reader(tar.finished)
        #expect(throws: DatasetError.self) { try reader.load(at: 0) }
        #expect(try reader.next(from: 0)?.end == tar.bytes.count)
    }

    @Test func `a cut archive gives what is whole, then says where it ends`() throws {
        var tar = TarWriter()
        tar.add("a.txt", [UInt8](repeating: 65, count: 600))
        let end = tar.bytes.count
        tar.add("b.txt", [UInt8](repeating: 66, count: 600))
        for cut in [end + 100, end + 512, end + 1000] {
            let reader = try reader(Array(tar.bytes.prefix(cut)))
            let first = try #require(try reader.next(from: 0))
            #expect(try reader.load(at: first.position).parts["txt"]?.count == 600)
            #expect(throws: DatasetError.self) { try reader.next(from: first.end) }
        }
        // Only the padding and the zeros at the end are lost.
        #expect(try samples(of: reader(tar.bytes)).count == 2)
    }

    @Test func `absurd sizes are errors`() throws {
        var block = TarWriter.header("a.txt", size: 0o77777777777)
        #expect(throws: DatasetError.tar(file: scratch.path + "/a.tar", offset: 0, .truncated(bytes: 0o77777777777))) {
            try reader(block).next(from: 0)
        }
        block[0] = 98
        #expect(throws: DatasetError.tar(file: scratch.path + "/a.tar", offset: 0, .checksum)) {
            try reader(block).next(from: 0)
        }
    }

    @Test func `compressed archives and sparse members are named as such`() throws {
        let path = scratch.path + "/a.tar"
        #expect(throws: DatasetError.tar(file: path, offset: 0, .compressed)) { try reader([0x1F, 0x8B, 8, 0]) }
        var tar = TarWriter()
        tar.add("a.bin", [], kind: "S")
        #expect(throws: DatasetError.tar(file: path, offset: 0, .unsupported(kind: "S"))) {
            try reader(tar.finished).next(from: 0)
        }
        var pax = TarWriter()
        pax.add("pax", Array("22 GNU.sparse.major=1\n".utf8), kind: "x")
        pax.add("a.bin", "data")
        #expect(throws: DatasetError.tar(file: path, offset: 1024, .unsupported(kind: "sparse"))) {
            try reader(pax.finished).next(from: 0)
        }
    }

    @Test func `damaged archives give samples or errors and always end`() throws {
        var tar = TarWriter()
        let record = "path=long/name.png\n"
        tar.add("pax", Array("\(record.utf8.count + 3) \(record)".utf8), kind: "x")
        tar.add("x.png", "image")
        tar.add("long/name.json", "{}")
        tar.add("././@LongLink", Array("other.txt\0".utf8), kind: "L")
        tar.add("y.txt", "text")
        let valid = tar.finished
        var outcomes: Set<Bool> = []
        for seed in 0..<600 as Range<UInt64> {
            outcomes.insert(try walk(Mutations.mutate(valid, seed: seed)))
        }
        #expect(outcomes == [true, false])
    }

    @Test func `damaged headers with a right checksum give samples or errors and always end`() throws {
        var tar = TarWriter()
        var headers: [Int] = []
        let record = "path=long/name.png\n"
        let members: [(String, String, Character)] = [
            ("pax", "\(record.utf8.count + 3) \(record)", "x"), ("x.png", "image", "0"), ("long/name.json", "{}", "0"),
            ("././@LongLink", "other.txt\0", "L"), ("y.txt", "text", "0"), ("z.txt", "", "2"),
        ]
        for (name, content, kind) in members {
            headers.append(tar.bytes.count)
            tar.add(name, Array(content.utf8), kind: kind)
        }
        // Where a header says something, and where an extended one has its content.
        let telling = Array(0..<8) + Array(124..<136) + [156] + Array(257..<265) + Array(345..<350) + Array(512..<540)
        var random = SeededGenerator(seed: 4)
        var outcomes: Set<Bool> = []
        for _ in 0..<800 {
            var bytes = tar.finished
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let at = (headers.randomElement(using: &random) ?? 0) + (telling.randomElement(using: &random) ?? 0)
                guard at < bytes.count else { continue }
                bytes[at] = Array("017xLKgS\0 =/.\u{7f}".utf8).randomElement(using: &random) ?? 0
                if Bool.random(using: &random) { bytes[at] = UInt8.random(in: 0...255, using: &random) }
            }
            for offset in headers { TarWriter.seal(&bytes, at: offset) }
            outcomes.insert(try walk(bytes))
        }
        #expect(outcomes == [true, false])
    }

    /// Walks an archive and loads all; whether it came to the end without an error of the archive.
    private func walk(_ bytes: [UInt8]) throws -> Bool {
        let reader = try reader(bytes)
        var (position, steps) = (0, 0)
        defer { #expect(steps < 20) }
        do {
            while let span = try reader.next(from: position) {
                #expect(span.end > position && span.position >= position)
                position = span.end
                steps += 1
                do {
                    let size = try reader.load(at: span.position).parts.values.reduce(0) { $0 + $1.count }
                    #expect(size <= bytes.count)
                } catch {}
            }
            return true
        } catch {
            return false
        }
    }
}
