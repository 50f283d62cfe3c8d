/// Right or wrong for MATH (Hendrycks et al., arXiv 2103.03874), as version 2 of OpenCompass's evaluator has it.
///
/// This is the rule behind published figures, wrong turns included: units with digits, `x=` and words go, so that some
/// different answers pass for equal. `AnswerComparison` of `Datasets` is the stricter judge to train with.
public enum MathAnswer {
    /// The gold answer of a solution: what the last `\boxed{…}` holds.
    ///
    /// As in the reference, a last `\boxed` of another form or without its end gives `nil`. An `\fbox` always does: the
    /// reference finds it where there is no `\boxed`, but then opens only `\boxed`.
    public static func gold(of solution: String) -> String? { boxed(CodePoints(solution)).map { String($0) } }

    /// What a prediction gives as its answer.
    ///
    /// What the last `\boxed{…}` holds, out of one more pair of braces; if there is no such box or nothing in it, the
    /// normalized first sentence with "final answer" or "answer is"; else the normalized first sentence. A sentence
    /// ends at any period.
    public static func extracted(from prediction: String) -> String { String(extracted(CodePoints(prediction))) }

    /// Whether a prediction is right.
    ///
    /// - Parameters:
    ///   - prediction: What the model wrote.
    ///   - gold: The short answer, as ``gold(of:)`` gives it; `nil`, for a solution without a box, makes all wrong.
    /// - Returns: Whether ``agree(_:_:)`` holds for the answer read in the prediction.
    public static func verdict(of prediction: String, gold: String?) -> Bool {
        gold.map { agree(extracted(CodePoints(prediction)), CodePoints($0)) } ?? false
    }

    /// Whether two short answers are equal: in the form of MATH, in that and then the one of Minerva, in the latter
    /// alone, or as they are.
    public static func agree(_ answer: String, _ gold: String) -> Bool { agree(CodePoints(answer), CodePoints(gold)) }

    private static func agree(_ answer: CodePoints, _ gold: CodePoints) -> Bool {
        if let said = MathForms.stripped(answer), let meant = MathForms.stripped(gold),
            said == meant || MathForms.normalized(said) == MathForms.normalized(meant)
        {
            return true
        }
        return answer == gold || MathForms.normalized(answer) == MathForms.normalized(gold)
    }

    private static func extracted(_ text: CodePoints) -> CodePoints {
        if let boxed = boxed(text).map(unbraced), !boxed.isEmpty { return boxed }
        let sentences = text.split(separator: ".", omittingEmptySubsequences: false).map(CodePoints.init)
        let phrases = ["final answer", "answer is"].map { CodePoints($0) }
        let answer = sentences.first { sentence in
            let lowered = sentence.map { ("A"..."Z").contains($0) ? Unicode.Scalar(UInt8($0.value) | 0x20) : $0 }
            return phrases.contains { lowered.start(of: $0) != nil }
        }
        return MathForms.normalized(answer ?? sentences[0])
    }

    private static func boxed(_ text: CodePoints) -> CodePoints? {
        guard let start = text.lastStart(of: CodePoints("\\boxed")) else { return nil }
        let content = start + 7
        guard content <= text.count, text[content - 1] == "{" else { return nil }
        var depth = 0
        let end = text[start...].firstIndex { scalar in
            if scalar == "{" { depth += 1 }
            if scalar == "}" { depth -= 1 }
            return depth == 0 && scalar == "}"
        }
        return end.map { CodePoints(text[content..<$0]) }
    }

    /// `5` for `{5}`, also with a line break behind it, but with none within.
    private static func unbraced(_ text: CodePoints) -> CodePoints {
        let outer = text.last == "\n" ? text.dropLast() : text[...]
        guard outer.count >= 2, outer.first == "{", outer.last == "}", !outer.contains("\n") else { return text }
        return CodePoints(outer.dropFirst().dropLast())
    }
}

/// The two normal forms between which OpenCompass's evaluator compares.
///
/// Those of `MathNormalization` in `Datasets` have the same origin but keep apart what these do not.
enum MathForms {
    /// The form of `_strip_string_v2`; `nil` where the reference raises, namely for `a/b` of what is not two integers.
    static func stripped(_ text: CodePoints) -> CodePoints? {
        var text = CodePoints(text.stripped().removing("\n"))
        while text.last == "." { text.removeLast() }
        for (old, new) in [
            ("\\!", ""), ("\\ ", ""), ("\\\\", "\\"), ("\\\\", "\\"), ("tfrac", "frac"), ("dfrac", "frac"),
            ("\\left", ""), ("\\right", ""),
        ] {
            text = text.replacing(old, by: new)
        }
        let bare = withoutTextAtEnd(text).stripped()
        if !bare.isEmpty { text = bare }
        for (old, new) in [
            ("^{\\circ}", ""), ("^\\circ", ""), ("\\$", ""), ("$", ""), ("\\text", ""), ("x\\in", ""), ("\\%", ""),
            ("%", ""), (" .", " 0."), ("{.", "{0."), ("\\cdot", ""), ("infinity", "\\infty"),
        ] {
            text = text.replacing(old, by: new)
        }
        if !text.holds("\\infty") { text = text.replacing("inf", by: "\\infty") }
        text = text.replacing("+\\inity", by: "\\infty").removing("and").removing("\\mathbf")
        text = text.rewriting("\\mbox{", upTo: "}") { _ in [] }
        if text.contains("j"), !text.contains("i") { text = text.replacing("j", by: "i") }
        text = withoutZeroFraction(text)
        guard let first = text.first else { return text }
        if first == "." { text.insert("0", at: 0) }
        let sides = text.split(separator: "=", omittingEmptySubsequences: false)
        if sides.count == 2, sides[0].count <= 2 { text = CodePoints(sides[1]) }
        return fraction(fractionsWithBraces(rootsWithBraces(text).removing(" ")))
    }

