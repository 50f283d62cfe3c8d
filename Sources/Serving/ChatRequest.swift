import Diffusion
import Images
import MMaDA
import StrictJSON
import TextTokenizer

/// A chat completion as it was asked for.
struct ChatRequest: Sendable {
    /// The request to the engine; its seed is that of the first answer.
    var text: TextRequest
    /// Answers, each with the next seed.
    var count = 1
    /// Tokens that are given back; the engine writes whole blocks.
    var maxTokens: Int
    /// Texts at which an answer is cut.
    var stops: [String] = []
    /// Whether the answer comes piece by piece.
    var streams = false
    /// Whether a stream ends with the numbers of tokens.
    var includesUsage = false
    /// Whether a stream tells each denoising step.
    var includesSteps = false

    /// How each answer is written.
    var writing: ModelService.Writing {
        ModelService.Writing(
            blockLength: text.blockLength, maxTokens: maxTokens, stops: stops, thinks: text.thinks,
            tellsSteps: includesSteps)
    }

    /// Reads the body of `POST /v1/chat/completions`.
    init(_ body: [UInt8], _ settings: ServingSettings) throws(APIError) {
        let fields = try FieldReader(body: body)
        try Self.refuse(fields)
        let (messages, image) = try Self.messages(fields, settings)
        let newName = try fields.integer("max_completion_tokens", 1...settings.maxGenLength)
        let oldName = try fields.integer("max_tokens", 1...settings.maxGenLength)
        (text, maxTokens) = try TextFields(fields, settings, tokens: newName ?? oldName).request(messages, image)
        text.thinks = try Self.thinks(fields)
        count = try fields.integer("n", 1...settings.maxCount) ?? 1
        stops = try fields.stops()
        streams = try fields.flag("stream") ?? false
        let options = try fields.object("stream_options")
        includesUsage = try options?.flag("include_usage") ?? false
        includesSteps = try options?.flag("mmada_steps") ?? false
    }

    /// What changes the meaning of an answer and is not there is refused, not passed over.
    private static func refuse(_ fields: FieldReader) throws(APIError) {
        for name in ["tools", "functions", "audio"] where fields.value(name) != nil {
            throw .invalid("'\(name)' is not supported.", parameter: name)
        }
        if try fields.flag("logprobs") == true {
            throw .invalid(
                "'logprobs' is not supported: tokens are revealed in no fixed order; /v1/completions with 'echo' has an "
                    + "estimate.", parameter: "logprobs")
        }
        if let format = try fields.object("response_format"), try format.text("type") != "text" {
            throw .invalid("'response_format' must be of the type 'text'.", parameter: "response_format")
        }
    }

    private static func thinks(_ fields: FieldReader) throws(APIError) -> Bool {
        if let thinks = try fields.flag("think") { return thinks }
        guard let effort = try fields.text("reasoning_effort") else { return false }
        return effort != "none"
    }

    private static func messages(
        _ fields: FieldReader, _ settings: ServingSettings
    ) throws(APIError) -> ([ChatMessage], RGBImage?) {
        var messages: [ChatMessage] = []
        var image: RGBImage?
        for message in try fields.objects("messages", atMost: 1024) {
            let role = try role(message)
            guard let content = message.value("content") else {
                // An assistant's message may be empty.
                if role == .assistant { continue }
                throw message.invalid("content", "a string or a list of parts")
            }
            if let text = content.stringValue {
                messages.append(ChatMessage(role: role, content: text))
                continue
            }
            var texts: [String] = []
            for part in try message.objects("content", atMost: 64) {
                switch try part.requiredText("type") {
                case "text": texts.append(try part.requiredText("text"))
                case "image_url":
                    guard role == .user else { throw part.invalid("type", "'text' in such a message") }
                    guard image == nil else {
                        throw .invalid("Only one picture can be talked about.", parameter: "messages")
                    }
                    guard let url = try part.object("image_url")?.requiredText("url") else {
                        throw part.invalid("image_url", "an object with a url")
                    }
                    image = try PictureReader(maxPixels: settings.maxPicturePixels).picture(
                        url: url, field: "image_url.url")
                default: throw part.invalid("type", "'text' or 'image_url'")
                }
            }
            messages.append(ChatMessage(role: role, content: texts.joined(separator: "\n")))
        }
        guard messages.contains(where: { $0.role == .user }) else {
            throw .invalid("'messages' must hold one of the role 'user'.", parameter: "messages")
        }
        return (messages, image)
    }

    private static func role(_ message: FieldReader) throws(APIError) -> ChatMessage.Role {
        switch try message.requiredText("role") {
        case "system", "developer": .system
        case "user": .user
        case "assistant": .assistant
        default: throw message.invalid("role", "'system', 'user' or 'assistant'")
        }
    }
}

/// The fields that say how a text is written.
struct TextFields {
    private let sampling: TextSampling
    private let genLength: Int
    private let blockLength: Int
    private let maxTokens: Int
    private let seed: UInt64

    /// `tokens`: How many the client wants at most.
    init(_ fields: FieldReader, _ settings: ServingSettings, tokens: Int?) throws(APIError) {
        let defaults = settings.defaults
        maxTokens = tokens ?? min(defaults.genLength, settings.maxGenLength)
        blockLength =
            try fields.integer("block_length", 1...settings.maxGenLength) ?? min(defaults.blockLength, maxTokens)
        // Blocks are written whole.
        genLength = (maxTokens + blockLength - 1) / blockLength * blockLength
        guard genLength <= settings.maxGenLength else {
            throw .invalid(
                "'block_length' \(blockLength) rounds \(maxTokens) tokens up to \(genLength), more than the limit of "
                    + "\(settings.maxGenLength).", parameter: "block_length")
        }
        var sampling = TextSampling()
        let blocks = genLength / blockLength
        // A step a token, or as many as are allowed.
        let usual = genLength <= settings.maxSteps ? genLength : max(blocks, settings.maxSteps / blocks * blocks)
        sampling.steps = try fields.integer("steps", 1...settings.maxSteps) ?? usual
        guard sampling.steps.isMultiple(of: blocks) else {
            let below = max(blocks, sampling.steps / blocks * blocks)
            throw .invalid(
                "'steps' must be a multiple of the \(blocks) blocks, such as \(below).", parameter: "steps")
        }
        sampling.temperature = try fields.number("temperature", 0...2) ?? defaults.temperature
        _ = try fields.number("top_p", 0...1)
        sampling.cfgScale = try fields.number("cfg_scale", 0...100) ?? 0
        sampling.remasking = try fields.choice("remasking", Remasking.self) ?? .lowConfidence
        self.sampling = sampling
        seed = try fields.seed()
    }

    /// The request, and the tokens to give back.
    func request(_ messages: [ChatMessage], _ image: RGBImage?) -> (TextRequest, maxTokens: Int) {
        var request = TextRequest(
            messages, image: image, genLength: genLength, blockLength: blockLength, steps: sampling.steps,
            sampling: sampling)
        request.seed = seed
        return (request, maxTokens)
    }

    /// A text with gaps, filled in as many steps as it has gaps.
    func infill(_ text: String) -> InfillRequest {
        var request = InfillRequest(text, sampling: sampling)
        request.seed = seed
        return request
    }
}
