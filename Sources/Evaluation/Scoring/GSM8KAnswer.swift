/// Right or wrong for GSM8K (Cobbe et al., arXiv 2110.14168), in each of the ways in which its figures are made.
///
/// Texts are compared code point by code point, and digits are those of every script, as in the references.
public enum GSM8KAnswer {
    /// How the answer of a prediction is read and compared.
    public enum Rule: String, CaseIterable, Hashable, Sendable {
        /// OpenAI's `grade_school_math`: the number after the first `#### `, without commas, must be the same text.
        case openAI = "openai"
        /// OpenCompass's `gsm8k` as it is: the last number before any `Question:`, equal as text or within 10⁻⁶.
        ///
        /// It takes `1,000` for a 1 and a 000, so that a right answer with a comma counts as wrong.
        case openCompass = "opencompass"
        /// The same with commas between groups of three digits left out of the prediction first.
        case openCompassGrouped = "opencompass-grouped"
        /// `strict-match` of lm-evaluation-harness: what follows the first `#### `, without commas and a period at the end.
        case harnessStrict = "strict-match"
        /// `flexible-extract` of lm-evaluation-harness: the last run of digits, commas, periods and dollars.
        case harnessFlexible = "flexible-extract"
    }

    /// The gold answer of a solution as OpenCompass reads it: what follows `#### `, without commas.
    ///
    /// - Returns: `nil` if nothing is marked so.
    public static func gold(of solution: String) -> String? {
        let text = CodePoints(solution)
        guard let start = text.end(of: marker) else { return nil }
        return String(text[start..<(text.start(of: marker, from: start) ?? text.count)].filter { $0 != "," })
    }

    /// What a rule reads in a prediction, as the reference hands it on to be compared.
    ///
    /// - Returns: `nil` where the rule finds nothing, which is never right.
    public static func extracted(from prediction: String, rule: Rule) -> String? {
        extracted(from: CodePoints(prediction), rule: rule).map { String($0) }
    }

    /// Whether a rule takes a prediction for right.
    ///
    /// - Parameters:
    ///   - prediction: What the model wrote.
    ///   - gold: The solution in the data set, which each rule reads in its own way; or, where it has no `#### `, the
    ///     short answer alone.
    ///   - rule: How to read and to compare.
    /// - Returns: Whether the rule's reference counts it as right.
    public static func verdict(of prediction: String, gold: String, rule: Rule) -> Bool {
        guard let said = extracted(from: CodePoints(prediction), rule: rule) else { return false }
        let gold = CodePoints(gold)
        switch rule {
        case .openAI:
            guard gold.end(of: marker) != nil else { return said == gold.filter { $0 != "," } }
            return said == extracted(from: gold, rule: .openAI)
        case .openCompass, .openCompassGrouped:
            return agree(said, Self.gold(of: String(gold)).map(CodePoints.init) ?? gold.filter { $0 != "," })
        case .harnessStrict, .harnessFlexible:
            return normalized(said) == normalized(gold)
        }
    }

    // MARK: Reading

    private static let marker = CodePoints("#### ")

    private static func extracted(from text: CodePoints, rule: Rule) -> CodePoints? {
        switch rule {
        case .openAI: marked(text)?.filter { $0 != "," }
        case .harnessStrict: marked(text)
        case .harnessFlexible: lastRun(text)
        case .openCompass: lastNumber(beforeQuestion(text))
        case .openCompassGrouped: lastNumber(withoutGroupCommas(beforeQuestion(text)))
        }
    }

    /// `-`, if any, then digits, periods and commas after the first `#### ` that has them.
    private static func marked(_ text: CodePoints) -> CodePoints? {
        var place = 0
        while let start = text.end(of: marker, from: place) {
            let first = start < text.count && text[start] == "-" ? start + 1 : start
            let end = text[first...].firstIndex { !isNumeral($0) } ?? text.count
            if end > first { return CodePoints(text[start..<end]) }
            place = start
        }
        return nil
    }

    /// The last of two or more digits, periods, commas and dollars, or of single digits, with the `-` before them.
    private static func lastRun(_ text: CodePoints) -> CodePoints? {
        var found: Range<Int>?
        var place = 0
        while place < text.count {
            let start = place
            if text[start] == "-" { place += 1 }
            let first = place
            while place < text.count, isNumeral(text[place]) || text[place] == "$" { place += 1 }
            if place - first > 1 || place > first && isASCIIDigit(text[first]) {
                found = start..<place
            } else if place == first {
                place = start + 1
            }
        }
        return found.map { CodePoints(text[$0]) }
    }

    private static func beforeQuestion(_ text: CodePoints) -> CodePoints {
        CodePoints(text[..<(text.start(of: CodePoints("Question:")) ?? text.count)])
    }

    /// The last of whole and decimal numbers; `3-4` holds 3 and -4, `1.2.3` holds 1.2 and 3.
    private static func lastNumber(_ text: CodePoints) -> CodePoints? {
        var found: Range<Int>?
        var place = 0
        while place < text.count {
            let first = text[place] == "-" ? place + 1 : place
            var end = text.endOfDecimals(from: first)
            guard end > first else {
                place += 1
                continue
            }
            if end < text.count, text[end] == "." {
                let fraction = text.endOfDecimals(from: end + 1)
                if fraction > end + 1 { end = fraction }
            }
            found = place..<end
            place = end
        }
        return found.map { CodePoints(text[$0]) }
    }

