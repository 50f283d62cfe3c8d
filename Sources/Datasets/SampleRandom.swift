/// A small generator (SplitMix64) whose whole state is one number that can be saved.
///
/// Draws are written out here, not left to the standard library: a run resumed under another Swift must go on the same.
public struct SampleRandom: RandomNumberGenerator, Codable, Hashable, Sendable {
    private var state: UInt64

    /// Starts the sequence that belongs to `seed`.
    public init(seed: UInt64) { state = seed }

    /// Starts the sequence of one sample in one pass, which depends on nothing else.
    public init(seed: UInt64, pass: Int, id: String) {
        var hash = StableHash()
        hash.combine(seed)
        hash.combine(UInt64(bitPattern: Int64(pass)))
        hash.combine(id)
        state = hash.value
    }

    /// Reads the state, hexadecimal in a string: JSON readers round numbers of 64 bits.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let state = UInt64(try container.decode(String.self), radix: 16) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected 64 bits in hexadecimal")
        }
        self.state = state
    }

    /// Writes the state.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(String(state, radix: 16))
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return StableHash.mix(state)
    }

    /// A whole number from 0 up to but without `bound`, which is at least 1; every one equally likely.
    public mutating func below(_ bound: Int) -> Int {
        let bound = UInt64(max(1, bound))
        var product = next().multipliedFullWidth(by: bound)
        if product.low < bound {
            // Lemire's method: values in the incomplete last stretch are drawn again.
            let threshold = (0 &- bound) % bound
            while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
        }
        return Int(product.high)
    }

    /// A number from 0 up to but without 1, of 53 random bits.
    public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// The numbers from 0 up to but without `count` in random order.
    public mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<max(0, count))
        for last in order.indices.dropFirst().reversed() { order.swapAt(last, below(last + 1)) }
        return order
    }
}

/// A hash that is the same in every run and on every machine (FNV-1a, mixed at the end).
struct StableHash {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func combine(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { add(UInt8(truncatingIfNeeded: number >> shift)) }
    }

    mutating func combine(_ text: String) {
        for byte in text.utf8 { add(byte) }
        add(0xFF)  // occurs in no UTF-8, so that "ab", "c" and "a", "bc" differ
    }

    var value: UInt64 { Self.mix(state) }

    private mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }

    static func mix(_ number: UInt64) -> UInt64 {
        var z = number
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
