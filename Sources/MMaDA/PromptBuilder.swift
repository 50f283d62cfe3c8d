public import TextTokenizer

/// Lays out prompts for generation: text, questions about an image, and images (spec: `UniversalPrompting`).
///
/// Nothing is padded: rows that the official code pads on the left are simply shorter here.
public struct PromptBuilder: Sendable {
    /// The ids.
    public let vocabulary: VocabularyLayout
    /// How messages become a text.
    public let template: ChatTemplate
    private let tokenizer: Tokenizer
    private let usesInstructions: Bool

    /// Prompts for that tokenizer.
    ///
    /// `usesInstructions`: Whether a request to reason begins with the official instruction.
    public init(
        _ tokenizer: Tokenizer, _ vocabulary: VocabularyLayout, template: ChatTemplate = .mmada,
        usesInstructions: Bool = true
    ) {
        self.usesInstructions = usesInstructions
        self.tokenizer = tokenizer
        self.vocabulary = vocabulary
        self.template = template
    }

    /// The last user message with the request to think put before it.
    public func thinking(_ messages: [ChatMessage]) -> [ChatMessage] {
        guard usesInstructions else { return messages }
        var messages = messages
        if let last = messages.lastIndex(where: { $0.role == .user }) {
            messages[last].content = PromptTexts.thinking + messages[last].content
        }
        return messages
    }

    /// `<bos> <header>user<header> … assistant<header>`: the answer comes next.
    public func chat(_ messages: [ChatMessage]) throws -> [Int32] {
        try template.encode(messages, with: tokenizer)
    }

    /// `<bos> text`: the text goes on.
    public func continuing(_ text: String) -> [Int32] { beginning(tokenizer.encodeOrdinary(text)) }

    /// `<|mmu|> <|soi|> image <|eoi|> <bos> chat`: an answer about the image comes next.
    public func understanding(_ messages: [ChatMessage], codes: [Int32]) throws -> [Int32] {
        [vocabulary.understanding] + image(codes) + (try chat(messages))
    }

    /// `<|t2i|> <bos> text <eos> <|soi|>`: an image's tokens come next.
    ///
    /// `maxTextLength`: Text budget S of the checkpoint; a longer text is cut and ended as in training.
    public func textToImage(_ prompt: String, maxTextLength: Int = 512) -> [Int32] {
        textToImage(tokenizer.encodeOrdinary(prompt), maxTextLength: maxTextLength)
    }

    /// The same for text ids.
    func textToImage(_ text: [Int32], maxTextLength: Int) -> [Int32] {
        textToImageText(text, maxTextLength: maxTextLength) + [vocabulary.startOfImage]
    }

    /// The part before `<|soi|>`, at most S + 1 long.
    func textToImageText(_ text: [Int32], maxTextLength: Int) -> [Int32] {
        let ids = [vocabulary.textToImage] + beginning(text) + [vocabulary.end]
        return ids.count <= maxTextLength + 1 ? ids : ids.prefix(maxTextLength) + [vocabulary.end]
    }

    /// `<|r2i|> <bos> chat`: a detailed description in think tags comes next.
    public func reasonToImage(_ prompt: String) throws -> [Int32] {
        let instruction = usesInstructions ? PromptTexts.thinkingBeforeImage : ""
        let message = ChatMessage(role: .user, content: instruction + prompt)
        return [vocabulary.reasonToImage] + (try chat([message]))
    }

    /// `… description <eos> <|soi|>`: an image's tokens come next, after a description that the model has written.
    ///
    /// `reasoning`: What ``reasonToImage(_:)`` gave, continued by the model.
    public func image(afterReasoning reasoning: [Int32]) -> [Int32] {
        reasoning.filter { $0 != vocabulary.mask } + [vocabulary.end, vocabulary.startOfImage]
    }

    /// The prefix without description, for guidance: `<|r2i|> <bos> <eos> <|soi|>`.
    public var unconditionalReasoning: [Int32] {
        [vocabulary.reasonToImage, vocabulary.begin, vocabulary.end, vocabulary.startOfImage]
    }

    /// Whether a text has gaps for ``infilling(_:)``.
    public static func hasGaps(_ text: String) -> Bool { text.contains(/\[MASK(?:\*[0-9]{1,9})?\]/) }

    /// `<bos> text` in which each `[MASK]` or `[MASK*n]` is 1 or n masks.
    ///
    /// - Throws: ``MMaDAError/nothingToFill``, or ``MMaDAError/outOfRange(name:value:allowed:)`` for a gap over 4096.
    public func infilling(_ text: String) throws -> [Int32] {
        var ids = [vocabulary.begin]
        var rest = Substring(text)
        var gaps = 0
        while let match = rest.firstMatch(of: /\[MASK(?:\*([0-9]{1,9}))?\]/) {
            ids += tokenizer.encodeOrdinary(String(rest[..<match.range.lowerBound]))
            let count = match.output.1.flatMap { Int($0) } ?? 1
            guard (1...4096).contains(count) else {
                throw MMaDAError.outOfRange(name: "gap length", value: "\(count)", allowed: "1 to 4096")
            }
            // Before the masks are made: a short text can ask for very many.
            guard ids.count + count <= Limits.tokens else {
                throw MMaDAError.promptTooLong(tokens: ids.count + count, limit: Limits.tokens)
            }
            ids += [Int32](repeating: vocabulary.mask, count: count)
            rest = rest[match.range.upperBound...]
            gaps += 1
        }
        guard gaps > 0 else { throw MMaDAError.nothingToFill }
        return ids + tokenizer.encodeOrdinary(String(rest))
    }

    /// `<|soi|> tokens <|eoi|>`.
    func image(_ codes: [Int32]) -> [Int32] {
        [vocabulary.startOfImage] + codes.map(vocabulary.token(ofCode:)) + [vocabulary.endOfImage]
    }

    /// The text with the begin token before it, unless it is there.
    func beginning(_ text: [Int32]) -> [Int32] {
        text.first == vocabulary.begin ? text : [vocabulary.begin] + text
    }
}
