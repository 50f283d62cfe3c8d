/// What a free text answers to a question of yes or no.
public enum YesNoAnswer: String, Hashable, Sendable {
    /// The word "yes" occurs and "no" does not.
    case yes = "Yes"
    /// The word "no" occurs and "yes" does not.
    case no = "No"
    /// Neither occurs, or both do; never right.
    case unknown = "Unknown"

    /// Reads a text word by word, without case and punctuation (VLMEvalKit `yorn.py`, without a judge).
    ///
    /// Only the words themselves count: "not", "none" and "nope" say nothing, "not yes" says yes. A full stop between
    /// letters vanishes without leaving a space, so that "no.it" is one word.
    public init(reading text: String) {
        let words = AnswerText.words(AnswerText.withoutPunctuation(text.lowercased(), .besideNoDigit))
        switch (words.contains("yes"), words.contains("no")) {
        case (true, false): self = .yes
        case (false, true): self = .no
        default: self = .unknown
        }
    }

    /// Ways to read a text.
    public enum Rule: String, Hashable, Sendable, CaseIterable {
        /// Word by word, as ``init(reading:)``.
        case words = "vlmevalkit"
        /// The first four characters, without case, hold "yes", or else "no" (MME's own `calculation.py`).
        case start = "mme"
        /// "no" if the first sentence has the word "No", "no" or "not", else "yes" (POPE's own `evaluate.py`).
        case negation = "pope"
    }

    /// Reads a text by a rule.
    public init(reading text: String, rule: Rule) {
        switch rule {
        case .words: self.init(reading: text)
        case .start:
            let start = String(String.UnicodeScalarView(text.lowercased().unicodeScalars.prefix(4)))
            self = start.contains("yes") ? .yes : start.contains("no") ? .no : .unknown
        case .negation:
            // Scalars, not characters: a full stop with a combining mark is one here, too.
            let sentence = text.unicodeScalars.prefix { $0 != "." }.filter { $0 != "," }
            let words = Set(sentence.split(separator: " ", omittingEmptySubsequences: false).map(String.init))
            self = words.isDisjoint(with: ["No", "no", "not"]) ? .yes : .no
        }
    }

    /// Whether this is the right answer.
    public func isRight(expectedYes: Bool) -> Bool { self == (expectedYes ? .yes : .no) }
}
