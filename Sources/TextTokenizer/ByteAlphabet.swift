/// The printable character that stands for each byte in the vocabulary of a byte-level tokenizer (GPT-2's table).
enum ByteAlphabet {
    /// For each byte its character, all below U+0144.
    static let characters: [UInt32] = {
        var next: UInt32 = 0x100
        return (UInt32(0)..<256).map { byte in
            // Bytes that print as themselves in Latin-1 keep their place; the others are numbered from U+0100.
            if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte) {
                return byte
            }
            defer { next += 1 }
            return next
        }
    }()

    /// For each character its byte.
    private static let bytes: [UInt8?] = {
        var bytes = [UInt8?](repeating: nil, count: 0x144)
        for (byte, character) in characters.enumerated() { bytes[Int(character)] = UInt8(byte) }
        return bytes
    }()

    /// The bytes that a vocabulary entry stands for; `nil` if a character of it is not of the alphabet.
    static func decode(_ token: [UInt8]) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(token.count)
        let valid: Bool = token.withUnsafeBufferPointer { text in
            var at = 0
            while at < text.count {
                let (point, length) = UTF8Reader.scalar(text, at: at, end: text.count)
                guard point < bytes.count, let byte = bytes[Int(point)] else { return false }
                decoded.append(byte)
                at += length
            }
            return true
        }
        return valid ? decoded : nil
    }

    /// The vocabulary entry that would stand for `byte` alone, in UTF-8.
    static func token(of byte: UInt8) -> [UInt8] {
        let point = characters[Int(byte)]
        return point < 0x80 ? [UInt8(point)] : [UInt8(0xC0 | point >> 6), UInt8(0x80 | point & 0x3F)]
    }
}
