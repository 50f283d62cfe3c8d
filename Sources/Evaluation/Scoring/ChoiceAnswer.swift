/// Which option of a multiple-choice question a prediction names, as OpenCompass reads it.
public enum ChoiceAnswer {
    /// How an option is read.
    public enum Rule: Hashable, Sendable {
        /// OpenCompass's `first_option_postprocess`, with which it scores MMLU and ARC (options `ABCD`).
        ///
        /// Of a long list of forms, such as `The answer is B` or `答案：B`, the first that occurs anywhere and names an
        /// option counts, so what stands first in the text need not win. Options are single letters. `cushion` adds two
        /// last resorts: a letter before a colon, and any such letter, even that of "A cat".
        case firstOption(options: String = "ABCD", cushion: Bool = true)
        /// LLaDA's rule for GPQA: what stands in parentheses after `The correct answer is `, in any case.
        case correctAnswer
    }

    /// What a rule reads in a prediction.
    ///
    /// - Returns: `nil` where the rule finds nothing, which is never right.
    public static func extracted(from prediction: String, rule: Rule = .firstOption()) -> String? {
        switch rule {
        case .firstOption(let options, let cushion):
            firstOption(in: CodePoints(prediction).stripped(), options: CodePoints(options), cushion: cushion)
        case .correctAnswer: correctAnswer(in: CodePoints(prediction))
        }
    }

    /// Whether a prediction names the right option.
    ///
    /// - Parameters:
    ///   - prediction: What the model wrote.
    ///   - gold: The letter, for instance `B`; its case counts.
    ///   - rule: How to read the prediction.
    /// - Returns: Whether what the rule reads is that letter.
    public static func verdict(of prediction: String, gold: String, rule: Rule = .firstOption()) -> Bool {
        guard let said = extracted(from: prediction, rule: rule) else { return false }
        return said.unicodeScalars.elementsEqual(gold.unicodeScalars)
    }

    private static func firstOption(in text: CodePoints, options: CodePoints, cushion: Bool) -> String? {
        let present = Set(text)
        for form in cushion ? forms + lastResorts : forms where form.allSatisfy({ $0.isPossible(among: present) }) {
            var search = FormSearch(text: text, options: options, form: form)
            guard let found = search.first(), let option = options.first(where: found.contains) else { continue }
            return String(Character(option))
        }
        return nil
    }

    private static func correctAnswer(in text: CodePoints) -> String? {
        // The letters that are the same in any case to Python, some of them beyond ASCII.
        let folded = text.map { scalar -> Unicode.Scalar in
            switch scalar {
            case "A"..."Z": Unicode.Scalar(UInt8(scalar.value) | 0x20)
            case "\u{17F}": "s"
            case "\u{130}", "\u{131}": "i"
            default: scalar
            }
        }
        let phrase = CodePoints("the correct answer is (")
        var place = 0
        while let start = folded.end(of: phrase, from: place) {
            guard let end = text[start...].firstIndex(of: ")") else { return nil }
            if end > start { return String(CodePoints(text[start..<end]).stripped()) }
            place = start
        }
        return nil
    }

    // MARK: Forms

    /// The forms in the order in which they are tried.
    private static let forms: [[FormPart]] = chinese + english + whole

    private static let whole: [[FormPart]] = [
        [.start, .word("选项"), .optionalSpace, .option],
        [.start, .option, .optionalSpace, .optional("选"), .word("项")],
        // A letter later in the text, after white space, makes the reference look for an option in that white space.
        [.start, .option, .oneOrSpace("。，,：:.$")],
        // The reference has one more form with a 1, which finds nothing that this one does not.
        [.word("1"), .any, .optionalSpace, .rest],
    ]

    private static let lastResorts: [[FormPart]] = [[.option, .word(":")], [.option]]

