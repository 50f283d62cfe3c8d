import Foundation

/// Evaluates the arithmetic of short answers, in plain notation or LaTeX, in one pass.
///
/// Integers (in groups of three too), decimals, powers of ten, mixed numbers, `+ - * /`, powers, roots, π, brackets;
/// there are no variables. It reads what ``MathNormalization/notation(_:)`` gives.
struct MathParser {
    /// Brackets and signs that may be open at once.
    private static let deepest = 48

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    private init(_ text: String) { bytes = Array(text.utf8) }

    /// The expression that a text begins with, and what follows it.
    static func prefix(of text: String) -> (value: MathValue, rest: String)? {
        var parser = MathParser(text)
        guard let value = parser.sum() else { return nil }
        return (value, String(decoding: parser.bytes[parser.position...], as: UTF8.self))
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpaces() { while next == UInt8(ascii: " ") { position += 1 } }

    private mutating func take(_ text: StaticString) -> Bool {
        guard isNext(text) else { return false }
        position += text.utf8CodeUnitCount
        return true
    }

    private func isNext(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard position + count <= bytes.count else { return false }
        return (0..<count).allSatisfy { bytes[position + $0] == text.utf8Start[$0] }
    }

    /// Takes a command or word that no further letter belongs to.
    private mutating func takeWord(_ text: StaticString) -> Bool {
        let end = position + text.utf8CodeUnitCount
        guard isNext(text), end >= bytes.count || !bytes[end].isLetter else { return false }
        position = end
        skipSpaces()
        return true
    }

    private mutating func nested(_ body: (inout MathParser) -> MathValue?) -> MathValue? {
        guard depth < Self.deepest else { return nil }
        depth += 1
        defer { depth -= 1 }
        return body(&self)
    }

    // MARK: From the weakest operation to the strongest

    private mutating func sum() -> MathValue? {
        guard var total = product() else { return nil }
        while true {
            let before = position
            skipSpaces()
            let isMinus = next == UInt8(ascii: "-")
            guard isMinus || next == UInt8(ascii: "+") else {
                position = before
                return total
            }
            position += 1
            guard let term = product(), let signed = isMinus ? -term : term, let result = total + signed else {
                return nil
            }
            total = result
        }
    }

    private mutating func product() -> MathValue? {
        guard var total = signed() else { return nil }
        while true {
            let before = position
            skipSpaces()
            let result: MathValue?
            if take("*") {
                result = signed().flatMap { total * $0 }
            } else if take("/") {
                result = signed().flatMap { total / $0 }
            } else if next == UInt8(ascii: "(") || next == UInt8(ascii: "\\"), let factor = power() {
                // Side by side: 2\sqrt{3}, 3(4 + 1).
                result = total * factor
            } else {
                position = before
                return total
            }
            guard let result else { return nil }
            total = result
        }
    }

    private mutating func signed() -> MathValue? {
        skipSpaces()
        if take("-") { return nested { $0.signed() }.flatMap { -$0 } }
        if take("+") { return nested { $0.signed() } }
        return power()
    }

    private mutating func power() -> MathValue? {
        guard let base = primary() else { return nil }
        guard take("^") else { return base }
        if next == UInt8(ascii: "{") || next == UInt8(ascii: "(") { return primary().flatMap { base.power($0) } }
        let isNegative = take("-")
        guard let exponent = number()?.value, let signed = isNegative ? -exponent : exponent else { return nil }
        return base.power(signed)
    }

    private mutating func primary() -> MathValue? {
        if take("(") { return bracketed(")") }
        if take("{") { return bracketed("}") }
        if takeWord("\\pi") || takeWord("pi") { return .real(Double.pi) }
        if takeWord("\\surd") { return primary()?.root(.exactly(2)) }
        if takeWord("\\sqrt") {
            guard take("[") else { return argument()?.root(.exactly(2)) }
            guard let degree = bracketed("]") else { return nil }
            return argument()?.root(degree)
        }
        if isNext("sqrt(") {
            position += 4
            return primary()?.root(.exactly(2))
        }
        if takeWord("\\frac") {
            guard let top = argument(), let bottom = argument() else { return nil }
            return top / bottom
        }
        guard let (whole, isPlain) = number() else { return nil }
        return isPlain ? mixed(whole) : whole
    }

    private mutating func bracketed(_ end: StaticString) -> MathValue? {
        guard let value = nested({ $0.sum() }) else { return nil }
        skipSpaces()
        return take(end) ? value : nil
    }

    /// What a LaTeX command applies to: a group, or one digit.
    private mutating func argument() -> MathValue? {
        skipSpaces()
        if take("{") { return bracketed("}") }
        guard let digit = next, digit.isDigit else { return nil }
        position += 1
        return .exactly(Int(digit - UInt8(ascii: "0")))
    }

    // MARK: Numbers

    /// A whole number that a fraction follows: `2 1/3`, `2\frac{1}{3}`.
    private mutating func mixed(_ whole: MathValue) -> MathValue? {
        let before = position
        skipSpaces()
        let hasSpace = position > before
        if takeWord("\\frac"), let top = digitGroup(), let bottom = digitGroup(), let part = top / bottom {
            return whole + part
        }
        if hasSpace, let top = digits(), take("/"), let bottom = digits(), let part = top / bottom {
            return whole + part
        }
        position = before
        return whole
    }

    private mutating func digitGroup() -> MathValue? {
        guard take("{") else { return argument() }
        guard let value = digits(), take("}") else { return nil }
        return value
    }

    private mutating func digits() -> MathValue? {
        let start = position
        while next?.isDigit == true { position += 1 }
        return Int(String(decoding: bytes[start..<position], as: UTF8.self)).map(MathValue.exactly)
    }

    /// A decimal number, and whether it is digits alone; `nil` also for whole numbers of 64 bits and more.
    private mutating func number() -> (value: MathValue, isPlain: Bool)? {
        var digits: [UInt8] = []
        var decimals = 0
        let start = position
        takeDigits(&digits)
        while (1...3).contains(groupStart(start)), hasGroup {
            position += 1
            takeDigits(&digits)
        }
        if next == UInt8(ascii: "."), position + 1 < bytes.count, bytes[position + 1].isDigit {
            let before = digits.count
            position += 1
            takeDigits(&digits)
            decimals = digits.count - before
        }
        guard !digits.isEmpty else { return nil }
        let isPlain = position - start == digits.count
        let exponent = takeExponent()
        let text = String(decoding: digits, as: UTF8.self)
        let power = (exponent ?? 0) - decimals
        if abs(power) <= 18, let value = Int(text), let scale = MathValue.exactly(10).power(.exactly(power)) {
            return (MathValue.exactly(value) * scale).map { ($0, isPlain && exponent == nil) }
        }
        // A rounded whole number would agree with its neighbours.
        guard power != 0, digits.count <= 400, let value = Double("\(text)e\(power)"), value.isFinite else {
            return nil
        }
        return (.real(value), false)
    }

    private mutating func takeDigits(_ digits: inout [UInt8]) {
        while let digit = next, digit.isDigit {
            digits.append(digit)
            position += 1
        }
    }

    /// Digits of the first group, where all since `start` is in groups of three.
    private func groupStart(_ start: Int) -> Int {
        let length = bytes[start..<position].firstIndex(of: UInt8(ascii: ",")) ?? position
        return length - start
    }

    /// Whether a comma and exactly three digits follow.
    private var hasGroup: Bool {
        guard next == UInt8(ascii: ","), position + 3 < bytes.count else { return false }
        return bytes[position + 1...position + 3].allSatisfy(\.isDigit)
            && (position + 4 == bytes.count || !bytes[position + 4].isDigit)
    }

    private mutating func takeExponent() -> Int? {
        guard next == UInt8(ascii: "e") || next == UInt8(ascii: "E") else { return nil }
        var end = position + 1
        if end < bytes.count, bytes[end] == UInt8(ascii: "-") || bytes[end] == UInt8(ascii: "+") { end += 1 }
        let first = end
        while end < bytes.count, bytes[end].isDigit { end += 1 }
        guard (1...3).contains(end - first), end == bytes.count || !bytes[end].isLetter,
            let exponent = Int(String(decoding: bytes[position + 1..<end], as: UTF8.self))
        else { return nil }
        position = end
        return exponent
    }
}

extension UInt8 {
    /// Whether this is an ASCII digit.
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    /// Whether this is an ASCII letter.
    var isLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) }
}
