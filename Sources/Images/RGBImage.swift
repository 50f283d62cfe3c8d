public import Foundation

/// An 8-bit colour image.
public struct RGBImage: Hashable, Sendable {
    /// Size in pixels.
    public let width, height: Int
    /// Red, green and blue of each pixel, row by row.
    public var pixels: [UInt8]

    /// An image of those pixels.
    ///
    /// - Throws: ``ImageError/pixelCount(expected:found:)``.
    public init(width: Int, height: Int, pixels: [UInt8]) throws(ImageError) {
        guard width > 0, height > 0, pixels.count == width * height * 3 else {
            throw .pixelCount(expected: max(0, width) * max(0, height) * 3, found: pixels.count)
        }
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// Decodes a PNG, JPEG or WebP file, turned as its EXIF orientation says.
    public init(contentsOf url: URL, limits: ImageLimits = ImageLimits()) throws(ImageError) {
        try self.init(decoding: readFile(url, limits), limits: limits)
    }

    /// Decodes a PNG, JPEG or WebP, recognised by its content, turned as its EXIF orientation says.
    ///
    /// Pixels are those of Pillow's `convert("RGB")`: alpha is dropped, nothing is blended.
    public init(decoding bytes: [UInt8], limits: ImageLimits = ImageLimits()) throws(ImageError) {
        self = try DecodedImage(bytes, limits).oriented
    }

    /// Peak signal-to-noise ratio in decibels; infinite for equal images.
    public func psnr(against other: RGBImage) throws(ImageError) -> Double {
        guard width == other.width, height == other.height else {
            throw .sizeMismatch(expected: [width, height], found: [other.width, other.height])
        }
        var squares = 0
        for (a, b) in zip(pixels, other.pixels) { squares += (Int(a) - Int(b)) * (Int(a) - Int(b)) }
        return 10 * log10(255 * 255 * Double(pixels.count) / Double(squares))
    }

    /// Images of one size side by side, row by row.
    ///
    /// - Throws: ``ImageError/sizeMismatch(expected:found:)``; ``ImageError/pixelCount(expected:found:)`` for none.
    public static func grid(_ images: [RGBImage], columns: Int) throws(ImageError) -> RGBImage {
        guard let first = images.first, columns > 0 else { throw .pixelCount(expected: 1, found: 0) }
        let columns = min(columns, images.count)
        let rows = (images.count + columns - 1) / columns
        let (w, h) = (first.width, first.height)
        var pixels = [UInt8](repeating: 255, count: columns * w * rows * h * 3)
        for (i, image) in images.enumerated() {
            guard image.width == w, image.height == h else {
                throw .sizeMismatch(expected: [w, h], found: [image.width, image.height])
            }
            let (row, column) = i.quotientAndRemainder(dividingBy: columns)
            for y in 0..<h {
                let start = ((row * h + y) * columns + column) * w * 3
                pixels.replaceSubrange(start..<start + w * 3, with: image.pixels[y * w * 3..<(y + 1) * w * 3])
            }
        }
        return try RGBImage(width: columns * w, height: rows * h, pixels: pixels)
    }
}

/// An 8-bit image of one channel, as a mask.
public struct GrayImage: Hashable, Sendable {
    /// Size in pixels.
    public let width, height: Int
    /// Brightness of each pixel, row by row.
    public var pixels: [UInt8]

    /// An image of those pixels.
    ///
    /// - Throws: ``ImageError/pixelCount(expected:found:)``.
    public init(width: Int, height: Int, pixels: [UInt8]) throws(ImageError) {
        guard width > 0, height > 0, pixels.count == width * height else {
            throw .pixelCount(expected: max(0, width) * max(0, height), found: pixels.count)
        }
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// Decodes a file as ``RGBImage`` does; colours become their luma, as in Pillow's `convert("L")`.
    public init(contentsOf url: URL, limits: ImageLimits = ImageLimits()) throws(ImageError) {
        try self.init(decoding: readFile(url, limits), limits: limits)
    }

    /// Decodes a file's bytes.
    public init(decoding bytes: [UInt8], limits: ImageLimits = ImageLimits()) throws(ImageError) {
        let image = try RGBImage(decoding: bytes, limits: limits)
        let luma = stride(from: 0, to: image.pixels.count, by: 3).map { i in
            // ITU-R 601-2 in 16-bit fixed point, rounded; gray stays what it is.
            let (r, g, b) = (Int(image.pixels[i]), Int(image.pixels[i + 1]), Int(image.pixels[i + 2]))
            return UInt8((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16)
        }
        try self.init(width: image.width, height: image.height, pixels: luma)
    }
}

private func readFile(_ url: URL, _ limits: ImageLimits) throws(ImageError) -> [UInt8] {
    do {
        let handle = try FileHandle(forReadingFrom: url)
        defer { try? handle.close() }
        let data = try handle.read(upToCount: limits.maxFileBytes + 1) ?? Data()
        if data.count <= limits.maxFileBytes { return [UInt8](data) }
    } catch {
        throw .unreadable(url, reason: error.localizedDescription)
    }
    throw .fileTooLarge(bytes: limits.maxFileBytes + 1, limit: limits.maxFileBytes)
}
