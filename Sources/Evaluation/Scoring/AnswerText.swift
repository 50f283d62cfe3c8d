/// Text as the official scorers see it, which are Python: code points, Python's white space, no equivalence of accents.
///
/// One rule of Python is left out: a capital sigma at the end of a word becomes `σ` in lower case, not `ς`.
enum AnswerText {
    /// Which full stops go with the other punctuation marks.
    enum FullStops {
        /// Those that no digit follows: `5.` loses its own (VQA `vqaEval.py`, whose look-behind is misspelt).
        case beforeNoDigit
        /// Those without a digit on either side: `5.` keeps its own (VLMEvalKit `process_punctuation`).
        case besideNoDigit
    }

    /// Both officials pass a flag where the number of replacements belongs, so that later full stops stay.
    private static let mostFullStops = 32

    private static let marks = Set(";/[]\"{}()=+\\_-><@`,?!".unicodeScalars)

    /// Without punctuation marks, by the rule that the official scorers share.
    ///
    /// A mark vanishes where it stands beside a space anywhere in the text, or if a comma stands between two digits
    /// anywhere; else each becomes a space. Apostrophes, colons and others stay.
    static func withoutPunctuation(_ text: String, _ fullStops: FullStops) -> String {
        let scalars = Array(text.unicodeScalars)
        var vanishing: Set<Unicode.Scalar> = []
        for (place, scalar) in scalars.enumerated() where marks.contains(scalar) {
            let before = place > 0 ? scalars[place - 1] : nil
            let after = place + 1 < scalars.count ? scalars[place + 1] : nil
            if before == " " || after == " " { vanishing.insert(scalar) }
            if scalar == ",", isDigit(before), isDigit(after) {
                vanishing = marks
                break
            }
        }
        var plain: [Unicode.Scalar] = []
        plain.reserveCapacity(scalars.count)
        for scalar in scalars where !vanishing.contains(scalar) { plain.append(marks.contains(scalar) ? " " : scalar) }

        var result = String.UnicodeScalarView()
        var removed = 0
        for (place, scalar) in plain.enumerated() {
            let isBeforeDigit = place + 1 < plain.count && isDigit(plain[place + 1])
            let isKept = isBeforeDigit || fullStops == .besideNoDigit && place > 0 && isDigit(plain[place - 1])
            if scalar == ".", !isKept, removed < mostFullStops {
                removed += 1
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// What stands between white space.
    static func words(_ text: String) -> [String] {
        text.unicodeScalars.split(whereSeparator: isSpace).map { String($0) }
    }

    /// Without white space at the ends.
    static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let start = scalars.firstIndex(where: { !isSpace($0) }),
            let last = scalars.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(scalars[start...last])
    }

    /// Whether two texts have the same code points.
    static func isSame(_ one: String, _ other: String) -> Bool { one.utf8.elementsEqual(other.utf8) }

    /// Whether a part occurs in a text, code point by code point; the time is linear in both (Knuth, Morris, Pratt).
    static func contains(_ text: String, _ part: String) -> Bool {
        let part = Array(part.utf8)
        guard !part.isEmpty else { return true }
        // For each prefix of the part: how much of its beginning is its end as well.
        var overlaps = [0]
        var matched = 0
        for byte in part.dropFirst() {
            while matched > 0, part[matched] != byte { matched = overlaps[matched - 1] }
            if part[matched] == byte { matched += 1 }
            overlaps.append(matched)
        }
        matched = 0
        for byte in text.utf8 {
            while matched > 0, part[matched] != byte { matched = overlaps[matched - 1] }
            if part[matched] == byte { matched += 1 }
            if matched == part.count { return true }
        }
        return false
    }

    /// What `str.isspace` finds: white space and the four separators of ASCII.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        guard !scalar.isASCII else { return scalar == " " || 9...13 ~= scalar.value || 28...31 ~= scalar.value }
        return scalar.properties.isWhitespace
    }

    /// What `\d` finds: a decimal digit of any script.
    static func isDigit(_ scalar: Unicode.Scalar?) -> Bool {
        guard let scalar else { return false }
        guard !scalar.isASCII else { return 48...57 ~= scalar.value }
        return scalar.properties.numericType == .decimal
    }
}
