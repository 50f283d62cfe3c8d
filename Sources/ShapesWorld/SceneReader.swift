import Foundation
public import Images

/// Recovers a scene from a picture by classical vision: background, connected regions, nearest colour, best template.
///
/// It knows nothing of grids or models, and stands pictures that went through an image tokenizer of about 28 dB.
public struct SceneReader: Sendable {
    /// A pixel belongs to an object when a channel differs from the background by more than this, of 255.
    private static let threshold = 44.0
    /// Smaller regions are specks.
    private static let minimumArea = 14

    /// A reader.
    public init() {}

    /// What the picture shows.
    public func read(_ image: RGBImage) -> Scene {
        let picture = Picture(image)
        let fit = background(of: picture)
        let difference = picture.map { pixel, _, y in
            (0..<3).map { abs(pixel[$0] - fit.value($0, y)) }.max() ?? 0
        }
        let mask = difference.map { $0 > Self.threshold }
        let objects = regions(mask, picture.width, picture.height).compactMap { region in
            object(region, picture, fit, difference)
        }
        let middle = (0..<3).map { fit.value($0, Double(picture.height) / 2) }
        let name = Background.allCases.min { distance($0.components, middle) < distance($1.components, middle) }
        return Scene(background: name ?? .white, objects: objects, level: .free)
    }

    private func distance(_ a: [Double], _ b: [Double]) -> Double {
        zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }

    // MARK: Pixels and background

    private struct Picture {
        let width, height: Int
        let values: [Double]

        init(_ image: RGBImage) {
            width = image.width
            height = image.height
            values = image.pixels.map(Double.init)
        }

        func pixel(_ x: Int, _ y: Int) -> ArraySlice<Double> {
            let place = (y * width + x) * 3
            return values[place..<place + 3]
        }

        func map<Result>(_ body: ([Double], Double, Double) -> Result) -> [Result] {
            (0..<height).flatMap { y in
                (0..<width).map { x in body(Array(pixel(x, y)), Double(x), Double(y)) }
            }
        }
    }

    /// A colour that changes evenly from top to bottom.
    private struct LinearBackground {
        var offset = [0.0, 0, 0]
        var slope = [0.0, 0, 0]
        func value(_ channel: Int, _ y: Double) -> Double { offset[channel] + slope[channel] * y }
    }

    /// A line through the border's pixels for each channel, fitted again without those far from it.
    private func background(of picture: Picture) -> LinearBackground {
        var samples: [(y: Double, pixel: [Double])] = []
        for y in 0..<picture.height {
            for x in 0..<picture.width where min(x, y, picture.width - 1 - x, picture.height - 1 - y) < 3 {
                samples.append((Double(y), Array(picture.pixel(x, y))))
            }
        }
        // The first guess is the median: a quarter of the border may be covered by objects.
        var fit = LinearBackground()
        for channel in 0..<3 {
            let sorted = samples.map { $0.pixel[channel] }.sorted()
            fit.offset[channel] = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
        }
        for _ in 0..<3 {
            let kept = samples.filter { sample in
                (0..<3).allSatisfy { abs(sample.pixel[$0] - fit.value($0, sample.y)) < 30 }
            }
            guard kept.count > 8 else { return fit }
            let meanY = kept.reduce(0) { $0 + $1.y } / Double(kept.count)
            let spread = kept.reduce(0) { $0 + ($1.y - meanY) * ($1.y - meanY) }
            for channel in 0..<3 {
                let mean = kept.reduce(0) { $0 + $1.pixel[channel] } / Double(kept.count)
                let cross = kept.reduce(0) { $0 + ($1.y - meanY) * ($1.pixel[channel] - mean) }
                fit.slope[channel] = spread > 0 ? cross / spread : 0
                fit.offset[channel] = mean - fit.slope[channel] * meanY
            }
        }
        return fit
    }

    // MARK: Regions