    private static let chinese: [[FormPart]] = [
        [.word("答案"), .optional("是"), .spaces, .option],
        [.word("答案"), .optional("是"), .spaces, .word("："), .spaces, .option],
        [.word("答案"), .optional("是"), .spaces, .word(":"), .spaces, .option],
        [.word("答案选项"), .optional("应"), .optional("该"), .word("是"), .spaces, .option],
        [.word("答案选项"), .optional("应"), .optional("该"), .word("为"), .spaces, .option],
        [.word("答案应"), .optional("该"), .word("是"), .spaces, .option],
        [.word("答案应"), .optional("该"), .word("选"), .spaces, .option],
        [.word("答案选项"), .optional("为"), .spaces, .word("："), .spaces, .option],
        [.word("答案选项"), .optional("为"), .someSpaces, .optional("("), .optional("*"), .optional("*"), .option],
        [.word("答案选项"), .optional("是"), .spaces, .word(":"), .spaces, .option],
        [.word("答案为"), .spaces, .option],
        [.word("答案选"), .spaces, .option],
        [.word("选"), .optional("择"), .spaces, .option],
        // Two forms which the reference joins for want of a comma, so that neither is found alone.
        [
            .word("故"), .optional("选"), .spaces, .option, .word("只有"), .optional("选"), .optional("项"),
            .optionalSpace, .otherOption, .optionalSpace, .optional("是"), .word("对"),
        ],
        only(.optional("是"), .word("错")),
        only(.optional("不"), .word("正确")),
        only(.word("错误")),
        [.word("说法"), .optional("不"), .word("对"), .optional("选")] + whichIs,
        [.word("说法"), .optional("不"), .word("正确"), .optional("选")] + whichIs,
        [.word("说法错误"), .optional("选")] + whichIs,
        [.option, .optionalSpace, .word("是正确的")],
        [.option, .optionalSpace, .word("是正确答案")],
        [.word("选项"), .optionalSpace, .option, .optionalSpace, .word("正确")],
        [.word("所以答"), .optionalSpace, .option],
        [.word("所以"), .optionalSpace, .option, .optional(".。$"), .end],
        [.word("所有"), .optionalSpace, .option, .optional(".。$"), .end],
        [.oneOrSpace("，：:,"), .option, .optional("。，,."), .end],
        [.oneOrSpace("，,：:"), .one("故即"), .option, .optional("。."), .end],
        [.oneOrSpace("，,：:"), .word("因此"), .option, .optional("。."), .end],
        [.one("是为。"), .optionalSpace, .option, .optional("。."), .end],
        [.word("因此"), .optionalSpace, .option, .optional("。."), .end],
        [.word("显然"), .optionalSpace, .option, .optional("。."), .end],
        [.word("答案是"), .optionalSpace, .sentence],
        [.word("答案应该是"), .optionalSpace, .sentence],
        [.word("答案为"), .optionalSpace, .sentence],
    ]

    private static let english: [[FormPart]] = [
        [
            .one("Aa"), .one("Nn"), .one("Ssſ"), .one("Ww"), .one("Ee"), .one("Rr"), .spaces, .word(":"), .spaces,
            .optionInAnyCase,
        ],
        the("answer is", .someSpaces, .optional("("), .option),
        the("answer is", .someSpaces, .optional("("), .optional("*"), .optional("*"), .option),
        the("answer is option", .someSpaces, .optional("("), .option),
        the("correct answer is", .someSpaces, .optional("("), .option),
        the("correct answer is option", .someSpaces, .optional("("), .option),
        the("correct answer is", .anything, .word("boxed{"), .option, .word("}")),
        the("correct option is", .anything, .word("boxed{"), .option, .word("}")),
        the("correct answer option is", .anything, .word("boxed{"), .option, .word("}")),
        the("answer to the question is", .someSpaces, .optional("("), .option),
    ]

    private static let whichIs: [FormPart] = [
        .optional("项"), .optional("的"), .word("是"), .optionalSpace, .option,
    ]

    private static func only(_ verdict: FormPart...) -> [FormPart] {
        [.word("只有"), .optional("选"), .optional("项"), .optionalSpace, .option, .optionalSpace] + verdict
    }

    private static func the(_ words: FormPart.Scalars, _ rest: FormPart...) -> [FormPart] {
        [.one("Tt"), .word("he "), .word(words), .optional(":")] + rest
    }
}

/// What has to stand next in a form.
private enum FormPart: Sendable {
    case start, end
    case word(Scalars)
    case one(Scalars)
    case optional(Scalars)
    case oneOrSpace(Scalars)
    case optionalSpace, spaces, someSpaces
    /// Any single code point.
    case any
    /// As little as possible of whatever there is.
    case anything
    /// The letter that is looked for.
    case option
    case optionInAnyCase
    /// A letter that is passed over.
    case otherOption
    /// What is looked through: up to white space, if a full stop or the end of the text comes before that.
    case sentence
    /// What is looked through: all to the end, or if nothing is left the whole of the form.
    case rest