    /// The form of Minerva (Lewkowycz et al., arXiv 2206.14858, appendix), `normalize_final_answer`.
    static func normalized(_ text: CodePoints) -> CodePoints {
        var text = text
        for (old, new) in substitutions { text = text.replacing(old, by: new) }
        for mark in removed { text = text.removing(mark) }
        text = text.rewriting("\\text{(", upTo: ")}") { CodePoints($0) }
        for command in ["\\text{", "\\textbf{", "\\overline{"] {
            text = text.rewriting(command, upTo: "}") { CodePoints($0) }
        }
        if let start = text.start(of: CodePoints("\\boxed{")), let end = text.lastIndex(of: "}"), end >= start + 7 {
            text = CodePoints(text[..<start] + text[(start + 7)..<end] + text[(end + 1)...])
        }
        if let start = text.end(of: CodePoints("finalansweris")) { text.removeFirst(start) }
        text = afterAnswerIs(text)
        text = text.lastPart(from: "oxed{", upTo: "}") ?? text
        text = (text.lastPart(from: "$", upTo: "$") ?? text).stripped()
        if text.holds("rac"), !text.holds("\\frac") { text = text.replacing("rac", by: "\\frac") }
        text = withBraces(withBraces(text, after: "frac", count: 2), after: "sqrt", count: 1).removing("$")
        let digits = text.removing(",")
        return !digits.isEmpty && digits.allSatisfy(\.isDigit) ? digits : text
    }

    // MARK: Tables

    private static let substitutions = [
        ("an ", ""), ("a ", ""), (".$", "$"), ("\\$", ""), ("\\ ", ""), (" ", ""), ("mbox", "text"),
        (",\\text{and}", ","), ("\\text{and}", ","), ("\\text{m}", "\\text{}"), ("\\le", "<"),
    ]

    private static let removed = [
        "square", "ways", "integers", "dollars", "mph", "inches", "ft", "hours", "km", "units", "\\ldots", "sue",
        "points", "feet", "minutes", "digits", "cents", "degrees", "cm", "gm", "pounds", "meters", "meals", "edges",
        "students", "childrentickets", "multiples", "\\text{s}", "\\text{.}", "\\text{\ns}", "\\text{}^2",
        "\\text{}^3", "\\text{\n}", "\\text{}", "\\mathrm{th}", "^\\circ", "^{\\circ}", "\\;", ",\\!", "{,}", "\"",
        "\\dots", "\n", "\r", "\u{0C}",
    ]

    // MARK: Steps

    /// Without `\text{…` from the first on, if the whole ends in a brace.
    private static func withoutTextAtEnd(_ text: CodePoints) -> CodePoints {
        guard text.last == "}", let start = text.start(of: CodePoints("\\text{")) else { return text }
        return CodePoints(text[..<start])
    }

    /// `3` for `3.00`, first before anything but a digit, then at the end.
    private static func withoutZeroFraction(_ text: CodePoints) -> CodePoints {
        var kept: CodePoints = []
        var place = 0
        while place < text.count {
            let end = text.endOfDecimals(from: place)
            guard end > place, end < text.count, text[end] == "." else {
                let next = max(end, place + 1)
                kept += text[place..<next]
                place = next
                continue
            }
            kept += text[place..<end]
            let zeros = text[(end + 1)...].firstIndex { $0 != "0" } ?? text.count
            place = end
            if zeros > end + 1, zeros < text.count, !text[zeros].isDecimal {
                // What ends the number is part of the match.
                kept.append(text[zeros])
                place = zeros + 1
            }
        }
        guard let last = kept.lastIndex(where: { $0 != "0" }), last < kept.count - 1, last > 0, kept[last] == ".",
            kept[last - 1].isDecimal
        else { return kept }
        return CodePoints(kept[..<last])
    }

    /// `\sqrt{12x}` for `\sqrt12x`: all letters, digits and underscores that follow.
    private static func rootsWithBraces(_ text: CodePoints) -> CodePoints {
        let command = CodePoints("\\sqrt")
        var kept: CodePoints = []
        var place = 0
        while let start = text.end(of: command, from: place) {
            kept += text[place..<start]
            let end = text[start...].firstIndex { !$0.isWordPart } ?? text.count
            if end > start { kept += ["{"] + text[start..<end] + ["}"] }
            place = end
        }
        return kept + text[place...]
    }

