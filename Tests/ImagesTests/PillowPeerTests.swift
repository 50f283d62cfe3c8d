import Foundation
import Images
import StrictJSON
import TestSupport
import Testing

@Suite(.enabled(if: PeerPython.executable != nil, "MMADA_PEERS_PYTHON names no Python with Pillow"))
struct PillowPeerTests {
    /// How many results were compared, and which differed.
    private struct Tally: CustomStringConvertible {
        var compared = 0
        var different: [String] = []

        mutating func compare(_ found: [UInt8], _ expected: [UInt8], _ name: String) {
            compared += 1
            if found != expected { different.append(name) }
        }

        var description: String { "\(compared) compared, \(different.count) different" }
    }

    /// What the script wrote.
    private final class Folder {
        let url = FileManager.default.temporaryDirectory.appending(path: "mmada-pillow-\(UUID().uuidString)")

        init() throws {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            let (status, _) = try PeerPython.run(script: "pillow_peer.py", [url.path(percentEncoded: false)])
            try #require(status == 0)
        }

        deinit { try? FileManager.default.removeItem(at: url) }

        func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url.appending(path: name))) }
        func list(_ name: String) throws -> [JSONValue] {
            try #require(try JSONValue(parsing: bytes(name)).arrayValue)
        }
    }

    @Test func `decoding and resizing give Pillow's bytes for many kinds of files`() throws {
        let folder = try Folder()
        var (colours, lumas, squares, sizes) = (Tally(), Tally(), Tally(), Tally())
        for entry in try folder.list("index.json") {
            let file = try #require(entry["file"]?.stringValue)
            let name = try #require(entry["name"]?.stringValue)
            let label = "\(file) (\(entry["mode"]?.stringValue ?? ""))"
            let bytes = try folder.bytes(file)
            if entry["mode"]?.stringValue == "unsupported" {
                let refusal = ImageError.unsupported(format: "JPEG", what: "unusual subsampling")
                #expect(throws: refusal, "\(label)") { try RGBImage(decoding: bytes) }
                continue
            }
            guard let image = try? RGBImage(decoding: bytes) else {
                Issue.record("\(label) is refused")
                continue
            }
            #expect(image.width == entry["width"]?.intValue && image.height == entry["height"]?.intValue)
            try colours.compare(image.pixels, folder.bytes(name + ".rgb"), label)
            try lumas.compare(GrayImage(decoding: bytes).pixels, folder.bytes(name + ".gray"), label)
            for made in entry["made"]?.arrayValue ?? [] {
                let kind = try #require(made["kind"]?.stringValue.flatMap(ImagePreprocessing.init))
                let resolution = try #require(made["resolution"]?.intValue)
                let found = try image.preprocessed(kind, resolution: resolution).pixels
                let expected = try folder.bytes("\(name).\(kind.rawValue).\(resolution)")
                squares.compare(found, expected, "\(label) \(kind) \(resolution)")
            }
            for size in entry["sizes"]?.arrayValue ?? [] {
                let side = (size.arrayValue ?? []).compactMap(\.intValue)
                try #require(side.count == 2)
                let found = try image.resized(width: side[0], height: side[1]).pixels
                try sizes.compare(
                    found, folder.bytes("\(name).resize.\(side[0])x\(side[1])"), "\(label) to \(side[0])×\(side[1])")
            }
        }
        print("Pillow: RGB \(colours); L \(lumas); crop, squash, pad \(squares); resize \(sizes)")
        for (tally, least) in [(colours, 180), (lumas, 180), (squares, 300), (sizes, 250)] {
            #expect(tally.different == [])
            #expect(tally.compared >= least)
        }
    }

    @Test(.enabled(if: PeerPython.hasTorch, "MMADA_PEERS_PYTHON has no PyTorch"))
    func `masks cover the tokens that they cover in PyTorch`() throws {
        let folder = try Folder()
        var tally = Tally()
        for entry in try folder.list("masks.json") {
            let name = try #require(entry["name"]?.stringValue)
            let (size, side) = (try #require(entry["from"]?.intValue), try #require(entry["side"]?.intValue))
            let mask = try GrayImage(width: size, height: size, pixels: folder.bytes(name))
            let found = try mask.latentMask(side: side).map { UInt8($0 ? 1 : 0) }
            try tally.compare(found, folder.bytes("\(name).\(side)"), "\(name) to \(side)")
        }
        print("PyTorch: masks \(tally)")
        #expect(tally.different == [] && tally.compared == 20)
    }
}
