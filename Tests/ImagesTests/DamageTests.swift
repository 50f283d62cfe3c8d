import Foundation
import Images
import TestSupport
import Testing

/// What decoders do with files that are damaged, or made to do harm.
@Suite struct DamageTests {
    /// Small files of many kinds.
    enum Kind: String, CaseIterable {
        case png, palettePNG, jpeg, turnedJPEG, losslessWebP, lossyWebP

        var file: [UInt8] {
            get throws {
                switch self {
                case .png: try DecodingTests.sample(40, 30).pngData()
                case .palettePNG: [UInt8](try Data(contentsOf: Golden.file("images/palette.png")))
                case .jpeg: try DecodingTests.sample(40, 30).jpegData()
                case .turnedJPEG:
                    JPEGFile.tagged(try DecodingTests.sample(32, 16).jpegData(), ExifBlock.bigEndian(orientation: 6))
                case .losslessWebP: WebPFile.lossless
                case .lossyWebP: WebPFile.lossy
                }
            }
        }
    }

    @Test(arguments: Kind.allCases)
    func `damaged files give an image or an error, and nothing else`(kind: Kind) throws {
        let file = try kind.file
        #expect(throws: Never.self) { try RGBImage(decoding: file) }
        var limits = ImageLimits()
        limits.maxPixels = 1 << 20  // so that a damaged size does not make the test slow
        let started = ContinuousClock.now
        var refused = 0
        for seed in 0..<400 {
            do throws(ImageError) {
                let image = try RGBImage(decoding: Mutations.mutate(file, seed: UInt64(seed)), limits: limits)
                #expect(image.pixels.count == image.width * image.height * 3)
                #expect(image.width * image.height <= limits.maxPixels)
            } catch {
                refused += 1
                #expect(!error.description.isEmpty && !error.description.contains("\n"))
            }
        }
        #expect(refused > 100)
        #expect(ContinuousClock.now - started < .seconds(60))
    }

