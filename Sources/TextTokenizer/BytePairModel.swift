/// Byte-pair encoding of one piece of text: its bytes become tokens, and neighbours merge, earliest rule first.
struct BytePairModel: Sendable {
    /// More merges than this are refused, so that a rank and a position fit into one integer.
    static let mostMerges = 1 << 24
    private static let positionBits: UInt64 = 40

    let merges: MergeTable
    /// The token of each byte; -1 for a byte without one, which leaves no trace, as in the `tokenizers` library.
    let byteTokens: [Int32]
    /// The same for the last byte of a piece, where a suffix tells words from their beginnings; else `nil`.
    let finalByteTokens: [Int32]?
    /// Pieces that are a token as they stand, if the file says to look for them first (`ignore_merges`).
    let wholePieces: TokenTable?
    /// The special tokens that merges make.
    let specialResults: Set<Int32>

    /// Whether some text can become the special token.
    func canMake(_ id: Int32) -> Bool {
        byteTokens.contains(id) || specialResults.contains(id) || finalByteTokens?.contains(id) == true
    }

    /// Appends the tokens of `piece` to `output`.
    func encode(_ piece: UnsafeBufferPointer<UInt8>, scratch: inout Scratch, into output: inout [Int32]) {
        if let wholePieces, let id = wholePieces.id(of: piece) {
            output.append(id)
            return
        }
        scratch.tokens.removeAll(keepingCapacity: true)
        for byte in piece where byteTokens[Int(byte)] >= 0 { scratch.tokens.append(byteTokens[Int(byte)]) }
        if let finalByteTokens, let last = piece.last {
            if byteTokens[Int(last)] >= 0 { scratch.tokens.removeLast() }
            if finalByteTokens[Int(last)] >= 0 { scratch.tokens.append(finalByteTokens[Int(last)]) }
        }
        if scratch.tokens.count <= Scratch.shortest { mergeShort(&scratch) } else { mergeLong(&scratch) }
        output.append(contentsOf: scratch.tokens)
    }

    /// Buffers that are used again for each piece.
    struct Scratch {
        /// Up to this many bytes the best merge is found by looking at all of them.
        static let shortest = 48

        fileprivate(set) var tokens: [Int32] = []
        fileprivate var candidates: [MergeTable.Merge] = []
        fileprivate var next: [Int] = []
        fileprivate var previous: [Int] = []
        fileprivate var heap: [UInt64] = []

        init() {}
    }

    private static let none = MergeTable.Merge(rank: .max, id: -1)

    private func mergeShort(_ scratch: inout Scratch) {
        var count = scratch.tokens.count
        guard count > 1 else { return }
        scratch.candidates.removeAll(keepingCapacity: true)
        for index in 0..<count - 1 {
            scratch.candidates.append(merges.merge(scratch.tokens[index], scratch.tokens[index + 1]) ?? Self.none)
        }
        scratch.tokens.withUnsafeMutableBufferPointer { tokens in
            scratch.candidates.withUnsafeMutableBufferPointer { candidates in
                while count > 1 {
                    var best = 0
                    for index in 1..<max(1, count - 1) where candidates[index].rank < candidates[best].rank {
                        best = index
                    }
                    if candidates[best].rank == .max { break }
                    tokens[best] = candidates[best].id
                    count -= 1
                    for index in best + 1..<max(best + 1, count) { tokens[index] = tokens[index + 1] }
                    for index in best..<max(best, count - 1) { candidates[index] = candidates[index + 1] }
                    if best > 0 {
                        candidates[best - 1] = merges.merge(tokens[best - 1], tokens[best]) ?? Self.none
                    }
                    if best < count - 1 {
                        candidates[best] = merges.merge(tokens[best], tokens[best + 1]) ?? Self.none
                    }
                }
            }
        }
        scratch.tokens.removeLast(scratch.tokens.count - count)
    }

    /// The same for a long piece, with a heap of candidates: O(n log n).
    private func mergeLong(_ scratch: inout Scratch) {
        let count = scratch.tokens.count
        scratch.next = Array(1...count)
        scratch.previous = Array(-1..<count - 1)
        scratch.candidates = [MergeTable.Merge](repeating: Self.none, count: count)
        scratch.heap.removeAll(keepingCapacity: true)
        for index in 0..<count - 1 { consider(index, &scratch) }
        while let top = Self.pop(&scratch.heap) {
            let index = Int(top & (1 << Self.positionBits - 1))
            let candidate = scratch.candidates[index]
            // An entry whose pair has changed since is out of date; the pair that replaced it has its own.
            guard candidate.rank != .max, UInt64(candidate.rank) == top >> Self.positionBits else { continue }
            let right = scratch.next[index]
            let after = scratch.next[right]
            scratch.tokens[index] = candidate.id
            scratch.candidates[right] = Self.none
            scratch.next[index] = after
            if after < count { scratch.previous[after] = index }
            consider(index, &scratch)
            if scratch.previous[index] >= 0 { consider(scratch.previous[index], &scratch) }
        }
        var (read, write) = (0, 0)
        while read < count {
            scratch.tokens[write] = scratch.tokens[read]
            write += 1
            read = scratch.next[read]
        }
        scratch.tokens.removeLast(count - write)
    }

    private func consider(_ index: Int, _ scratch: inout Scratch) {
        let right = scratch.next[index]
        guard right < scratch.tokens.count, let merge = merges.merge(scratch.tokens[index], scratch.tokens[right])
        else {
            scratch.candidates[index] = Self.none
            return
        }
        scratch.candidates[index] = merge
        Self.push(UInt64(merge.rank) << Self.positionBits | UInt64(index), &scratch.heap)
    }

    private static func push(_ value: UInt64, _ heap: inout [UInt64]) {
        heap.append(value)
        var child = heap.count - 1
        while child > 0, heap[(child - 1) / 2] > heap[child] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private static func pop(_ heap: inout [UInt64]) -> UInt64? {
        guard let top = heap.first, let last = heap.popLast() else { return nil }
        if heap.isEmpty { return top }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            if least == parent { return top }
            heap.swapAt(least, parent)
            parent = least
        }
    }
}
