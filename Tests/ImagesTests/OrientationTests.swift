import Foundation
import Images
import TestSupport
import Testing

/// Orientations of EXIF, in each place where a file may hold them.
@Suite struct OrientationTests {
    /// The picture as the EXIF standard says it is to be turned, made of two simple moves.
    private static func turned(_ image: RGBImage, _ orientation: UInt8) throws -> RGBImage {
        switch orientation {
        case 2: try mirrored(image)
        case 3: try mirrored(transposed(mirrored(transposed(image))))
        case 4: try transposed(mirrored(transposed(image)))
        case 5: try transposed(image)
        case 6: try mirrored(transposed(image))
        case 7: try mirrored(transposed(mirrored(image)))
        case 8: try transposed(mirrored(image))
        default: image
        }
    }

    private static func mirrored(_ image: RGBImage) throws -> RGBImage {
        try made(image.width, image.height) { x, y in pixel(image, image.width - 1 - x, y) }
    }

    private static func transposed(_ image: RGBImage) throws -> RGBImage {
        try made(image.height, image.width) { x, y in pixel(image, y, x) }
    }

    private static func pixel(_ image: RGBImage, _ x: Int, _ y: Int) -> ArraySlice<UInt8> {
        image.pixels[(y * image.width + x) * 3..<(y * image.width + x) * 3 + 3]
    }

    private static func made(_ width: Int, _ height: Int, _ pixel: (Int, Int) -> ArraySlice<UInt8>) throws -> RGBImage {
        let pixels = (0..<height).flatMap { y in (0..<width).flatMap { x in pixel(x, y) } }
        return try RGBImage(width: width, height: height, pixels: pixels)
    }

    @Test(arguments: [UInt8](0...9), [true, false])
    func `a picture is turned as its orientation says, in each format`(orientation: UInt8, isBigEndian: Bool) throws {
        let exif =
            isBigEndian
            ? ExifBlock.bigEndian(orientation: orientation) : ExifBlock.littleEndian(orientation: orientation)
        let image = try DecodingTests.sample(16, 12)
        let png = try image.pngData()
        let jpeg = try image.jpegData()
        let webP = WebPFile.lossless
        let pairs = [
            (png, PNGFile.adding(PNGFile.chunk("eXIf", exif), to: png)), (jpeg, JPEGFile.tagged(jpeg, exif)),
            (webP, WebPFile.tagged(webP, width: 16, height: 12, exif)),
            (webP, WebPFile.tagged(webP, width: 16, height: 12, Array("Exif\0\0".utf8) + exif)),
        ]
        for (plain, tagged) in pairs {
            let expected = try Self.turned(RGBImage(decoding: plain), orientation)
            #expect(try RGBImage(decoding: tagged) == expected)
        }
    }

    @Test func `damaged EXIF never stops a picture from being read`() throws {
        let jpeg = try DecodingTests.sample(16, 12).jpegData()
        let upright = try RGBImage(decoding: jpeg)
        for seed in 0..<1000 {
            let order: [UInt8] =
                seed % 2 == 0 ? ExifBlock.bigEndian(orientation: 1) : ExifBlock.littleEndian(orientation: 1)
            let exif = Mutations.mutate(order, seed: UInt64(seed)).prefix(200)
            let image = try RGBImage(decoding: JPEGFile.tagged(jpeg, Array(exif)))
            #expect(image.pixels.count == upright.pixels.count)
        }
        for count in 0..<26 {
            let exif = Array(ExifBlock.bigEndian(orientation: 3).prefix(count))
            let image = try RGBImage(decoding: JPEGFile.tagged(jpeg, exif))
            #expect(count >= 20 || image == upright)
        }
    }
}