    /// `\frac{1}{2}` for `\frac12`, and `\frac{1}{72}` for `\frac1{72}`; all as it was if one has too little behind it.
    private static func fractionsWithBraces(_ text: CodePoints) -> CodePoints {
        let command = CodePoints("\\frac")
        var kept: CodePoints = []
        var place = 0
        while let start = text.end(of: command, from: place) {
            kept += text[place..<start]
            place = start
            // The next command is not an argument of this one.
            let rest = text[start...].prefix(5)
            if rest.first == "{" { continue }
            let isNext = rest.starts(with: command)
            guard rest.count >= 2, !isNext, !text[(start + 1)...].starts(with: command) else { return text }
            kept += ["{", text[start], "}"]
            place += 1
            if text[place] != "{" {
                kept += ["{", text[place], "}"]
                place += 1
            }
        }
        return kept + text[place...]
    }

    /// `\frac{1}{2}` for `1/2`; `nil` for one slash between what are not integers.
    private static func fraction(_ text: CodePoints) -> CodePoints? {
        let sides = text.split(separator: "/", omittingEmptySubsequences: false)
        guard sides.count == 2 else { return text }
        guard let top = CodePoints(sides[0]).wholeNumber, let bottom = CodePoints(sides[1]).wholeNumber else {
            return nil
        }
        return text == CodePoints("\(top)/\(bottom)") ? CodePoints("\\frac{\(top)}{\(bottom)}") : text
    }

    /// What follows the first `answeris` or `answeis` and, if there is one, its colon.
    private static func afterAnswerIs(_ text: CodePoints) -> CodePoints {
        let ends = ["answeris", "answeis"].compactMap { text.end(of: CodePoints($0)) }
        guard let end = ends.min() else { return text }
        return CodePoints(text[end...].first == ":" ? text[(end + 1)...] : text[end...])
    }

    /// The text with braces of their own around the code points that follow a command without any.
    private static func withBraces(_ text: CodePoints, after command: String, count: Int) -> CodePoints {
        let command = CodePoints(command)
        var kept: CodePoints = []
        var place = 0
        while let start = text.end(of: command, from: place) {
            kept += text[place..<start]
            place = start
            guard text.count - start >= count, text[start] != "{" else { continue }
            for argument in text[start...].prefix(count) { kept += ["{", argument, "}"] }
            place += count
        }
        return kept + text[place...]
    }
}

extension CodePoints {
    fileprivate func holds(_ part: String) -> Bool { start(of: CodePoints(part)) != nil }

    fileprivate func removing(_ part: String) -> CodePoints { replacing(part, by: "") }

    fileprivate func replacing(_ part: String, by other: String) -> CodePoints {
        let (part, other) = (CodePoints(part), CodePoints(other))
        guard var start = start(of: part) else { return self }
        var kept: CodePoints = []
        var place = 0
        while true {
            kept += self[place..<start]
            kept += other
            place = start + part.count
            guard let next = self.start(of: part, from: place) else { return kept + self[place...] }
            start = next
        }
    }

    fileprivate func lastStart(of wanted: CodePoints) -> Int? {
        guard count >= wanted.count else { return nil }
        return (0...count - wanted.count).last { self[$0] == wanted[0] && self[$0...].starts(with: wanted) }
    }

    /// The text with everything from one mark to the next of another rewritten, marks included.
    fileprivate func rewriting(
        _ opening: String, upTo closing: String, by rewrite: (ArraySlice<Unicode.Scalar>) -> CodePoints
    ) -> CodePoints {
        let (opening, closing) = (CodePoints(opening), CodePoints(closing))
        var kept: CodePoints = []
        var place = 0
        while let start = start(of: opening, from: place),
            let end = self.start(of: closing, from: start + opening.count)
        {
            kept += self[place..<start]
            kept += rewrite(self[(start + opening.count)..<end])
            place = end + closing.count
        }
        return kept + self[place...]
    }

    /// What stands in the last pair of marks, the pairs being counted from the start.
    fileprivate func lastPart(from opening: String, upTo closing: String) -> CodePoints? {
        let (opening, closing) = (CodePoints(opening), CodePoints(closing))
        var found: Range<Int>?
        while let start = end(of: opening, from: found.map { $0.upperBound + closing.count } ?? 0),
            let end = self.start(of: closing, from: start)
        {
            found = start..<end
        }
        return found.map { CodePoints(self[$0]) }
    }
}

extension Unicode.Scalar {
    /// Whether Python's `str.isdigit` holds, also for `²`.
    fileprivate var isDigit: Bool { properties.numericType == .decimal || properties.numericType == .digit }

    /// Whether Python's `\w` holds: letters, whatever has a numeric value, and the underscore.
    fileprivate var isWordPart: Bool {
        if self == "_" || properties.numericType != nil { return true }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
        default: return false
        }
    }
}
