/// Finds the TIFF block of EXIF data in a file, without trusting any length in it.
enum ExifLocator {
    static func jpeg(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
        for segment in JPEGSegments(bytes) {
            if segment.marker == JPEGSegments.startOfScan { return nil }
            let body = bytes[segment.body]
            if segment.marker == 0xE1, body.starts(with: Array("Exif\0\0".utf8)) { return body.dropFirst(6) }
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

/// The segments of a JPEG file up to the end of the image, or to the first thing that is none.
struct JPEGSegments: Sequence, IteratorProtocol {
    /// The marker before compressed pixels.
    static let startOfScan: UInt8 = 0xDA
    private static let endOfImage: UInt8 = 0xD9

    private let bytes: [UInt8]
    private var at = 2  // after the start of the image
    private var followsScan = false

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> (marker: UInt8, body: Range<Int>)? {
        if followsScan { skipPixels() }
        while at + 4 <= bytes.count, bytes[at] == 0xFF {
            let marker = bytes[at + 1]
            if marker == 0xFF {  // a fill byte
                at += 1
                continue
            }
            if Self.standsAlone(marker) {
                at += 2
                continue
            }
            let length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
            let body = at + 4
            guard marker != Self.endOfImage, length >= 2, at + 2 + length <= bytes.count else { return nil }
            at += 2 + length
            followsScan = marker == Self.startOfScan
            return (marker, body..<at)
        }
        return nil
    }

    /// Goes to the next marker: among pixels, a byte 255 is followed by 0 or begins a restart marker.
    private mutating func skipPixels() {
        while at + 1 < bytes.count {
            let isMarker = bytes[at] == 0xFF && bytes[at + 1] != 0 && !Self.standsAlone(bytes[at + 1])
            if isMarker { return }
            at += 1
        }
    }

    private static func standsAlone(_ marker: UInt8) -> Bool { marker == 0x01 || (0xD0...0xD7).contains(marker) }
}
