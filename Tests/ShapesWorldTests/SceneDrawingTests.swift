import Datasets
import Images
import ShapesWorld
import Testing

@Suite struct SceneDrawingTests {
    private func pixel(_ image: RGBImage, _ x: Int, _ y: Int) -> [Double] {
        (0..<3).map { Double(image.pixels[(y * 64 + x) * 3 + $0]) }
    }

    @Test(arguments: Level.allCases)
    func `a scene has one picture`(level: Level) throws {
        for scene in Samples.scenes(level, count: 5) {
            let image = try scene.rendered()
            #expect(image.width == 64 && image.height == 64)
            #expect(try scene.rendered() == image)
        }
    }

    @Test(arguments: ShapeKind.allCases, ShapeColor.allCases)
    func `an object shows its colour in the middle and the background around it`(
        shape: ShapeKind, color: ShapeColor
    ) throws {
        for size in ShapeSize.allCases {
            let object = Samples.object(size, color, shape, 24, 40)
            let image = try Samples.scene([object], on: .sky).rendered()
            #expect(pixel(image, 23, 39) == color.components && pixel(image, 24, 40) == color.components)
            // The whole object is inside its cell of 16 pixels.
            for y in 0..<64 {
                for x in 0..<64 where !(16..<32 ~= x && 32..<48 ~= y) {
                    #expect(pixel(image, x, y) == Background.sky.components)
                }
            }
        }
    }

    @Test func `shapes and sizes differ in many pixels, shapes are as wide as high`() throws {
        var pictures: [[UInt8]] = []
        for shape in ShapeKind.allCases {
            for size in ShapeSize.allCases {
                let image = try Samples.scene([Samples.object(size, .blue, shape, 40, 24)]).rendered()
                let inside = (0..<64 * 64).filter { pixel(image, $0 % 64, $0 / 64)[0] < 140 }
                let width = (inside.map { $0 % 64 }.max() ?? 0) - (inside.map { $0 % 64 }.min() ?? 0) + 1
                let height = (inside.map { $0 / 64 }.max() ?? 0) - (inside.map { $0 / 64 }.min() ?? 0) + 1
                #expect(abs(width - height) <= 2)
                #expect(Double(max(width, height)) > 1.6 * size.radius)
                pictures.append(image.pixels)
            }
        }
        for i in pictures.indices {
            for j in pictures.indices.dropFirst(i + 1) {
                let different = zip(pictures[i], pictures[j]).count { abs(Int($0) - Int($1)) > 60 }
                #expect(different > 8, "\(i) and \(j)")
            }
        }
    }

    @Test func `colours of objects are far from one another and from every background`() {
        func distance(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).map { abs($0 - $1) }.max() ?? 0 }
        let colors = ShapeColor.allCases
        for (i, color) in colors.enumerated() {
            for other in colors.dropFirst(i + 1) { #expect(distance(color.components, other.components) > 40) }
            for background in Background.allCases { #expect(distance(color.components, background.components) > 90) }
        }
    }

    @Test func `backgrounds are plain at level 1, slope at level 2 and are noisy at level 3`() throws {
        for (level, slopes, isNoisy) in [(Level.cells, false, false), (.free, true, false), (.crowded, true, true)] {
            let scene = Scene(background: .gray, objects: [], level: level, textureSeed: 5)
            let image = try scene.rendered()
            let rows = (0..<64).map { y in Set((0..<64).map { pixel(image, $0, y) }) }
            #expect((rows.map(\.count).max() ?? 0 > 1) == isNoisy)
            func mean(_ y: Int) -> Double { (0..<64).reduce(0) { $0 + pixel(image, $1, y)[0] } / 64 }
            #expect((abs(mean(2) - mean(61)) > 3) == slopes)
            #expect(abs(mean(32) - 196) < 4)
        }
    }

    @Test func `what lies outside the picture is not drawn and does no harm`() throws {
        let empty = try Samples.scene([]).rendered()
        for place in [-1e300, -100, -9, 73, 1e9, .infinity, .nan] {
            let away = Samples.scene([Samples.object(.large, .red, .cross, place, place)])
            #expect(try away.rendered() == empty, "\(place)")
        }
        let atCorner = try Samples.scene([Samples.object(.large, .red, .circle, 0, 0)]).rendered()
        #expect(pixel(atCorner, 0, 0) == ShapeColor.red.components)
    }
}
