import Foundation
import TestSupport
import Testing

@testable import Datasets

/// Files that pyarrow wrote, once for all tests.
enum ParquetSamples {
    static let missing = "needs the plug-in (recipes/parquet) and MMADA_PEERS_PYTHON, whose Python writes the files"

    static let folder: URL? = {
        guard PeerPython.executable != nil, case .success = ParquetPlugin.shared,
            let plugin = ParquetPlugin.places(ProcessInfo.processInfo.environment).first
        else { return nil }
        let libraries = URL(filePath: plugin).deletingLastPathComponent()
        let folder = FileManager.default.temporaryDirectory.appending(path: "mmada-parquet-\(UUID().uuidString)")
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let reply = try PeerPython.run(script: "parquet_writer.py", [libraries.path, folder.path])
            atexit { ParquetSamples.remove() }
            return reply.status == 0 ? folder : nil
        } catch {
            return nil
        }
    }()

    /// Takes the files away when the tests are over.
    private static func remove() {
        if let folder { try? FileManager.default.removeItem(at: folder) }
    }

    static func file(_ name: String) throws -> URL { try #require(folder).appending(path: "\(name).parquet") }

    // The rules of parquet_writer.py.

    static func text(_ row: Int) -> String? { row % 7 == 3 ? nil : row % 7 == 4 ? "" : "row \(row) é 日本" }
    static func category(_ row: Int) -> String? { row % 11 == 5 ? nil : "kind \(row % 3)" }
    static func data(_ row: Int) -> [UInt8]? {
        row % 5 == 2 ? nil : (0..<row % 4).flatMap { _ in [UInt8(row % 256), 255, 0] }
    }
    static func image(_ row: Int) -> [UInt8]? {
        [6, 7].contains(row % 13) ? nil : [0x89, 0x50, 0x4E, 0x47, UInt8(row % 256)]
    }
}

@Suite struct ParquetFileTests {
    static let sizes = [1000, 1000, 500]

