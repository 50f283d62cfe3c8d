internal import CImages
public import Foundation

/// An 8-bit image of one channel, as a mask.
public struct GrayImage: Hashable, Sendable {
    /// Size in pixels.
    public let width, height: Int
    /// Brightness of each pixel, row by row.
    public let pixels: [UInt8]

    /// An image of those pixels.
    ///
    /// - Throws: ``ImageError/pixelCount(expected:found:)``.
    public init(width: Int, height: Int, pixels: [UInt8]) throws(ImageError) {
        try requireCount(pixels.count, width: width, height: height, channels: 1)
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

    /// Decodes a mask for editing: what is transparent is marked white; in a file without transparency what is white
    /// is.
    ///
    /// - Throws: ``ImageError``, as for any picture.
    public init(decodingMask bytes: [UInt8], limits: ImageLimits = ImageLimits()) throws(ImageError) {
        let gray = try GrayImage(decoding: bytes, limits: limits)
        var alpha = [UInt8](repeating: 255, count: gray.pixels.count)
        let hasAlpha = cimages_png_alpha(bytes, bytes.count, &alpha, UInt32(gray.width), UInt32(gray.height)) == 1
        self =
            hasAlpha ? try GrayImage(width: gray.width, height: gray.height, pixels: alpha.map { 255 - $0 }) : gray
    }
}
