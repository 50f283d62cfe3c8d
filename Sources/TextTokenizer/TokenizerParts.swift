import StrictJSON

/// What a tokenizer.json holds, in the form in which it is used.
struct TokenizerParts: Sendable {
    /// A piece of what the post-processor makes of a text.
    enum TemplatePart: Hashable, Sendable {
        case text
        case tokens([Int32])
    }

    /// Ids may leave gaps, but not so many that a file of some bytes asks for tables of gigabytes.
    private static let largestGap = 1024

    let normalizer: Normalizer
    let preTokenizer: PreTokenizer
    let model: BytePairModel
    /// What surrounds a text when special tokens are added; `nil` for nothing.
    let template: [TemplatePart]?
    /// The tokens as the file writes them.
    let tokens: TokenTable
    /// The bytes they stand for.
    let texts: TokenTable
    let addedTokens: [Int32: AddedToken]
    let specialTokens: Set<Int32>
    /// Looks for added tokens in text as it came.
    let rawMatcher: AddedTokenMatcher
    /// Looks for those that are sought in normalised text.
    let normalizedMatcher: AddedTokenMatcher

    /// Reads the contents of tokenizer.json.
    ///
    /// Its truncation and padding belong to calls, and are not applied.
    init(parsing json: [UInt8]) throws(TokenizerError) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: json)
        } catch {
            throw .invalidJSON(file: "tokenizer.json", reason: error)
        }
        let file = TokenizerField(path: "", value: value)
        _ = try file.object()
        let normalizer = try Self.normalizer(file.optional("normalizer"))
        preTokenizer = try PreTokenizer(file.required("pre_tokenizer"))
        try Self.checkDecoder(file.required("decoder"))

        let modelField = try file.required("model")
        try Self.checkSettings(of: modelField)
        var names = try Self.vocabulary(modelField.required("vocab"))
        let vocabulary = TokenTable(names)
        let added = try Self.addedTokens(file.optional("added_tokens"), vocabulary, &names)
        let tokens = TokenTable(names)
        let special = Set(added.filter(\.isSpecial).map(\.id))

        let pieces = names.map { $0.flatMap(ByteAlphabet.decode) }
        model = try BytePairModel(modelField, vocabulary: vocabulary, pieces: pieces, special: special)
        for id in special.sorted() where model.canMake(id) {
            throw .reachableSpecialToken(names[Int(id)].map { String(decoding: $0, as: UTF8.self) } ?? "")
        }
        // The decoder takes a token with a character outside the alphabet, such as a space, at its word.
        texts = TokenTable(zip(pieces, names).map { $0 ?? $1 }, searchable: false)
        template = try Self.template(file.optional("post_processor"), count: tokens.count)
        rawMatcher = AddedTokenMatcher(added.filter { !$0.isNormalized }.map { ($0, $0.content) })
        normalizedMatcher = AddedTokenMatcher(
            added.filter(\.isNormalized).map { token in
                var pattern: [UInt8] = []
                token.content.withUnsafeBufferPointer { normalizer.append($0, in: 0..<$0.count, to: &pattern) }
                return (token, pattern)
            })
        addedTokens = Dictionary(added.map { ($0.id, $0) }) { _, last in last }
        specialTokens = special
        self.normalizer = normalizer
        self.tokens = tokens
    }

    // MARK: Vocabulary

    /// The tokens of a vocabulary at their ids; `nil` where an id is free.
    static func vocabulary(_ field: TokenizerField) throws(TokenizerError) -> [[UInt8]?] {
        let entries = try field.object()
        if entries.count > Int(Int32.max) / 4 {
            throw .tooLarge(field: field.path, limit: Int(Int32.max) / 4, found: entries.count)
        }
        var names: [[UInt8]?] = []
        names.reserveCapacity(entries.count)
        for (key, value) in entries {
            guard let id = value.intValue else {
                throw .wrongType(field: "\(field.path).\(key.string)", expected: "an integer")
            }
            try place(key.utf8, at: id, in: &names, limit: entries.count * 2 + largestGap)
        }
        return names
    }

    private static func place(
        _ name: [UInt8], at id: Int, in names: inout [[UInt8]?], limit: Int
    ) throws(TokenizerError) {
        guard id >= 0, id < limit else {
            throw .idOutOfRange(token: String(decoding: name, as: UTF8.self), id: id, limit: limit)
        }
        while names.count <= id { names.append(nil) }
        if let other = names[id], other != name {
            throw .duplicateID(
                id: id, first: String(decoding: other, as: UTF8.self), second: String(decoding: name, as: UTF8.self))
        }
        names[id] = name
    }

    /// The added tokens in the order in which the library looks for them, special ones first.
    private static func addedTokens(
        _ field: TokenizerField?, _ vocabulary: TokenTable, _ names: inout [[UInt8]?]
    ) throws(TokenizerError) -> [AddedToken] {
        guard let field else { return [] }
        let size = names.reduce(0) { $0 + ($1 == nil ? 0 : 1) }
        let fields = try field.array()
        var found: [AddedToken] = []
        var known: [[UInt8]: Int] = [:]
        var highest: Int?
        for entry in fields {
            guard let content = try entry.required("content").value.bytesValue else {
                throw .wrongType(field: entry.path + ".content", expected: "a string")
            }
            if content.isEmpty { continue }
            if content.count > AddedTokenMatcher.longest {
                throw .tooLarge(field: entry.path, limit: AddedTokenMatcher.longest, found: content.count)
            }
            let id = try entry.required("id").integer()
            // The library numbers the tokens itself and only warns if the file says otherwise; ids would be wrong.
            let expected =
                vocabulary.id(of: content).map(Int.init) ?? known[content]
                ?? highest.map { $0 >= size || size == 0 ? $0 + 1 : size } ?? size
            let name = String(decoding: content, as: UTF8.self)
            if id != expected { throw .addedTokenID(token: name, expected: expected, found: id) }
            if known[content] != nil { throw .duplicateID(id: id, first: name, second: name) }
            try place(content, at: id, in: &names, limit: (size + fields.count) * 2 + largestGap)
            known[content] = id
            highest = max(highest ?? id, id)
            found.append(
                AddedToken(
                    id: Int32(id), content: content, isSpecial: try entry.flag("special", default: false),
                    isNormalized: try entry.flag("normalized", default: true),
                    stripsLeft: try entry.flag("lstrip", default: false),
                    stripsRight: try entry.flag("rstrip", default: false),
                    isSingleWord: try entry.flag("single_word", default: false)))
        }
        return found.filter(\.isSpecial) + found.filter { !$0.isSpecial }
    }
}

/// The names of special tokens in tokenizer_config.json.
struct SpecialTokenNames: Sendable {
    private(set) var begin: String?
    private(set) var end: String?
    private(set) var pad: String?

    /// No names.
    init() {}

    /// Reads the contents of tokenizer_config.json, of which nothing else is used.
    init(parsing json: [UInt8]) throws(TokenizerError) {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: json)
        } catch {
            throw .invalidJSON(file: "tokenizer_config.json", reason: error)
        }
        let file = TokenizerField(path: "", value: value)
        _ = try file.object()
        begin = try Self.name(file.optional("bos_token"))
        end = try Self.name(file.optional("eos_token"))
        pad = try Self.name(file.optional("pad_token"))
    }

    /// A token is named by its string or by an object that holds it.
    private static func name(_ field: TokenizerField?) throws(TokenizerError) -> String? {
        guard let field else { return nil }
        if let name = field.value.stringValue { return name }
        return try field.required("content").string()
    }
}