    @Test(
        .enabled(if: ParquetSamples.folder != nil, Comment(rawValue: ParquetSamples.missing)),
        arguments: ["none", "snappy", "gzip", "zstd", "brotli", "lz4", "plain", "delta"])
    func `every compression and encoding gives the values that were written`(name: String) throws {
        let file = try ParquetFile(ParquetSamples.file(name))
        #expect(file.rowGroupSizes == Self.sizes)
        var start = 0
        for (group, size) in Self.sizes.enumerated() {
            let rows = start..<start + size
            #expect(try file.strings(column: "text", rowGroup: group) == rows.map(ParquetSamples.text))
            #expect(try file.strings(column: "large", rowGroup: group) == rows.map(ParquetSamples.text))
            #expect(try file.bytes(column: "data", rowGroup: group) == rows.map(ParquetSamples.data))
            #expect(try file.bytes(column: "large_data", rowGroup: group) == rows.map(ParquetSamples.data))
            #expect(try file.bytes(column: "fixed", rowGroup: group) == rows.map { [UInt8($0 % 256), 1, 2, 3] })
            #expect(try file.bytes(column: "image.bytes", rowGroup: group) == rows.map(ParquetSamples.image))
            #expect(
                try file.strings(column: "image.path", rowGroup: group)
                    == rows.map { $0 % 13 == 6 ? nil : "\($0).png" })
            #expect(try file.strings(column: "certain", rowGroup: group) == rows.map { "\($0)" })
            if file.columns.contains("category") {
                #expect(try file.strings(column: "category", rowGroup: group) == rows.map(ParquetSamples.category))
            }
            start += size
        }
    }

    @Test(.enabled(if: ParquetSamples.folder != nil, Comment(rawValue: ParquetSamples.missing)))
    func `columns are named in file order, fields of structs by their path`() throws {
        let file = try ParquetFile(ParquetSamples.file("small"))
        let flat = ["text", "category", "large", "data", "large_data", "fixed"]
        #expect(file.columns == flat + ["image.bytes", "image.path", "number", "tags.list.element", "certain"])
        #expect(try ParquetFile(ParquetSamples.file("empty")).rowGroupSizes.reduce(0, +) == 0)
    }

    @Test(.enabled(if: ParquetSamples.folder != nil, Comment(rawValue: ParquetSamples.missing)))
    func `a wrong column, type or row group is an error that says so`() throws {
        let url = try ParquetSamples.file("small")
        let file = try ParquetFile(url)
        #expect(throws: ParquetError.noColumn(path: url.path, column: "image", known: file.columns)) {
            try file.bytes(column: "image", rowGroup: 0)
        }
        for group in [-1, 3, Int.max] {
            #expect(throws: ParquetError.noRowGroup(path: url.path, expected: 3, found: group)) {
                try file.strings(column: "text", rowGroup: group)
            }
        }
        #expect(throws: ParquetError.notText(path: url.path, column: "data", rowGroup: 0, row: 1)) {
            try file.strings(column: "data", rowGroup: 0)
        }
        for (column, reason) in [
            ("number", "it holds INT64, not text or bytes"),
            ("tags.list.element", "it is a list, which is not supported"),
        ] {
            let expected = ParquetError.cannotRead(path: url.path, column: column, rowGroup: 0, reason: reason)
            #expect(throws: expected) { try file.strings(column: column, rowGroup: 0) }
        }
    }

    @Test(.enabled(if: ParquetSamples.folder != nil, Comment(rawValue: ParquetSamples.missing)))
    func `a column that grows beyond the limit is refused`() throws {
        let bomb = try ParquetFile(ParquetSamples.file("bomb"), limit: 10 << 20)
        #expect(throws: ParquetError.self) { try bomb.strings(column: "text", rowGroup: 0) }
        let nulls = try ParquetFile(ParquetSamples.file("nulls"), limit: 10 << 20)
        #expect(throws: ParquetError.self) { try nulls.strings(column: "text", rowGroup: 0) }
        #expect(try ParquetFile(ParquetSamples.file("bomb")).strings(column: "text", rowGroup: 0).count == 1000)
    }

    @Test(.enabled(if: ParquetSamples.folder != nil, Comment(rawValue: ParquetSamples.missing)))
    func `a file cut short, absent or of another kind is an error`() throws {
        let whole = try Data(contentsOf: ParquetSamples.file("small"))
        let url = try #require(ParquetSamples.folder).appending(path: "cut.parquet")
        for length in [0, 3, 4, 100, whole.count / 2, whole.count - 9, whole.count - 1] {
            try whole.prefix(length).write(to: url)
            #expect(throws: ParquetError.self) { try ParquetFile(url) }
        }
        for path in ["/nonexistent/x.parquet", "/tmp", "/dev/null"] {
            #expect(throws: ParquetError.self) { try ParquetFile(URL(filePath: path)) }
        }
    }

    @Test(.enabled(if: ParquetSamples.folder != nil, Comment(rawValue: ParquetSamples.missing)))
    func `damaged files give errors or values, never a crash`() throws {
        let whole = try [UInt8](Data(contentsOf: ParquetSamples.file("small")))
        let url = try #require(ParquetSamples.folder).appending(path: "damaged.parquet")
        var (opened, refused) = (0, 0)
        for seed in 0..<400 {
            try Data(Mutations.mutate(whole, seed: UInt64(seed))).write(to: url)
            do {
                let file = try ParquetFile(url, limit: 1 << 24)
                opened += 1
                for group in file.rowGroupSizes.indices.prefix(4) {
                    for column in file.columns { _ = try file.bytes(column: column, rowGroup: group) }
                }
            } catch {
                #expect(!error.description.contains("\n"))
                refused += 1
            }
        }
        #expect(opened > 50 && refused > 50)
    }

    @Test func `without the plug-in the error says what to run`() {
        let places = ParquetPlugin.places(["XDG_CACHE_HOME": "/nonexistent"])
        #expect(places == ["/nonexistent/mmada/parquet/libmmada_parquet.so"])
        #expect(throws: ParquetError.noPlugin(searched: places)) { try ParquetPlugin(searching: places) }
        #expect(ParquetError.noPlugin(searched: places).description.contains("recipes/parquet"))
    }

    @Test(arguments: [
        (["MMADA_PARQUET_PLUGIN": "/a.so", "HOME": "/h"], ["/a.so"]),
        (["MMADA_PARQUET_PLUGIN": "", "HOME": "/h"], ["/h/.cache/mmada/parquet/libmmada_parquet.so"]),
        (["XDG_CACHE_HOME": "relative", "HOME": "/h"], ["/h/.cache/mmada/parquet/libmmada_parquet.so"]),
        ([:], []),
    ])
    func `the plug-in is looked for where the recipe puts it`(environment: [String: String], expected: [String]) {
        #expect(ParquetPlugin.places(environment) == expected)
    }

    @Test func `a file that is no plug-in is refused`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "mmada-\(UUID().uuidString).so")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("no library".utf8).write(to: file)
        #expect { try ParquetPlugin(searching: [file.path]) } throws: { error in
            if case .brokenPlugin(file.path, _) = error as? ParquetError { true } else { false }
        }
    }
}
