/// Whether two short answers say the same, whatever their spelling.
public enum AnswerComparison {
    /// Longer answers, in bytes, agree with nothing: they are no short answers.
    public static let longestAnswer = 16_384

    /// Whether an answer agrees with the gold one.
    ///
    /// Compared is what ``final(of:)`` finds in each. In this order they agree
    /// - as text without case, punctuation at the ends and superfluous white space;
    /// - where the gold answer is yes or no: if the first word says so, and not the contrary as well;
    /// - where it is a letter A to E: if that is the only letter that stands alone;
    /// - as numbers, quantities, tuples, intervals, sets and expressions, in value or in one of the forms of
    ///   ``MathNormalization``: `1,000` and `1000`, `0.5` and `1/2`, `\frac{1}{2}` and `50\%`, `10 cm` and `10`;
    /// - where it is a number: if an answer in words has that number and no other.
    ///
    /// - Parameters:
    ///   - answer: Text after the think block.
    ///   - gold: The short verifiable answer.
    /// - Returns: False also if either is empty, or longer than ``longestAnswer``.
    public static func agree(_ answer: String, _ gold: String) -> Bool {
        let answer = final(of: answer)
        let gold = final(of: gold)
        guard answer.utf8.count <= longestAnswer, gold.utf8.count <= longestAnswer else { return false }
        let said = core(answer)
        let meant = core(gold)
        guard !said.isEmpty, !meant.isEmpty else { return false }
        if said == meant { return true }
        if let wanted = decision(meant) { return decides(said, wanted) }
        if let wanted = choice(gold) { return choice(answer) == wanted || choices(in: answer) == [wanted] }
        if let found = MathTerm(answer), let wanted = MathTerm(gold), found.agrees(with: wanted) { return true }
        guard let wanted = Quantity(notation: MathNormalization.notation(gold)) else { return false }
        let sentence = MathNormalization.notation(answer)
        // What is a quantity as a whole was compared already.
        guard Quantity(notation: sentence) == nil, let found = Quantity(prose: sentence) else { return false }
        return found.agrees(with: wanted)
    }

    /// What a text gives as its answer.
    ///
    /// The last `<answer>` if there is one, else everything; in that, what the last `\boxed{…}` holds, else what follows
    /// the last `####`, `answer is` or `answer:`, else all of it. A box that is not closed holds nothing.
    public static func final(of text: String) -> String {
        let text = tagged(text) ?? text
        if let boxed = boxed(text) { return boxed }
        if boxCount(text) > 0 { return "" }
        // Markers are ASCII; lowering the case of ASCII only keeps the offsets.
        let bytes = Array(text.utf8)
        let lowered = bytes.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
        for marker in ["####", "answer is", "answer:"] {
            let marker = Array(marker.utf8)
            guard lowered.count > marker.count else { continue }
            let last = (0...lowered.count - marker.count).last {
                lowered[$0] == marker[0] && lowered[$0...].starts(with: marker)
            }
            if let last { return String(decoding: bytes[(last + marker.count)...], as: UTF8.self) }
        }
        return text
    }

    /// The content of the last `\boxed{…}` or `\fbox{…}`, with braces within it; of `\boxed 5` what stands before a `$`.
    public static func boxed(_ text: String) -> String? {
        for command in ["\\boxed", "\\fbox"] {
            guard let start = text.ranges(ofBytes: command).last?.upperBound else { continue }
            let rest = text[start...]
            if rest.utf8.first == UInt8(ascii: " ") {
                return String(rest.prefix { $0 != "$" && !$0.isNewline }).trimmed
            }
            guard rest.utf8.first == UInt8(ascii: "{") else { return nil }
            var depth = 0
            let end = rest.utf8.firstIndex { byte in
                if byte == UInt8(ascii: "{") { depth += 1 }
                if byte == UInt8(ascii: "}") { depth -= 1 }
                return depth == 0
            }
            return end.map { String(rest[rest.utf8.index(after: start)..<$0]) }
        }
        return nil
    }

    /// How many answers are boxed.
    public static func boxCount(_ text: String) -> Int {
        text.ranges(ofBytes: "\\boxed").count + text.ranges(ofBytes: "\\fbox").count
    }

    /// The content of the last `<answer>` tags.
    private static func tagged(_ text: String) -> String? {
        guard let opened = text.ranges(ofBytes: "<answer>").last,
            let closed = text.range(ofBytes: "</answer>", from: opened.upperBound)
        else { return nil }
        return String(text[opened.upperBound..<closed.lowerBound]).trimmed
    }

    // MARK: Words

    /// Without marks of mathematics and money, case, and what stands at the ends.
    private static func core(_ text: String) -> String {
        var text = text
        let marks = [
            "\\$", "$", "\\%", "%", "\\left", "\\right", "\\!", "\\,", "\\(", "\\)", "\\textbf", "\\text", "\\mathrm",
            "\\mathbf",
        ]
        for mark in marks { text = text.removing(mark) }
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

    /// Whether the first word is the decision, and the next ones do not offer the other as well.
    private static func decides(_ said: String, _ wanted: Bool) -> Bool {
        if said == "y" || said == "n" { return (said == "y") == wanted }
        let words = words(said).prefix(3).map(core)
        guard let first = words.first, decision(first) == wanted else { return false }
        let joined = words.dropFirst().first.map { ["or", "and", "/"].contains($0) } ?? false
        return words.dropFirst(joined ? 2 : 1).first.flatMap(decision) != !wanted
    }

    /// The letter of a choice, alone but for brackets, wrappings and punctuation.
    private static func choice(_ text: String) -> Character? {
        guard text.utf8.count <= 64 else { return nil }
        var text = text
        for mark in ["\\textbf", "\\text", "\\mathrm", "\\mathbf", "$", "*"] { text = text.removing(mark) }
        let letter = text.trimmed.filter { !"(){}[].,;:!? ".contains($0) }
        guard letter.count == 1, let only = letter.first, ("A"..."E").contains(only) else { return nil }
        return only
    }

    /// Letters A to E that stand alone; "A dog" has none.
    private static func choices(in text: String) -> Set<Character> {
        let bytes = [UInt8(ascii: " ")] + Array(text.utf8) + Array("  ".utf8)
        var found: Set<Character> = []
        for place in 1..<bytes.count - 2 where (UInt8(ascii: "A")...UInt8(ascii: "E")).contains(bytes[place]) {
            let (before, after) = (bytes[place - 1], bytes[place + 1])
            let isAlone = ![before, after].contains {
                $0.isLetter || $0.isDigit || $0 >= 0x80 || $0 == UInt8(ascii: "'")
            }
            let next = bytes[(place + 2)...]
            let isArticle =
                bytes[place] == UInt8(ascii: "A") && after == UInt8(ascii: " ") && bytes[place + 2] >= UInt8(ascii: "a")
                && !next.starts(with: "or ".utf8) && !next.starts(with: "and ".utf8)
            if isAlone, !isArticle { found.insert(Character(UnicodeScalar(bytes[place]))) }
        }
        return found
    }
}
