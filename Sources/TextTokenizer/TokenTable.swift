/// Byte strings numbered from 0, found by their bytes: never as Swift `String` keys, which merge NFC and NFD forms.
struct TokenTable: Sendable {
    private var bytes: [UInt8] = []
    /// Where each string starts; one more at the end.
    private var starts: [Int] = [0]
    /// Whether the id has a string.
    private var isPresent: [Bool] = []
    /// A power of two of places: 0, or an id in the upper half and in the lower a hash, so that few strings are compared.
    private var slots: [UInt64] = []

    /// A table of `strings`, each at its index; `nil` where an id is free.
    ///
    /// If not `searchable` they are only found by id.
    init(_ strings: [[UInt8]?], searchable: Bool = true) {
        bytes.reserveCapacity(strings.reduce(0) { $0 + ($1?.count ?? 0) })
        starts.reserveCapacity(strings.count + 1)
        for string in strings {
            if let string { bytes.append(contentsOf: string) }
            starts.append(bytes.count)
            isPresent.append(string != nil)
        }
        var capacity = 16
        while searchable, capacity < strings.count * 2 { capacity *= 2 }
        slots = [UInt64](repeating: 0, count: capacity)
        guard searchable else { return }
        for (id, string) in strings.enumerated() {
            guard let string else { continue }
            string.withUnsafeBufferPointer { string in
                let hash = Self.hash(string)
                var slot = Int(truncatingIfNeeded: hash >> 32) & (capacity - 1)
                while slots[slot] != 0 { slot = (slot + 1) & (capacity - 1) }
                slots[slot] = UInt64(truncatingIfNeeded: id) << 32 | Self.mark(hash)
            }
        }
    }

    /// One more than the highest id.
    var count: Int { isPresent.count }

    /// The string of `id`.
    subscript(_ id: Int) -> ArraySlice<UInt8>? {
        isPresent.indices.contains(id) && isPresent[id] ? bytes[starts[id]..<starts[id + 1]] : nil
    }

    /// The id of a string.
    func id(of string: UnsafeBufferPointer<UInt8>) -> Int32? {
        let hash = Self.hash(string)
        let mark = Self.mark(hash)
        return slots.withUnsafeBufferPointer { slots in
            var slot = Int(truncatingIfNeeded: hash >> 32) & (slots.count - 1)
            while slots[slot] != 0 {
                if slots[slot] & 0xFFFF_FFFF == mark {
                    let id = Int(slots[slot] >> 32)
                    if starts[id + 1] - starts[id] == string.count, equals(starts[id], string) { return Int32(id) }
                }
                slot = (slot + 1) & (slots.count - 1)
            }
            return nil
        }
    }

    /// The id of a string.
    func id(of string: some Collection<UInt8>) -> Int32? {
        string.withContiguousStorageIfAvailable { id(of: $0) } ?? Array(string).withUnsafeBufferPointer { id(of: $0) }
    }

    private func equals(_ start: Int, _ string: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            for offset in 0..<string.count where bytes[start + offset] != string[offset] { return false }
            return true
        }
    }

    /// What a slot keeps of a hash; never 0, which means free.
    @inline(__always)
    private static func mark(_ hash: UInt64) -> UInt64 { hash & 0xFFFF_FFFF | 1 }

    /// A fast hash of a short string.
    @inline(__always)
    static func hash(_ string: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash = UInt64(string.count) &* 0x9E37_79B9_7F4A_7C15
        let raw = UnsafeRawBufferPointer(string)
        var at = 0
        while at + 8 <= raw.count {
            hash = mix(hash ^ raw.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            at += 8
        }
        var tail: UInt64 = 0
        while at < raw.count {
            tail = tail << 8 | UInt64(raw[at])
            at += 1
        }
        return mix(hash ^ tail)
    }

    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        let (high, low) = value.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return high ^ low ^ (value >> 32)
    }
}
