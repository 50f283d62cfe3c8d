import Datasets

/// The share of the calculations written on the way to a number that are true, from 0 to 1.
///
/// A calculation is two numbers with an operation between them, `is`, `equals` or `=`, and a number: `17 plus 5 is 22`,
/// `3 \times 4 = 12`, `$5 + $3 = $8`. Each counts once, however often it is written. A part of a longer sum (`2 + 3 + 4 = 9`)
/// is none. The result must be exact, or right in all of its decimals. It applies to texts whose gold answer is a number;
/// where nothing is calculated, or what was written was cut, it is 0.
///
/// It tells answers apart where all of a group come to a wrong end: some of them went wrong later.
public struct Calculations: Reward {
    /// Name, for logs.
    public let name: String

    /// The reward.
    public init(name: String = "calculations") { self.name = name }

    /// Judges samples one by one.
    public func outcomes(of samples: [RewardSample]) -> [RewardOutcome] { samples.map(outcome) }

    private func outcome(_ sample: RewardSample) -> RewardOutcome {
        let gold = CalculationToken.tokens(of: sample.gold)
        guard [.text, .chat, .understanding].contains(sample.task), gold.count(where: \.isNumber) == 1,
            gold.allSatisfy({ $0.isNumber || $0 == .operation(.minus) })
        else { return .notApplicable }
        guard !sample.isTruncated, sample.text.utf8.count <= Response.longest else { return .value(0) }
        let found = Calculation.all(in: Response(sample.text).text)
        guard !found.isEmpty else { return .value(0) }
        return .value(Double(found.count(where: \.isTrue)) / Double(found.count))
    }
}

/// Two numbers, what is done to them, and what is said to come of it.
struct Calculation: Hashable {
    enum Operation: Hashable { case plus, minus, times, dividedBy }

    let left, right, result: Double
    let operation: Operation
    /// Digits of the result after its point.
    let decimals: Int

    /// Whether the result is right, in as many decimals as it has.
    var isTrue: Bool {
        let value =
            switch operation {
            case .plus: left + right
            case .minus: left - right
            case .times: left * right
            case .dividedBy: left / right
            }
        guard value.isFinite else { return false }
        let unit = (0..<decimals).reduce(1.0) { unit, _ in unit / 10 }
        // A little more than half a unit, for what binary fractions round.
        return abs(value - result) <= (decimals == 0 ? 1e-9 * max(1, abs(value)) : 0.5000001 * unit)
    }

    /// The different calculations of a text.
    static func all(in text: String) -> Set<Self> {
        let tokens = CalculationToken.tokens(of: text)
        var found: Set<Self> = []
        for place in tokens.indices.dropFirst() {
            guard case .operation(let operation) = tokens[place], case .number(let left, _) = tokens[place - 1],
                place + 3 < tokens.count, case .number(let right, _) = tokens[place + 1], tokens[place + 2] == .equals
            else { continue }
            // Numbers beside an operation belong to a longer sum.
            guard place < 2 || !tokens[place - 2].isOperation else { continue }
            let isNegative = tokens[place + 3] == .operation(.minus)
            let end = place + (isNegative ? 4 : 3)
            guard end < tokens.count, case .number(let size, let decimals) = tokens[end],
                end + 1 >= tokens.count || !tokens[end + 1].isOperation
            else { continue }
            found.insert(
                Self(
                    left: left, right: right, result: isNegative ? -size : size, operation: operation,
                    decimals: decimals))
        }
        return found
    }
}

/// A word of a calculation.
enum CalculationToken: Hashable {
    case number(Double, decimals: Int)
    case operation(Calculation.Operation)
    case equals
    case other

    var isNumber: Bool { if case .number = self { true } else { false } }
    var isOperation: Bool { if case .operation = self { true } else { false } }

    /// More digits than a Double holds make no number.
    private static let mostDigits = 15

    private static let words: [String: Self] = [
        "plus": .operation(.plus), "minus": .operation(.minus), "times": .operation(.times), "x": .operation(.times),
        "cdot": .operation(.times), "div": .operation(.dividedBy), "divided": .operation(.dividedBy), "is": .equals,
        "equals": .equals,
    ]
    private static let signs: [Unicode.Scalar: Self] = [
        "+": .operation(.plus), "-": .operation(.minus), "−": .operation(.minus), "*": .operation(.times),
        "×": .operation(.times), "·": .operation(.times), "/": .operation(.dividedBy), "÷": .operation(.dividedBy),
        "=": .equals,
    ]
    /// Of no account between a number and its neighbours.
    private static let silent: Set<Unicode.Scalar> = ["$", "€", "£", "\\"]

    /// The words of a text, in one pass.
    static func tokens(of text: String) -> [Self] {
        var rest = text.unicodeScalars[...]
        var tokens: [Self] = []
        while let scalar = rest.first {
            if isDigit(scalar) {
                tokens.append(number(numeral(&rest)))
            } else if scalar.properties.isAlphabetic {
                let word = String(rest.prefix(while: \.properties.isAlphabetic))
                rest = rest.dropFirst(word.unicodeScalars.count)
                let isDividedBy = word == "by" && tokens.last == .operation(.dividedBy)
                if !isDividedBy { tokens.append(words[word.lowercased()] ?? .other) }
            } else {
                rest.removeFirst()
                if !scalar.properties.isWhitespace, !silent.contains(scalar) { tokens.append(signs[scalar] ?? .other) }
            }
        }
        return tokens
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

    /// Digits, and the points and commas between digits.
    private static func numeral(_ rest: inout Substring.UnicodeScalarView) -> String {
        var text = String.UnicodeScalarView()
        while let scalar = rest.first {
            let isInside = (scalar == "." || scalar == ",") && rest.dropFirst().first.map(isDigit) == true
            guard isDigit(scalar) || isInside else { break }
            text.append(scalar)
            rest.removeFirst()
        }
        return String(text)
    }

    /// A number whose commas, if any, stand between groups of three digits.
    private static func number(_ numeral: String) -> Self {
        let parts = numeral.split(separator: ".", omittingEmptySubsequences: false)
        let groups = parts[0].split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count < 3, groups.dropFirst().allSatisfy({ $0.count == 3 }),
            groups.count == 1 || groups[0].count < 4
        else { return .other }
        let fraction = parts.count == 2 ? parts[1] : ""
        let digits = groups.joined()
        guard digits.count + fraction.count <= mostDigits, let value = Double(digits + "." + fraction + "0") else {
            return .other
        }
        return .number(value, decimals: fraction.count)
    }
}
