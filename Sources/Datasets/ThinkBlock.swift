/// The form of answers with reasoning: `<think>` reasoning `</think>` answer (data-formats §4).
public enum ThinkBlock {
    /// Begins the reasoning.
    public static let opening = "<think>"
    /// Ends it.
    public static let closing = "</think>"

    /// Why a text is not one think block and an answer.
    public enum Fault: String, Error, Hashable, Sendable, CaseIterable {
        /// There is no think block.
        case missing = "no think block"
        /// A tag occurs more than once.
        case repeated = "more than one think block"
        /// A tag lacks its partner, or they stand the wrong way round.
        case unbalanced = "unbalanced think tags"
        /// Text stands before the think block.
        case textBefore = "text before the think block"
        /// Nothing stands in the think block.
        case emptyReasoning = "empty reasoning"
        /// Nothing follows the think block.
        case emptyAnswer = "empty answer"
    }

    /// Splits a text into reasoning and answer, without white space around them.
    public static func split(_ text: String) throws(Fault) -> (reasoning: String, answer: String) {
        let opened = text.range(ofBytes: opening)
        let closed = text.range(ofBytes: closing)
        if opened == nil, closed == nil { throw .missing }
        guard let opened, let closed, opened.upperBound <= closed.lowerBound else { throw .unbalanced }
        guard text.range(ofBytes: opening, from: opened.upperBound) == nil,
            text.range(ofBytes: closing, from: closed.upperBound) == nil
        else { throw .repeated }
        guard String(text[..<opened.lowerBound]).trimmed.isEmpty else { throw .textBefore }
        let reasoning = String(text[opened.upperBound..<closed.lowerBound]).trimmed
        let answer = String(text[closed.upperBound...]).trimmed
        guard !reasoning.isEmpty else { throw .emptyReasoning }
        guard !answer.isEmpty else { throw .emptyAnswer }
        return (reasoning, answer)
    }

    /// Reasoning in its tags, and the answer after it.
    public static func join(_ reasoning: String, _ answer: String) -> String { opening + reasoning + closing + answer }

    /// The text within `<answer>` tags, if there are any.
    static func tagged(_ text: String) -> String? {
        guard let opened = text.range(ofBytes: "<answer>"),
            let closed = text.range(ofBytes: "</answer>", from: opened.upperBound)
        else { return nil }
        return String(text[opened.upperBound..<closed.lowerBound]).trimmed
    }
}
