public import StrictJSON

/// Why a tokenizer could not be read, or a conversation not be encoded with it.
public enum TokenizerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A file could not be read.
    case unreadable(path: String, reason: String)
    /// A file is not acceptable JSON.
    case invalidJSON(file: String, reason: JSONError)
    /// A field that must be there is not.
    case missingField(String)
    /// A field holds something of another type.
    case wrongType(field: String, expected: String)
    /// A setting of the file for which there is no code here; nothing is guessed in its place.
    case unsupported(field: String, found: String)
    /// A construct of a split pattern for which there is no code here, and its offset in the pattern in UTF-8 bytes.
    case unsupportedPattern(construct: String, offset: Int, pattern: String)
    /// A file is not text in UTF-8.
    case notText(file: String)
    /// A file of one token a line has the same one twice.
    case repeatedToken(file: String, token: String)
    /// A part of the file is larger than is sensible.
    case tooLarge(field: String, limit: Int, found: Int)
    /// An id is negative or far beyond the number of tokens.
    case idOutOfRange(token: String, id: Int, limit: Int)
    /// Two tokens share an id.
    case duplicateID(id: Int, first: String, second: String)
    /// An added token's id is not the one that the `tokenizers` library would give it.
    case addedTokenID(token: String, expected: Int, found: Int)
    /// A merge is not a pair of tokens.
    case malformedMerge(index: Int)
    /// A merge has a part, or a result, that is not in the vocabulary.
    case unknownMergeToken(index: Int, token: String)
    /// Plain text could become this special token, so that text could not be kept apart from it.
    case reachableSpecialToken(String)
    /// A token that is needed is not in the vocabulary.
    case missingToken(String)
    /// A tokenizer to be trained has no room for the bytes and the added tokens.
    case vocabularyTooSmall(least: Int, found: Int)
    /// A string that cannot be an added token of a tokenizer to be trained.
    case unusableToken(String, reason: String)
    /// A file could not be written.
    case unwritable(path: String, reason: String)

    /// One line for a terminal.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "cannot read \(path): \(reason)"
        case .invalidJSON(let file, let reason):
            "\(file): \(reason)"
        case .missingField(let field):
            "tokenizer.json: no '\(field)'"
        case .wrongType(let field, let expected):
            "tokenizer.json: '\(field)' should be \(expected)"
        case .unsupported(let field, let found):
            "tokenizer.json: '\(field)' is \(found), which is not supported"
        case .unsupportedPattern(let construct, let offset, let pattern):
            "split pattern: \(construct) at byte \(offset) is not supported, in \(pattern)"
        case .notText(let file):
            "\(file) is not text in UTF-8"
        case .repeatedToken(let file, let token):
            "\(file) has the token '\(token)' twice"
        case .tooLarge(let field, let limit, let found):
            "tokenizer.json: '\(field)' has size \(found); at most \(limit) is allowed"
        case .idOutOfRange(let token, let id, let limit):
            "tokenizer.json: token '\(token)' has id \(id); expected 0 ..< \(limit)"
        case .duplicateID(let id, let first, let second):
            "tokenizer.json: tokens '\(first)' and '\(second)' share id \(id)"
        case .addedTokenID(let token, let expected, let found):
            "tokenizer.json: added token '\(token)' has id \(found); its place in the file gives it \(expected)"
        case .malformedMerge(let index):
            "tokenizer.json: merge \(index) is not a pair of tokens"
        case .unknownMergeToken(let index, let token):
            "tokenizer.json: merge \(index) needs token '\(token)', which is not in the vocabulary"
        case .reachableSpecialToken(let token):
            "tokenizer.json: plain text can become the special token '\(token)'; it would not be safe to use"
        case .missingToken(let token):
            "the tokenizer has no token '\(token)'; is it of this model?"
        case .vocabularyTooSmall(let least, let found):
            "a vocabulary of \(found) tokens was asked for; bytes and added tokens alone are \(least)"
        case .unusableToken(let token, let reason):
            "'\(token)' cannot be an added token: \(reason)"
        case .unwritable(let path, let reason):
            "cannot write \(path): \(reason)"
        }
    }
}
