/// How the stored rows and columns lie in the picture (EXIF tag 0x0112).
enum Orientation: Int {
    case upright = 1
    case mirrored, upsideDown, flipped, transposed, rightward, transversed, leftward

    /// Reads the tag from a TIFF block; anything unreadable counts as upright.
    init(exif: ArraySlice<UInt8>?) {
        self = exif.flatMap(Self.tag).flatMap(Orientation.init(rawValue:)) ?? .upright
    }

    private static func tag(_ tiff: ArraySlice<UInt8>) -> Int? {
        let block = Array(tiff)
        guard block.count >= 8 else { return nil }
        let isLittle = block[0] == 0x49 && block[1] == 0x49
        guard isLittle || (block[0] == 0x4D && block[1] == 0x4D) else { return nil }
        func number(_ at: Int, _ bytes: Int) -> Int? {
            guard at >= 0, at <= block.count - bytes else { return nil }
            let digits = block[at..<at + bytes]
            return (isLittle ? Array(digits.reversed()) : Array(digits)).reduce(0) { $0 << 8 | Int($1) }
        }
        guard number(2, 2) == 42, let directory = number(4, 4), let count = number(directory, 2) else { return nil }
        for i in 0..<count {
            let entry = directory + 2 + i * 12
            guard let name = number(entry, 2) else { return nil }
            // Type 3: a 16-bit number, in the first bytes of the value.
            if name == 0x0112, number(entry + 2, 2) == 3 { return number(entry + 8, 2) }
        }
        return nil
    }

    func apply(to image: RGBImage) throws(ImageError) -> RGBImage {
        if self == .upright { return image }
        let (W, H) = (image.width, image.height)
        let swaps = rawValue >= 5
        let (w, h) = swaps ? (H, W) : (W, H)
        var pixels = [UInt8](repeating: 0, count: image.pixels.count)
        for y in 0..<h {
            for x in 0..<w {
                let (sx, sy) =
                    switch self {
                    case .upright: (x, y)
                    case .mirrored: (W - 1 - x, y)
                    case .upsideDown: (W - 1 - x, H - 1 - y)
                    case .flipped: (x, H - 1 - y)
                    case .transposed: (y, x)
                    case .rightward: (y, H - 1 - x)
                    case .transversed: (W - 1 - y, H - 1 - x)
                    case .leftward: (W - 1 - y, x)
                    }
                let (to, from) = ((y * w + x) * 3, (sy * W + sx) * 3)
                for c in 0..<3 { pixels[to + c] = image.pixels[from + c] }
            }
        }
        return try RGBImage(width: w, height: h, pixels: pixels)
    }
}

/// Finds the TIFF block of EXIF data in a file, without trusting any length in it.
enum ExifLocator {
    static func jpeg(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
        var at = 2
        while at + 4 <= bytes.count, bytes[at] == 0xFF {
            let marker = bytes[at + 1]
            if marker == 0xFF {  // a fill byte
                at += 1
                continue
            }
            guard marker != 0xDA, marker != 0xD9 else { return nil }  // pixels or the end
            let length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
            let end = at + 2 + length
            guard length >= 2, end <= bytes.count else { return nil }
            let body = bytes[at + 4..<end]
            if marker == 0xE1, body.starts(with: Array("Exif\0\0".utf8)) { return body.dropFirst(6) }
            at = end
        }
        return nil
    }

    static func png(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
        var at = 8
        while at + 12 <= bytes.count {
            let length = bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
            let name = bytes[at + 4..<at + 8]
            guard length <= bytes.count - at - 12 else { return nil }
            if name.elementsEqual("eXIf".utf8) { return bytes[at + 8..<at + 8 + length] }
            if name.elementsEqual("IEND".utf8) { return nil }
            at += 12 + length
        }
        return nil
    }

    static func webP(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
        var at = 12
        while at + 8 <= bytes.count {
            let length = bytes[at + 4..<at + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - at - 8 else { return nil }
            if bytes[at..<at + 4].elementsEqual("EXIF".utf8) {
                let body = bytes[at + 8..<at + 8 + length]
                return body.starts(with: Array("Exif\0\0".utf8)) ? body.dropFirst(6) : body
            }
            at += 8 + length + length % 2
        }
        return nil
    }
}
