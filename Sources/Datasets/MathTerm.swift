/// A value with the unit it is given in.
struct Quantity {
    private let value: MathValue
    /// Empty for none.
    private let unit: String
    private let isPercent: Bool

    /// Reads a number or expression and at most a few words of unit; `nil` for anything else.
    ///
    /// `notation`: What ``MathNormalization/notation(_:)`` gives.
    init?(notation: String) {
        guard let (value, rest) = MathParser.prefix(of: MathNormalization.withoutAssignment(notation)) else {
            return nil
        }
        self.init(value, rest)
    }

    /// Reads a sentence with a single number in it, whose unit is the known one that follows it.
    init?(prose notation: String) {
        let words = notation.split { $0 == " " || $0 == "=" }.map { word in
            String(word.drop { "\"'*:([".contains($0) })
        }
        var found: (value: MathValue, place: Int, rest: String)?
        for (place, word) in words.enumerated() {
            var word = word
            while let last = word.last, ".,;:!?\"'*)]".contains(last) { word.removeLast() }
            guard let (value, rest) = MathParser.prefix(of: word), rest.isEmpty || Self.known(rest) != nil else {
                continue
            }
            guard found == nil else { return nil }
            found = (value, place, rest)
        }
        guard let found else { return nil }
        let next = found.place + 1 < words.count ? Self.known(words[found.place + 1].lowercased()) : nil
        self.init(found.value, found.rest.isEmpty ? next.map { " " + $0 } ?? "" : found.rest)
    }

    private init?(_ value: MathValue, _ rest: String) {
        var tail = rest
        for mark in ["\\text", "\\textrm", "\\mathrm", "\\mbox"] { tail = tail.replacing(mark + "{", by: " ") }
        tail = tail.replacing("^{2}", by: "^2").replacing("^{3}", by: "^3").removing("}").lowercased()
        let isAttached = tail.first.map { $0 != " " } ?? false
        var words = tail.split(separator: " ").map { word in
            var word = String(word)
            while let last = word.last, ".,;:!?*".contains(last) { word.removeLast() }
            return word
        }
        words.removeAll(where: \.isEmpty)
        let percents = ["%", "\\%", "percent", "\\percent"]
        isPercent = words.count == 1 && percents.contains(words[0])
        self.value = value
        if isPercent || words.isEmpty {
            unit = ""
            return
        }
        guard words.count <= 3, !words.contains(where: Self.joining.contains) else { return nil }
        var names: [String] = []
        var power = ""
        for word in words {
            if let told = Self.powers[word] {
                power = told
                continue
            }
            guard let name = Self.known(word) ?? (isAttached ? nil : Self.plainWord(word)) else { return nil }
            names.append(name + power)
            power = ""
        }
        unit = names.joined(separator: " ")
    }

    /// Values agree, and units are the same or not told on one side; 50 % is 50 and 0.5.
    func agrees(with other: Quantity) -> Bool {
        guard unit.isEmpty || other.unit.isEmpty || unit == other.unit else { return false }
        if value.agrees(with: other.value) { return true }
        guard isPercent != other.isPercent else { return false }
        let (percent, plain) = isPercent ? (value, other.value) : (other.value, value)
        return (percent / .exactly(100))?.agrees(with: plain) ?? false
    }

    /// One name of a unit, perhaps a power or a quotient, however it is written.
    private static func known(_ word: String) -> String? {
        if word == "%" || word == "\\%" { return "%" }
        let parts = word.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2 else { return nil }
        var names: [String] = []
        for part in parts {
            let power = ["^2", "^3"].first { part.hasSuffix($0) } ?? ""
            guard let name = units[String(part.dropLast(power.count))] else { return nil }
            names.append(name + power)
        }
        return names.joined(separator: "/")
    }

    /// What is counted, in the singular.
    private static func plainWord(_ word: String) -> String? {
        guard word.utf8.count >= 2, word.utf8.allSatisfy(\.isLetter) else { return nil }
        return word.hasSuffix("s") ? String(word.dropLast()) : word
    }

