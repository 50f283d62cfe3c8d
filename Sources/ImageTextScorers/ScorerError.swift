/// Why a scorer could not be loaded, or a picture not be scored.
public enum ScorerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A file that a scorer's folder must have.
    case missingFile(path: String)
    /// A file that cannot be read, or is not JSON.
    case unreadable(path: String, reason: String)
    /// A PyTorch file that holds a compiled program and not only its weights, as OpenAI publishes CLIP.
    case torchScript(file: String)
    /// A tensor of another number of dimensions.
    case rank(tensor: String, expected: Int, found: [Int])
    /// Weights of a kind for which there is no code here.
    case unsupportedWeights(String)
    /// The tokenizer has ids that the model does not know.
    case vocabularyTooLarge(tokenizer: Int, model: Int)
    /// The model looks for another end of a text than the tokenizer writes.
    case endTokenMismatch(tokenizer: Int, model: Int)
    /// There must be one prompt for each image.
    case countMismatch(images: Int, prompts: Int)
    /// The score of an image is no finite number: the weights are damaged, or of another model.
    case notFinite(index: Int)

    /// One line for a terminal.
    public var description: String {
        switch self {
        case .missingFile(let path): "no file \(path)"
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .torchScript(let file):
            "\(file) is a TorchScript program, which is not run; save its state_dict() with torch.save"
        case .rank(let tensor, let expected, let found):
            "tensor '\(tensor)': expected \(expected) dimensions, found shape \(found)"
        case .unsupportedWeights(let what): "these weights are not supported: \(what)"
        case .vocabularyTooLarge(let tokenizer, let model):
            "the tokenizer has \(tokenizer) tokens, the model \(model); are they of the same release?"
        case .endTokenMismatch(let tokenizer, let model):
            "the tokenizer ends a text with token \(tokenizer), the model looks for \(model)"
        case .countMismatch(let images, let prompts): "\(images) image(s), but \(prompts) prompt(s)"
        case .notFinite(let index): "the score of image \(index) is not a finite number; are the weights damaged?"
        }
    }
}
