/// Runs a ``SplitProgram`` over one stretch of text.
///
/// It prefers and gives back as a backtracking engine does, but in time that does not explode: once a text has cost more
/// than a few steps a byte, the matcher turns *careful* and writes down which instruction failed at which byte. A failure
/// holds for the whole stretch, wherever a match began, because no instruction looks back.
struct SplitMatcher {
    /// A place to return to: `at` down to `low` for a loop, or a branch not taken, or a note to write.
    private struct Choice {
        enum Kind { case loop, branch, note }
        let kind: Kind
        let instruction: Int32
        var at: Int
        var low: Int
    }

    /// What a careful matcher knows of one loop without upper limit.
    private struct LoopMemory {
        /// All of these bytes are members.
        var run = 0..<0
        /// Going on from any of `failedLow ... failedHigh`, code point boundaries, fails.
        var failedLow = 0
        var failedHigh = -1
    }

    private let text: UnsafeBufferPointer<UInt8>
    private let start, end: Int
    private let instructions: UnsafeBufferPointer<SplitProgram.Instruction>
    private let sets: UnsafeBufferPointer<SplitProgram.Members>
    private let ranges: UnsafeBufferPointer<ClosedRange<UInt32>>
    private let properties: UnsafeBufferPointer<UInt8>
    private var choices: [Choice] = []
    /// Steps, bytes taken and choices returned to, that are left before the matcher turns careful.
    private var patience: Int
    private var isCareful = false
    private var failures: [UInt64] = []
    private var loops: [LoopMemory] = []

    init(
        _ range: Range<Int>, of text: UnsafeBufferPointer<UInt8>,
        instructions: UnsafeBufferPointer<SplitProgram.Instruction>, sets: UnsafeBufferPointer<SplitProgram.Members>,
        ranges: UnsafeBufferPointer<ClosedRange<UInt32>>, properties: UnsafeBufferPointer<UInt8>, patience: Int
    ) {
        self.text = text
        (start, end) = (range.lowerBound, range.upperBound)
        (self.instructions, self.sets, self.ranges, self.properties) = (instructions, sets, ranges, properties)
        self.patience = patience
        if patience <= 0 { turnCareful() }
    }

    /// Where a match of the instructions from `entry`, beginning at `origin`, ends.
    mutating func match(entry: Int32, at origin: Int) -> Int? {
        choices.removeAll(keepingCapacity: true)
        var counter = Int(entry)
        var at = origin
        while true {
            let instruction = instructions[counter]
            var succeeded = true
            switch instruction.operation {
            case .match:
                return at
            case .jump:
                counter = Int(instruction.target)
            case .look:
                let isMember = at < end && contains(sets[Int(instruction.set)], at: at).isMember
                succeeded = isMember != (instruction.least == 1)
                counter += 1
            case .branch:
                if isCareful {
                    succeeded = !hasFailed(counter, at)
                    if succeeded { choices.append(Choice(kind: .note, instruction: Int32(counter), at: at, low: 0)) }
                }
                if succeeded {
                    choices.append(Choice(kind: .branch, instruction: instruction.other, at: at, low: 0))
                    counter = Int(instruction.target)
                }
            case .loop:
                if instruction.isPossessive {
                    succeeded = take(instruction, counter, from: &at) != nil
                } else {
                    succeeded = takeAndRemember(instruction, counter, from: &at)
                }
                counter += 1
            }
            if !succeeded {
                guard let (resumed, place) = backtrack() else { return nil }
                (counter, at) = (resumed, place)
            }
        }
    }

    /// Whether the code point at `at` is a member, and its length.
    @inline(__always)
    private func contains(_ set: SplitProgram.Members, at: Int) -> (isMember: Bool, length: Int) {
        let byte = text[at]
        if byte < 128 { return ((byte < 64 ? set.low : set.high) >> UInt64(byte & 63) & 1 != 0, 1) }
        let (point, length) = UTF8Reader.scalar(text, at: at, end: end)
        let bits = properties[Int(point)] & UnicodeProperties.patternBits
        var isMember = set.combinations >> bits & 1 != 0
        if !isMember, set.rangeCount > 0 {
            for index in Int(set.firstRange)..<Int(set.firstRange + set.rangeCount) where ranges[index].contains(point)
            {
                isMember = true
            }
        }
        return (isMember != set.isNegated, length)
    }

