/// Finds the merges of a byte-pair encoding, keeping the counts of pairs up to date instead of counting again.
///
/// Only the pieces that hold a pair are touched when it is merged, and a heap with outdated entries, corrected as they
/// come up, finds the next one: the time goes with the pieces that change.
struct MergeLearner {
    private struct Word {
        var tokens: [Int32]
        let count: Int
    }

    /// A pair and how often it was seen when it was put on the heap, which is at least what it is now.
    private struct Candidate {
        let count: Int
        let pair: UInt64

        func precedes(_ other: Candidate) -> Bool {
            count > other.count || (count == other.count && pair < other.pair)
        }
    }

    /// The bytes of each token, in order of id: single bytes first, in the order of their characters.
    private(set) var texts: [[UInt8]]
    /// The merges, the earliest first.
    private(set) var merges: [(left: Int32, right: Int32)] = []

    private var ids: [Piece: Int32] = [:]
    private var words: [Word] = []
    private var counts: [UInt64: Int] = [:]
    /// For each pair the words that hold it, or once did.
    private var places: [UInt64: [Int32]] = [:]
    private var merged: Set<UInt64> = []
    private var grown: Set<UInt64> = []
    private var heap: [Candidate] = []

    /// A learner that has seen those pieces that often.
    init(pieces: [Piece: Int]) {
        let alphabet = (UInt8.min...UInt8.max).sorted {
            ByteAlphabet.characters[Int($0)] < ByteAlphabet.characters[Int($1)]
        }
        texts = alphabet.map { [$0] }
        var idOfByte = [Int32](repeating: 0, count: 256)
        for (id, byte) in alphabet.enumerated() {
            idOfByte[Int(byte)] = Int32(id)
            ids[Piece(bytes: [byte])] = Int32(id)
        }
        for (piece, count) in pieces where piece.bytes.count > 1 {
            let tokens = piece.bytes.map { idOfByte[Int($0)] }
            for (left, right) in zip(tokens, tokens.dropFirst()) { change(left, right, by: count, in: words.count) }
            words.append(Word(tokens: tokens, count: count))
        }
        pushGrown()
    }

    /// Merges pairs until there are `tokens` tokens, or none is left that was seen `minimumCount` times.
    mutating func learn(tokens: Int, minimumCount: Int) {
        while texts.count < tokens, let next = pop() {
            let now = counts[next.pair] ?? 0
            if now != next.count {
                if now > 0 { push(Candidate(count: now, pair: next.pair)) }
                continue
            }
            if now < minimumCount { return push(next) }
            merge(next.pair)
            pushGrown()
        }
    }

    private mutating func merge(_ pair: UInt64) {
        let left = Int32(truncatingIfNeeded: pair >> 32)
        let right = Int32(truncatingIfNeeded: pair)
        let text = Piece(bytes: texts[Int(left)] + texts[Int(right)])
        // Two ways of cutting a string lead to one token.
        let new = ids[text] ?? Int32(texts.count)
        if ids.updateValue(new, forKey: text) == nil { texts.append(text.bytes) }
        merges.append((left, right))
        merged.insert(pair)
        counts[pair] = nil
        for index in places.removeValue(forKey: pair) ?? [] { merge(left, right, into: new, in: Int(index)) }
    }

    private mutating func merge(_ left: Int32, _ right: Int32, into new: Int32, in index: Int) {
        var tokens: [Int32] = []
        swap(&tokens, &words[index].tokens)  // held once, so that it is changed in place
        let count = words[index].count
        var (from, to) = (0, 0)
        while from < tokens.count {
            if from + 1 < tokens.count, tokens[from] == left, tokens[from + 1] == right {
                if to > 0 {
                    change(tokens[to - 1], left, by: -count, in: index)
                    change(tokens[to - 1], new, by: count, in: index)
                }
                if from + 2 < tokens.count {
                    change(right, tokens[from + 2], by: -count, in: index)
                    change(new, tokens[from + 2], by: count, in: index)
                }
                tokens[to] = new
                from += 2
            } else {
                tokens[to] = tokens[from]
                from += 1
            }
            to += 1
        }
        tokens.removeLast(tokens.count - to)
        swap(&tokens, &words[index].tokens)
    }

    private mutating func change(_ left: Int32, _ right: Int32, by change: Int, in word: Int) {
        let pair = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
        // A pair can come back where a string is merged in two ways; a second merge of it would displace the first.
        if merged.contains(pair) { return }
        counts[pair, default: 0] += change
        guard change > 0 else { return }
        grown.insert(pair)
        if places[pair]?.last != Int32(truncatingIfNeeded: word) {
            places[pair, default: []].append(Int32(truncatingIfNeeded: word))
        }
    }

    // MARK: The heap

    private mutating func pushGrown() {
        for pair in grown {
            if let count = counts[pair], count > 0 { push(Candidate(count: count, pair: pair)) }
        }
        grown.removeAll(keepingCapacity: true)
    }

    private mutating func push(_ candidate: Candidate) {
        heap.append(candidate)
        var child = heap.count - 1
        while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    private mutating func pop() -> Candidate? {
        guard let top = heap.first, let last = heap.popLast() else { return nil }
        if heap.isEmpty { return top }
        heap[0] = last
        var parent = 0
        while true {
            var first = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].precedes(heap[first]) { first = child }
            }
            if first == parent { return top }
            heap.swapAt(first, parent)
            parent = first
        }
    }
}
