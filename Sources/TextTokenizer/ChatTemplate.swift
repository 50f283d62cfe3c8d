/// How a conversation becomes the prompt of a model: for each turn a header, the text and an end mark, and at last the
/// header of the answer.
public struct ChatTemplate: Hashable, Sendable {
    /// MMaDA's template: one line break after each header.
    public static let mmada = ChatTemplate(headerEnd: "\n")
    /// LLaDA's own template: two line breaks after each header.
    public static let llada = ChatTemplate(headerEnd: "\n\n")

    /// The special tokens of a template.
    private enum Mark: String {
        case startHeader = "<|start_header_id|>"
        case endHeader = "<|end_header_id|>"
        case endTurn = "<|eot_id|>"
    }

    /// A stretch of the prompt.
    private enum Piece {
        case begin
        case mark(Mark)
        case text(String)
    }

    private let headerEnd: String

    /// The prompt as text, for display.
    ///
    /// To encode this text would turn special strings in the messages into special tokens; use ``encode(_:with:)``.
    ///
    /// - Parameters:
    ///   - messages: The turns so far.
    ///   - begin: The string of the begin token, which stands before the first turn.
    /// - Returns: The text that the reference renders.
    public func text(_ messages: [ChatMessage], begin: String = "<|startoftext|>") -> String {
        pieces(messages).map { piece in
            switch piece {
            case .begin: begin
            case .mark(let mark): mark.rawValue
            case .text(let text): text
            }
        }.joined()
    }

    /// The prompt as ids, with no special token but the template's own: what the messages hold stays text.
    ///
    /// - Throws: ``TokenizerError/missingToken(_:)`` if the tokenizer lacks a special token of the template.
    public func encode(_ messages: [ChatMessage], with tokenizer: Tokenizer) throws(TokenizerError) -> [Int32] {
        var ids: [Int32] = []
        var waiting: String?
        var stripsNext = false
        for piece in pieces(messages) {
            let special: Int32
            switch piece {
            case .text(let text):
                waiting = stripsNext ? text.trimmingSpace(fromEnd: false) : text
                continue
            case .begin:
                guard let begin = tokenizer.beginToken else { throw .missingToken("bos_token") }
                special = begin
            case .mark(let mark):
                guard let id = tokenizer.id(of: mark.rawValue), tokenizer.addedToken(id) != nil else {
                    throw .missingToken(mark.rawValue)
                }
                special = id
            }
            // A token may swallow the white space around it, as it would in rendered text.
            let added = tokenizer.addedToken(special)
            if let text = waiting {
                let stripped = added?.stripsLeft == true ? text.trimmingSpace(fromEnd: true) : text
                ids.append(contentsOf: tokenizer.encodeOrdinary(stripped))
            }
            ids.append(special)
            waiting = nil
            stripsNext = added?.stripsRight == true
        }
        if let waiting { ids.append(contentsOf: tokenizer.encodeOrdinary(waiting)) }
        return ids
    }

    /// The prompt in pieces; text between two marks is one piece, so that it is cut as it would be in rendered text.
    private func pieces(_ messages: [ChatMessage]) -> [Piece] {
        var pieces: [Piece] = messages.isEmpty ? [] : [.begin]
        for message in messages {
            pieces += [.mark(.startHeader), .text(message.role.rawValue), .mark(.endHeader)]
            pieces += [.text(headerEnd + message.content.strippedLikePython()), .mark(.endTurn)]
        }
        return pieces
            + [.mark(.startHeader), .text(ChatMessage.Role.assistant.rawValue), .mark(.endHeader), .text(headerEnd)]
    }
}

extension String {
    /// Without white space at both ends, as Python's `str.strip` and so Jinja's `trim` see white space: Unicode's, and
    /// the four separator controls.
    func strippedLikePython() -> String {
        func isSpace(_ scalar: Unicode.Scalar) -> Bool {
            (0x1C...0x1F).contains(scalar.value) || UnicodeProperties.of(scalar.value).contains(.space)
        }
        guard let first = unicodeScalars.firstIndex(where: { !isSpace($0) }),
            let last = unicodeScalars.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(unicodeScalars[first...last])
    }

    /// Without white space at one end, as added tokens see it.
    fileprivate func trimmingSpace(fromEnd: Bool) -> String {
        func isInk(_ scalar: Unicode.Scalar) -> Bool { !UnicodeProperties.of(scalar.value).contains(.space) }
        if fromEnd {
            guard let last = unicodeScalars.lastIndex(where: isInk) else { return "" }
            return String(unicodeScalars[...last])
        }
        guard let first = unicodeScalars.firstIndex(where: isInk) else { return "" }
        return String(unicodeScalars[first...])
    }
}
