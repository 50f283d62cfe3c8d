import ConfigurationFiles
import Foundation
import Testing

@Suite final class FileTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "configuration-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func file(_ bytes: Foundation.Data) throws -> String {
        let place = folder.appending(path: "a.yaml")
        try bytes.write(to: place)
        return place.path
    }

    @Test func `a file is read, and an empty one is an empty mapping`() throws {
        #expect(try ConfigurationTree(file: file(Data("a: 1".utf8))) == .mapping([.init("a", .integer(1))]))
        #expect(try ConfigurationTree(file: file(Data())) == .mapping([]))
        #expect(try ConfigurationTree(file: file(Data([0xEF, 0xBB, 0xBF] + "a: 1".utf8)))["a"] == .integer(1))
    }

    @Test func `a missing file and a folder are named`() throws {
        for path in [folder.path + "/none.yaml", folder.path] {
            let error = try #require(throws: ConfigurationFileError.self) { try ConfigurationTree(file: path) }
            #expect(error.description.hasPrefix("\(path) cannot be read: "))
        }
    }

    @Test func `a folder is called one`() {
        let error = ConfigurationFileError.unreadable(file: folder.path, reason: "it is a folder")
        #expect(throws: error) { try ConfigurationTree(file: folder.path) }
    }

    @Test(arguments: [
        Data([0x80, 0x81, 0xFE, 0xFF]), Data([0xFF, 0xFE, 0x61, 0x00]), Data(repeating: 0, count: 100),
        Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), Data("just a word".utf8), Data("- a\n- b".utf8),
    ])
    func `binary junk and files without keys are refused`(bytes: Foundation.Data) throws {
        let path = try file(bytes)
        let error = try #require(throws: ConfigurationFileError.self) { try ConfigurationTree(file: path) }
        guard case .invalidYAML(path, _) = error else {
            Issue.record("found \(error)")
            return
        }
    }

    @Test func `no more is read than is allowed`() throws {
        let path = try file(Data(repeating: UInt8(ascii: "#"), count: 4 << 20 + 1))
        #expect(throws: ConfigurationFileError.tooLarge(file: path, limit: "4 MiB")) {
            try ConfigurationTree(file: path)
        }
        #if os(Linux)
        #expect(throws: ConfigurationFileError.tooLarge(file: "/dev/zero", limit: "4 MiB")) {
            try ConfigurationTree(file: "/dev/zero")
        }
        #endif
    }
}
