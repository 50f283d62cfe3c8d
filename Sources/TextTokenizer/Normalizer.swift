/// What is done to text before it is cut: nothing, or Unicode's canonical composition (NFC, UAX #15).
enum Normalizer: Sendable {
    case none
    case composition

    /// Whether `text[range]` is certain to stay as it is.
    func leavesAlone(_ text: UnsafeBufferPointer<UInt8>, in range: Range<Int>) -> Bool {
        guard case .composition = self else { return true }
        return UnicodeProperties.table.withUnsafeBufferPointer { properties in
            var at = range.lowerBound
            while at < range.upperBound {
                if text[at] < 0xCC {  // All below U+0300 is composed and never combines with what precedes it.
                    at += 1
                    continue
                }
                let (point, length) = UTF8Reader.scalar(text, at: at, end: range.upperBound)
                if properties[Int(point)] & UnicodeProperties.composing.rawValue != 0 { return false }
                at += length
            }
            return true
        }
    }

    /// Appends the normalised form of `text[range]` to `output`.
    func append(_ text: UnsafeBufferPointer<UInt8>, in range: Range<Int>, to output: inout [UInt8]) {
        guard !leavesAlone(text, in: range) else {
            output.append(contentsOf: text[range])
            return
        }
        var scalars = Self.decomposed(text, in: range)
        Self.compose(&scalars)
        for scalar in scalars { Self.append(scalar, to: &output) }
    }

    /// The canonical decomposition (NFD) of `text[range]`.
    static func decomposed(_ text: UnsafeBufferPointer<UInt8>, in range: Range<Int>) -> [UInt32] {
        var scalars = parts(text, in: range)
        reorder(&scalars)
        return scalars
    }

    // Hangul syllables decompose by arithmetic (The Unicode Standard, 3.12).
    private static let (syllables, leading, vowels, trailing) = (
        UInt32(0xAC00), UInt32(0x1100), UInt32(0x1161), UInt32(0x11A7)
    )
    private static let (leadingCount, vowelCount, trailingCount) = (UInt32(19), UInt32(21), UInt32(28))

    private static func parts(_ text: UnsafeBufferPointer<UInt8>, in range: Range<Int>) -> [UInt32] {
        var scalars: [UInt32] = []
        scalars.reserveCapacity(range.count)
        var at = range.lowerBound
        while at < range.upperBound {
            let (point, length) = UTF8Reader.scalar(text, at: at, end: range.upperBound)
            at += length
            if point < 0xC0 { scalars.append(point) } else { decompose(point, into: &scalars) }
        }
        return scalars
    }

    private static func decompose(_ point: UInt32, into scalars: inout [UInt32]) {
        if point >= syllables, point < syllables + leadingCount * vowelCount * trailingCount {
            let index = point - syllables
            scalars.append(leading + index / (vowelCount * trailingCount))
            scalars.append(vowels + index % (vowelCount * trailingCount) / trailingCount)
            if index % trailingCount > 0 { scalars.append(trailing + index % trailingCount) }
            return
        }
        // Only a first part decomposes further; the last parts wait their turn.
        var point = point
        var rest: [UInt32] = []
        while let (first, second) = NormalizationData.shared.decompositions[point] {
            if second != 0 { rest.append(second) }
            point = first
        }
        scalars.append(point)
        while let next = rest.popLast() { scalars.append(next) }
    }

    /// Puts each run of marks into canonical order: by class, and within a class as they came.
    private static func reorder(_ scalars: inout [UInt32]) {
        var index = 0
        while index < scalars.count {
            guard NormalizationData.shared.combiningClass(scalars[index]) > 0 else {
                index += 1
                continue
            }
            let first = index
            var keys: [UInt64] = []
            while index < scalars.count {
                let combiningClass = NormalizationData.shared.combiningClass(scalars[index])
                if combiningClass == 0 { break }
                keys.append(UInt64(combiningClass) << 56 | UInt64(index - first))
                index += 1
            }
            if keys.count > 1 {
                let marks = Array(scalars[first..<index])
                for (offset, key) in keys.sorted().enumerated() {
                    scalars[first + offset] = marks[Int(key & (1 << 56 - 1))]
                }
            }
        }
    }

    private static func compose(_ scalars: inout [UInt32]) {
        var length = 0
        var starter: Int?
        var lastClass: UInt8 = 0
        for index in scalars.indices {
            let scalar = scalars[index]
            let combiningClass = NormalizationData.shared.combiningClass(scalar)
            if let place = starter, let composed = pair(scalars[place], scalar),
                // Blocked by a mark of the same or a higher class in between, or by anything if itself a starter.
                place == length - 1 || (lastClass < combiningClass && lastClass > 0)
            {
                scalars[place] = composed
                continue
            }
            if combiningClass == 0 { starter = length }
            lastClass = combiningClass
            scalars[length] = scalar
            length += 1
        }
        scalars.removeLast(scalars.count - length)
    }

    private static func pair(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if first >= leading, first < leading + leadingCount, second >= vowels, second < vowels + vowelCount {
            return syllables + ((first - leading) * vowelCount + second - vowels) * trailingCount
        }
        if first >= syllables, first < syllables + leadingCount * vowelCount * trailingCount,
            (first - syllables) % trailingCount == 0, second > trailing, second < trailing + trailingCount
        {
            return first + second - trailing
        }
        return NormalizationData.shared.compositions[UInt64(first) << 32 | UInt64(second)]
    }

    /// Appends a code point in UTF-8.
    static func append(_ point: UInt32, to output: inout [UInt8]) {
        if point < 0x80 { return output.append(UInt8(point)) }
        if point < 0x800 {
            output.append(UInt8(0xC0 | point >> 6))
        } else {
            if point < 0x1_0000 {
                output.append(UInt8(0xE0 | point >> 12))
            } else {
                output.append(UInt8(0xF0 | point >> 18))
                output.append(UInt8(0x80 | point >> 12 & 0x3F))
            }
            output.append(UInt8(0x80 | point >> 6 & 0x3F))
        }
        output.append(UInt8(0x80 | point & 0x3F))
    }
}

/// The tables of NFC in a form fit for looking up.
private struct NormalizationData: Sendable {
    static let shared = NormalizationData()

    let decompositions: [UInt32: (first: UInt32, second: UInt32)]
    let compositions: [UInt64: UInt32]
    private let classes: [UInt32: UInt8]

    private init() {
        let mask: UInt64 = 0x1F_FFFF
        var decompositions: [UInt32: (first: UInt32, second: UInt32)] = [:]
        var compositions: [UInt64: UInt32] = [:]
        for entry in UnicodeTables.decompositions {
            let (point, first, second) = (entry >> 43, entry >> 22 & mask, entry >> 1 & mask)
            decompositions[UInt32(point)] = (UInt32(first), UInt32(second))
            if entry & 1 != 0 { compositions[first << 32 | second] = UInt32(point) }
        }
        var classes: [UInt32: UInt8] = [:]
        for entry in UnicodeTables.combiningClasses {
            for point in UInt32(entry >> 32)...UInt32(entry >> 8 & 0xFF_FFFF) { classes[point] = UInt8(entry & 0xFF) }
        }
        (self.decompositions, self.compositions, self.classes) = (decompositions, compositions, classes)
    }

    func combiningClass(_ point: UInt32) -> UInt8 { point < 0x300 ? 0 : classes[point] ?? 0 }
}
