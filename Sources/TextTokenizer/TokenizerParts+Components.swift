import StrictJSON

// Readers of the components of tokenizer.json. Each either knows a setting or refuses it.

extension TokenizerParts {
    static func normalizer(_ field: TokenizerField?) throws(TokenizerError) -> Normalizer {
        guard let field else { return .none }
        switch try field.type() {
        case "NFC": return .composition
        case "Sequence":
            // Composing twice is composing once.
            var result = Normalizer.none
            for part in try field.required("normalizers").array() {
                if case .composition = try normalizer(part) { result = .composition }
            }
            return result
        case let other: throw field.unsupported(other)
        }
    }

    static func checkDecoder(_ field: TokenizerField) throws(TokenizerError) {
        if field.value.isNull { throw field.unsupported("null") }
        let type = try field.type()
        if type != "ByteLevel" { throw field.unsupported(type) }
    }

    static func checkSettings(of model: TokenizerField) throws(TokenizerError) {
        if let type = model.optional("type"), try type.string() != "BPE" { throw type.unsupported(try type.string()) }
        if let dropout = model.optional("dropout"), dropout.value.doubleValue != 0 {
            throw dropout.unsupported("not 0")
        }
        if let unknown = model.optional("unk_token") { throw unknown.unsupported(try unknown.string()) }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let affix = model.optional(key), try !affix.string().isEmpty {
                throw affix.unsupported(try affix.string())
            }
        }
        if try model.flag("byte_fallback", default: false) {
            throw .unsupported(field: "model.byte_fallback", found: "true")
        }
    }

    static func template(_ field: TokenizerField?, count: Int) throws(TokenizerError) -> [TemplatePart]? {
        guard let field else { return nil }
        switch try field.type() {
        case "ByteLevel": return nil  // It moves offsets only.
        case "Sequence":
            var result: [TemplatePart]?
            for part in try field.required("processors").array() {
                guard let found = try template(part, count: count) else { continue }
                if result != nil { throw field.unsupported("a Sequence of two templates") }
                result = found
            }
            return result
        case "TemplateProcessing":
            let special = try field.optional("special_tokens").map { field throws(TokenizerError) in
                try specialTokens(field, count: count)
            }
            var parts: [TemplatePart] = []
            for part in try field.required("single").array() {
                if let sequence = part.optional("Sequence") {
                    let name = try sequence.required("id").string()
                    if name != "A" { throw sequence.unsupported("sequence '\(name)'") }
                    parts.append(.text)
                } else {
                    let name = try part.required("SpecialToken").required("id").string()
                    guard let ids = special?[JSONString(name)] else { throw .missingToken(name) }
                    parts.append(.tokens(ids))
                }
            }
            return parts == [.text] ? nil : parts
        case let other: throw field.unsupported(other)
        }
    }

    private static func specialTokens(
        _ field: TokenizerField, count: Int
    ) throws(TokenizerError) -> [JSONString: [Int32]] {
        var tokens: [JSONString: [Int32]] = [:]
        for (key, value) in try field.object() {
            let entry = TokenizerField(path: "\(field.path).\(key.string)", value: value)
            var ids: [Int32] = []
            for id in try entry.required("ids").array() {
                let found = try id.integer()
                guard found >= 0, found < count else {
                    throw .idOutOfRange(token: key.string, id: found, limit: count)
                }
                ids.append(Int32(found))
            }
            tokens[key] = ids
        }
        return tokens
    }
}

extension PreTokenizer {
    init(_ field: TokenizerField) throws(TokenizerError) {
        if field.value.isNull { throw field.unsupported("null") }
        var steps: [Step] = []
        var isMapped = false
        try Self.append(field, to: &steps, isMapped: &isMapped)
        if !isMapped { throw field.unsupported("without ByteLevel") }
        self.init(steps: steps)
    }

