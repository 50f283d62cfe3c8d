/// A split pattern as instructions for ``SplitMatcher``.
struct SplitProgram: Sendable {
    /// What an instruction does.
    enum Operation: UInt8, Sendable {
        /// Takes as many members of `set` as possible, between `least` and `most`.
        case loop
        /// Looks at the next code point; `least` is 1 if it must be outside `set` or missing.
        case look
        /// Goes on at `target`, or else at `other`.
        case branch
        /// Goes on at `target`.
        case jump
        /// Ends with a match.
        case match
    }

    /// One instruction, of fixed size.
    struct Instruction: Sendable {
        let operation: Operation
        var isPossessive = false
        var set: Int32 = 0
        var least: Int32 = 1
        var most: Int32 = 1
        var target: Int32 = 0
        var other: Int32 = 0
    }

    /// A ``CodePointSet`` with its ranges moved to ``ranges``.
    struct Members: Sendable {
        let low, high: UInt64
        let combinations: UInt8
        let isNegated: Bool
        let firstRange, rangeCount: Int32
    }

    /// More instructions than this are refused.
    private static let longest = 1000

    private(set) var instructions: [Instruction] = []
    private(set) var sets: [Members] = []
    private(set) var ranges: [ClosedRange<UInt32>] = []
    /// For each first byte the instructions where a match may begin, in order of preference.
    private(set) var entries: [Int32] = []
    /// For each first byte where its part of ``entries`` begins; one more at the end.
    private(set) var entryStarts: [Int32] = []
    private var setIndices: [CodePointSet: Int32] = [:]

    /// Translates `pattern`; `source` is its text, for errors.
    init(_ pattern: SplitPattern, source: String) throws(TokenizerError) {
        let parts = if case .alternatives(let parts) = pattern { parts } else { [pattern] }
        var starts: [Int32] = []
        for part in parts {
            starts.append(Int32(instructions.count))
            try emit(part, source)
            instructions.append(Instruction(operation: .match))
        }
        // A loop right before the end of a match never has to give anything back.
        for index in instructions.indices.dropLast()
        where instructions[index].operation == .loop && instructions[index + 1].operation == .match {
            instructions[index].isPossessive = true
        }
        let leads = parts.map { $0.isNullable ? [Bool](repeating: true, count: 256) : $0.leadBytes }
        for byte in 0..<256 {
            entryStarts.append(Int32(entries.count))
            for (start, lead) in zip(starts, leads) where lead[byte] { entries.append(start) }
        }
        entryStarts.append(Int32(entries.count))
        setIndices = [:]
    }

    private mutating func emit(_ pattern: SplitPattern, _ source: String) throws(TokenizerError) {
        if instructions.count > Self.longest {
            throw .tooLarge(field: "pattern", limit: Self.longest, found: instructions.count)
        }
        switch pattern {
        case .set(let set):
            instructions.append(Instruction(operation: .loop, isPossessive: true, set: index(of: set)))
        case .lookahead(let set, let negated):
            instructions.append(Instruction(operation: .look, set: index(of: set), least: negated ? 1 : 0))
        case .sequence(let parts):
            for part in parts { try emit(part, source) }
        case .alternatives(let parts):
            try emitAlternatives(parts, source)
        case .repetition(.set(let set), let least, let most, let possessive):
            instructions.append(
                Instruction(
                    operation: .loop, isPossessive: possessive || most == least, set: index(of: set),
                    least: Int32(least), most: most.map(Int32.init) ?? .max))
        case .repetition(let part, let least, let most, _):
            for _ in 0..<least { try emit(part, source) }
            guard let most else {
                let branch = instructions.count
                instructions.append(Instruction(operation: .branch, target: Int32(branch + 1)))
                try emit(part, source)
                instructions.append(Instruction(operation: .jump, target: Int32(branch)))
                instructions[branch].other = Int32(instructions.count)
                return
            }
            var branches: [Int] = []
            for _ in least..<most {
                branches.append(instructions.count)
                instructions.append(Instruction(operation: .branch, target: Int32(instructions.count + 1)))
                try emit(part, source)
            }
            for branch in branches { instructions[branch].other = Int32(instructions.count) }
        }
    }

    private mutating func emitAlternatives(_ parts: [SplitPattern], _ source: String) throws(TokenizerError) {
        var jumps: [Int] = []
        for part in parts.dropLast() {
            let branch = instructions.count
            instructions.append(Instruction(operation: .branch, target: Int32(branch + 1)))
            try emit(part, source)
            jumps.append(instructions.count)
            instructions.append(Instruction(operation: .jump))
            instructions[branch].other = Int32(instructions.count)
        }
        if let last = parts.last { try emit(last, source) }
        for jump in jumps { instructions[jump].target = Int32(instructions.count) }
    }

    private mutating func index(of set: CodePointSet) -> Int32 {
        if let known = setIndices[set] { return known }
        let index = Int32(sets.count)
        sets.append(
            Members(
                low: set.ascii.low, high: set.ascii.high, combinations: set.combinations, isNegated: set.isNegated,
                firstRange: Int32(ranges.count), rangeCount: Int32(set.ranges.count)))
        ranges.append(contentsOf: set.ranges)
        setIndices[set] = index
        return index
    }
}
