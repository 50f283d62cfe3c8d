/// How text between added tokens is cut into the pieces within which tokens merge.
struct PreTokenizer: Sendable {
    /// One step; each works on the pieces of the one before.
    enum Step: Sendable {
        case split(SplitScanner)
        /// Puts a space before each piece that does not begin with one.
        case prefixSpace
    }

    /// The pattern of a ByteLevel step with `use_regex` (GPT-2's).
    static let byteLevelPattern = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    let steps: [Step]

    /// How many steps must run before the bytes are final: those up to the last that adds some.
    private var rewritingSteps: Int {
        steps.lastIndex { if case .prefixSpace = $0 { true } else { false } }.map { $0 + 1 } ?? 0
    }

    /// Whether text goes through unchanged, only cut.
    var keepsBytes: Bool { rewritingSteps == 0 }

    /// Runs the steps that add bytes, and those before them.
    func rewrite(_ text: inout [UInt8], _ segments: inout [Segment]) {
        for step in steps[..<rewritingSteps] {
            var cut: [Segment] = []
            switch step {
            case .split(let scanner):
                text.withUnsafeBufferPointer { text in
                    for segment in segments {
                        guard case .text(let range) = segment else {
                            cut.append(segment)
                            continue
                        }
                        scanner.forEachPiece(of: text, in: range) { cut.append(.text($0)) }
                    }
                }
            case .prefixSpace:
                var rewritten: [UInt8] = []
                rewritten.reserveCapacity(text.count + segments.count)
                for segment in segments {
                    guard case .text(let range) = segment else {
                        cut.append(segment)
                        continue
                    }
                    let start = rewritten.count
                    if text[range.lowerBound] != 0x20 { rewritten.append(0x20) }
                    rewritten.append(contentsOf: text[range])
                    cut.append(.text(start..<rewritten.count))
                }
                text = rewritten
            }
            segments = cut
        }
    }

    /// Runs the steps that only cut, on one piece of what ``rewrite(_:_:)`` left.
    func forEachPiece(of text: UnsafeBufferPointer<UInt8>, in range: Range<Int>, _ body: (Range<Int>) -> Void) {
        cut(text, range, steps[rewritingSteps...], body)
    }

    private func cut(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ steps: ArraySlice<Step>, _ body: (Range<Int>) -> Void
    ) {
        guard let step = steps.first, case .split(let scanner) = step else { return body(range) }
        let rest = steps.dropFirst()
        if rest.isEmpty { return scanner.forEachPiece(of: text, in: range, body) }
        scanner.forEachPiece(of: text, in: range) { cut(text, $0, rest, body) }
    }
}