    /// Moves `at` over as many members as allowed; the result is the least place it may be moved back to.
    @inline(__always)
    private mutating func take(_ instruction: SplitProgram.Instruction, _ counter: Int, from at: inout Int) -> Int? {
        let set = sets[Int(instruction.set)]
        var count: Int32 = 0
        var position = at
        var low = instruction.least == 0 ? at : -1
        let isEndless = instruction.most == .max
        while position < end, count < instruction.most {
            if isCareful, isEndless, count >= instruction.least, loops[counter].run.contains(position) {
                position = loops[counter].run.upperBound
                break
            }
            let (isMember, length) = contains(set, at: position)
            if !isMember { break }
            position += length
            if count < .max - 1 { count += 1 }
            if count == instruction.least { low = position }
        }
        patience -= position - at
        if count < instruction.least { return nil }
        if isCareful, isEndless { loops[counter].run = at..<position }
        at = position
        return low
    }

    private mutating func takeAndRemember(
        _ instruction: SplitProgram.Instruction, _ counter: Int, from at: inout Int
    ) -> Bool {
        let origin = at
        if isCareful, hasFailed(counter, origin) { return false }
        guard let low = take(instruction, counter, from: &at) else { return false }
        if isCareful {
            choices.append(Choice(kind: .note, instruction: Int32(counter), at: origin, low: 0))
            let memory = loops[counter]
            if instruction.most == .max, memory.failedHigh == at, memory.failedLow <= at {
                if low >= memory.failedLow { return false }
                at = UTF8Reader.previous(text, before: memory.failedLow, start: start)
            }
        }
        // Even with nothing to give back a careful matcher wants to hear of the failure.
        if at > low || isCareful { choices.append(Choice(kind: .loop, instruction: Int32(counter), at: at, low: low)) }
        return true
    }

    /// The most recent choice with something left to try.
    private mutating func backtrack() -> (counter: Int, at: Int)? {
        patience -= 1
        if patience <= 0 { turnCareful() }
        while let choice = choices.popLast() {
            switch choice.kind {
            case .branch:
                return (Int(choice.instruction), choice.at)
            case .note:
                let bit = failureIndex(Int(choice.instruction), choice.at)
                failures[bit >> 6] |= 1 << UInt64(bit & 63)
            case .loop:
                let counter = Int(choice.instruction)
                if isCareful { noteFailure(of: counter, at: choice.at) }
                if choice.at <= choice.low { continue }
                let previous = UTF8Reader.previous(text, before: choice.at, start: start)
                choices.append(Choice(kind: .loop, instruction: choice.instruction, at: previous, low: choice.low))
                return (counter + 1, previous)
            }
        }
        return nil
    }

    // MARK: Careful mode

    private mutating func turnCareful() {
        guard !isCareful else { return }
        isCareful = true
        failures = [UInt64](repeating: 0, count: instructions.count * (end - start + 1) / 64 + 1)
        loops = [LoopMemory](repeating: LoopMemory(), count: instructions.count)
    }

    private func failureIndex(_ counter: Int, _ at: Int) -> Int { counter * (end - start + 1) + at - start }

    private func hasFailed(_ counter: Int, _ at: Int) -> Bool {
        let bit = failureIndex(counter, at)
        return failures[bit >> 6] >> UInt64(bit & 63) & 1 != 0
    }

    /// Writes down that what follows the loop fails at `at`, if that makes its interval of failures grow.
    private mutating func noteFailure(of counter: Int, at: Int) {
        guard instructions[counter].most == .max else { return }
        let memory = loops[counter]
        if memory.failedHigh >= memory.failedLow, at < memory.failedLow,
            UTF8Reader.previous(text, before: memory.failedLow, start: start) == at
        {
            loops[counter].failedLow = at
        } else if at < memory.failedLow || at > memory.failedHigh {
            loops[counter].failedLow = at
            loops[counter].failedHigh = at
        }
    }
}
