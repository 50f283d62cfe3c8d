/// Which option of a multiple-choice question a free text names, found without a judge.
///
/// The rules are those of VLMEvalKit `matching_util.py` in the copy that MMaDA ships; the newer kit has more.
public enum OptionAnswer {
    private enum Reading {
        case option(Character)
        case refusal
        case nothing
    }

    /// The option that a text names.
    ///
    /// - If exactly one letter of an option stands alone between white space and `.()[],:;!*#{}`: that one. So "A dog"
    ///   names A, and "A or B" and "b" none in this way.
    /// - If the text declines to answer, or gives `Z` and no option: none.
    /// - Else, if the text of exactly one option occurs anywhere, whatever the case: that one. A text with "wildcat" has
    ///   "cat" as well.
    ///
    /// - Parameters:
    ///   - text: What the model said.
    ///   - options: The text of each option by its letter, A to Z; leave out those that a question lacks.
    /// - Returns: `nil` where the official code says `Z`: no option, always wrong.
    public static func option(in text: String, of options: [Character: String]) -> Character? {
        switch letter(in: text, of: options) {
        case .option(let letter): return letter
        case .refusal: return nil
        case .nothing: break
        }
        let lowered = text.lowercased()
        let found = options.filter { AnswerText.contains(lowered, $0.value.lowercased()) }
        return found.count == 1 ? found.first?.key : nil
    }

    private static let failure = "Failed to obtain answer via API"
    private static let refusals = [
        "Sorry, I can't help with images of people yet.", "I can't process this file.",
        "I'm sorry, but without the image provided", "Cannot determine the answer",
    ]
    private static let separators = Set(".()[],:;!*#{}".unicodeScalars)

    private static func letter(in text: String, of options: [Character: String]) -> Reading {
        if AnswerText.contains(text, failure) { return .nothing }
        if refusals.contains(where: { AnswerText.contains(text, $0) }) { return .refusal }
        let tokens = text.unicodeScalars.split { AnswerText.isSpace($0) || separators.contains($0) }
        let letters = Set(tokens.filter { $0.count == 1 }.compactMap(\.first).map(Character.init))
        let named = letters.filter { options[$0] != nil }
        if named.count == 1, let only = named.first { return .option(only) }
        return named.isEmpty && letters.contains("Z") ? .refusal : .nothing
    }
}
