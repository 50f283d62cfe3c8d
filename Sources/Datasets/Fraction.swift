import Foundation

/// A number as an exact fraction in lowest terms.
struct Fraction: Hashable {
    let numerator: Int
    /// Above 0.
    let denominator: Int

    /// `nil` for a denominator of 0, and for the one number that has no opposite.
    init?(_ numerator: Int, _ denominator: Int = 1) {
        guard denominator != 0, numerator != .min, denominator != .min else { return nil }
        var (a, b) = (abs(numerator), abs(denominator))
        while b != 0 { (a, b) = (b, a % b) }
        self.numerator = (denominator < 0 ? -numerator : numerator) / a
        self.denominator = abs(denominator) / a
    }

    var isWhole: Bool { denominator == 1 }
    var double: Double { Double(numerator) / Double(denominator) }

    func adding(_ other: Fraction) -> Fraction? {
        guard let a = Self.product(numerator, other.denominator), let b = Self.product(other.numerator, denominator),
            let bottom = Self.product(denominator, other.denominator)
        else { return nil }
        let (top, overflow) = a.addingReportingOverflow(b)
        return overflow ? nil : Fraction(top, bottom)
    }

    func multiplied(by other: Fraction) -> Fraction? {
        guard let top = Self.product(numerator, other.numerator),
            let bottom = Self.product(denominator, other.denominator)
        else { return nil }
        return Fraction(top, bottom)
    }

    var reciprocal: Fraction? { Fraction(denominator, numerator) }
    var negated: Fraction? { Fraction(-numerator, denominator) }

    private static func product(_ a: Int, _ b: Int) -> Int? {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? nil : product
    }
}

/// What an expression comes to: exactly while that is possible.
enum MathValue: Hashable {
    case exact(Fraction)
    case real(Double)

    var double: Double {
        switch self {
        case .exact(let fraction): fraction.double
        case .real(let value): value
        }
    }

    /// Whole numbers agree if they are the same; everything else within a millionth, relative to the larger.
    func agrees(with other: MathValue) -> Bool {
        if case .exact(let a) = self, case .exact(let b) = other {
            if a == b { return true }
            if a.isWhole, b.isWhole { return false }
        }
        let (a, b) = (double, other.double)
        return abs(a - b) <= 1e-6 * max(abs(a), abs(b))
    }

    static func + (a: MathValue, b: MathValue) -> MathValue? { combine(a, b, { $0.adding($1) }, +) }
    static func * (a: MathValue, b: MathValue) -> MathValue? { combine(a, b, { $0.multiplied(by: $1) }, *) }

    static func / (a: MathValue, b: MathValue) -> MathValue? {
        guard b.double != 0 else { return nil }
        return combine(a, b, { a, b in b.reciprocal.flatMap { a.multiplied(by: $0) } }, /)
    }

    static prefix func - (a: MathValue) -> MathValue? {
        switch a {
        case .exact(let fraction): fraction.negated.map(MathValue.exact)
        case .real(let value): .real(-value)
        }
    }

    /// `self` to a power; exact for small whole powers.
    func power(_ exponent: MathValue) -> MathValue? {
        if case .exact(let base) = self, case .exact(let count) = exponent, count.isWhole, abs(count.numerator) <= 64,
            let factor = count.numerator < 0 ? base.reciprocal : base
        {
            var result = Fraction(1)
            for _ in 0..<abs(count.numerator) { result = result?.multiplied(by: factor) }
            if let result { return .exact(result) }
        }
        return Self.finite(pow(double, exponent.double))
    }

    /// The root of a degree; exact for squares of fractions.
    func root(_ degree: MathValue) -> MathValue? {
        if degree == .exactly(2), case .exact(let square) = self, square.numerator >= 0 {
            let top = Int(Double(square.numerator).squareRoot().rounded())
            let bottom = Int(Double(square.denominator).squareRoot().rounded())
            if let root = Fraction(top, bottom), root.multiplied(by: root) == square { return .exact(root) }
        }
        // Odd roots of negative numbers are numbers, which `pow` denies.
        if double < 0, degree == .exactly(3) { return Self.finite(-pow(-double, 1 / 3)) }
        guard degree.double != 0 else { return nil }
        return Self.finite(pow(double, 1 / degree.double))
    }

    static func exactly(_ number: Int) -> MathValue { Fraction(number).map(MathValue.exact) ?? .real(Double(number)) }

    private static func finite(_ value: Double) -> MathValue? { value.isFinite ? .real(value) : nil }

    private static func combine(
        _ a: MathValue, _ b: MathValue, _ exactly: (Fraction, Fraction) -> Fraction?,
        _ nearly: (Double, Double) -> Double
    ) -> MathValue? {
        if case .exact(let first) = a, case .exact(let second) = b, let result = exactly(first, second) {
            return .exact(result)
        }
        return finite(nearly(a.double, b.double))
    }
}
