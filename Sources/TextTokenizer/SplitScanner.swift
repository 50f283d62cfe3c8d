/// Cuts text into pieces by a split pattern, each match and each stretch between matches being one.
struct SplitScanner: Sendable {
    private let program: SplitProgram
    private let properties: [UInt8]
    /// Steps a byte that a matcher may take before it turns careful; tests set 0.
    private let patience: Int

    /// Compiles `pattern`.
    ///
    /// - Throws: ``TokenizerError/unsupportedPattern(construct:offset:pattern:)``.
    init(pattern: String, patience: Int = 16) throws(TokenizerError) {
        try self.init(SplitPattern(parsing: pattern), source: pattern, patience: patience)
    }

    /// Cuts out the occurrences of `literal`.
    init(literal: String) throws(TokenizerError) {
        try self.init(SplitPattern(literal: literal), source: literal, patience: 16)
    }

    private init(_ pattern: SplitPattern, source: String, patience: Int) throws(TokenizerError) {
        program = try SplitProgram(pattern, source: source)
        properties = UnicodeProperties.table
        self.patience = patience
    }

    /// Calls `body` with each piece of `text[range]`, in order; none is empty.
    func forEachPiece(
        of text: UnsafeBufferPointer<UInt8>, in range: Range<Int>, _ body: (Range<Int>) -> Void
    ) {
        program.instructions.withUnsafeBufferPointer { instructions in
            program.sets.withUnsafeBufferPointer { sets in
                program.ranges.withUnsafeBufferPointer { ranges in
                    properties.withUnsafeBufferPointer { properties in
                        let matcher = SplitMatcher(
                            range, of: text, instructions: instructions, sets: sets, ranges: ranges,
                            properties: properties, patience: patience == 0 ? 0 : patience * range.count + 1000)
                        scan(text, range, matcher, body)
                    }
                }
            }
        }
    }

    private func scan(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ matcher: consuming SplitMatcher,
        _ body: (Range<Int>) -> Void
    ) {
        var matcher = matcher
        var pieceStart = range.lowerBound
        var at = range.lowerBound
        var lastMatchEnd = -1
        program.entries.withUnsafeBufferPointer { entries in
            program.entryStarts.withUnsafeBufferPointer { starts in
                while at < range.upperBound {
                    let byte = Int(text[at])
                    var matched: Int?
                    for index in Int(starts[byte])..<Int(starts[byte + 1]) {
                        matched = matcher.match(entry: entries[index], at: at)
                        if matched != nil { break }
                    }
                    // The library ignores an empty match right behind a match; another one cuts the text.
                    if let matched, matched > at || lastMatchEnd != at {
                        if pieceStart < at { body(pieceStart..<at) }
                        if at < matched { body(at..<matched) }
                        pieceStart = matched
                        lastMatchEnd = matched
                        at = matched
                    } else {
                        at += UTF8Reader.scalar(text, at: at, end: range.upperBound).length
                    }
                }
            }
        }
        if pieceStart < range.upperBound { body(pieceStart..<range.upperBound) }
    }
}
