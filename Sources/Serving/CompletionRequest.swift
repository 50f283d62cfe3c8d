import Diffusion
import MMaDA
import StrictJSON
import TextTokenizer

/// A plain completion as it was asked for: a text to go on with, gaps to fill, or a likelihood.
struct CompletionRequest: Sendable {
    /// What is to be done with one prompt.
    enum Work: Sendable {
        /// Go on.
        case text(prompt: String, TextRequest, maxTokens: Int)
        /// Fill `[MASK]` and `[MASK*n]` (an extension).
        case infill(InfillRequest)
        /// Estimate the likelihood of the prompt's end (`echo` with `logprobs`).
        case likelihood(prompt: String, samples: Int, batch: Int, seed: UInt64)
    }

    /// One for each prompt.
    var works: [Work] = []
    /// Answers to each prompt.
    var count = 1
    /// Texts at which an answer is cut.
    var stops: [String] = []
    /// Whether the prompt stands before its completion.
    var echoes = false
    /// Whether the answer comes piece by piece.
    var streams = false
    /// Whether a stream ends with the numbers of tokens.
    var includesUsage = false

    /// All works with the number of the answer, prompt by prompt.
    var numberedWorks: [(work: Work, number: Int)] {
        works.flatMap { work in
            // However often it is asked, an estimate is the same.
            if case .likelihood = work { return [(work, 0)] }
            return (0..<count).map { (work, $0) }
        }
    }

    /// Reads the body of `POST /v1/completions`.
    init(_ body: [UInt8], _ settings: ServingSettings) throws(APIError) {
        let fields = try FieldReader(body: body)
        let prompts = try fields.texts("prompt", atMost: 64)
        guard !prompts.isEmpty else { throw fields.invalid("prompt", "a string or a list of strings") }
        if fields.value("suffix") != nil {
            throw .invalid("'suffix' is not supported; write [MASK*n] where tokens are missing.", parameter: "suffix")
        }
        echoes = try fields.flag("echo") ?? false
        count = try fields.integer("n", 1...settings.maxCount) ?? 1
        stops = try fields.stops()
        streams = try fields.flag("stream") ?? false
        includesUsage = try fields.object("stream_options")?.flag("include_usage") ?? false
        let logprobs = try fields.integer("logprobs", 0...5)
        let tokens = try fields.integer("max_tokens", 0...settings.maxGenLength)
        if echoes, logprobs != nil {
            let samples = try fields.integer("mc_num", 1...512) ?? 128
            let batch = try fields.integer("mc_batch_size", 1...256) ?? min(16, samples)
            guard samples.isMultiple(of: batch) else { throw fields.invalid("mc_num", "a multiple of 'mc_batch_size'") }
            let seed = try fields.integer("seed", Int.min...Int.max) ?? 1234
            works = prompts.map {
                .likelihood(prompt: $0, samples: samples, batch: batch, seed: UInt64(bitPattern: Int64(seed)))
            }
            return
        }
        guard logprobs == nil else {
            throw .invalid(
                "'logprobs' needs 'echo': tokens are revealed in no fixed order, so that only a whole text has a likelihood.",
                parameter: "logprobs")
        }
        guard tokens != 0 else { throw fields.invalid("max_tokens", "above 0, except with 'echo' and 'logprobs'") }
        let text = try TextFields(fields, settings, tokens: tokens)
        works = prompts.map { prompt in
            if PromptBuilder.hasGaps(prompt) { return .infill(text.infill(prompt)) }
            let (request, maxTokens) = text.request([], nil)
            return .text(prompt: prompt, request, maxTokens: maxTokens)
        }
    }
}
