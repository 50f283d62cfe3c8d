public import Foundation

/// An 8-bit colour image.
public struct RGBImage: Hashable, Sendable {
    /// Size in pixels.
    public let width, height: Int
    /// Red, green and blue of each pixel, row by row.
    public let pixels: [UInt8]

    /// An image of those pixels.
    ///
    /// - Throws: ``ImageError/pixelCount(expected:found:)``.
    public init(width: Int, height: Int, pixels: [UInt8]) throws(ImageError) {
        try requireCount(pixels.count, width: width, height: height, channels: 3)
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

    /// Images of one size side by side, row by row; white where the last row has none left.
    ///
    /// - Throws: ``ImageError/tooLarge(width:height:limit:)``; ``ImageError/sizeMismatch(expected:found:)``; ``ImageError/pixelCount(expected:found:)`` for none.
    public static func grid(_ images: [RGBImage], columns: Int) throws(ImageError) -> RGBImage {
        guard let first = images.first, columns > 0 else { throw .pixelCount(expected: 1, found: 0) }
        let columns = min(columns, images.count)
        let rows = (images.count + columns - 1) / columns
        let (w, h) = (first.width, first.height)
        // The pictures are in memory already, but the last row may need as many white places again.
        guard columns * w <= ImageLimits().maxPixels / (rows * h) else {
            throw .tooLarge(width: columns * w, height: rows * h, limit: "\(ImageLimits().maxPixels) pixels")
        }
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