    private static let joining: Set<String> = ["or", "and", "to", "plus", "minus", "times", "over", "not", "but", "if"]
    private static let powers = ["square": "^2", "sq": "^2", "cubic": "^3"]

    private static let units: [String: String] = {
        let spellings = [
            "mm": "millimeter millimeters millimetre millimetres",
            "cm": "centimeter centimeters centimetre centimetres",
            "m": "meter meters metre metres", "km": "kilometer kilometers kilometre kilometres",
            "ft": "foot feet", "inch": "inches", "mile": "miles", "yard": "yards",
            "mg": "milligram milligrams", "g": "gm gram grams", "kg": "kilogram kilograms", "lb": "lbs pound pounds",
            "oz": "ounce ounces", "l": "liter liters litre litres", "ml": "milliliter milliliters",
            "s": "sec secs second seconds", "min": "mins minute minutes", "h": "hr hrs hour hours", "day": "days",
            "week": "weeks", "month": "months", "year": "years", "dollar": "dollars", "cent": "cents",
            "degree": "degrees deg", "mph": "", "unit": "units", "radian": "radians rad",
        ]
        var units: [String: String] = [:]
        for (unit, others) in spellings {
            units[unit] = unit
            for other in others.split(separator: " ") { units[String(other)] = unit }
        }
        return units
    }()
}

/// A short answer as mathematics: normal forms, and the value or the elements it has.
struct MathTerm {
    /// Longer answers are texts.
    private static let longest = 512
    private static let deepest = 3
    private static let mostElements = 32

    /// How elements belong together.
    private enum Joint: Hashable {
        /// In brackets, whose kinds tell intervals apart; the order counts.
        case tuple(UInt8, UInt8)
        /// In braces.
        case set
        /// Without brackets: the solutions, in any order.
        case list
        /// Joined by `\cup`.
        case union
    }

    private let hendrycks: String
    private let minerva: String
    private let quantity: Quantity?
    private let plainQuantity: Quantity?
    private let joint: Joint?
    private let elements: [MathTerm]

    /// `nil` for texts that are too long.
    init?(_ text: String, depth: Int = 0) {
        guard text.utf8.count <= Self.longest else { return nil }
        let notation = MathNormalization.notation(text)
        hendrycks = MathNormalization.hendrycks(notation)
        minerva = MathNormalization.minerva(text)
        quantity = Quantity(notation: notation)
        plainQuantity = quantity == nil ? Quantity(notation: MathNormalization.notation(minerva)) : nil
        guard quantity == nil, depth < Self.deepest, let (joint, parts) = Self.parts(notation) else {
            joint = nil
            elements = []
            return
        }
        self.joint = joint
        elements = parts.compactMap { MathTerm($0, depth: depth + 1) }
    }

    /// Whether both mean the same.
    func agrees(with other: MathTerm) -> Bool {
        if !hendrycks.isEmpty, hendrycks == other.hendrycks { return true }
        if let quantity, let wanted = other.quantity { return quantity.agrees(with: wanted) }
        if let joint, let wanted = other.joint { return haveSameElements(joint, other, wanted) }
        if let single = Self.only(self) ?? Self.only(other), elements.count + other.elements.count == 1 {
            return single.agrees(with: elements.isEmpty ? self : other)
        }
        if !minerva.isEmpty, minerva == other.minerva { return true }
        if let found = plainQuantity ?? quantity, let wanted = other.plainQuantity ?? other.quantity {
            return found.agrees(with: wanted)
        }
        return false
    }

    /// The one element of a set.
    private static func only(_ term: MathTerm) -> MathTerm? {
        term.joint == .set && term.elements.count == 1 ? term.elements[0] : nil
    }

