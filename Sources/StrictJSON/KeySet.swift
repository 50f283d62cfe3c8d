/// Which keys an object has so far: compared one by one while few, hashed once many.
///
/// A `Set` of the keys would do, at twice the time for the whole of a tokenizer's file: it goes back to the bytes of
/// every key each time it grows. This table holds the hashes themselves, and only places of keys.
struct KeySet {
    typealias Member = (key: JSONString, value: JSONValue)

    private static let few = 16

    /// For each slot a hash in the upper half and a place among the members, from 1, in the lower; 0 if free.
    private var slots: [UInt64] = []

    /// Notes `key` as the one after those of `members`, which were all noted; false if it is one of them.
    mutating func insert(_ key: JSONString, after members: [Member]) -> Bool {
        if members.count < Self.few { return !members.contains { $0.key == key } }
        if slots.isEmpty {
            slots = Array(repeating: 0, count: 4 * Self.few)
            for (place, member) in members.enumerated() { fill(Self.hash(member.key), place) }
        } else if members.count >= slots.count / 2 {
            grow()
        }
        let hash = Self.hash(key)
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != 0 {
            if slots[slot] >> 32 == hash, members[Int(slots[slot] & 0xFFFF_FFFF) - 1].key == key { return false }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Self.entry(hash, members.count)
        return true
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: 0, count: 4 * old.count)
        for entry in old where entry != 0 { fill(entry >> 32, Int(entry & 0xFFFF_FFFF) - 1) }
    }

    private mutating func fill(_ hash: UInt64, _ place: Int) {
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Self.entry(hash, place)
    }

    private static func entry(_ hash: UInt64, _ place: Int) -> UInt64 { hash << 32 | UInt64(place + 1) }

    /// 32 bits that differ from run to run, so that no file can be made to fill one slot.
    private static func hash(_ key: JSONString) -> UInt64 { UInt64(UInt32(truncatingIfNeeded: key.hashValue)) }
}