    @Test(arguments: Kind.allCases)
    func `a file that ends too early is refused, wherever it ends`(kind: Kind) throws {
        let file = try kind.file
        // What may be missing at the end: nothing of a PNG or JPEG; the padding byte and metadata of a WebP.
        let needed = kind == .losslessWebP || kind == .lossyWebP ? file.count - 4 : file.count
        for count in stride(from: 0, to: needed, by: max(1, file.count / 300)) {
            #expect(throws: ImageError.self, "\(count) of \(file.count) bytes") {
                try RGBImage(decoding: Array(file.prefix(count)))
            }
        }
    }

    @Test(
        arguments: [
            (.png, 16, [0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]), (.jpeg, 0, [0x75, 0x30, 0x75, 0x30]),
            (.losslessWebP, 21, [0xFF, 0xFF, 0xFF, 0x0F]), (.lossyWebP, 26, [0xFF, 0x3F, 0xFF, 0x3F]),
        ] as [(Kind, Int, [UInt8])])
    func `a picture too large is refused by its header alone`(kind: Kind, at: Int, size: [UInt8]) throws {
        var file = try kind.file
        // In a JPEG the frame header is wherever tables leave it.
        let frame = kind == .jpeg ? (0..<file.count - 1).first { file[$0] == 0xFF && file[$0 + 1] == 0xC0 } : nil
        let place = frame.map { $0 + 5 } ?? at
        file.replaceSubrange(place..<place + size.count, with: size)
        var limits = ImageLimits()
        limits.maxSide = 10000
        let before = try residentMemory()
        do throws(ImageError) {
            _ = try RGBImage(decoding: file, limits: limits)
            Issue.record("accepted")
        } catch {
            guard case .tooLarge(let width, let height, _) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(max(width, height) > 10000)
        }
        // Other tests run beside this one, so only a decoder's 1 GB would be noticed.
        #expect(try residentMemory() < before + (256 << 20))
    }

    @Test func `a chunk with a wrong checksum is refused`() throws {
        var chunk = PNGFile.chunk("tEXt", Array("Comment\0hello".utf8))
        let file = try DecodingTests.sample(4, 4).pngData()
        #expect(throws: Never.self) { try RGBImage(decoding: PNGFile.adding(chunk, to: file)) }
        chunk = PNGFile.chunk("PLTE", [1, 2, 3, 4, 5, 6])
        chunk[9] ^= 1
        #expect(throws: ImageError.self) { try RGBImage(decoding: PNGFile.adding(chunk, to: file)) }
    }

    @Test func `a colour that the palette lacks is refused, and so is a wrong checksum of the pixels`() throws {
        let image = try RGBImage(decoding: PNGFile.palette(colours: 3, pixels: [0, 2, 1, 2]))
        #expect(image.pixels == [0, 1, 2, 6, 7, 8, 3, 4, 5, 6, 7, 8])
        #expect(throws: ImageError.self) { try RGBImage(decoding: PNGFile.palette(colours: 3, pixels: [0, 3, 1, 2])) }
        #expect(throws: ImageError.self) {
            try RGBImage(decoding: PNGFile.palette(colours: 3, pixels: [0, 2, 1, 2], adlerError: 1))
        }
    }

    @Test func `a file of very many scans is refused`() throws {
        var limits = ImageLimits()
        limits.maxPixels = 64
        #expect(throws: Never.self) { try RGBImage(decoding: JPEGFile.progressive, limits: limits) }
        #expect(throws: ImageError.unsupported(format: "JPEG", what: "30 scans of 8×8 pixels")) {
            try RGBImage(decoding: JPEGFile.progressive(extraScans: 20), limits: limits)
        }
    }

    @Test func `an animation is refused`() {
        #expect(throws: ImageError.unsupported(format: "WebP", what: "an animation")) {
            try RGBImage(decoding: WebPFile.animated)
        }
    }

    @Test func `files and sizes beyond the limits are refused`() throws {
        let file = try DecodingTests.sample(4, 4).pngData()
        var limits = ImageLimits()
        limits.maxFileBytes = file.count - 1
        #expect(throws: ImageError.fileTooLarge(bytes: file.count, limit: file.count - 1)) {
            try RGBImage(decoding: file, limits: limits)
        }
        limits.maxFileBytes = .max
        limits.maxPixels = 15
        #expect(throws: ImageError.self) { try RGBImage(decoding: file, limits: limits) }
        limits.maxPixels = 16
        #expect(throws: Never.self) { try RGBImage(decoding: file, limits: limits) }
    }

    @Test(arguments: [(-1, -1), (0, 5), (.max, .max), (.max, 2), (1 << 40, 1 << 40), (3, 3)])
    func `pixels that do not fill the size are refused`(width: Int, height: Int) {
        #expect(throws: ImageError.self) { try RGBImage(width: width, height: height, pixels: [1, 2, 3]) }
        #expect(throws: ImageError.self) { try GrayImage(width: width, height: height, pixels: [1, 2, 3]) }
    }

    @Test(arguments: [0, -1, 16385, .max, .min])
    func `sizes to make that are out of range are refused`(size: Int) throws {
        let image = try DecodingTests.sample(4, 3)
        #expect(throws: ImageError.self) { try image.resized(width: size, height: 4) }
        #expect(throws: ImageError.self) { try image.resized(width: 4, height: size) }
        for kind in ImagePreprocessing.allCases {
            #expect(throws: ImageError.self) { try image.preprocessed(kind, resolution: size) }
        }
        #expect(throws: ImageError.self) { try GrayImage(width: 1, height: 1, pixels: [1]).latentMask(side: size) }
        // A strip so long that a square of its shorter side takes a picture beyond the limits.
        let strip = try RGBImage(width: 16384, height: 1, pixels: [UInt8](repeating: 0, count: 16384 * 3))
        #expect(throws: ImageError.self) { try strip.preprocessed(.crop, resolution: 512) }
        #expect(throws: ImageError.self) { try strip.preprocessed(.pad, resolution: 512) }
    }
}