    /// `isMapped`: whether ByteLevel has run, after which the library's text is in the byte alphabet.
    private static func append(
        _ field: TokenizerField, to steps: inout [Step], isMapped: inout Bool
    ) throws(TokenizerError) {
        switch try field.type() {
        case "Sequence":
            for part in try field.required("pretokenizers").array() {
                try append(part, to: &steps, isMapped: &isMapped)
            }
        case let type where isMapped: throw field.unsupported("\(type) after ByteLevel")
        case "Split":
            let behavior = try field.required("behavior").string()
            if behavior != "Isolated" { throw field.unsupported("Split with behavior \(behavior)") }
            if try field.flag("invert", default: false) { throw field.unsupported("Split with invert") }
            let pattern = try field.required("pattern")
            if let regex = pattern.optional("Regex") {
                steps.append(.split(try SplitScanner(pattern: regex.string())))
            } else {
                let literal = try pattern.required("String").string()
                if literal.isEmpty { throw pattern.unsupported("empty") }
                steps.append(.split(try SplitScanner(literal: literal)))
            }
        case "ByteLevel":
            if try field.flag("add_prefix_space", default: true) { steps.append(.prefixSpace) }
            if try field.flag("use_regex", default: true) {
                steps.append(.split(try SplitScanner(pattern: PreTokenizer.byteLevelPattern)))
            }
            isMapped = true
        case let other: throw field.unsupported(other)
        }
    }
}

extension BytePairModel {
    /// Reads the merges; `pieces` are the bytes of each token, `special` the tokens that no text may become.
    ///
    /// `suffix`: What the vocabulary writes behind the last byte of a piece.
    init(
        _ field: TokenizerField, vocabulary: TokenTable, pieces: [[UInt8]?], special: Set<Int32>, suffix: String = ""
    ) throws(TokenizerError) {
        guard let list = try field.required("merges").value.arrayValue else {
            throw .wrongType(field: "model.merges", expected: "an array")
        }
        if list.count > Self.mostMerges {
            throw .tooLarge(field: "model.merges", limit: Self.mostMerges, found: list.count)
        }
        var merges: [(left: Int32, right: Int32, result: Int32)] = []
        merges.reserveCapacity(list.count)
        var joined: [UInt8] = []
        for (index, entry) in list.enumerated() {
            // Files made from merges.txt may keep its first line.
            if let line = entry.bytesValue, line.starts(with: "#version".utf8) { continue }
            guard let (left, right) = Self.pair(entry) else {
                throw .malformedMerge(index: index)
            }
            func id(_ token: some Collection<UInt8>) throws(TokenizerError) -> Int32 {
                if let id = vocabulary.id(of: token) { return id }
                throw .unknownMergeToken(index: index, token: String(decoding: token, as: UTF8.self))
            }
            let (leftID, rightID) = (try id(left), try id(right))
            joined.removeAll(keepingCapacity: true)
            joined.append(contentsOf: left)
            joined.append(contentsOf: right)
            // Trainers number the results of merges in order, and the next id is nearer than a search.
            let guess = (merges.last?.result ?? -1) + 1
            let result = vocabulary[Int(guess)]?.elementsEqual(joined) == true ? guess : try id(joined)
            merges.append((leftID, rightID, result))
        }
        self.merges = MergeTable(merges)
        specialResults = Set(merges.map(\.result).filter(special.contains))
        byteTokens = (0...255).map { vocabulary.id(of: ByteAlphabet.token(of: $0)) ?? -1 }
        finalByteTokens =
            suffix.isEmpty ? nil : (0...255).map { vocabulary.id(of: ByteAlphabet.token(of: $0) + suffix.utf8) ?? -1 }
        guard try field.flag("ignore_merges", default: false) else {
            wholePieces = nil
            return
        }
        let whole = pieces.enumerated().map { id, piece in
            id < vocabulary.count && vocabulary[id] != nil && !special.contains(Int32(id)) ? piece : nil
        }
        wholePieces = TokenTable(whole)
    }

    /// The parts of a merge, written as a pair or as two words with a space between them.
    private static func pair(_ entry: JSONValue) -> (ArraySlice<UInt8>, ArraySlice<UInt8>)? {
        if let parts = entry.arrayValue {
            guard parts.count == 2, let left = parts[0].bytesValue, let right = parts[1].bytesValue else { return nil }
            return (left[...], right[...])
        }
        guard let text = entry.bytesValue, let space = text.firstIndex(of: 0x20) else { return nil }
        let right = text[(space + 1)...]
        return right.contains(0x20) ? nil : (text[..<space], right)
    }
}
