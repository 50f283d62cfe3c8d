/// Normal forms of short mathematical answers, so that spellings of one value become one text.
///
/// The two forms are those with which MATH (Hendrycks et al.) and Minerva are scored, less what lets a wrong answer
/// pass there: see each. All take time in proportion to the text.
public enum MathNormalization {
    /// The form of MATH: `\frac12`, `1/2` and `.5` become `\frac{1}{2}`, units and marks go.
    ///
    /// Unlike there, a comma goes only between groups of three digits, for tuples would lose theirs; a unit only at the
    /// end and without digits, for `5\text{ or 6}` is no answer; a percent sign also without its backslash; and a space
    /// between digits stays, for `2 1/3` is not `21/3`.
    public static func hendrycks(_ text: String) -> String {
        var text = text.removing("\n").removing("\\!").replacing("\\\\", by: "\\")
        text = text.replacing("tfrac", by: "frac").replacing("dfrac", by: "frac")
        for mark in ["\\left", "\\right", "^{\\circ}", "^\\circ", "\\$", "$"] { text = text.removing(mark) }
        text = withoutGroupCommas(text.replacing("{,}", by: ","))
        text = withoutUnit(text).removing("\\%").removing("%")
        text = text.replacing(" .", by: " 0.").replacing("{.", by: "{0.")
        if text.hasPrefix(".") { text = "0" + text }
        text = braced(withoutSpaces(withoutAssignment(text)))
        return text == "0.5" ? "\\frac{1}{2}" : fraction(text) ?? text
    }

    /// The form of Minerva: articles, units and the wrappings of text go, and of prose with a formula the formula stays.
    ///
    /// Unlike there, units are whole words, for `ft` is in `left`; and a formula stands for its sentence only if nothing
    /// else in it could be an answer, for `$5$ or $6$` would pass for 5.
    public static func minerva(_ text: String) -> String {
        var text = text.replacing(".$", by: "$").removing("\\$").replacing("\\ ", by: " ")
        text = onlyFormula(text) ?? text
        text = text.replacing("mbox", by: "text").replacing(",\\text{and}", by: ",").replacing("\\text{and}", by: ",")
        text = text.replacing("\\text{m}", by: "\\text{}")
        for mark in fillers { text = text.removing(mark) }
        for command in ["\\text{", "\\textbf{", "\\overline{", "\\boxed{"] { text = unwrapped(text, command) }
        text = withoutSpaces(withoutWords(text, words).removing("$"))
        return withoutGroupCommas(braced(text))
    }

    /// One notation for what ``MathParser`` and ``MathTerm`` read.
    static func notation(_ text: String) -> String {
        var text = text
        for (mark, plain) in notations { text = text.replacing(mark, by: plain) }
        return text.trimmed
    }

    /// Without `x=`, where one or two characters name what is found.
    static func withoutAssignment(_ text: String) -> String {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count <= 16 else { return text }
        let name = String(parts[0]).trimmed
        return name.count <= 2 && name.utf8.first?.isLetter == true ? String(parts[1]).trimmed : text
    }

    // MARK: Tables

    private static let notations = [
        ("\\\\", "\\"), ("\n", " "), ("\\!", ""), ("\\,", ""), ("\\;", " "), ("\\:", " "), ("\\ ", " "),
        ("\\quad", " "), ("~", " "), ("\\left", ""), ("\\right", ""), ("\\(", ""), ("\\)", ""), ("\\[", ""),
        ("\\]", ""), ("\\dfrac", "\\frac"), ("\\tfrac", "\\frac"), ("\\cfrac", "\\frac"), ("^{\\circ}", ""),
        ("^\\circ", ""), ("\\degree", ""), ("°", ""), ("\\$", ""), ("$", ""), ("\\cdot", "*"), ("\\times", "*"),
        ("×", "*"), ("·", "*"), ("\\div", "/"), ("÷", "/"), ("−", "-"), ("–", "-"), ("π", "\\pi "),
        ("√", "\\surd "), ("{,}", ","), ("²", "^2"), ("³", "^3"), ("∞", "\\infty"), ("∪", "\\cup "),
    ]

    private static let fillers = [
        "\\ldots", "\\dots", "\\text{s}", "\\text{.}", "\\text{}^2", "\\text{}^3", "\\text{}", "\\mathrm{th}",
        "^\\circ", "^{\\circ}", "\\;", ",\\!", "{,}", "\"",
    ]

    private static let words: Set<String> = [
        "a", "an", "square", "ways", "integers", "dollars", "mph", "inches", "ft", "hours", "km", "units", "sue",
        "points", "feet", "minutes", "digits", "cents", "degrees", "cm", "gm", "pounds", "meters", "meals", "edges",
        "students", "childrentickets", "multiples",
    ]

    // MARK: Steps

    /// `1,000` without its comma, but `12,34` and `1,2` as they are.
    private static func withoutGroupCommas(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var kept: [UInt8] = []
        var place = 0
        while place < bytes.count {
            guard bytes[place].isDigit else {
                kept.append(bytes[place])
                place += 1
                continue
            }
            // Digits and commas that stand together.
            let start = place
            while place < bytes.count, bytes[place].isDigit || bytes[place] == UInt8(ascii: ",") { place += 1 }
            let run = bytes[start..<place]
            let groups = run.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            let isGrouped = groups[0].count <= 3 && groups.dropFirst().allSatisfy { $0.count == 3 }
            kept += isGrouped ? groups.flatMap(\.self) : Array(run)
        }
        return String(decoding: kept, as: UTF8.self)
    }

