extension WiScore.Ratings {
    /// Reads the ratings out of a judge's reply, strictly.
    ///
    /// A rating is one of the names `Consistency`, `Realism` and `Aesthetic Quality` in any case, with up to two stars,
    /// white space, a colon and white space after it in that order, each optional, and a digit: `**Realism**: 2`. The
    /// last rating of a name counts. A reply without any may instead have lines that are a digit of 0 to 2 each; the
    /// first three are the ratings in the order above. So far this is what `gpt_eval.py` accepts.
    ///
    /// - Returns: `nil` if one of the three is missing, is not 0 to 2, or goes on as a longer number (`10`, `1.5`), which
    ///   the official code cuts after its first digit.
    public init?(reading reply: String) {
        let reply = JudgeReply(reply)
        let ratings = ["consistency", "realism", "aesthetic quality"].map { reply.digits(after: $0).last }
        if ratings.allSatisfy({ $0 == nil }) {
            let lines = reply.lines(of: 0...2)
            guard lines.count >= 3 else { return nil }
            self.init(consistency: lines[0], realism: lines[1], aestheticQuality: lines[2])
        } else {
            let values = ratings.compactMap { $0 }.filter { $0.isWhole && $0.value <= 2 }.map(\.value)
            guard values.count == 3 else { return nil }
            self.init(consistency: values[0], realism: values[1], aestheticQuality: values[2])
        }
    }
}

extension WiScore {
    /// Reads the verdict of WISE_Verified, 0 or 1, out of a judge's reply, strictly.
    ///
    /// The first `Score` in any case, followed as in ``Ratings/init(reading:)`` by 0 or 1 at the end of a word; without
    /// any, the one line that is 0 or 1. So far this is what `vllm_eval.py` accepts.
    ///
    /// - Returns: `nil` for anything else, and where the number goes on as in `1.5`, which the official code cuts.
    public static func verdict(reading reply: String) -> Int? {
        let reply = JudgeReply(reply)
        if let score = reply.digits(after: "score").first(where: { $0.isASCII && $0.value <= 1 && $0.endsWord }) {
            return score.isWhole ? score.value : nil
        }
        let lines = reply.lines(of: 0...1)
        return lines.count == 1 ? lines[0] : nil
    }
}

/// What a judge wrote, searched in time linear in its length.
private struct JudgeReply {
    /// A digit after a name.
    struct Digit {
        let value: Int
        let isASCII: Bool
        /// Whether no letter, digit or low line follows.
        let endsWord: Bool
        /// Whether no further digit follows, nor a fraction.
        let isWhole: Bool
    }

    private let text: [Unicode.Scalar]

    init(_ reply: String) { text = Array(reply.unicodeScalars) }

    /// The digits that follow a name, which is in lower case.
    func digits(after name: String) -> [Digit] {
        let name = Array(name.unicodeScalars)
        var found: [Digit] = []
        var place = 0
        while place + name.count < text.count {
            guard isName(name, at: place) else {
                place += 1
                continue
            }
            place += name.count
            var end = place
            while end < text.count, end < place + 2, text[end] == "*" { end += 1 }
            while end < text.count, AnswerText.isSpace(text[end]) { end += 1 }
            if end < text.count, text[end] == ":" { end += 1 }
            while end < text.count, AnswerText.isSpace(text[end]) { end += 1 }
            if let digit = digit(at: end) { found.append(digit) }
        }
        return found
    }

    /// The lines that are a digit of a range, but for white space.
    func lines(of range: ClosedRange<Int>) -> [Int] {
        text.split(separator: "\n").compactMap { line in
            let parts = line.split(whereSeparator: AnswerText.isSpace)
            guard parts.count == 1, parts[0].count == 1, let only = parts[0].first, only.isASCII else { return nil }
            return Int(String(only)).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    private func isName(_ name: [Unicode.Scalar], at place: Int) -> Bool {
        for (offset, wanted) in name.enumerated() {
            let scalar = text[place + offset]
            let isUpper = scalar.isASCII && scalar.properties.isUppercase
            guard (isUpper ? scalar.value + 32 : scalar.value) == wanted.value else { return false }
        }
        return true
    }

    private func digit(at place: Int) -> Digit? {
        guard place < text.count, AnswerText.isDigit(text[place]) else { return nil }
        guard let value = text[place].properties.numericValue.flatMap({ Int(exactly: $0) }) else { return nil }
        let next = place + 1 < text.count ? text[place + 1] : nil
        let second = place + 2 < text.count ? text[place + 2] : nil
        let hasFraction = (next == "." || next == ",") && AnswerText.isDigit(second)
        return Digit(
            value: value, isASCII: text[place].isASCII, endsWord: !isWord(next),
            isWhole: !AnswerText.isDigit(next) && !hasFraction)
    }

    private func isWord(_ scalar: Unicode.Scalar?) -> Bool {
        guard let properties = scalar?.properties else { return false }
        return scalar == "_" || isLetter(properties.generalCategory) || properties.numericType != nil
    }

    private func isLetter(_ category: Unicode.GeneralCategory) -> Bool {
        [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter].contains(category)
    }
}
