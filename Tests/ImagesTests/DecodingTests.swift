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

    @Test(arguments: [[], [1, 2, 3], Array("GIF89a.........".utf8), Array("RIFF....WEBPVP8 ....".utf8)] as [[UInt8]])
    func `what is no image is refused`(bytes: [UInt8]) {
        #expect(throws: ImageError.self) { try RGBImage(decoding: bytes) }
    }

    @Test func `a mask covers the tokens that it covers by half`() throws {
        var pixels = [UInt8](repeating: 0, count: 64 * 64)
        for y in 0..<64 { for x in 32..<64 { pixels[y * 64 + x] = 255 } }
        let mask = try GrayImage(width: 64, height: 64, pixels: pixels).latentMask(side: 4)
        #expect(mask == (0..<16).map { $0 % 4 >= 2 })
    }

    @Test func `a gray picture keeps its values, and colours become luma`() throws {
        let gray = try RGBImage(width: 2, height: 1, pixels: [7, 7, 7, 255, 255, 255])
        #expect(try GrayImage(decoding: gray.pngData()).pixels == [7, 255])
        let colour = try RGBImage(width: 3, height: 1, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255])
        #expect(try GrayImage(decoding: colour.pngData()).pixels == [76, 150, 29])
    }

    @Test(arguments: ["png", "jpg", "JPEG"])
    func `a file is written whole, over what was there, and leaves nothing beside it`(name: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mmada-images-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: String(repeating: "ü", count: 120) + "." + name)
        let image = try Self.sample(37, 23)
        try Data("old".utf8).write(to: file)
        try image.write(to: file)
        let found = try RGBImage(contentsOf: file)
        #expect(try name == "png" ? found == image : found.psnr(against: image) > 10)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)).count == 1)
        #expect(throws: ImageError.unknownExtension("gif")) { try image.write(to: folder.appending(path: "a.gif")) }
        let nowhere = folder.appending(path: "none/a.png")
        #expect(throws: ImageError.unwritable(nowhere, reason: "No such file or directory")) {
            try image.write(to: nowhere)
        }
        #expect(throws: ImageError.self) { try RGBImage(contentsOf: nowhere) }
        #expect(throws: ImageError.self) { try RGBImage(contentsOf: folder) }
    }

    @Test(arguments: [0, 101, -1])
    func `a JPEG of impossible quality is refused`(quality: Int) throws {
        #expect(throws: ImageError.self) { try Self.sample(2, 2).jpegData(quality: quality) }
    }

    @Test func `a picture of one colour keeps it at every size`() throws {
        for value: UInt8 in [0, 1, 127, 254, 255] {
            for size in [1, 2, 3, 7, 31] {
                let image = try RGBImage(width: size, height: 5, pixels: [UInt8](repeating: value, count: size * 15))
                for target in [1, 2, 5, 30, 97] {
                    let found = try image.resized(width: target, height: 98 - target).pixels
                    #expect(found.allSatisfy { $0 == value })
                }
            }
        }
    }

    @Test func `pictures of one size make a grid`() throws {
        let image = try Self.sample(3, 2)
        let grid = try RGBImage.grid([image, image, image], columns: 2)
        #expect(grid.width == 6 && grid.height == 4)
        #expect(grid.pixels.suffix(9).allSatisfy { $0 == 255 })
        #expect(throws: ImageError.self) { try RGBImage.grid([image, Self.sample(4, 2)], columns: 2) }
    }

    @Test func `a mask marks what is transparent, or what is white where nothing is`() throws {
        // Two pixels, red at half and blue at full opacity, as Pillow writes them.
        let transparent = [UInt8](
            try #require(
                Data(
                    base64Encoded:
                        "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAYAAAD0In+KAAAAEUlEQVR4nGP4z8DQwMDw/z8ADX4DfuoeFyEAAAAASUVORK5CYII="
                )))
        #expect(try GrayImage(decodingMask: transparent).pixels == [127, 0])
        let plain = try RGBImage(width: 2, height: 1, pixels: [255, 255, 255, 0, 0, 0]).pngData()
        #expect(try GrayImage(decodingMask: plain).pixels == [255, 0])
        #expect(throws: ImageError.self) { try GrayImage(decodingMask: Array(transparent.prefix(60))) }
    }
}
