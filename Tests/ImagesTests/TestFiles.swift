import Foundation
import Testing

/// An EXIF block that holds an orientation and nothing else.
enum ExifBlock {
    static func bigEndian(orientation: UInt8) -> [UInt8] {
        [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]
    }

    static func littleEndian(orientation: UInt8) -> [UInt8] {
        [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]
    }
}

/// JPEG files, put together by hand.
enum JPEGFile {
    static func tagged(_ file: [UInt8], _ exif: [UInt8]) -> [UInt8] {
        let body = Array("Exif\0\0".utf8) + exif
        return Array(file.prefix(2)) + [0xFF, 0xE1, 0, UInt8(body.count + 2)] + body + Array(file.dropFirst(2))
    }

    /// 8 × 8 pixels in ten scans, made by Pillow.
    static let progressive = decoded(
        """
        /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19i\
        Z2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2Nj\
        Y2NjY2NjY2P/wgARCAAIAAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAX/xAAVAQEBAAAAAAAAAAAAAAAAAAABBP/a\
        AAwDAQACEAMQAAABmic//8QAFhAAAwAAAAAAAAAAAAAAAAAAAAID/9oACAEBAAEFAlmf/8QAFxEAAwEAAAAAAAAAAAAAAAAAAAEC\
        Ef/aAAgBAwEBPwGLeH//xAAVEQEBAAAAAAAAAAAAAAAAAAAAEf/aAAgBAgEBPwGv/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgB\
        AQAGPwJ//8QAFRABAQAAAAAAAAAAAAAAAAAAAGH/2gAIAQEAAT8hi//aAAwDAQACAAMAAAAQ8//EABURAQEAAAAAAAAAAAAAAAAA\
        AABB/9oACAEDAQE/EL7/xAAWEQADAAAAAAAAAAAAAAAAAAAAARH/2gAIAQIBAT8Qtn//xAAVEAEBAAAAAAAAAAAAAAAAAAAAMf/a\
        AAgBAQABPxCB/9k=
        """)

    /// The same with its last scan `count` times more.
    static func progressive(extraScans count: Int) throws -> [UInt8] {
        let file = progressive
        let last = try #require((0..<file.count - 1).last { file[$0] == 0xFF && file[$0 + 1] == 0xDA })
        let scan = file[last..<file.count - 2]
        return Array(file.dropLast(2)) + Array(repeatElement(scan, count: count).joined()) + [0xFF, 0xD9]
    }
}

/// PNG files, put together by hand.
enum PNGFile {
    static func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
        let content = Array(name.utf8) + body
        return number(UInt32(body.count)) + content + number(checksum(content))
    }

    /// The file with a chunk put behind its header.
    static func adding(_ chunk: [UInt8], to file: [UInt8]) -> [UInt8] {
        Array(file.prefix(33)) + chunk + Array(file.dropFirst(33))
    }

    /// One row of four pixels, each its place in a palette of two colours or more; zlib stores it as it is.
    static func palette(colours: Int, pixels: [UInt8], adlerError: UInt32 = 0) -> [UInt8] {
        let row = [0] + pixels
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in row {
            a = (a + UInt32(byte)) % 65521
            b = (b + a) % 65521
        }
        let length = UInt8(row.count)
        let data = [0x78, 0x01, 1, length, 0, ~length, 0xFF] + row + number((b << 16 | a) ^ adlerError)
        return [137, 80, 78, 71, 13, 10, 26, 10]
            + chunk("IHDR", number(UInt32(pixels.count)) + number(1) + [8, 3, 0, 0, 0])
            + chunk("PLTE", (0..<colours * 3).map { UInt8($0) }) + chunk("IDAT", data) + chunk("IEND", [])
    }

    private static func number(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(0xFFFF_FFFF as UInt32) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
    }
}

/// WebP files made by Pillow.
enum WebPFile {
    /// 16 × 12 pixels.
    static let lossless = decoded(
        """
        UklGRi4AAABXRUJQVlA4TCIAAAAvD8ACALkyRPQ/dlH/6H+ASNumIu7f7tjxPExATABcB+s/
        """)
    /// 16 × 12 pixels.
    static let lossy = decoded(
        """
        UklGRkwAAABXRUJQVlA4IEAAAAAQAgCdASoQAAwAAoBCJbACdLoAAwgvyHgAAP77GQXn3Z5KHY+1G+PICeAJ9nttrfpULoZ+Rqd2\
        nup8SiPXzTAA
        """)
    /// Two frames.
    static let animated = decoded(
        """
        UklGRuAAAABXRUJQVlA4WAoAAAACAAAAAwAAAwAAQU5JTQYAAAAAAAAAAABBTk1GUgAAAAAAAAAAAAMAAAMAAAAAAAJWUDhMOgAA\
        AC8DwAAAfyAQSIbIn2bIeVDQtg2TtPwJ70jzHyEA4EAI/REE8UFRFAgCINYsWLBg0oIFC0Yi+h8Iq/lBTk1GWgAAAAAAAAAAAAMA\
        AAMAAAAAAABWUDhMQgAAAC8DwAAAfyAQSCQCG3pIgUCKM1hoJQGAIDiV/zOdOP/REYFA3EOhUDcwGMwlHA4HggCINQsWLJi0YMGC\
        kYj+B8JqPg==
        """)

    /// A simple file in the extended format, with EXIF.
    static func tagged(_ file: [UInt8], width: UInt8, height: UInt8, _ exif: [UInt8]) -> [UInt8] {
        let header: [UInt8] = [0x08, 0, 0, 0, width - 1, 0, 0, height - 1, 0, 0]
        let body = chunk("VP8X", header) + Array(file.dropFirst(12)) + chunk("EXIF", exif)
        return Array("RIFF".utf8) + length(body.count + 4) + Array("WEBP".utf8) + body
    }

    private static func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
        Array(name.utf8) + length(body.count) + body + (body.count % 2 == 1 ? [0] : [])
    }

    private static func length(_ count: Int) -> [UInt8] {
        [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: count >> $0) }
    }
}

/// Bytes of a text; none if it is not base 64, which every test of a decoder then notices.
private func decoded(_ base64: String) -> [UInt8] { [UInt8](Data(base64Encoded: base64) ?? Data()) }
