/// One header block of a tar archive: ustar with the extensions of GNU.
struct TarHeader {
    static let blockBytes = 512

    let name: String
    let size: Int
    let kind: UInt8

    /// Whether bytes follow which belong to a file.
    var isFile: Bool { kind == UInt8(ascii: "0") || kind == 0 || kind == UInt8(ascii: "7") }
    var isLink: Bool { kind == UInt8(ascii: "1") || kind == UInt8(ascii: "2") }
    /// Links, directories and devices have no content, whatever their size says.
    var hasContent: Bool { !(UInt8(ascii: "1")...UInt8(ascii: "6")).contains(kind) }

    /// Reads a header of 512 bytes; `nil` for a block of zeros, which ends the archive.
    init?(_ block: [UInt8]) throws(TarFault) {
        guard block.contains(where: { $0 != 0 }) else { return nil }
        let stated = try Self.number(block[148..<156], "checksum")
        // The sum is taken as if its own field were spaces; some old programs added signed bytes.
        var (unsigned, signed) = (0, 0)
        for (place, byte) in block.enumerated() {
            let byte = (148..<156).contains(place) ? UInt8(ascii: " ") : byte
            unsigned += Int(byte)
            signed += Int(Int8(bitPattern: byte))
        }
        guard stated == unsigned || stated == signed else { throw .checksum }

        kind = block[156]
        size = try Self.number(block[124..<136], "size")
        let short = Self.text(block[0..<100])
        // GNU writes "ustar  ", and other things where the prefix would be.
        let isStandard = block[257..<263].elementsEqual(Array("ustar".utf8) + [0])
        let prefix = isStandard ? Self.text(block[345..<500]) : ""
        name = prefix.isEmpty ? short : prefix + "/" + short
    }

    /// Up to the first zero byte.
    static func text(_ field: ArraySlice<UInt8>) -> String { String(decoding: field.prefix { $0 != 0 }, as: UTF8.self) }

    /// Octal digits between spaces or zeros, or base 256 if the first bit is set.
    private static func number(_ field: ArraySlice<UInt8>, _ name: String) throws(TarFault) -> Int {
        let limit = Int64(1) << 53
        var value: Int64 = 0
        if let first = field.first, first & 0x80 != 0 {
            guard first == 0x80 else { throw .number(field: name) }  // 0xFF: negative
            for byte in field.dropFirst() {
                value = value << 8 | Int64(byte)
                guard value < limit else { throw .number(field: name) }
            }
            return Int(value)
        }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        for byte in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) else { throw .number(field: name) }
            value = value << 3 | Int64(byte - UInt8(ascii: "0"))
            guard value < limit else { throw .number(field: name) }
        }
        return Int(value)
    }
}

/// The lines of an extended (pax) header that matter here.
struct PaxRecords {
    private(set) var path: String?
    private(set) var size: Int?
    private(set) var isSparse = false

    /// Reads `length key=value` lines.
    init(_ bytes: [UInt8]) throws(TarFault) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard let length = Int(String(decoding: digits, as: UTF8.self)), length > digits.count + 1,
                length <= rest.count, rest[rest.startIndex + digits.count] == 0x20
            else {
                // Some programs fill the block with zeros.
                if rest.allSatisfy({ $0 == 0 }) { return }
                throw .extendedHeader
            }
            let line = rest.prefix(length).dropFirst(digits.count + 1)
            guard line.last == 0x0A, let equals = line.firstIndex(of: UInt8(ascii: "=")) else { throw .extendedHeader }
            let key = String(decoding: line[..<equals], as: UTF8.self)
            let value = String(decoding: line[(equals + 1)...].dropLast(), as: UTF8.self)
            switch key {
            case "path": path = value
            case "size":
                guard let number = Int(value), number >= 0, number < 1 << 53 else { throw .number(field: "size") }
                size = number
            default: if key.hasPrefix("GNU.sparse.") { isSparse = true }
            }
            rest = rest.dropFirst(length)
        }
    }
}
