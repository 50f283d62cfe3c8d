/// One pass over a JSON text.
struct JSONParser {
    private let bytes: UnsafeRawBufferPointer
    private let maxDepth: Int
    private var position = 0

    init(bytes: UnsafeRawBufferPointer, maxDepth: Int) {
        self.bytes = bytes
        self.maxDepth = maxDepth
    }

    /// The one value of the text, which nothing but white space may follow.
    mutating func parseText() throws(JSONError) -> JSONValue {
        let value = try parseValue(depth: 0)
        skipWhitespace()
        guard position == bytes.count else { throw unexpected(.end) }
        return value
    }

    private mutating func parseValue(depth: Int) throws(JSONError) -> JSONValue {
        skipWhitespace()
        guard let byte = peek() else { throw unexpected(.value) }
        switch byte {
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "{"): return .object(try parseObject(depth: try deeper(depth)))
        case UInt8(ascii: "["): return .array(try parseArray(depth: try deeper(depth)))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        case UInt8(ascii: "t"): return try parseLiteral("true", .bool(true))
        case UInt8(ascii: "f"): return try parseLiteral("false", .bool(false))
        case UInt8(ascii: "n"): return try parseLiteral("null", .null)
        default: throw unexpected(.value)
        }
    }

    private func deeper(_ depth: Int) throws(JSONError) -> Int {
        guard depth < maxDepth else { throw .tooDeep(offset: position, limit: maxDepth) }
        return depth + 1
    }

    private mutating func parseLiteral(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for index in 0..<text.utf8CodeUnitCount {
            guard peek() == text.utf8Start[index] else { throw unexpected(.literal) }
            position += 1
        }
        return value
    }

    private mutating func parseArray(depth: Int) throws(JSONError) -> [JSONValue] {
        position += 1
        var elements: [JSONValue] = []
        skipWhitespace()
        if take(UInt8(ascii: "]")) { return elements }
        while true {
            elements.append(try parseValue(depth: depth))
            skipWhitespace()
            if take(UInt8(ascii: ",")) { continue }
            if take(UInt8(ascii: "]")) { return elements }
            throw unexpected(.commaOrArrayEnd)
        }
    }

    private mutating func parseObject(depth: Int) throws(JSONError) -> [(key: JSONString, value: JSONValue)] {
        position += 1
        var members: [(key: JSONString, value: JSONValue)] = []
        var seen = KeySet()
        skipWhitespace()
        if take(UInt8(ascii: "}")) { return members }
        while true {
            skipWhitespace()
            guard peek() == UInt8(ascii: "\"") else { throw unexpected(members.isEmpty ? .keyOrEnd : .key) }
            let start = position
            let key = try parseString()
            guard seen.insert(key, after: members) else { throw .duplicateKey(offset: start, key: key.string) }
            skipWhitespace()
            guard take(UInt8(ascii: ":")) else { throw unexpected(.colon) }
            members.append((key, try parseValue(depth: depth)))
            skipWhitespace()
            if take(UInt8(ascii: ",")) { continue }
            if take(UInt8(ascii: "}")) { return members }
            throw unexpected(.commaOrObjectEnd)
        }
    }

    // MARK: Bytes

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipWhitespace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func unexpected(_ expected: JSONExpectation) -> JSONError {
        if let found = peek() {
            .unexpectedByte(offset: position, expected: expected, found: found)
        } else {
            .unexpectedEnd(offset: position, expected: expected)
        }
    }
}

// MARK: - Numbers

