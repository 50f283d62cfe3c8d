public import Foundation

/// Why a request cannot be served as it stands, or a folder is no model.
public enum MMaDAError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A file that a model folder must have.
    case missingFile(URL, purpose: String)
    case unreadable(URL, reason: String)
    /// The tokenizer lacks a token that the layouts need.
    case missingToken(String)
    case vocabularyTooSmall(imageTokensEnd: Int, vocabularySize: Int)
    /// The model paints and sees no images.
    case noImageCodes
    case codebookMismatch(model: Int, imageTokenizer: Int)
    case notDivisible(name: String, value: Int, by: String, divisor: Int, nearest: [Int])
    case outOfRange(name: String, value: String, allowed: String)
    case promptTooLong(tokens: Int, limit: Int)
    case nothingToFill
    /// A combination of options that contradict each other.
    case conflict(String)

    /// One line for a terminal.
    public var description: String {
        switch self {
        case .missingFile(let url, let purpose): "no \(url.path) (\(purpose)); is this a model folder?"
        case .unreadable(let url, let reason): "\(url.path) cannot be read: \(reason)"
        case .missingToken(let token): "the tokenizer has no token '\(token)', which MMaDA's prompts need"
        case .vocabularyTooSmall(let end, let size):
            "image tokens would end at \(end), but the model's vocabulary at \(size); tokenizer and model do not match"
        case .noImageCodes: "this model has no image codes (a text-only LLaDA): it cannot see or paint pictures"
        case .codebookMismatch(let model, let tokenizer):
            "the model has \(model) image codes, the image tokenizer \(tokenizer); they do not belong together"
        case .notDivisible(let name, let value, let by, let divisor, let nearest):
            "\(name) \(value) is not a multiple of \(by) \(divisor); nearest: "
                + nearest.map(String.init).joined(separator: " or ")
        case .outOfRange(let name, let value, let allowed): "\(name) is \(value); allowed: \(allowed)"
        case .promptTooLong(let tokens, let limit): "the prompt has \(tokens) tokens; at most \(limit) fit"
        case .nothingToFill: "the text has no gap to fill; write [MASK] or [MASK*12] where text is missing"
        case .conflict(let what): what
        }
    }
}
