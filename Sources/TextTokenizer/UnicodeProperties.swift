/// What the scanner and the normalisers ask about a code point, as bits.
struct UnicodeProperties: OptionSet, Hashable, Sendable {
    let rawValue: UInt8

    /// General category L.
    static let letter = UnicodeProperties(rawValue: 1)
    /// General category N.
    static let number = UnicodeProperties(rawValue: 2)
    /// White_Space.
    static let space = UnicodeProperties(rawValue: 4)
    /// What `\w` means to the matcher of added tokens.
    static let word = UnicodeProperties(rawValue: 8)
    /// Text with such a code point may change under NFC; text without one does not.
    static let composing = UnicodeProperties(rawValue: 16)
    /// What BERT cuts out as a word of its own.
    static let punctuation = UnicodeProperties(rawValue: 32)
    /// A mark that BERT strips once it stands apart from its letter.
    static let accent = UnicodeProperties(rawValue: 64)
    /// A control character or the like, which BERT leaves out.
    static let removed = UnicodeProperties(rawValue: 128)

    /// The bits that a split pattern can ask for.
    static let patternBits: UInt8 = 7

    /// The properties of every code point, one byte each: a scan must not search.
    static let table: [UInt8] = {
        let runs = UnicodeTables.properties
        var table = [UInt8](repeating: 0, count: 0x11_0000)
        for (index, run) in runs.enumerated() where run & 0xFF != 0 {
            let end = index + 1 < runs.count ? Int(runs[index + 1] >> 8) : table.count
            for point in Int(run >> 8)..<end { table[point] = UInt8(run & 0xFF) }
        }
        return table
    }()

    /// The properties of `point`.
    static func of(_ point: UInt32) -> UnicodeProperties {
        UnicodeProperties(rawValue: point < 0x11_0000 ? table[Int(point)] : 0)
    }
}

/// Reading of UTF-8 that is known to be valid, as the bytes of a `String` are.
enum UTF8Reader {
    /// The code point that starts at `at`, and its length in bytes.
    @inline(__always)
    static func scalar(_ text: UnsafeBufferPointer<UInt8>, at: Int, end: Int) -> (point: UInt32, length: Int) {
        let lead = UInt32(text[at])
        if lead < 0x80 { return (lead, 1) }
        // Ends are checked all the same: a wrong caller must not read past the text.
        func tail(_ offset: Int) -> UInt32 { at + offset < end ? UInt32(text[at + offset]) & 0x3F : 0 }
        if lead < 0xE0 { return ((lead & 0x1F) << 6 | tail(1), min(2, end - at)) }
        if lead < 0xF0 { return ((lead & 0x0F) << 12 | tail(1) << 6 | tail(2), min(3, end - at)) }
        return ((lead & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), min(4, end - at))
    }

    /// Where the code point before `at` starts.
    @inline(__always)
    static func previous(_ text: UnsafeBufferPointer<UInt8>, before at: Int, start: Int) -> Int {
        var position = at - 1
        while position > start, text[position] & 0xC0 == 0x80 { position -= 1 }
        return position
    }
}
