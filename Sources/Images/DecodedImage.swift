internal import CImages
internal import CTurboJPEG
internal import CWebP

/// A file's pixels as they are stored, and how they are to be turned.
struct DecodedImage {
    private let image: RGBImage
    private let orientation: Orientation

    init(_ bytes: [UInt8], _ limits: ImageLimits) throws(ImageError) {
        guard bytes.count <= limits.maxFileBytes else {
            throw .fileTooLarge(bytes: bytes.count, limit: limits.maxFileBytes)
        }
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
            image = try Self.png(bytes, limits)
            orientation = Orientation(exif: ExifLocator.png(bytes))
        } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            image = try Self.jpeg(bytes, limits)
            orientation = Orientation(exif: ExifLocator.jpeg(bytes))
        } else if bytes.count > 12, bytes.starts(with: Array("RIFF".utf8)), bytes[8..<12].elementsEqual("WEBP".utf8) {
            image = try Self.webP(bytes, limits)
            orientation = Orientation(exif: ExifLocator.webP(bytes))
        } else {
            throw .unknownFormat(firstBytes: Array(bytes.prefix(8)))
        }
    }

    /// The image the right way up.
    var oriented: RGBImage {
        get throws(ImageError) { try orientation.apply(to: image) }
    }

    private static func png(_ bytes: [UInt8], _ limits: ImageLimits) throws(ImageError) -> RGBImage {
        var (width, height): (UInt32, UInt32) = (0, 0)
        var reason = [CChar](repeating: 0, count: 256)
        guard cimages_png_size(bytes, bytes.count, &width, &height, &reason, reason.count) == 0 else {
            throw .corrupt(format: "PNG", reason: text(reason))
        }
        let (w, h) = (Int(width), Int(height))
        try limits.check(width: w, height: h)
        var pixels = [UInt8](repeating: 0, count: w * h * 3)
        guard cimages_png_decode(bytes, bytes.count, &pixels, width, height, &reason, reason.count) == 0 else {
            throw .corrupt(format: "PNG", reason: text(reason))
        }
        return try RGBImage(width: w, height: h, pixels: pixels)
    }

    private static func text(_ reason: [CChar]) -> String {
        String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func jpeg(_ bytes: [UInt8], _ limits: ImageLimits) throws(ImageError) -> RGBImage {
        guard let decoder = tjInitDecompress() else {
            throw .corrupt(format: "JPEG", reason: "the decoder could not be started")
        }
        defer { tjDestroy(decoder) }
        func reason() -> String { String(cString: tjGetErrorStr2(decoder)) }
        var (width, height, subsampling, colors): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
        let size = UInt(bytes.count)
        guard tjDecompressHeader3(decoder, bytes, size, &width, &height, &subsampling, &colors) == 0 else {
            // TurboJPEG reads the usual seven arrangements only, and says so as if the file were wrong.
            if reason().contains("subsampling") { throw .unsupported(format: "JPEG", what: "unusual subsampling") }
            throw .corrupt(format: "JPEG", reason: reason())
        }
        let (w, h) = (Int(width), Int(height))
        try limits.check(width: w, height: h)
        let isInk = colors == TJCS_CMYK.rawValue || colors == TJCS_YCCK.rawValue
        let format = Int32((isInk ? TJPF_CMYK : TJPF_RGB).rawValue)
        var pixels = [UInt8](repeating: 0, count: w * h * (isInk ? 4 : 3))
        // Each scan of a progressive file goes over all pixels again, though it may be a few bytes: 500 of them, which
        // TurboJPEG allows, would keep it busy for minutes.
        let scans = JPEGSegments(bytes).count { $0.marker == JPEGSegments.startOfScan }
        guard scans * w * h <= 16 * limits.maxPixels else {
            throw .unsupported(format: "JPEG", what: "\(scans) scans of \(w)×\(h) pixels")
        }
        // Warnings mean damaged data.
        let flags = TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS
        guard tjDecompress2(decoder, bytes, size, &pixels, width, 0, height, format, flags) == 0 else {
            throw .corrupt(format: "JPEG", reason: reason())
        }
        return try RGBImage(width: w, height: h, pixels: isInk ? colours(ofInks: pixels) : pixels)
    }

    /// Red, green and blue of cyan, magenta, yellow and black, which JPEG files hold inverted (Adobe's way).
    private static func colours(ofInks inks: [UInt8]) -> [UInt8] {
        var pixels = [UInt8]()
        pixels.reserveCapacity(inks.count / 4 * 3)
        for i in stride(from: 0, to: inks.count, by: 4) {
            let light = Int(inks[i + 3])  // 255 − black
            for k in i..<i + 3 {
                let product = (255 - Int(inks[k])) * light + 128
                pixels.append(UInt8(clamping: light - ((product >> 8) + product) >> 8))
            }
        }
        return pixels
    }

    private static func webP(_ bytes: [UInt8], _ limits: ImageLimits) throws(ImageError) -> RGBImage {
        var features = WebPBitstreamFeatures()
        guard WebPGetFeatures(bytes, bytes.count, &features) == VP8_STATUS_OK else {
            throw .corrupt(format: "WebP", reason: "it has no readable header")
        }
        guard features.has_animation == 0 else { throw .unsupported(format: "WebP", what: "an animation") }
        let (w, h) = (Int(features.width), Int(features.height))
        try limits.check(width: w, height: h)
        var pixels = [UInt8](repeating: 0, count: w * h * 3)
        guard WebPDecodeRGBInto(bytes, bytes.count, &pixels, pixels.count, Int32(w * 3)) != nil else {
            throw .corrupt(format: "WebP", reason: "its data end too early or contradict themselves")
        }
        return try RGBImage(width: w, height: h, pixels: pixels)
    }
}