    /// Pixels of each 4-connected region.
    private func regions(_ mask: [Bool], _ width: Int, _ height: Int) -> [[Int]] {
        var unseen = mask
        var found: [[Int]] = []
        for start in mask.indices where unseen[start] {
            var region: [Int] = []
            var stack = [start]
            unseen[start] = false
            while let place = stack.popLast() {
                region.append(place)
                let (y, x) = place.quotientAndRemainder(dividingBy: width)
                for next in [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)] {
                    guard next.0 >= 0, next.0 < width, next.1 >= 0, next.1 < height else { continue }
                    let neighbour = next.1 * width + next.0
                    if unseen[neighbour] {
                        unseen[neighbour] = false
                        stack.append(neighbour)
                    }
                }
            }
            if region.count >= Self.minimumArea { found.append(region) }
        }
        return found
    }

    private func object(
        _ region: [Int], _ picture: Picture, _ background: LinearBackground, _ difference: [Double]
    ) -> SceneObject? {
        // Colour: the median of the half that differs most, which leaves out smoothed edges.
        let core = region.sorted { difference[$0] > difference[$1] }.prefix(max(6, region.count / 2))
        let color = (0..<3).map { channel in
            core.map { picture.values[$0 * 3 + channel] }.sorted()[core.count / 2]
        }
        guard
            let name = ShapeColor.allCases.min(by: {
                distance($0.components, color) < distance($1.components, color)
            })
        else { return nil }
        return bestTemplate(region, picture, background, color, name)
    }

    /// The shape, size and place whose coverage is most like the region's, by soft intersection over union.
    private func bestTemplate(
        _ region: [Int], _ picture: Picture, _ background: LinearBackground, _ color: [Double], _ name: ShapeColor
    ) -> SceneObject? {
        let xs = region.map { $0 % picture.width }
        let ys = region.map { $0 / picture.width }
        let left = max(0, (xs.min() ?? 0) - 2)
        let right = min(picture.width - 1, (xs.max() ?? 0) + 2)
        let top = max(0, (ys.min() ?? 0) - 2)
        let bottom = min(picture.height - 1, (ys.max() ?? 0) + 2)
        guard right - left < 40, bottom - top < 40 else { return nil }
        // How much of each pixel is object: its place on the line from the background to the colour.
        var cover: [(x: Double, y: Double, alpha: Double)] = []
        for y in top...bottom {
            let behind = (0..<3).map { background.value($0, Double(y)) }
            let line = zip(color, behind).map { $0 - $1 }
            let length = max(1, line.reduce(0) { $0 + $1 * $1 })
            for x in left...right {
                let pixel = picture.pixel(x, y)
                let along = zip(zip(pixel, behind), line).reduce(0) { $0 + ($1.0.0 - $1.0.1) * $1.1 }
                cover.append((Double(x) + 0.5, Double(y) + 0.5, min(1, max(0, along / length))))
            }
        }
        let centerX = (Double(xs.min() ?? 0) + Double(xs.max() ?? 0) + 1) / 2
        let centerY = (Double(ys.min() ?? 0) + Double(ys.max() ?? 0) + 1) / 2
        var best: (score: Double, object: SceneObject)?
        for shape in ShapeKind.allCases {
            for size in ShapeSize.allCases {
                for step in 0..<25 {
                    let (dx, dy) = (Double(step % 5 - 2) * 0.5, Double(step / 5 - 2) * 0.5)
                    let (x, y) = (centerX + dx, centerY + dy)
                    var both = 0.0
                    var either = 1e-9
                    for pixel in cover {
                        let wanted = shape.coverage(pixel.x - x, pixel.y - y, radius: size.radius)
                        both += min(wanted, pixel.alpha)
                        either += max(wanted, pixel.alpha)
                    }
                    let score = both / either
                    if score > best?.score ?? 0.3 {
                        best = (score, SceneObject(shape: shape, color: name, size: size, x: x, y: y))
                    }
                }
            }
        }
        return best?.object
    }
}
