/// A random order of the numbers below `count` in which any place can be computed alone.
///
/// A Feistel network over the next power of four, walked until it lands below `count`: a list of a million shuffled
/// numbers would have to be kept, and saved, with every pass.
struct IndexPermutation {
    private let count: UInt64
    private let halfBits: UInt64
    private let seed: UInt64

    init(count: Int, seed: UInt64) {
        self.count = UInt64(max(0, count))
        let bits = UInt64(UInt64.bitWidth - max(1, self.count &- 1).leadingZeroBitCount)
        halfBits = max(1, (bits + 1) / 2)
        self.seed = seed
    }

    /// The number at a place; both are below `count`.
    subscript(place: Int) -> Int {
        var value = UInt64(place)
        repeat { value = rounds(value) } while value >= count
        return Int(value)
    }

    private func rounds(_ value: UInt64) -> UInt64 {
        let mask = (UInt64(1) << halfBits) - 1
        var (left, right) = (value >> halfBits, value & mask)
        for round in UInt64(1)...4 {
            let noise = StableHash.mix(right &+ seed &+ round &* 0x9E37_79B9_7F4A_7C15)
            (left, right) = (right, left ^ (noise & mask))
        }
        return left << halfBits | right
    }
}
