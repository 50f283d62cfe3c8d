public import Datasets

/// Arithmetic and logic in words, worked in steps that are each small.
public enum TextProblems {
    /// A problem of a split: which numbers and names occur together decides the split, so that none is met twice.
    public static func random(_ split: WorldSplit, _ random: inout SampleRandom) -> Question {
        while true {
            let (question, key) = draw(&random)
            if self.split(of: key) == (split == .heldout ? .test : split) { return question }
        }
    }

    /// One problem in ten is for tests, one in ten for validation.
    private static func split(of key: Int) -> WorldSplit {
        var z = UInt64(key) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 31)) &* 0xBF58_476D_1CE4_E5B9
        switch (z ^ (z >> 29)) % 10 {
        case 0: return .test
        case 1: return .validation
        default: return .train
        }
    }

    private static func draw(_ random: inout SampleRandom) -> (Question, key: Int) {
        switch random.below(8) {
        case 0...2:
            let (a, b) = (10 + random.below(90), 10 + random.below(90))
            return (addition(a, b), a * 100 + b)
        case 3, 4:
            let (a, b) = (10 + random.below(90), 10 + random.below(90))
            return (subtraction(max(a, b), min(a, b)), 10_000 + max(a, b) * 100 + min(a, b))
        case 5:
            // The table of single digits is learnt as a whole; what is asked is a digit times a two-digit number.
            let (a, b) = (2 + random.below(8), 11 + random.below(39))
            return (multiplication(a, b), 20_000 + a * 100 + b)
        case 6:
            let a = 10 + random.below(90)
            let other = 10 + random.below(90)
            let b = other == a ? (a == 99 ? 98 : a + 1) : other
            return (comparison(a, b), 30_000 + a * 100 + b)
        default:
            return order(&random)
        }
    }

    /// What a step of a problem needs to know about two numbers.
    static func digitFact(_ random: inout SampleRandom) -> String {
        let (a, b) = (random.below(10), random.below(10))
        switch random.below(8) {
        case 0: return "\(a) plus \(b) is \(a + b) ."
        case 1, 2, 3: return "\(a) times \(b) is \(a * b) ."
        case 4, 5: return "\(a + b) minus \(b) is \(a) ."
        case 6:
            // What an addition or a multiplication ends with: the tens, and the carry.
            let tens = random.below(2) == 0 ? a + random.below(10) : (2 + random.below(8)) * (1 + random.below(4))
            return "\(tens) plus \(b) is \(tens + b) ."
        default:
            let other = b == a ? (a + 1) % 10 : b
            return "\(a) is \(a > other ? "more" : "less") than \(other) ."
        }
    }

    /// Digit by digit from the right, with the carry.
    static func addition(_ a: Int, _ b: Int) -> Question {
        let ones = a % 10 + b % 10
        let carry = ones / 10
        let tens = a / 10 + b / 10 + carry
        var steps = "\(a % 10) plus \(b % 10) is \(ones) . write \(ones % 10) carry \(carry) . "
        steps += "\(a / 10) plus \(b / 10) is \(a / 10 + b / 10) . \(a / 10 + b / 10) plus \(carry) is \(tens) ."
        return Question(
            topic: .addition, text: "what is \(a) plus \(b) ?", reasoning: steps, answer: "\(a + b)")
    }

    /// Digit by digit from the right, with the borrow; `a` is at least `b`.
    static func subtraction(_ a: Int, _ b: Int) -> Question {
        let borrow = a % 10 < b % 10 ? 1 : 0
        let ones = a % 10 + 10 * borrow - b % 10
        let tens = a / 10 - borrow - b / 10
        var steps = "borrow \(borrow) . \(a % 10 + 10 * borrow) minus \(b % 10) is \(ones) . "
        steps += "\(a / 10) minus \(borrow) is \(a / 10 - borrow) . \(a / 10 - borrow) minus \(b / 10) is \(tens) ."
        return Question(
            topic: .subtraction, text: "what is \(a) minus \(b) ?", reasoning: steps, answer: "\(a - b)")
    }

    /// A digit times a number of two digits.
    static func multiplication(_ a: Int, _ b: Int) -> Question {
        let ones = a * (b % 10)
        let carry = ones / 10
        var steps = "\(a) times \(b % 10) is \(ones) . write \(ones % 10) carry \(carry) . "
        steps += "\(a) times \(b / 10) is \(a * (b / 10)) . \(a * (b / 10)) plus \(carry) is \(a * (b / 10) + carry) ."
        return Question(
            topic: .multiplication, text: "what is \(a) times \(b) ?", reasoning: steps, answer: "\(a * b)")
    }

    static func comparison(_ a: Int, _ b: Int) -> Question {
        let sameTens = a / 10 == b / 10
        let (x, y) = sameTens ? (a % 10, b % 10) : (a / 10, b / 10)
        let steps = "\(x) is \(x > y ? "more" : "less") than \(y) ."
        return Question(
            topic: .comparison, text: "which is more , \(a) or \(b) ?", reasoning: steps, answer: "\(max(a, b))")
    }

    private static let names = ["tom", "ann", "bob", "eva", "max", "ida", "leo", "mia"]
    private static let pairs = [("taller", "tallest"), ("older", "oldest"), ("faster", "fastest")]

    /// Three names in a row, told as two comparisons in either order.
    static func order(_ random: inout SampleRandom) -> (Question, key: Int) {
        let chosen = Array(random.permutation(names.count).prefix(3))
        let (a, b, c) = (names[chosen[0]], names[chosen[1]], names[chosen[2]])
        let word = random.below(pairs.count)
        let swaps = random.below(2)
        let (comparative, superlative) = pairs[word]
        var facts = ["\(a) is \(comparative) than \(b) .", "\(b) is \(comparative) than \(c) ."]
        if swaps == 1 { facts.swapAt(0, 1) }
        let text = facts.joined(separator: " ") + " who is the \(superlative) ?"
        let key = ((chosen[0] * 8 + chosen[1]) * 8 + chosen[2]) * 6 + word * 2 + swaps
        return (
            Question(
                topic: .order, text: text,
                reasoning: "\(a) is before \(b) . \(b) is before \(c) . \(a) is first .", answer: a), 100_000 + key
        )
    }
}