    private func haveSameElements(_ joint: Joint, _ other: MathTerm, _ wanted: Joint) -> Bool {
        guard elements.count == other.elements.count else { return false }
        switch (joint, wanted) {
        case (.tuple, .tuple) where joint != wanted: return false
        case (.union, _) where wanted != .union, (_, .union) where joint != .union: return false
        case (.tuple, .set), (.set, .tuple): return false
        case (.tuple, _), (_, .tuple): return zip(elements, other.elements).allSatisfy { $0.agrees(with: $1) }
        default: break
        }
        var left = other.elements
        return elements.allSatisfy { element in
            guard let place = left.firstIndex(where: { element.agrees(with: $0) }) else { return false }
            left.remove(at: place)
            return true
        }
    }

    private static func parts(_ notation: String) -> (Joint, [String])? {
        let pieces = split(Array(notation.replacing("\\cup", by: "\u{1}").utf8), at: 1, all: true)
        if pieces.count > 1 { return (.union, pieces) }
        var text = notation
        if let range = text.range(ofBytes: "\\in"), text[..<range.lowerBound].utf8.count <= 3, !text.hasPrefix("\\in") {
            text = String(text[range.upperBound...]).trimmed
        }
        let bytes = Array(MathNormalization.withoutAssignment(text).utf8)
        var joint = Joint.list
        var inside = bytes[...]
        if let first = bytes.first, let last = bytes.last, isWrapped(bytes) {
            inside = bytes[1..<bytes.count - 1]
            joint = .tuple(first, last)
        } else if bytes.starts(with: "\\{".utf8), bytes.count > 3, bytes.suffix(2).elementsEqual("\\}".utf8) {
            inside = bytes[2..<bytes.count - 2]
            joint = .set
        }
        if joint == .tuple(UInt8(ascii: "{"), UInt8(ascii: "}")) { joint = .set }
        var content = String(decoding: inside, as: UTF8.self)
        if joint == .list {
            for word in ["\\text{ and }", "\\text{and}", " and "] { content = content.replacing(word, by: ", ") }
            content = content.replacing(",,", by: ",").replacing(", ,", by: ",")
        }
        let parts = split(Array(content.utf8), at: UInt8(ascii: ","), all: false)
        let isEnough = parts.count > 1 || joint == .set
        guard isEnough, parts.count <= mostElements, !parts.contains(where: \.isEmpty) else { return nil }
        return (joint, parts)
    }

    /// Whether the first byte opens a bracket that the last one closes.
    private static func isWrapped(_ bytes: [UInt8]) -> Bool {
        guard bytes.count > 2, let first = bytes.first, "([{".utf8.contains(first) else { return false }
        var depth = 0
        for (place, byte) in bytes.enumerated() {
            if "([{".utf8.contains(byte) { depth += 1 }
            if ")]}".utf8.contains(byte) { depth -= 1 }
            if depth == 0 { return place == bytes.count - 1 }
        }
        return false
    }

    /// Parts between separators outside brackets; `1,000` is one part where other commas are followed by spaces.
    private static func split(_ bytes: [UInt8], at separator: UInt8, all: Bool) -> [String] {
        let hasSpaces = !all && String(decoding: bytes, as: UTF8.self).range(ofBytes: ", ") != nil
        var parts: [String] = []
        var depth = 0
        var start = 0
        for (place, byte) in bytes.enumerated() {
            if "([{".utf8.contains(byte) { depth += 1 }
            if ")]}".utf8.contains(byte) { depth -= 1 }
            let isGrouping =
                hasSpaces && place > 0 && bytes[place - 1].isDigit && place + 3 < bytes.count
                && bytes[place + 1...place + 3].allSatisfy(\.isDigit)
            guard byte == separator, depth == 0, !isGrouping else { continue }
            parts.append(String(decoding: bytes[start..<place], as: UTF8.self).trimmed)
            start = place + 1
        }
        return parts + [String(decoding: bytes[start...], as: UTF8.self).trimmed]
    }
}
