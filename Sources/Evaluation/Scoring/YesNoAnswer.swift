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

    /// Whether this is the right answer.
    public func isRight(expectedYes: Bool) -> Bool { self == (expectedYes ? .yes : .no) }
}
