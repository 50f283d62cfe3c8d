import Datasets
import ShapesWorld
import Testing

@Suite struct TextProblemTests {
    private func problems(_ split: WorldSplit, count: Int = 2000) -> [Question] {
        var random = SampleRandom(seed: 21)
        return (0..<count).map { _ in TextProblems.random(split, &random) }
    }

    private func numbers(_ text: String) -> [Int] { text.split(separator: " ").compactMap { Int($0) } }

    @Test func `answers are right`() {
        for problem in problems(.train) {
            #expect(solution(problem) == problem.answer, "\(problem.text)")
        }
    }

    /// The answer, found from the words of the problem.
    private func solution(_ problem: Question) -> String? {
        let words = problem.text.split(separator: " ").map(String.init)
        let found = numbers(problem.text)
        switch problem.topic {
        case .addition where words[3] == "plus": return "\(found[0] + found[1])"
        case .subtraction where words[3] == "minus": return "\(found[0] - found[1])"
        case .multiplication where words[3] == "times": return "\(found[0] * found[1])"
        case .comparison where words.starts(with: ["which", "is", "more", ","]):
            return found[0] == found[1] ? nil : found.max().map(String.init)
        case .order:
            // "a is taller than b . b is taller than c . who is the tallest ?": the one never on the lesser side.
            let facts = words.indices.filter { words[$0] == "than" }.map { (words[$0 - 3], words[$0 + 1]) }
            let stems = Set(words.indices.filter { words[$0] == "than" }.map { words[$0 - 1].dropLast(2) })
            guard facts.count == 2, stems.count == 1, words.suffix(2).first == stems.first.map({ $0 + "est" }) else {
                return nil
            }
            let lesser = Set(facts.map(\.1))
            let best = facts.map(\.0).filter { !lesser.contains($0) }
            return best.count == 1 ? best[0] : nil
        default: return nil
        }
    }

    @Test func `every step of the reasoning is right by itself and made of what is known by then`() {
        for problem in problems(.train) {
            switch problem.topic {
            case .addition, .subtraction, .multiplication: check(problem)
            case .comparison:
                let words = problem.reasoning.split(separator: " ").map(String.init)
                let digits = numbers(problem.reasoning)
                #expect(words.count == 6 && digits.count == 2 && digits[0] != digits[1])
                #expect((words[2] == "more") == (digits[0] > digits[1]), "\(problem.text) \(problem.reasoning)")
                // The first number is the larger one just when the first digit that differs is.
                #expect((digits[0] > digits[1]) == (numbers(problem.text)[0] > numbers(problem.text)[1]))
            default:
                #expect(problem.reasoning.hasSuffix("\(problem.answer) is first ."))
            }
        }
    }

    /// Runs worked arithmetic: each "a op b is c".
    private func check(_ problem: Question) {
        var result = 0
        var written: [Int] = []
        var isSum = false
        for sentence in problem.reasoning.split(separator: ".") {
            let words = sentence.split(separator: " ").map(String.init)
            guard let place = words.firstIndex(of: "is") else {
                isSum = false
                if words.first == "write" {
                    // "write 2 carry 1" of 12.
                    let digits = numbers(String(sentence))
                    #expect(digits == [result % 10, result / 10], "\(problem.text) \(sentence)")
                    written.append(digits[0])
                } else {
                    // "borrow 1" or "borrow 0".
                    let found = numbers(problem.text)
                    #expect(numbers(String(sentence)) == [found[0] % 10 < found[1] % 10 ? 1 : 0])
                }
                continue
            }
            let second = Int(words[place - 1]) ?? -1
            let value: Int? = Int(words[0]).map {
                switch words[place - 2] {
                case "plus": $0 + second
                case "minus": $0 - second
                default: $0 * second
                }
            }
            #expect(place == 3 && value != nil && value == Int(words[4]), "\(problem.text) \(sentence)")
            // Two sentences after another are one sum in two steps, the second of the first's result.
            if isSum { #expect(Int(words[0]) == result, "\(problem.text) \(sentence)") }
            isSum = true
            result = value ?? -1
            // A digit with a digit, but for a borrowed ten and a carry.
            #expect(second < 10)
            if problem.topic == .subtraction, written.isEmpty {
                written.append(result)
                isSum = false
            }
        }
        #expect(10 * result + (written.first ?? -1) == Int(problem.answer), "\(problem.text) \(problem.reasoning)")
    }

    @Test func `problems of the splits do not meet`() {
        let train = Set(problems(.train, count: 12_000).map(\.text))
        let validation = Set(problems(.validation).map(\.text))
        let test = Set(problems(.test).map(\.text))
        #expect(train.isDisjoint(with: test) && train.isDisjoint(with: validation) && test.isDisjoint(with: validation))
        #expect(test.count > 1000 && validation.count > 1000)
    }

    @Test func `every kind of problem occurs in every split`() {
        for split in WorldSplit.allCases {
            let topics = Set(problems(split, count: 300).map(\.topic))
            #expect(topics == [.addition, .subtraction, .multiplication, .comparison, .order])
        }
    }
}
