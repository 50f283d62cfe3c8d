/// A set of code points as a split pattern writes it: `\s`, `[^\r\n\p{L}\p{N}]`, a character.
struct CodePointSet: Hashable, Sendable {
    /// Members below 128, one bit each.
    private(set) var ascii: (low: UInt64, high: UInt64) = (0, 0)
    /// For code points from 128: bit `p` says whether property combination `p` is in the set.
    private(set) var combinations: UInt8 = 0
    /// Code points from 128 that are members whatever their properties, before ``isNegated``.
    private(set) var ranges: [ClosedRange<UInt32>] = []
    /// Whether, from 128 on, the set holds what is not described.
    private(set) var isNegated = false

    /// The empty set.
    init() {}

    /// The set of one code point.
    init(_ point: UInt32) { insert(point...point) }

    /// The code points with any of `properties`, or with none of them.
    init(_ properties: UnicodeProperties, negated: Bool = false) { insert(properties, negated: negated) }

    /// Whether `point` is a member.
    func contains(_ point: UInt32) -> Bool {
        if point < 128 { return (point < 64 ? ascii.low : ascii.high) >> UInt64(point & 63) & 1 != 0 }
        let bits = UnicodeProperties.of(point).rawValue & UnicodeProperties.patternBits
        return (combinations >> bits & 1 != 0 || ranges.contains { $0.contains(point) }) != isNegated
    }

    /// Adds code points; only before ``negate()``.
    mutating func insert(_ points: ClosedRange<UInt32>) {
        for point in points.lowerBound..<max(points.lowerBound, min(128, points.upperBound + 1)) { setASCII(point) }
        if points.upperBound >= 128 { ranges.append(max(128, points.lowerBound)...points.upperBound) }
    }

    /// Adds the code points with any of `properties`, or with none of them; only before ``negate()``.
    mutating func insert(_ properties: UnicodeProperties, negated: Bool) {
        for bits in 0...UnicodeProperties.patternBits where (bits & properties.rawValue != 0) != negated {
            combinations |= 1 << bits
        }
        for point in UInt32(0)..<128 where UnicodeProperties.of(point).isDisjoint(with: properties) == negated {
            setASCII(point)
        }
    }

    /// Adds what simple case folding makes equal to a member; members must be below 128.
    mutating func closeOverCase() {
        for letter in UInt32(0x61)...0x7A where contains(letter) || contains(letter - 32) {
            setASCII(letter)
            setASCII(letter - 32)
            if letter == 0x6B { ranges.append(0x212A...0x212A) }  // k and the Kelvin sign
            if letter == 0x73 { ranges.append(0x17F...0x17F) }  // s and the long s
        }
    }

    /// Turns the set into its complement.
    mutating func negate() {
        ascii = (~ascii.low, ~ascii.high)
        isNegated.toggle()
    }

    /// The bytes with which the encoding of a member can begin; some that cannot may be among them.
    var leadBytes: [Bool] {
        (UInt32(0)..<256).map { byte -> Bool in
            if byte < 128 { return contains(byte) }
            return byte >= 0xC2 && byte < 0xF5
        }
    }

    private mutating func setASCII(_ point: UInt32) {
        if point < 64 { ascii.low |= 1 << UInt64(point) } else { ascii.high |= 1 << UInt64(point - 64) }
    }

    static func == (lhs: CodePointSet, rhs: CodePointSet) -> Bool {
        lhs.ascii == rhs.ascii && lhs.combinations == rhs.combinations && lhs.ranges == rhs.ranges
            && lhs.isNegated == rhs.isNegated
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(ascii.low)
        hasher.combine(ascii.high)
        hasher.combine(combinations)
        hasher.combine(ranges)
        hasher.combine(isNegated)
    }
}
