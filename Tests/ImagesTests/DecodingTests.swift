import Foundation
import Images
import TestSupport
import Testing

@Suite struct DecodingTests {
    /// A picture with structure in every channel.
    static func sample(_ width: Int, _ height: Int) throws -> RGBImage {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                pixels += [UInt8(x * 255 / width), UInt8(y * 255 / height), UInt8((x * y) % 251)]
            }
        }
        return try RGBImage(width: width, height: height, pixels: pixels)
    }

    @Test func `a PNG decodes to what was encoded`() throws {
        let image = try Self.sample(37, 23)
        #expect(try RGBImage(decoding: image.pngData()) == image)
    }

    @Test func `a JPEG comes back nearly as it was`() throws {
        let image = try Self.sample(16, 12).resized(width: 64, height: 48)
        let decoded = try RGBImage(decoding: image.jpegData(quality: 95))
        #expect(try decoded.psnr(against: image) > 25)
        #expect(try image.psnr(against: image) == .infinity)
    }

    @Test(arguments: [UInt8](1...8))
    func `a JPEG is turned as its orientation says`(orientation: UInt8) throws {
        let image = try Self.sample(32, 16)
        let plain = try image.jpegData()
        let tiff: [UInt8] = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]
        let body = Array("Exif\0\0".utf8) + tiff
        let tagged = plain.prefix(2) + [0xFF, 0xE1, 0, UInt8(body.count + 2)] + body + plain.dropFirst(2)
        let upright = try RGBImage(decoding: plain)
        let turned = try RGBImage(decoding: Array(tagged))
        #expect(turned.width == (orientation >= 5 ? 16 : 32))
        func pixel(_ image: RGBImage, _ x: Int, _ y: Int) -> [UInt8] {
            Array(image.pixels[(y * image.width + x) * 3..<(y * image.width + x) * 3 + 3])
        }
        // Where the stored top-left corner goes, by the EXIF standard.
        let corner = [(0, 0), (31, 0), (31, 15), (0, 15), (0, 0), (15, 0), (15, 31), (0, 31)][Int(orientation) - 1]
        #expect(pixel(turned, corner.0, corner.1) == pixel(upright, 0, 0))
    }

    @Test func `a picture too large is refused by its header alone`() throws {
        var png = try Self.sample(4, 4).pngData()
        for (i, byte) in [0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30].enumerated() { png[16 + i] = UInt8(byte) }
        #expect(throws: ImageError.tooLarge(width: 30000, height: 30000, limit: "67108864 pixels, 16384 on a side")) {
            try RGBImage(decoding: png)
        }
        var limits = ImageLimits()
        limits.maxFileBytes = 10
        #expect(throws: ImageError.self) { try RGBImage(decoding: png, limits: limits) }
    }

    @Test(arguments: ["png", "jpg"], [0.3, 0.6, 0.95])
    func `a file that ends too early is refused`(format: String, share: Double) throws {
        let image = try Self.sample(80, 60)
        let file = try format == "png" ? image.pngData() : image.jpegData()
        #expect(throws: ImageError.self) { try RGBImage(decoding: Array(file.prefix(Int(Double(file.count) * share)))) }
    }

    @Test(arguments: [[], [1, 2, 3], Array("GIF89a.........".utf8), Array("RIFF....WEBPVP8 ....".utf8)] as [[UInt8]])
    func `what is no image is refused`(bytes: [UInt8]) {
        #expect(throws: ImageError.self) { try RGBImage(decoding: bytes) }
    }

    @Test(arguments: ["png", "jpg", "webp"])
    func `damaged files give an image or an error, and nothing else`(format: String) throws {
        let file: [UInt8] =
            switch format {
            case "png": try Self.sample(40, 30).pngData()
            case "jpg": try Self.sample(40, 30).jpegData()
            default: [UInt8](Data(base64Encoded: Self.webP) ?? Data())
            }
        #expect(throws: Never.self) { try RGBImage(decoding: file) }
        var (refused, accepted) = (0, 0)
        for seed in 0..<400 {
            do {
                let image = try RGBImage(decoding: Mutations.mutate(file, seed: UInt64(seed)))
                #expect(image.pixels.count == image.width * image.height * 3)
                accepted += 1
            } catch {
                refused += 1
            }
        }
        #expect(refused + accepted == 400 && refused > 100)
    }

    /// A lossless WebP of 2 × 2 pixels.
    static let webP = "UklGRhwAAABXRUJQVlA4TA8AAAAvAUAAAAcQ/Y/+ByKi/wEA"

    @Test func `a mask covers the tokens that it covers by half`() throws {
        var pixels = [UInt8](repeating: 0, count: 64 * 64)
        for y in 0..<64 { for x in 32..<64 { pixels[y * 64 + x] = 255 } }
        let mask = try GrayImage(width: 64, height: 64, pixels: pixels).latentMask(side: 4)
        #expect(mask == (0..<16).map { $0 % 4 >= 2 })
    }

    @Test func `pictures of one size make a grid`() throws {
        let image = try Self.sample(3, 2)
        let grid = try RGBImage.grid([image, image, image], columns: 2)
        #expect(grid.width == 6 && grid.height == 4)
        #expect(grid.pixels.suffix(9).allSatisfy { $0 == 255 })
        #expect(throws: ImageError.self) { try RGBImage.grid([image, Self.sample(4, 2)], columns: 2) }
    }
}
