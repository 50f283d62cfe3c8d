import Datasets
import Foundation
import ShapesWorld

/// Amounts of samples and scenes that several suites draw on.
enum Samples {
    /// A few in a debug build, where everything is slow, and the full amount in a release build.
    static func count(debug: Int, release: Int) -> Int {
        #if DEBUG
        debug
        #else
        release
        #endif
    }

    static func scenes(_ level: Level, _ split: WorldSplit = .test, count: Int) -> [Scene] {
        (0..<count).map { index in
            var random = SampleRandom(seed: 17, pass: level.rawValue, id: "\(split.rawValue) \(index)")
            return Scene.random(level, split, &random)
        }
    }

    static func object(
        _ size: ShapeSize, _ color: ShapeColor, _ shape: ShapeKind, _ x: Double, _ y: Double
    ) -> SceneObject {
        SceneObject(shape: shape, color: color, size: size, x: x, y: y)
    }

    static func scene(_ objects: [SceneObject], on background: Background = .white, level: Level = .cells) -> Scene {
        Scene(background: background, objects: objects, level: level)
    }
}

/// FNV-1a over bytes: a short name for much content.
struct Digest {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }

    mutating func add(_ text: String) {
        add(text.utf8)
        add([0xFF])
    }
}

/// A directory for one test, removed with it.
final class Scratch {
    let url = FileManager.default.temporaryDirectory.appending(path: "mmada-shapes-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// All files below, by path from here, sorted.
    func files() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: url.path).sorted().filter {
            !url.appending(path: $0).hasDirectoryPath && (try? isFile($0)) == true
        }
    }

    private func isFile(_ name: String) throws -> Bool {
        try url.appending(path: name).resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true
    }

    func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url.appending(path: name))) }
}
