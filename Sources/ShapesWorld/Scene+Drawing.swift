import Datasets
public import Images

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension ShapeKind {
    /// Distance in pixels from the edge of a shape of that radius around (0, 0), below 0 inside.
    func distance(_ x: Double, _ y: Double, radius: Double) -> Double {
        switch self {
        case .circle:
            return hypot(x, y) - radius
        case .square:
            return max(abs(x), abs(y)) - 0.88 * radius
        case .triangle:
            let side = (1.85 * abs(x) - (y + radius)) / hypot(1.85, 1)
            return max(y - 0.85 * radius, side)
        case .cross:
            let arm = 0.34 * radius
            return min(max(abs(x) - radius, abs(y) - arm), max(abs(x) - arm, abs(y) - radius))
        }
    }

    /// How much of the pixel at that distance from the centre the shape covers, 0 to 1.
    func coverage(_ x: Double, _ y: Double, radius: Double) -> Double {
        min(1, max(0, 0.5 - distance(x, y, radius: radius)))
    }
}

extension Scene {
    /// The picture: 64 × 64 pixels, edges smoothed.
    public func rendered() throws(ImageError) -> RGBImage {
        let side = Self.side
        var canvas = backgroundPixels()
        for object in objects {
            let color = object.color.components
            let reach = object.size.radius + 1
            let columns = Self.pixels(around: object.x, reach)
            for row in Self.pixels(around: object.y, reach) {
                for column in columns {
                    let alpha = object.shape.coverage(
                        Double(column) + 0.5 - object.x, Double(row) + 0.5 - object.y, radius: object.size.radius)
                    guard alpha > 0 else { continue }
                    let place = (row * side + column) * 3
                    for channel in 0..<3 {
                        canvas[place + channel] += alpha * (color[channel] - canvas[place + channel])
                    }
                }
            }
        }
        return try RGBImage(
            width: side, height: side, pixels: canvas.map { UInt8(min(255, max(0, $0.rounded()))) })
    }

    /// Pixels of a row or column that an object can touch; none for one that lies outside.
    private static func pixels(around center: Double, _ reach: Double) -> Range<Int> {
        guard center + reach > 0, center - reach < Double(side) else { return 0..<0 }
        return Int(max(0, center - reach))..<min(side, Int(center + reach) + 1)
    }

    private func backgroundPixels() -> [Double] {
        let side = Self.side
        let color = background.components
        var random = SampleRandom(seed: textureSeed)
        let slope = level == .cells ? 0 : (random.unit() - 0.5) * 0.14
        var pixels: [Double] = []
        pixels.reserveCapacity(side * side * 3)
        for row in 0..<side {
            let light = 1 + slope * (2 * (Double(row) + 0.5) / Double(side) - 1)
            for _ in 0..<side {
                let noise = level == .crowded ? (random.unit() - 0.5) * 24 : 0
                for channel in 0..<3 { pixels.append(color[channel] * light + noise) }
            }
        }
        return pixels
    }
}