    /// Without spaces, but for one between digits.
    private static func withoutSpaces(_ text: String) -> String {
        var kept: [UInt8] = []
        var isAfterSpace = false
        for byte in text.utf8 {
            if byte == UInt8(ascii: " ") {
                isAfterSpace = true
                continue
            }
            if isAfterSpace, byte.isDigit, kept.last?.isDigit == true { kept.append(UInt8(ascii: " ")) }
            isAfterSpace = false
            kept.append(byte)
        }
        return String(decoding: kept, as: UTF8.self)
    }

    /// Without ` \text{ cm}^2` at the end, as long as something stands before it.
    private static func withoutUnit(_ text: String) -> String {
        guard let start = text.utf8.firstRange(of: "\\text{ ".utf8), start.lowerBound > text.startIndex else {
            return text
        }
        let unit = text[start.upperBound...]
        guard let end = unit.utf8.firstIndex(of: UInt8(ascii: "}")), !unit[..<end].utf8.contains(where: \.isDigit),
            ["", "^2", "^3", "^{2}", "^{3}", "."].contains(String(unit[unit.index(after: end)...]).trimmed)
        else { return text }
        return String(text[..<start.lowerBound])
    }

    /// `\sqrt3`, `\frac12` and `\frac1{72}` with all their braces.
    private static func braced(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var place = 0
        while place < bytes.count {
            var missing = 0
            for (command, count) in [("\\frac", 2), ("\\sqrt", 1)] where bytes[place...].starts(with: command.utf8) {
                missing = count
            }
            guard missing > 0 else {
                result.append(bytes[place])
                place += 1
                continue
            }
            result += bytes[place..<place + 5]
            place += 5
            // Arguments that are single signs; from the first group on, a group of its own is the last.
            while missing > 0, place < bytes.count {
                if bytes[place] == UInt8(ascii: "{"), missing == 2, let end = closing(bytes, from: place) {
                    result += bytes[place...end]
                    place = end + 1
                } else if bytes[place].isDigit || bytes[place].isLetter, bytes[place] < 0x80 {
                    result += [UInt8(ascii: "{"), bytes[place], UInt8(ascii: "}")]
                    place += 1
                } else {
                    break
                }
                missing -= 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The end of a group without groups in it, which keeps this short of a second look at any byte.
    private static func closing(_ bytes: [UInt8], from start: Int) -> Int? {
        let end = bytes[(start + 1)...].firstIndex { $0 == UInt8(ascii: "}") || $0 == UInt8(ascii: "{") }
        return end.flatMap { bytes[$0] == UInt8(ascii: "}") ? $0 : nil }
    }

    /// `-1/2` as `\frac{-1}{2}`.
    private static func fraction(_ text: String) -> String? {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy({ Int($0) != nil && !$0.hasPrefix("+") }) else { return nil }
        return "\\frac{\(halves[0])}{\(halves[1])}"
    }

    /// The content of the only `$…$`, if no digit and no other answer stands beside it.
    private static func onlyFormula(_ text: String) -> String? {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        return (parts[0] + parts[2]).utf8.contains(where: \.isDigit) ? nil : String(parts[1])
    }

    /// The text with every group of a command without its command and braces.
    private static func unwrapped(_ text: String, _ command: String) -> String {
        guard text.utf8.firstRange(of: command.utf8) != nil else { return text }
        let bytes = Array(text.utf8)
        let command = Array(command.utf8)
        var kept: [UInt8] = []
        var open: [Bool] = []
        var place = 0
        while place < bytes.count {
            if bytes[place...].starts(with: command) {
                open.append(true)
                place += command.count
                continue
            }
            if bytes[place] == UInt8(ascii: "{") { open.append(false) }
            let isEnd = bytes[place] == UInt8(ascii: "}") && open.popLast() == true
            if !isEnd { kept.append(bytes[place]) }
            place += 1
        }
        return String(decoding: kept, as: UTF8.self)
    }

    /// The text without words of a set, which no letter adjoins.
    private static func withoutWords(_ text: String, _ words: Set<String>) -> String {
        let bytes = Array(text.utf8)
        var kept: [UInt8] = []
        var place = 0
        while place < bytes.count {
            let start = place
            let isLetter = bytes[start].isLetter
            while place < bytes.count, bytes[place].isLetter == isLetter { place += 1 }
            let run = bytes[start..<place]
            let isCommand = start > 0 && bytes[start - 1] == UInt8(ascii: "\\")
            // "a" alone is a variable or a choice.
            let isDropped =
                isLetter && !isCommand && run.count < bytes.count
                && words.contains(String(decoding: run, as: UTF8.self))
            if !isDropped { kept += run }
        }
        return String(decoding: kept, as: UTF8.self)
    }
}

extension String {
    /// The text without every occurrence of another, byte for byte.
    func removing(_ part: String) -> String { replacing(part, by: "") }

    /// The text with every occurrence of another changed, byte for byte.
    func replacing(_ part: String, by other: String) -> String {
        guard var range = range(ofBytes: part) else { return self }
        var kept = ""
        var start = startIndex
        while true {
            kept += self[start..<range.lowerBound]
            kept += other
            start = range.upperBound
            guard let further = self.range(ofBytes: part, from: start) else { break }
            range = further
        }
        return kept + self[start...]
    }
}
