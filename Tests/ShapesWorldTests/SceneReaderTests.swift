import Datasets
import Foundation
import Images
import ShapesWorld
import TestSupport
import Testing

@Suite struct SceneReaderTests {
    /// Whether a scene was read as it is: looks of all objects, their places within 1.5 pixels, the background.
    private func isExact(_ found: Scene, _ scene: Scene) -> Bool {
        guard found.background == scene.background, found.objects.count == scene.objects.count else { return false }
        var left = found.objects
        for object in scene.objects {
            let match = left.firstIndex {
                $0.kind == object.kind && $0.size == object.size && hypot($0.x - object.x, $0.y - object.y) < 1.5
            }
            guard let match else { return false }
            left.remove(at: match)
        }
        return true
    }

    /// Whether boxes around the objects leave a pixel between them, so that they are regions of their own.
    private func isApart(_ scene: Scene) -> Bool {
        scene.objects.indices.allSatisfy { i in
            scene.objects.dropFirst(i + 1).allSatisfy { other in
                let a = scene.objects[i]
                return max(abs(a.x - other.x), abs(a.y - other.y)) > a.size.radius + other.size.radius + 2
            }
        }
    }

    /// A blurred picture with noise, about as far from the first as a small image tokenizer's.
    private func degraded(_ image: RGBImage, seed: UInt64, noise: Double = 7) throws -> RGBImage {
        var random = SeededGenerator(seed: seed)
        func value(_ x: Int, _ y: Int, _ channel: Int) -> Double {
            Double(image.pixels[(min(63, max(0, y)) * 64 + min(63, max(0, x))) * 3 + channel])
        }
        var pixels: [UInt8] = []
        pixels.reserveCapacity(image.pixels.count)
        for place in image.pixels.indices {
            let (x, y, channel) = (place / 3 % 64, place / 192, place % 3)
            let around = value(x - 1, y, channel) + value(x + 1, y, channel) + value(x, y - 1, channel)
            let blurred = 0.68 * value(x, y, channel) + 0.08 * (around + value(x, y + 1, channel))
            // Six uniform numbers make nearly a normal one.
            let bell = (0..<6).reduce(0.0) { sum, _ in sum + Double.random(in: -1...1, using: &random) } / 1.414
            pixels.append(UInt8(min(255, max(0, blurred + noise * bell))))
        }
        return try RGBImage(width: 64, height: 64, pixels: pixels)
    }

    @Test(arguments: [(Level.cells, 0.995), (.free, 0.995), (.crowded, 0.95)])
    func `clean pictures are read exactly`(level: Level, least: Double) throws {
        let scenes = Samples.scenes(level, count: Samples.count(debug: 9, release: 700)).filter(isApart)
        try #require(scenes.count >= 4)
        var wrong: [String] = []
        for scene in scenes {
            let found = try SceneReader().read(scene.rendered())
            if !isExact(found, scene) { wrong.append("\(scene.objects) read as \(found.objects)") }
        }
        let share = 1 - Double(wrong.count) / Double(scenes.count)
        print("SceneReader: level \(level.rawValue), \(scenes.count) clean pictures, \(share) exact")
        #expect(share >= least, "\(wrong.prefix(3))")
    }

    @Test(arguments: [Level.cells, .free])
    func `pictures of about 30 dB are read nearly as well`(level: Level) throws {
        let scenes = Samples.scenes(level, .train, count: Samples.count(debug: 6, release: 500))
        var (right, decibels) = (0, 0.0)
        for (index, scene) in scenes.enumerated() {
            let image = try scene.rendered()
            let worse = try degraded(image, seed: UInt64(index))
            decibels += try worse.psnr(against: image) / Double(scenes.count)
            if isExact(SceneReader().read(worse), scene) { right += 1 }
        }
        let share = Double(right) / Double(scenes.count)
        print("SceneReader: level \(level.rawValue), \(scenes.count) pictures of \(decibels) dB, \(share) exact")
        #expect((27...32).contains(decibels))
        #expect(share >= 0.97)
    }

    @Test(arguments: ShapeKind.allCases)
    func `each shape in each colour and size is told apart`(shape: ShapeKind) throws {
        for (index, color) in ShapeColor.allCases.enumerated() {
            for (place, size) in ShapeSize.allCases.enumerated() {
                // Each on one background in a debug build, on all in a release build.
                for step in 0..<Samples.count(debug: 1, release: 4) {
                    let background = Background.allCases[(index + place + step) % 4]
                    // Neither on the grid nor on whole pixels.
                    let object = Samples.object(size, color, shape, 21.3 + Double(index), 37.8)
                    let scene = Samples.scene([object], on: background, level: .free)
                    let found = try SceneReader().read(scene.rendered())
                    #expect(isExact(found, scene), "\(size) \(color) on \(background)")
                }
            }
        }
    }

    @Test(arguments: Background.allCases)
    func `an empty picture has a background and nothing on it`(background: Background) throws {
        let found = try SceneReader().read(Samples.scene([], on: background).rendered())
        #expect(found.background == background && found.objects.isEmpty)
    }

    @Test func `a missing, a changed and an additional object are seen`() throws {
        let scene = Samples.scene([
            Samples.object(.large, .red, .circle, 8, 8), Samples.object(.small, .blue, .triangle, 40, 24),
        ])
        var fewer = scene
        fewer.objects.removeLast()
        var changed = scene
        changed.objects[1].color = .purple
        var more = scene
        more.objects.append(Samples.object(.small, .green, .cross, 24, 56))
        for other in [fewer, changed, more] {
            let found = try SceneReader().read(other.rendered())
            #expect(!found.isSameContent(as: scene) && found.isSameContent(as: other))
        }
    }

    @Test func `pictures of no scene at all do no harm`() throws {
        var random = SeededGenerator(seed: 4)
        for (width, height) in [(1, 1), (2, 64), (64, 3), (16, 16), (48, 64)] {
            for kind in 0..<3 {
                let pixels = (0..<width * height * 3).map { place -> UInt8 in
                    switch kind {
                    case 0: 0
                    case 1: place / 3 / 5 % 2 == 0 ? 20 : 230
                    default: UInt8.random(in: 0...255, using: &random)
                    }
                }
                let found = SceneReader().read(try RGBImage(width: width, height: height, pixels: pixels))
                #expect(found.objects.count <= width * height / 14)
            }
        }
    }

    #if !DEBUG
    @Test func `drawing and reading are quick`() throws {
        let scenes = Samples.scenes(.cells, count: 200)
        let clock = ContinuousClock()
        var images: [RGBImage] = []
        let drawing = try clock.measure { images = try scenes.map { try $0.rendered() } }
        let reading = clock.measure { for image in images { _ = SceneReader().read(image) } }
        print("SceneReader: a picture drawn in \(drawing / 200), read in \(reading / 200)")
        #expect(drawing / 200 < .milliseconds(5) && reading / 200 < .milliseconds(50))
    }
    #endif
}
