public import Images

/// What a record teaches, which selects its prompt layout and its loss.
public enum TaskKind: String, Hashable, Sendable, CaseIterable, Codable {
    /// Plain text.
    case text = "lm"
    /// A question and an answer in text.
    case chat
    /// A caption and the picture to paint.
    case textToImage = "t2i"
    /// A picture, a question and an answer.
    case understanding = "mmu"
    /// A picture and its caption.
    case caption
    /// A request, reasoning, then a picture.
    case reasonToImage = "r2i"
}

/// One message of a conversation.
public struct Turn: Hashable, Sendable, Codable {
    /// Who speaks: `user` or `assistant`.
    public var role: String
    /// What is said.
    public var text: String

    /// A message.
    public init(role: String, text: String) {
        self.role = role
        self.text = text
    }
}

/// One training or evaluation example in plain values, whatever file it came from (data-formats §1).
public struct Record: Hashable, Sendable {
    /// Which prompt layout and loss.
    public var task: TaskKind
    /// The request: never masked, never scored; empty for plain text.
    public var prompt: String
    /// The picture, decoded and brought to the resolution of training.
    public var image: RGBImage?
    /// Content of the think block, without tags; empty for none.
    public var reasoning: String
    /// Text after the think block, or the plain text itself.
    public var answer: String
    /// A complete conversation with headers, ready for the tokenizer; takes the place of prompt and answer if not empty.
    public var formatted: String
    /// Short verifiable answer; empty for none.
    public var gold: String
    /// Earlier turns of a conversation.
    public var turns: [Turn]
    /// Name of the source in the configuration.
    public var source: String
    /// Where the example is: file and key, row or line.
    public var id: String

    /// An example.
    public init(
        task: TaskKind, prompt: String = "", image: RGBImage? = nil, reasoning: String = "", answer: String = "",
        formatted: String = "", gold: String = "", turns: [Turn] = [], source: String = "", id: String = ""
    ) {
        self.task = task
        self.prompt = prompt
        self.image = image
        self.reasoning = reasoning
        self.answer = answer
        self.formatted = formatted
        self.gold = gold
        self.turns = turns
        self.source = source
        self.id = id
    }
}
