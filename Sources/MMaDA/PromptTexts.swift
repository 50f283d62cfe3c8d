/// Sentences that the released checkpoints were trained with, to the letter.
public enum PromptTexts {
    /// Asks for reasoning before the answer; stands before the question of text and image tasks.
    public static let thinking =
        "You should first think about the reasoning process in the mind and then provide the user with the answer. "
        + "The reasoning process is enclosed within <think> </think> tags, i.e. "
        + "<think> reasoning process here </think> answer here\n"

    /// Asks for a detailed description before the image.
    public static let thinkingBeforeImage =
        "You should first think out a more detailed version of the description and then provide the user with the image. "
        + "The detailed description is enclosed within <think> </think> tags, i.e. "
        + "<think> detailed description here </think> image here\n"
}
