/// A small seeded generator (SplitMix64), so that a failing input can be made again from its seed.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the sequence that belongs to `seed`.
    public init(seed: UInt64) { state = seed }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Damaged copies of a valid input, for tests of what a reader does with bad input.
public enum Mutations {
    /// Bytes that parsers tend to give a meaning of their own.
    private static let edges: [UInt8] = [0, 1, 9, 10, 32, 34, 44, 45, 48, 57, 58, 91, 92, 93, 123, 125, 127, 128, 255]

    /// `seed` as a damaged copy of `input`: one to four of flip, overwrite, insert, delete, repeat, cut and swap.
    public static func mutate(_ input: [UInt8], seed: UInt64) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        var bytes = input
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            guard !bytes.isEmpty else { return [UInt8.random(in: 0...255, using: &random)] }
            let at = Int.random(in: 0..<bytes.count, using: &random)
            let length = min(Int.random(in: 1...16, using: &random), bytes.count - at)
            switch Int.random(in: 0..<7, using: &random) {
            case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[at] = edges.randomElement(using: &random) ?? 0
            case 2: bytes.insert(edges.randomElement(using: &random) ?? 0, at: at)
            case 3: bytes.removeSubrange(at..<at + length)
            case 4: bytes.insert(contentsOf: Array(bytes[at..<at + length]), at: at)
            case 5: bytes.removeSubrange(at...)
            default: bytes.swapAt(at, Int.random(in: 0..<bytes.count, using: &random))
            }
        }
        return bytes
    }
}
