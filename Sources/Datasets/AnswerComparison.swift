/// Whether two short answers say the same, whatever their spelling.
public enum AnswerComparison {
    /// Whether an answer agrees with the gold one.
    ///
    /// Compared are: what is boxed or tagged, if anything is; else what follows `####`, `answer is` or `answer:`; else
    /// the whole. Numbers agree in value (`1,000` and `1000`, `0.5` and `1/2`); where the gold answer is a number, an
    /// answer in words with a single number is that number; where it is yes or no, the first word counts. Everything
    /// else agrees as text without case, punctuation at the ends and superfluous white space.
    ///
    /// - Parameters:
    ///   - answer: Text after the think block.
    ///   - gold: The short verifiable answer.
    /// - Returns: False also if either is empty.
    public static func agree(_ answer: String, _ gold: String) -> Bool {
        let said = core(final(of: answer))
        let meant = core(final(of: gold))
        guard !said.isEmpty, !meant.isEmpty else { return false }
        if said == meant { return true }
        if let wanted = Fraction(meant) {
            if let found = Fraction(said) { return found == wanted }
            let numbers = words(said).compactMap { Fraction(core($0)) }
            return numbers.count == 1 && numbers[0] == wanted
        }
        if let wanted = decision(meant) { return words(said).first.flatMap { decision(core($0)) } == wanted }
        return false
    }

    /// What a text gives as its answer: boxed, tagged, announced, or all of it.
    public static func final(of text: String) -> String {
        if let boxed = boxed(text) { return boxed }
        if let tagged = ThinkBlock.tagged(text) { return tagged }
        // Markers are ASCII; lowering the case of ASCII only keeps the offsets.
        let bytes = Array(text.utf8)
        let lowered = bytes.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
        for marker in ["####", "answer is", "answer:"] {
            let marker = Array(marker.utf8)
            guard lowered.count > marker.count else { continue }
            let last = (0...lowered.count - marker.count).last { lowered[$0...].starts(with: marker) }
            if let last { return String(decoding: bytes[(last + marker.count)...], as: UTF8.self) }
        }
        return text
    }

    /// The content of the last `\boxed{…}`, with braces within it.
    public static func boxed(_ text: String) -> String? {
        var found: String?
        var start = text.startIndex
        while let range = text.range(ofBytes: "\\boxed{", from: start) {
            var depth = 1
            let end = text.utf8[range.upperBound...].firstIndex { byte in
                if byte == UInt8(ascii: "{") { depth += 1 }
                if byte == UInt8(ascii: "}") { depth -= 1 }
                return depth == 0
            }
            guard let end else { break }
            found = String(text[range.upperBound..<end])
            start = end
        }
        return found
    }

    /// Without marks of mathematics and money, case, and what stands at the ends.
    private static func core(_ text: String) -> String {
        var text = text
        for mark in ["\\$", "$", "\\%", "%", "\\left", "\\right", "\\!", "\\,", "\\(", "\\)", "\\text", "\\mathrm"] {
            text = text.removing(mark)
        }
        text = text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
        text = String(text.drop { "\"'*:= ".contains($0) })
        while let last = text.last, ".,;:!?\"'* ".contains(last) { text.removeLast() }
        // "(B)" and "{5}", but no pair: an interval keeps its brackets.
        let isWrapped = ["()", "{}", "[]"].contains { text.first == $0.first && text.last == $0.last }
        if isWrapped, !text.contains(",") { text = String(text.dropFirst().dropLast()) }
        return text.trimmed
    }

    private static func words(_ text: String) -> [String] { text.split { $0 == " " || $0 == "=" }.map(String.init) }

    private static func decision(_ text: String) -> Bool? {
        switch text {
        case "yes", "true": true
        case "no", "false": false
        default: nil
        }
    }
}

extension String {
    /// The text without every occurrence of another, byte for byte.
    func removing(_ part: String) -> String {
        var kept = ""
        var start = startIndex
        while let range = range(ofBytes: part, from: start) {
            kept += self[start..<range.lowerBound]
            start = range.upperBound
        }
        return kept + self[start...]
    }
}

/// A number as an exact fraction in lowest terms.
struct Fraction: Hashable {
    private let numerator: Int
    private let denominator: Int

    /// Reads `-12`, `1,000`, `0.50`, `3/4`, `\frac{3}{4}`; `nil` for anything else, and for numbers of 64 bits and more.
    init?(_ text: String) {
        var text = text
        var isNegative = false
        if text.hasPrefix("-") || text.hasPrefix("+") {
            isNegative = text.hasPrefix("-")
            text.removeFirst()
        }
        var halves: [String]
        let command = ["\\frac{", "\\dfrac{", "\\tfrac{"].first { text.hasPrefix($0) }
        if let command {
            guard text.hasSuffix("}") else { return nil }
            let inside = String(text.dropFirst(command.count).dropLast())
            guard let middle = inside.range(ofBytes: "}{") else { return nil }
            halves = [String(inside[..<middle.lowerBound]), String(inside[middle.upperBound...])]
        } else {
            halves = text.split(separator: "/", omittingEmptySubsequences: false).map { String($0).trimmed }
        }
        guard halves.count <= 2, let first = Self.decimal(halves[0]),
            let second = halves.count == 2 ? Self.decimal(halves[1]) : (1, 1), second.value != 0
        else { return nil }
        let (top, topOverflow) = first.value.multipliedReportingOverflow(by: second.scale)
        let (bottom, bottomOverflow) = first.scale.multipliedReportingOverflow(by: second.value)
        guard !topOverflow, !bottomOverflow else { return nil }
        let divisor = Self.greatestCommonDivisor(top, bottom)
        numerator = (isNegative ? -top : top) / divisor
        denominator = bottom / divisor
    }

    /// Digits, perhaps in groups of three, perhaps with a decimal point: value and power of ten, neither negative.
    private static func decimal(_ text: String) -> (value: Int, scale: Int)? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, var whole = parts.first.map(String.init) else { return nil }
        let groups = whole.split(separator: ",", omittingEmptySubsequences: false)
        if groups.count > 1 {
            guard (1...3).contains(groups[0].count), groups.dropFirst().allSatisfy({ $0.count == 3 }) else {
                return nil
            }
            whole = groups.joined()
        }
        let decimals = parts.count == 2 ? String(parts[1]) : ""
        let digits = whole + decimals
        guard !digits.isEmpty, digits.utf8.count <= 18, digits.utf8.allSatisfy({ (48...57).contains($0) }),
            let value = Int(digits)
        else { return nil }
        return (value, decimals.reduce(1) { scale, _ in scale * 10 })
    }

    private static func greatestCommonDivisor(_ first: Int, _ second: Int) -> Int {
        var (a, b) = (first, second)
        while b != 0 { (a, b) = (b, a % b) }
        return max(1, a)
    }
}
