import Diffusion
import MMaDA
import StrictJSON
import TextTokenizer

/// Follows the steps of a text and gives what has become final, block after block.
///
/// Reasoning in think tags is told apart from the answer; what follows a stop text, the end of the answer or the last
/// token that was asked for is left out.
struct TextAnswer {
    /// What a step added.
    struct Delta: Hashable, Sendable {
        var reasoning = ""
        var content = ""
        var isEmpty: Bool { reasoning.isEmpty && content.isEmpty }
    }

    /// Why an answer ended.
    enum FinishReason: String, Hashable, Sendable {
        /// The model ended it, or a stop text was met.
        case stop
        /// It has as many tokens as were asked for.
        case length
    }

    private let model: MMaDAModel
    private let request: PreparedRequest
    private let blockLength: Int
    private let maxTokens: Int
    private let stops: [[Unicode.Scalar]]
    private var decoder: StreamingDecoder
    /// Tokens of the answer that were taken in.
    private(set) var tokenCount = 0
    /// Why nothing more follows; `nil` while something may.
    private(set) var finish: FinishReason?
    private var splitter: ThinkSplitter
    /// Text that may be the beginning of a stop text.
    private var held: [Unicode.Scalar] = []
    /// Whether a stop text was met.
    private var isCut = false

    init(
        _ model: MMaDAModel, _ request: PreparedRequest, blockLength: Int, maxTokens: Int, stops: [String], thinks: Bool
    ) {
        self.model = model
        self.request = request
        self.blockLength = blockLength
        self.maxTokens = maxTokens
        // By scalars, not characters: a block may end between two that make up one.
        self.stops = stops.filter { !$0.isEmpty }.map { Array($0.unicodeScalars) }
        decoder = StreamingDecoder(tokenizer: model.tokenizer)
        splitter = ThinkSplitter(isActive: thinks)
    }

    /// Takes in a snapshot.
    mutating func take(_ step: DenoisingStep) -> Delta {
        let tokens = model.newTokens(step, of: request)
        var text = ""
        while finish == nil, tokenCount < tokens.count {
            let block = tokens[tokenCount..<min(tokenCount + blockLength, tokens.count)]
            guard !block.contains(model.vocabulary.mask) || isOver(block) else { break }
            text += take(block)
        }
        return delta(text)
    }

    /// Whether a block ends the answer before its first mask: what follows is never revealed.
    private func isOver(_ block: ArraySlice<Int32>) -> Bool {
        let mask = block.firstIndex(of: model.vocabulary.mask) ?? block.endIndex
        return block[..<mask].contains(model.vocabulary.end)
    }

    private mutating func take(_ block: ArraySlice<Int32>) -> String {
        var text = ""
        for token in block {
            if token == model.vocabulary.end || token == model.vocabulary.endOfTurn {
                finish = .stop
                break
            }
            tokenCount += 1
            if model.vocabulary.text.contains(Int(token)) { text += decoder.append([token]) }
            if tokenCount == maxTokens {
                finish = .length
                break
            }
        }
        return text
    }

    private mutating func delta(_ text: String) -> Delta {
        held += Array(text.unicodeScalars)
        for stop in stops {
            if let found = held.firstRange(of: stop) {
                held = Array(held[..<found.lowerBound])
                finish = .stop
                isCut = true
            }
        }
        // What could go on as a stop text waits for the next block.
        let keeps = finish == nil ? Self.overlap(held, stops) : 0
        let ready = Self.string(held.dropLast(keeps))
        held = held.suffix(keeps)
        return splitter.take(ready, isLast: finish != nil)
    }

    /// Scalars at the end of `text` that begin one of `stops`.
    private static func overlap(_ text: [Unicode.Scalar], _ stops: [[Unicode.Scalar]]) -> Int {
        stops.map { stop in
            let longest = min(stop.count - 1, text.count)
            return stride(from: longest, to: 0, by: -1).first { text.suffix($0).elementsEqual(stop.prefix($0)) } ?? 0
        }.max() ?? 0
    }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    /// What is left when no step follows.
    mutating func end() -> Delta {
        let rest = Self.string(held) + (isCut ? "" : decoder.finish())
        held = []
        if finish == nil { finish = .length }
        return splitter.take(rest, isLast: true)
    }
}

/// Tells reasoning between think tags from what follows, as text comes in pieces.
struct ThinkSplitter {
    private enum Place { case before, within, after }
    private static let (opening, closing) = ("<think>", "</think>")

    private var place: Place
    private var pending = ""
    /// Whether a tag has just been met, after which space does not count.
    private var skipsSpace = false

    /// `isActive`: Whether tags are looked for; else all is content.
    init(isActive: Bool) { place = isActive ? .before : .after }

    mutating func take(_ text: String, isLast: Bool) -> TextAnswer.Delta {
        pending += text
        var delta = TextAnswer.Delta()
        while true {
            if skipsSpace {
                pending = String(pending.drop(while: \.isWhitespace))
                skipsSpace = pending.isEmpty
            }
            switch place {
            case .before:
                let start = String(pending.drop(while: \.isWhitespace))
                if start.hasPrefix(Self.opening) {
                    pending = String(start.dropFirst(Self.opening.count))
                    skipsSpace = true
                    place = .within
                } else if !isLast, Self.opening.hasPrefix(start) {
                    return delta  // may still become a tag
                } else {
                    place = .after
                }
            case .within:
                guard let found = pending.firstRange(of: Self.closing) else {
                    let keeps = isLast ? 0 : Self.overlap(pending)
                    delta.reasoning += pending.dropLast(keeps)
                    pending = String(pending.suffix(keeps))
                    return delta
                }
                delta.reasoning += pending[..<found.lowerBound]
                pending = String(pending[found.upperBound...])
                skipsSpace = true
                place = .after
            case .after:
                delta.content += pending
                pending = ""
                return delta
            }
        }
    }

    private static func overlap(_ text: String) -> Int {
        (1..<closing.count).last { text.hasSuffix(closing.prefix($0)) } ?? 0
    }
}