    /// Whether a text of these code points may have this part: most texts have nothing of most forms.
    func isPossible(among present: Set<Unicode.Scalar>) -> Bool {
        switch self {
        case .word(let word): word.all.allSatisfy(present.contains)
        case .one(let set): set.all.contains(where: present.contains)
        default: true
        }
    }

    struct Scalars: Sendable, ExpressibleByStringLiteral {
        let all: CodePoints

        init(stringLiteral text: String) { all = CodePoints(text) }
    }
}

/// A search for a form that never looks at a part of the text twice in vain.
private struct FormSearch {
    let text: CodePoints
    let options: CodePoints
    let form: [FormPart]

    private var found = 0..<0
    /// No later start can succeed.
    private var isHopeless = false
    /// No start before this can succeed.
    private var resume = 0

    init(text: CodePoints, options: CodePoints, form: [FormPart]) {
        self.text = text
        self.options = options
        self.form = form
    }

    /// Where the form first occurs, the part of the text in which an option is to be looked for.
    mutating func first() -> ArraySlice<Unicode.Scalar>? {
        var start = 0
        while start <= text.count, !isHopeless {
            if let end = match(0, at: start) { return text[found.isEmpty ? start..<end : found] }
            if case .start = form[0] { return nil }
            start = max(start + 1, resume)
        }
        return nil
    }

    /// The end of the form if its parts from one on fit at a place, with the first choice of each that makes it fit.
    private mutating func match(_ part: Int, at place: Int) -> Int? {
        guard part < form.count else { return place }
        let next = place < text.count ? text[place] : nil
        switch form[part] {
        case .start: return place == 0 ? match(part + 1, at: place) : nil
        case .end: return place == text.count ? match(part + 1, at: place) : nil
        case .word(let word):
            guard next == word.all[0], text[place...].starts(with: word.all) else { return nil }
            return match(part + 1, at: place + word.all.count)
        case .one(let set):
            guard let next, set.all.contains(next) else { return nil }
        case .oneOrSpace(let set):
            guard let next, next.isSpace || set.all.contains(next) else { return nil }
        case .any:
            guard next != nil else { return nil }
        case .otherOption:
            guard let next, options.contains(next) else { return nil }
        case .option:
            guard let next, options.contains(next) else { return nil }
            found = place..<place + 1
        case .optionInAnyCase:
            guard let next, options.contains(where: { $0.isSameLetter(as: next) }) else { return nil }
            found = place..<place + 1
        case .optional(let set):
            if let next, set.all.contains(next), let end = match(part + 1, at: place + 1) { return end }
            return match(part + 1, at: place)
        case .optionalSpace:
            if let next, next.isSpace, let end = match(part + 1, at: place + 1) { return end }
            return match(part + 1, at: place)
        case .spaces: return match(part + 1, afterSpacesAt: place, atLeast: 0)
        case .someSpaces: return match(part + 1, afterSpacesAt: place, atLeast: 1)
        case .anything:
            for end in place...text.count { if let end = match(part + 1, at: end) { return end } }
            isHopeless = true
            return nil
        case .sentence: return sentence(at: place)
        case .rest:
            found = place..<text.count
            return text.count
        }
        return match(part + 1, at: place + 1)
    }

    /// As many spaces as possible; no other part of a form takes any, so that fewer would not do.
    private mutating func match(_ part: Int, afterSpacesAt place: Int, atLeast count: Int) -> Int? {
        let end = text[place...].firstIndex { !$0.isSpace } ?? text.count
        return end - place >= count ? match(part, at: end) : nil
    }

    private mutating func sentence(at place: Int) -> Int? {
        let end = text[place...].firstIndex(where: \.isSpace) ?? text.count
        guard end > place else { return nil }
        if end == text.count {
            found = place..<end
            return end
        }
        guard let stop = text[(place + 1)..<end].lastIndex(of: "。") else {
            // Only a start whose word goes up to that white space has a sentence of its own.
            if case .word(let word) = form[0] { resume = end - word.all.count }
            return nil
        }
        found = place..<stop
        return stop + 1
    }
}

extension Unicode.Scalar {
    fileprivate func isSameLetter(as other: Unicode.Scalar) -> Bool {
        self == other || properties.lowercaseMapping == other.properties.lowercaseMapping
            || properties.uppercaseMapping == other.properties.uppercaseMapping
    }
}