extension JSONParser {
    private mutating func parseNumber() throws(JSONError) -> JSONValue {
        let start = position
        let negative = take(UInt8(ascii: "-"))
        var integer: Int64? = 0
        let firstDigit = position
        try takeDigits { digit in
            // Accumulated below zero, where there is room for one value more.
            guard let before = integer else { return }
            let (scaled, overflow) = before.multipliedReportingOverflow(by: 10)
            let (sum, borrow) = scaled.subtractingReportingOverflow(Int64(digit))
            integer = overflow || borrow ? nil : sum
        }
        if bytes[firstDigit] == UInt8(ascii: "0"), position > firstDigit + 1 { throw .leadingZero(offset: firstDigit) }

        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            try takeDigits { _ in }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try takeDigits { _ in }
        }
        if isInteger, let negated = integer {
            if negative, negated != 0 { return .integer(negated) }
            if !negative, negated != .min { return .integer(-negated) }
        }
        // The grammar is checked, so the standard library's parser, which knows no locale, only rounds.
        guard let number = Double(String(decoding: bytes[start..<position], as: UTF8.self)), number.isFinite else {
            throw .numberOutOfRange(offset: start)
        }
        return .number(number)
    }

    private mutating func takeDigits(_ body: (UInt8) -> Void) throws(JSONError) {
        let start = position
        while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            body(byte - UInt8(ascii: "0"))
            position += 1
        }
        guard position > start else { throw unexpected(.digit) }
    }
}

// MARK: - Strings

extension JSONParser {
    private mutating func parseString() throws(JSONError) -> JSONString {
        position += 1
        let start = position
        try skipPlainText()
        guard let byte = peek() else { throw unexpected(.closingQuote) }
        if byte == UInt8(ascii: "\"") {
            defer { position += 1 }
            return JSONString(validated: Array(bytes[start..<position]))
        }
        var text = Array(bytes[start..<position])
        while true {
            guard let byte = peek() else { throw unexpected(.closingQuote) }
            position += 1
            if byte == UInt8(ascii: "\"") { return JSONString(validated: text) }
            try parseEscape(into: &text)
            let next = position
            try skipPlainText()
            text.append(contentsOf: bytes[next..<position])
        }
    }

    /// Moves to the next quote, backslash or end of text, checking what lies between.
    private mutating func skipPlainText() throws(JSONError) {
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): return
            case 0..<0x20: throw .controlCharacter(offset: position, found: byte)
            case 0x20..<0x80: position += 1
            default: try skipMultibyteScalar(first: byte)
            }
        }
    }

    /// Moves over one scalar of two to four bytes, in the well-formed ranges of Unicode table 3-7.
    private mutating func skipMultibyteScalar(first: UInt8) throws(JSONError) {
        let second: ClosedRange<UInt8>
        let length: Int
        switch first {
        case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw .invalidUTF8(offset: position, found: first)
        }
        for index in 1..<length {
            guard position + index < bytes.count else {
                position += index
                throw unexpected(.closingQuote)
            }
            let byte = bytes[position + index]
            guard (index == 1 ? second : 0x80...0xBF).contains(byte) else {
                throw .invalidUTF8(offset: position + index, found: byte)
            }
        }
        position += length
    }

    /// Appends what the escape after a backslash stands for.
    private mutating func parseEscape(into text: inout [UInt8]) throws(JSONError) {
        guard let byte = peek() else { throw unexpected(.escape) }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            let start = position - 1
            position += 1
            let scalar = try parseScalar(escapeAt: start)
            text.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
            return
        default: throw unexpected(.escape)
        }
        position += 1
    }

    /// The scalar of four digits after `\u`, or of a surrogate pair of such escapes.
    private mutating func parseScalar(escapeAt start: Int) throws(JSONError) -> UnicodeScalar {
        let unit = try parseHexUnit()
        if let scalar = UnicodeScalar(unit) { return scalar }  // nil for a surrogate
        guard UTF16.isLeadSurrogate(unit), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw .loneSurrogate(offset: start, found: unit)
        }
        let trail = try parseHexUnit()
        guard UTF16.isTrailSurrogate(trail),
            let scalar = UnicodeScalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(trail) - 0xDC00))
        else { throw .loneSurrogate(offset: start, found: unit) }
        return scalar
    }

    private mutating func parseHexUnit() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(UnicodeScalar(byte)).hexDigitValue, byte < 0x80 else {
                throw unexpected(.hexDigit)
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }
}