    /// Without a comma that has one to three digits before it and three after it.
    private static func withoutGroupCommas(_ text: CodePoints) -> CodePoints {
        var kept: CodePoints = []
        var digits = 0
        for place in text.indices {
            if text[place].isDecimal {
                digits += 1
            } else {
                let isGrouping =
                    text[place] == "," && (1...3).contains(digits) && hasThreeDecimals(text, from: place + 1)
                digits = 0
                if isGrouping { continue }
            }
            kept.append(text[place])
        }
        return kept
    }

    private static func hasThreeDecimals(_ text: CodePoints, from start: Int) -> Bool {
        let next = text[start...].prefix(4)
        return next.count >= 3 && next.prefix { $0.isDecimal }.count == 3
    }

    private static func isASCIIDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    private static func isNumeral(_ scalar: Unicode.Scalar) -> Bool {
        isASCIIDigit(scalar) || scalar == "." || scalar == ","
    }

    // MARK: Comparing

    /// OpenCompass's rule: the same text, or a number that is within 10⁻⁶ of a whole one.
    private static func agree(_ said: CodePoints, _ meant: CodePoints) -> Bool {
        if said == meant { return true }
        guard let wanted = meant.wholeNumber, let wanted = Double(wanted), wanted.isFinite,
            let found = Double(String(said.map(\.asciiDecimal)))
        else { return false }
        return abs(found - wanted) < 1e-6
    }

    /// The harness's rule: without commas, dollars, all up to the last `#### ` and a period at the end; in lower case.
    private static func normalized(_ text: CodePoints) -> CodePoints {
        var text = text.filter { $0 != "," && $0 != "$" }
        var start = 0
        while let next = text.end(of: marker, from: start) { start = next }
        text.removeFirst(start)
        // A line break at the very end does not keep the period from being last.
        let last = text.count - (text.last == "\n" ? 2 : 1)
        if last >= 0, text[last] == "." { text.remove(at: last) }
        return CodePoints(String(text).lowercased())
    }
}

/// A text as the references see it: code points, so that neither accents nor `\r\n` merge with what is before them.
typealias CodePoints = [Unicode.Scalar]

extension CodePoints {
    init(_ text: String) { self = Array(text.unicodeScalars) }

    /// Where another text, not empty, first starts.
    func start(of wanted: CodePoints, from start: Int = 0) -> Int? {
        guard count >= wanted.count else { return nil }
        let last = count - wanted.count
        var place = start
        while place <= last {
            if self[place] == wanted[0], self[place..<place + wanted.count].elementsEqual(wanted) { return place }
            place += 1
        }
        return nil
    }

    /// Where another text, not empty, first ends.
    func end(of wanted: CodePoints, from start: Int = 0) -> Int? {
        self.start(of: wanted, from: start).map { $0 + wanted.count }
    }

    /// The end of the decimal digits that start at a place.
    func endOfDecimals(from start: Int) -> Int {
        guard start < count else { return start }
        return self[start...].firstIndex { !$0.isDecimal } ?? count
    }

    /// Without white space, or what else is named, at either end.
    func stripped(where isStripped: (Unicode.Scalar) -> Bool = \.isSpace) -> CodePoints {
        guard let first = firstIndex(where: { !isStripped($0) }), let last = lastIndex(where: { !isStripped($0) })
        else { return [] }
        return CodePoints(self[first...last])
    }

    /// What Python's `int` reads, as it would print it: `7` for ` +0_7`; `nil` where it refuses.
    var wholeNumber: String? {
        let text = stripped { $0.isSpace && !("\u{1C}"..."\u{1F}").contains($0) }
        let isSigned = text.first == "-" || text.first == "+"
        let groups = text.dropFirst(isSigned ? 1 : 0).split(separator: "_", omittingEmptySubsequences: false)
        let digits = CodePoints(groups.joined())
        // More digits are refused for the time they would take.
        guard groups.allSatisfy({ !$0.isEmpty }), digits.allSatisfy(\.isDecimal), digits.count <= 4300 else {
            return nil
        }
        let value = String(CodePoints(digits.map(\.asciiDecimal).drop { $0 == "0" }))
        return value.isEmpty ? "0" : text.first == "-" ? "-" + value : value
    }
}

extension String {
    init(_ text: CodePoints) { self = String(String.UnicodeScalarView(text)) }
}

extension Unicode.Scalar {
    /// Whether Python's `str.isspace` and `\s` hold.
    var isSpace: Bool { AnswerText.isSpace(self) }

    /// Whether Python's `\d` holds: a decimal digit of any script.
    var isDecimal: Bool { AnswerText.isDigit(self) }

    /// A decimal digit in ASCII, anything else as it is.
    var asciiDecimal: Unicode.Scalar {
        guard !isASCII, isDecimal, let value = properties.numericValue else { return self }
        return Unicode.Scalar(UInt8(ascii: "0") + UInt8(value))
    }
}
