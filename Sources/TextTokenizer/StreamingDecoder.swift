/// Decodes tokens as they come, never showing half a character.
///
/// The texts returned, joined, are what ``Tokenizer/decode(_:skippingSpecialTokens:)`` makes of all tokens at once.
public struct StreamingDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skippingSpecialTokens: Bool
    /// The beginning of a character whose other bytes have not come yet.
    private var pending: [UInt8] = []

    /// A decoder that has seen no token.
    public init(tokenizer: Tokenizer, skippingSpecialTokens: Bool = true) {
        self.tokenizer = tokenizer
        self.skippingSpecialTokens = skippingSpecialTokens
    }

    /// The text that `ids` add; an unfinished character at the end is kept back.
    public mutating func append(_ ids: some Sequence<Int32>) -> String {
        for id in ids where !(skippingSpecialTokens && tokenizer.isSpecial(id)) {
            pending.append(contentsOf: tokenizer.bytes(of: id))
        }
        let ready = pending.count - unfinishedCount
        defer { pending.removeFirst(ready) }
        return String(decoding: pending[..<ready], as: UTF8.self)
    }

    /// The rest, in which a character that stayed unfinished is U+FFFD.
    public mutating func finish() -> String {
        defer { pending.removeAll() }
        return String(decoding: pending, as: UTF8.self)
    }

    /// How many bytes at the end could be the beginning of a character.
    private var unfinishedCount: Int {
        for count in 1...3 where count <= pending.count {
            let lead = pending[pending.count - count]
            if lead & 0xC0 == 0x80 { continue }
            let length = lead >= 0xF0 && lead < 0xF5 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 1
            guard length > count, lead < 0xF5 else { return 0 }
            // A second byte outside the narrower ranges of some lead bytes makes the sequence invalid at once.
            if count > 1 {
                let second = pending[pending.count - count + 1]
                let allowed: ClosedRange<UInt8> =
                    switch lead {
                    case 0xE0: 0xA0...0xBF
                    case 0xED: 0x80...0x9F
                    case 0xF0: 0x90...0xBF
                    case 0xF4: 0x80...0x8F
                    default: 0x80...0xBF
                    }
                if !allowed.contains(second) { return 0 }
            }
            return count
        }
        return 0
    }
}
