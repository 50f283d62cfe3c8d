import StrictJSON

/// A value of tokenizer.json together with its place in the file, for errors that say where.
struct TokenizerField {
    let path: String
    let value: JSONValue

    /// A member that must be there, `null` included.
    func required(_ key: String) throws(TokenizerError) -> TokenizerField {
        guard let found = value[key] else { throw .missingField(name(key)) }
        return TokenizerField(path: name(key), value: found)
    }

    /// A member, unless it is missing or `null`.
    func optional(_ key: String) -> TokenizerField? {
        guard let found = value[key], !found.isNull else { return nil }
        return TokenizerField(path: name(key), value: found)
    }

    /// A truth value that may be missing.
    func flag(_ key: String, default standard: Bool) throws(TokenizerError) -> Bool {
        guard let field = optional(key) else { return standard }
        guard let flag = field.value.boolValue else { throw .wrongType(field: field.path, expected: "true or false") }
        return flag
    }

    /// The `type` of a component.
    func type() throws(TokenizerError) -> String { try required("type").string() }

    func string() throws(TokenizerError) -> String {
        guard let string = value.stringValue else { throw .wrongType(field: path, expected: "a string") }
        return string
    }

    func integer() throws(TokenizerError) -> Int {
        guard let integer = value.intValue else { throw .wrongType(field: path, expected: "an integer") }
        return integer
    }

    func array() throws(TokenizerError) -> [TokenizerField] {
        guard let array = value.arrayValue else { throw .wrongType(field: path, expected: "an array") }
        return array.enumerated().map { TokenizerField(path: "\(path)[\($0)]", value: $1) }
    }

    func object() throws(TokenizerError) -> [(key: JSONString, value: JSONValue)] {
        guard let object = value.objectValue else { throw .wrongType(field: path, expected: "an object") }
        return object
    }

    /// The error for a value that is understood but not supported.
    func unsupported(_ found: String) -> TokenizerError { .unsupported(field: path, found: found) }

    private func name(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
}
