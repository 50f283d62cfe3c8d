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
            guard name == 0x0112, let type = number(entry + 2, 2) else { continue }
            // A 16-bit or 32-bit number, in the first bytes of the value.
            return type == 3 ? number(entry + 8, 2) : type == 4 ? number(entry + 8, 4) : nil
        }
        return nil
    }

    /// The image as it is to be seen.
    func apply(to image: RGBImage) throws(ImageError) -> RGBImage {
        if self == .upright { return image }
        let (W, H) = (image.width, image.height)
        // The stored pixel at the top left, and how far to go in the file for a step to the right and one down.
        let (start, right, down) =
            switch self {
            case .upright: (0, 1, W)
            case .mirrored: (W - 1, -1, W)
            case .upsideDown: (W * H - 1, -1, -W)
            case .flipped: ((H - 1) * W, 1, -W)
            case .transposed: (0, W, 1)
            case .rightward: ((H - 1) * W, -W, 1)
            case .transversed: (W * H - 1, -W, -1)
            case .leftward: (W - 1, W, -1)
            }
        let (width, height) = rawValue >= 5 ? (H, W) : (W, H)
        let turned = [UInt8](unsafeUninitializedCapacity: image.pixels.count) { pixels, count in
            image.pixels.withUnsafeBufferPointer { stored in
                for y in 0..<height {
                    for x in 0..<width {
                        let (to, from) = ((y * width + x) * 3, (start + x * right + y * down) * 3)
                        for c in 0..<3 { pixels[to + c] = stored[from + c] }
                    }
                }
            }
            count = image.pixels.count
        }
        return try RGBImage(width: width, height: height, pixels: turned)
    }
}
