/// How a picture is brought to the square that the image tokenizer takes.
public enum ImagePreprocessing: String, Hashable, Sendable, CaseIterable {
    /// The shorter side to the resolution, then the middle of the longer one.
    case crop
    /// Both sides to the resolution.
    case squash
    /// White at the right or below until it is square, then to the resolution.
    case pad
}

extension RGBImage {
    /// The picture at another size, as Pillow's bicubic resize makes it.
    ///
    /// - Parameters:
    ///   - width: At least 1. - height: At least 1.
    /// - Throws: ``ImageError/tooLarge(width:height:limit:)`` beyond the usual limits.
    public func resized(width newWidth: Int, height newHeight: Int) throws(ImageError) -> RGBImage {
        try ImageLimits().check(width: newWidth, height: newHeight, format: "resized")
        return try RGBImage(
            width: newWidth, height: newHeight,
            pixels: BicubicResize.resize(
                pixels, width: width, height: height, channels: 3, to: newWidth, newHeight))
    }

    /// The picture as a square of `resolution` pixels.
    public func preprocessed(_ kind: ImagePreprocessing, resolution: Int) throws(ImageError) -> RGBImage {
        switch kind {
        case .squash:
            return try resized(width: resolution, height: resolution)
        case .crop:
            let geometry = try CropGeometry(width: width, height: height, resolution: resolution)
            let resized = try resized(width: geometry.width, height: geometry.height)
            return try RGBImage(
                width: resolution, height: resolution,
                pixels: geometry.cut(resized.pixels, channels: 3, resolution: resolution))
        case .pad:
            let side = max(width, height)
            try ImageLimits().check(width: side, height: side, format: "padded")
            var square = [UInt8](repeating: 255, count: side * side * 3)
            for y in 0..<height {
                let row = y * side * 3
                square.replaceSubrange(row..<row + width * 3, with: pixels[y * width * 3..<(y + 1) * width * 3])
            }
            return try RGBImage(width: side, height: side, pixels: square)
                .resized(width: resolution, height: resolution)
        }
    }
}

extension GrayImage {
    /// The mask as a square of `resolution` pixels.
    public func preprocessed(_ kind: ImagePreprocessing, resolution: Int) throws(ImageError) -> GrayImage {
        let colour = try RGBImage(width: width, height: height, pixels: pixels.flatMap { [$0, $0, $0] })
            .preprocessed(kind, resolution: resolution)
        return try GrayImage(
            width: resolution, height: resolution,
            pixels: Swift.stride(from: 0, to: colour.pixels.count, by: 3).map { colour.pixels[$0] })
    }

    /// Which of `side` × `side` image tokens the mask covers, row by row.
    ///
    /// As in Show-o's inpainting: PyTorch's bicubic interpolation (a = −¾, no antialiasing) of brightness in 0…1,
    /// true from ½ on.
    public func latentMask(side: Int) throws(ImageError) -> [Bool] {
        guard side > 0 else { throw .pixelCount(expected: 1, found: 0) }
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

/// Size before the cut, and where the cut begins.
private struct CropGeometry {
    let width, height, left, top: Int

    init(width: Int, height: Int, resolution: Int) throws(ImageError) {
        try ImageLimits().check(width: resolution, height: resolution, format: "resized")
        // The longer side is cut down to a whole number, as torchvision does.
        if width <= height {
            self.width = resolution
            self.height = Int(Double(resolution * height) / Double(width))
        } else {
            self.height = resolution
            self.width = Int(Double(resolution * width) / Double(height))
        }
        // Python's round: a half goes to the even side.
        left = Int((Double(self.width - resolution) / 2).rounded(.toNearestOrEven))
        top = Int((Double(self.height - resolution) / 2).rounded(.toNearestOrEven))
    }

    func cut(_ pixels: [UInt8], channels: Int, resolution: Int) -> [UInt8] {
        var square: [UInt8] = []
        square.reserveCapacity(resolution * resolution * channels)
        for y in top..<top + resolution {
            let start = (y * width + left) * channels
            square += pixels[start..<start + resolution * channels]
        }
        return square
    }
}
