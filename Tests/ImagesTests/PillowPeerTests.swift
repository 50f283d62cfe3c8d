import Foundation
import Images
import StrictJSON
import TestSupport
import Testing

@Suite(.enabled(if: PeerPython.executable != nil, "MMADA_PEERS_PYTHON names no Python with Pillow"))
struct PillowPeerTests {
    @Test func `decoding and preprocessing give Pillow's bytes for many kinds of files`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mmada-pillow-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (status, _) = try PeerPython.run(script: "pillow_peer.py", [folder.path(percentEncoded: false)])
        try #require(status == 0)
        func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appending(path: name))) }
        let index = try #require(try JSONValue(parsing: bytes("index.json")).arrayValue)
        var (decoded, resized) = (0, 0)
        for entry in index {
            let file = try #require(entry["file"]?.stringValue)
            let name = try #require(entry["name"]?.stringValue)
            let image = try RGBImage(contentsOf: folder.appending(path: file))
            #expect(try image.pixels == bytes(name + ".rgb"), "\(file) of mode \(entry["mode"]?.stringValue ?? "")")
            decoded += 1
            for made in entry["made"]?.arrayValue ?? [] {
                let kind = try #require(made["kind"]?.stringValue.flatMap(ImagePreprocessing.init))
                let resolution = try #require(made["resolution"]?.intValue)
                let found = try image.preprocessed(kind, resolution: resolution).pixels
                #expect(try found == bytes("\(name).\(kind.rawValue).\(resolution)"), "\(file) \(kind) \(resolution)")
                resized += 1
            }
        }
        #expect(decoded >= 20 && resized >= 180)
    }
}
