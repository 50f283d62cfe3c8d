/// Encodes the pieces of one buffer, remembering the short ones it has seen.
///
/// The memory is made of places only: where in the buffer a piece stood, and where in the output its tokens lie. It has
/// a fixed number of slots, and a newer piece takes the slot of an older one, so no input makes it grow or slow down.
struct PieceEncoder {
    private struct Slot {
        var hash: UInt64 = 0
        var text: Int32 = 0
        var output: Int32 = 0
        var length: UInt16 = 0
        var count: UInt16 = 0
    }

    private static let mostSlots = 1 << 14
    private static let longestRemembered = 48

    private let model: BytePairModel
    private let text: UnsafeBufferPointer<UInt8>
    private var scratch = BytePairModel.Scratch()
    private var slots: [Slot]
    /// The tokens of all pieces so far.
    private(set) var output: [Int32] = []

    /// An encoder of pieces of `text`, which must outlive it.
    init(model: BytePairModel, text: UnsafeBufferPointer<UInt8>) {
        self.model = model
        self.text = text
        output.reserveCapacity(text.count / 4)
        var capacity = 16
        while capacity < Self.mostSlots, capacity < text.count / 4 { capacity *= 2 }
        slots = [Slot](repeating: Slot(), count: text.count < Int32.max ? capacity : 0)
    }

    /// Appends a token that was recognised, not merged.
    mutating func append(_ id: Int32) { output.append(id) }

    /// Appends the tokens of a piece.
    mutating func append(_ range: Range<Int>) {
        let piece = UnsafeBufferPointer(rebasing: text[range])
        guard range.count > 1, range.count <= Self.longestRemembered, !slots.isEmpty, output.count < Int32.max else {
            return model.encode(piece, scratch: &scratch, into: &output)
        }
        let hash = TokenTable.hash(piece)
        let index = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        let slot = slots[index]
        if slot.hash == hash, Int(slot.length) == piece.count, isEqual(piece, Int(slot.text)) {
            for place in Int(slot.output)..<Int(slot.output) + Int(slot.count) { output.append(output[place]) }
            return
        }
        let start = output.count
        model.encode(piece, scratch: &scratch, into: &output)
        slots[index] = Slot(
            hash: hash, text: Int32(truncatingIfNeeded: range.lowerBound), output: Int32(truncatingIfNeeded: start),
            length: UInt16(truncatingIfNeeded: range.count), count: UInt16(truncatingIfNeeded: output.count - start))
    }

    @inline(__always)
    private func isEqual(_ piece: UnsafeBufferPointer<UInt8>, _ start: Int) -> Bool {
        for offset in 0..<piece.count where text[start + offset] != piece[offset] { return false }
        return true
    }
}
