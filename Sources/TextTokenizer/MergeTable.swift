/// What two adjacent tokens become, and how early.
struct MergeTable: Sendable {
    /// A merge: its place in the list and the token it makes.
    struct Merge: Hashable, Sendable {
        let rank: UInt32
        let id: Int32
    }

    private struct Slot: Sendable {
        var pair: UInt64
        var merge: Merge
    }

    /// No pair of ids, ids being at most `Int32.max`.
    private static let free = UInt64.max

    private var slots: [Slot]

    /// A table of merges in order of rank; of equal pairs the last counts, as in the `tokenizers` library.
    init(_ merges: [(left: Int32, right: Int32, result: Int32)]) {
        var capacity = 16
        while capacity < merges.count * 2 { capacity *= 2 }
        slots = [Slot](repeating: Slot(pair: Self.free, merge: Merge(rank: 0, id: 0)), count: capacity)
        for (rank, merge) in merges.enumerated() {
            let pair = Self.pair(merge.left, merge.right)
            var slot = Self.place(pair) & (capacity - 1)
            while slots[slot].pair != Self.free, slots[slot].pair != pair { slot = (slot + 1) & (capacity - 1) }
            slots[slot] = Slot(pair: pair, merge: Merge(rank: UInt32(truncatingIfNeeded: rank), id: merge.result))
        }
    }

    /// The merge of `left` and `right`, if there is one.
    @inline(__always)
    func merge(_ left: Int32, _ right: Int32) -> Merge? {
        let pair = Self.pair(left, right)
        return slots.withUnsafeBufferPointer { slots in
            var slot = Self.place(pair) & (slots.count - 1)
            while slots[slot].pair != Self.free {
                if slots[slot].pair == pair { return slots[slot].merge }
                slot = (slot + 1) & (slots.count - 1)
            }
            return nil
        }
    }

    @inline(__always)
    private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    @inline(__always)
    private static func place(_ pair: UInt64) -> Int {
        let (high, low) = pair.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: high ^ low)
    }
}
