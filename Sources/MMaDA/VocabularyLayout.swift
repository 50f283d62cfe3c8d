public import TextTokenizer
public import Transformer

/// Which ids are text, which are image codes, and which mark what: the one place that adds an offset.
///
/// MMaDA's task marks are not strings of the tokenizer; they sit on its first reserved tokens. Image code c is the id
/// `tokenizer length + c` (not `llm_vocab_size + c`).
public struct VocabularyLayout: Hashable, Sendable {
    /// `<|soi|>`, `<|eoi|>`: around the tokens of an image.
    public let startOfImage, endOfImage: Int32
    /// `<|t2i|>`, `<|mmu|>`, `<|r2i|>`: text to image, understanding, reasoning to image.
    public let textToImage, understanding, reasonToImage: Int32
    /// `[iPAD]`: fills text-to-image prompts on the left.
    public let imagePad: Int32
    /// The mask, for text and image alike.
    public let mask: Int32
    /// Begin and end of a text; the end also pads.
    public let begin, end: Int32
    /// `<|end_header_id|>`, `<|eot_id|>`.
    public let endOfHeader, endOfTurn: Int32
    /// Ids of text tokens.
    public let text: Range<Int>
    /// Ids of image codes, code 0 first; empty for a text-only model.
    public let image: Range<Int>

    /// Reads the layout off a tokenizer and a model.
    ///
    /// - Throws: ``MMaDAError`` when they do not belong together.
    public init(_ tokenizer: Tokenizer, _ configuration: LLaDAConfiguration) throws(MMaDAError) {
        func id(_ token: String) throws(MMaDAError) -> Int32 {
            guard let id = tokenizer.id(of: token) else { throw .missingToken(token) }
            return id
        }
        // The order of `reserved_token_mapping` in the official prompting_utils.py.
        func reserved(_ index: Int) throws(MMaDAError) -> Int32 { try id("<|reserved_token_\(index)|>") }
        startOfImage = try reserved(0)
        endOfImage = try reserved(1)
        textToImage = try reserved(4)
        understanding = try reserved(5)
        imagePad = try reserved(9)
        reasonToImage = try reserved(10)
        mask = Int32(configuration.maskTokenID)
        guard let begin = tokenizer.beginToken else { throw .missingToken("bos_token") }
        guard let end = tokenizer.endToken else { throw .missingToken("eos_token") }
        self.begin = begin
        self.end = end
        endOfHeader = try id("<|end_header_id|>")
        endOfTurn = try id("<|eot_id|>")
        text = 0..<tokenizer.count
        image = tokenizer.count..<tokenizer.count + (configuration.codebookSize ?? 0)
        guard image.upperBound <= configuration.vocabularySize else {
            throw .vocabularyTooSmall(
                imageTokensEnd: image.upperBound, vocabularySize: configuration.vocabularySize)
        }
    }

    /// The id of an image code.
    public func token(ofCode code: Int32) -> Int32 { Int32(image.lowerBound) + code }

    /// The image code that an id stands for; `nil` for any other id.
    public func code(of token: Int32) -> Int32? {
        image.contains(Int(token)) ? token - Int32(image.lowerBound) : nil
    }
}
