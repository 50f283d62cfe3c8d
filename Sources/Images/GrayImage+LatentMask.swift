extension GrayImage {
    /// Which of `side` × `side` image tokens the mask covers, row by row.
    ///
    /// As in Show-o's inpainting: PyTorch's bicubic interpolation (a = −¾, no antialiasing) of brightness in 0…1,
    /// true from ½ on.
    ///
    /// - Parameter side: At least 1.
    /// - Returns: `side` × `side` values.
    /// - Throws: ``ImageError/empty(width:height:)``, ``ImageError/tooLarge(width:height:limit:)``.
    public func latentMask(side: Int) throws(ImageError) -> [Bool] {
        try ImageLimits().check(width: side, height: side)
        let columns = Self.taps(from: width, to: side)
        let rows = Self.taps(from: height, to: side)
        return rows.flatMap { row in
            columns.map { column in
                var sum: Float = 0
                for (y, v) in row {
                    var line: Float = 0
                    for (x, u) in column { line += Float(pixels[y * width + x]) / 255 * u }
                    sum += line * v
                }
                return sum >= 0.5
            }
        }
    }

    /// The four source positions of each target position, with their weights.
    private static func taps(from size: Int, to target: Int) -> [[(Int, Float)]] {
        let scale = Float(size) / Float(target)
        let a: Float = -0.75
        func near(_ t: Float) -> Float {
            let slope: Float = (a + 2) * t - (a + 3)
            return slope * t * t + 1
        }
        func far(_ t: Float) -> Float {
            let inner: Float = (a * t - 5 * a) * t + 8 * a
            return inner * t - 4 * a
        }
        var taps: [[(Int, Float)]] = []
        for i in 0..<target {
            let place: Float = (Float(i) + 0.5) * scale - 0.5
            let base: Float = place.rounded(.down)
            let t: Float = place - base
            var tap: [(Int, Float)] = []
            for (k, weight) in [far(t + 1), near(t), near(1 - t), far(2 - t)].enumerated() {
                tap.append((min(max(Int(base) - 1 + k, 0), size - 1), weight))
            }
            taps.append(tap)
        }
        return taps
    }
}
