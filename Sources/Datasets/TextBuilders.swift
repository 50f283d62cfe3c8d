import StrictJSON

/// Records of plain text, such as RefinedWeb's.
public struct PlainTextBuilder: RecordBuilder {
    /// What becomes of line breaks.
    public enum Newlines: String, Codable, Hashable, Sendable {
        /// A space each.
        case space
        /// Nothing, which joins words; so the reference does.
        case deleted
        /// They stay.
        case kept
    }

    private let field: String
    private let newlines: Newlines
    private let window: Int

    /// A builder.
    ///
    /// - Parameters:
    ///   - field: The column with the text.
    ///   - newlines: What becomes of line breaks.
    ///   - window: Longer texts give a random stretch of so many characters (code points).
    public init(field: String = "content", newlines: Newlines = .space, window: Int = 8000) {
        self.field = field
        self.newlines = newlines
        self.window = max(1, window)
    }

    /// The record of a text.
    public func build(_ sample: RawSample, random: inout SampleRandom) throws(DatasetError) -> BuildOutcome {
        var scalars = Array(try sample.text(field).unicodeScalars)
        switch newlines {
        case .space: for place in scalars.indices where scalars[place] == "\n" { scalars[place] = " " }
        case .deleted: scalars.removeAll { $0 == "\n" }
        case .kept: break
        }
        if scalars.count > window {
            let start = random.below(scalars.count - window + 1)
            scalars = Array(scalars[start..<start + window])
        }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        let answer = String(text)
        return answer.trimmed.isEmpty ? .skip(.emptyText) : .record(Record(task: .text, answer: answer))
    }
}

/// Records of conversations that are formatted already.
public struct FormattedChatBuilder: RecordBuilder {
    private let field: String

    /// A builder; `field` is the column with the whole formatted text.
    public init(field: String = "content") { self.field = field }

    /// The record of a conversation.
    public func build(_ sample: RawSample, random: inout SampleRandom) throws(DatasetError) -> BuildOutcome {
        let text = try sample.text(field)
        return text.trimmed.isEmpty ? .skip(.emptyText) : .record(Record(task: .chat, formatted: text))
    }
}

/// Records of instructions (Alpaca): `instruction`, `input`, which may be empty, and `output`.
public struct InstructionBuilder: RecordBuilder {
    /// A builder.
    public init() {}

    /// The record of an instruction.
    public func build(_ sample: RawSample, random: inout SampleRandom) throws(DatasetError) -> BuildOutcome {
        let instruction = try sample.text("instruction")
        let input = try sample.optionalText("input")
        let output = try sample.text("output")
        guard !instruction.trimmed.isEmpty, !output.trimmed.isEmpty else { return .skip(.emptyText) }
        let prompt = input.isEmpty ? instruction : instruction + "\n" + input
        return .record(Record(task: .chat, prompt: prompt, answer: output))
    }
}

/// Records of conversations about an image (LLaVA): `image`, and `conversations` of `from` and `value`.
public struct ConversationBuilder: RecordBuilder {
    private let images: ImagePreparation
    private let origin: ImageOrigin

    /// A builder.
    ///
    /// - Parameters:
    ///   - images: Size of the images.
    ///   - origin: Where they are, by default below `root` at the path in `image`.
    public init(images: ImagePreparation, origin: ImageOrigin) {
        self.images = images
        self.origin = origin
    }

    /// The record of a random number of turns from the start; items without an image are passed over.
    public func build(_ sample: RawSample, random: inout SampleRandom) throws(DatasetError) -> BuildOutcome {
        guard let messages = sample.fields["conversations"]?.arrayValue else {
            throw .missingField(sample: sample.id, field: "conversations", expected: "a list of messages")
        }
        var turns: [Turn] = []
        // A last message without an answer is dropped.
        for (place, message) in messages.prefix(messages.count / 2 * 2).enumerated() {
            let (speaker, role) = place % 2 == 0 ? ("human", "user") : ("gpt", "assistant")
            guard message["from"]?.stringValue == speaker else {
                throw .missingField(sample: sample.id, field: "conversations[\(place)].from", expected: "'\(speaker)'")
            }
            turns.append(Turn(role: role, text: try message.text("value", of: sample.id)))
        }
        guard !turns.isEmpty else { return .skip(.noTurns) }
        let kept = 2 * (1 + random.below(turns.count / 2))
        turns = Array(turns.prefix(kept))
        turns[0].text = Self.withoutMarker(turns[0].text)
        guard let answer = turns.popLast()?.text, let prompt = turns.popLast()?.text else { return .skip(.noTurns) }
        guard !answer.trimmed.isEmpty else { return .skip(.emptyText) }
        guard let image = try origin.image(of: sample, images) else { return .skip(.noImage) }
        return .record(
            Record(task: .understanding, prompt: prompt, image: image, answer: answer, turns: turns))
    }

    /// The text without `<image>` and the line break beside it.
    static func withoutMarker(_ text: String) -> String {
        guard let range = text.range(ofBytes: "<image>") else { return text }
        let before = text[..<range.lowerBound]
        let after = text[range.upperBound...]
        if after.utf8.first == 0x0A { return String(before) + String(after.unicodeScalars.dropFirst()) }
        if before.utf8.last == 0x0A { return String(before.unicodeScalars.dropLast()) + String(after) }
        return String(before) + String(after)
    }
}

extension String {
    /// The first place of a text, compared byte for byte.
    func range(ofBytes wanted: String, from start: Index? = nil) -> Range<Index>? {
        let pattern = Array(wanted.utf8)
        guard let first = pattern.first else { return nil }
        var place = start ?? startIndex
        while let found = utf8[place...].firstIndex(of: first) {
            if utf8[found...].starts(with: pattern) {
                return found..<utf8.index(found, offsetBy: pattern.count)
            }
            place = utf8.index(after: found)
        }
        return nil
    }

    /// All places of another text, byte for byte, none within another.
    func ranges(ofBytes wanted: String) -> [Range<Index>] {
        var found: [Range<Index>] = []
        while let range = range(ofBytes: wanted, from: found.last?.upperBound) { found.append(range) }
        return found
    }
}
