/// A multiple-choice question about an image, as far as scoring goes.
public struct OptionQuestion: Hashable, Sendable {
    /// The text of each option by its letter, A to Z.
    public let options: [Character: String]
    /// The letter of the right option.
    public let answer: Character

    /// A question with its key.
    public init(options: [Character: String], answer: Character) {
        self.options = options
        self.answer = answer
    }

    /// A question of MMMU, some of which are open (VLMEvalKit `MMMU_preproc` and `mcq_vanilla_eval`).
    ///
    /// One without an option A is open: A becomes the answer, B "Other Answers". The key is the given answer if that is
    /// a capital letter, else A. So an open question that a capital letter answers has that letter for its key, though
    /// its text is option A; the official scores have this oddity.
    public init(mmmuOptions options: [Character: String], answer: String) {
        var options = options
        if options["A"] == nil {
            options["A"] = answer
            options["B"] = "Other Answers"
        }
        self.options = options
        let letter = answer.utf8.count == 1 ? answer.first : nil
        self.answer = letter.flatMap { ("A"..."Z").contains($0) ? $0 : nil } ?? "A"
    }

    /// Whether a text names the right option.
    public func isRight(_ text: String) -> Bool { OptionAnswer.option(in: text, of: options) == answer }
}
