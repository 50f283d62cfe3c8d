import Foundation
import StrictJSON
import TestSupport
import Testing

@testable import Evaluation

/// Scorers of text benchmarks against the official ones: Tests/Peers/text_scoring_peer.py.
@Suite struct TextScoringTests {
    private static let fixture = Result {
        try JSONValue(parsing: [UInt8](try Data(contentsOf: Golden.ownFile("scoring/text.json"))))
    }

    private func rows(_ table: String, atLeast count: Int) throws -> [[JSONValue]] {
        let rows = try #require(try Self.fixture.get()[table]?.arrayValue).compactMap(\.arrayValue)
        #expect(rows.count >= count)
        return rows
    }

    /// Code points, for `==` of strings takes some different ones for equal.
    private func same(_ text: String?, _ other: String?) -> Bool {
        text.map { Array($0.utf8) } == other.map { Array($0.utf8) }
    }

    // MARK: GSM8K

    @Test func `GSM8K is read and judged as OpenAI, OpenCompass and lm-evaluation-harness do`() throws {
        let rules: [(rule: GSM8KAnswer.Rule, nothing: String)] = [
            (.openAI, "[invalid]"), (.openCompass, "NULL"), (.harnessStrict, "[invalid]"),
            (.harnessFlexible, "[invalid]"),
        ]
        for row in try rows("gsm8k", atLeast: 500) {
            let prediction = try #require(row[0].stringValue)
            let solution = try #require(row[1].stringValue)
            for (place, (rule, nothing)) in rules.enumerated() {
                let read = try #require(row[2].arrayValue?[place].stringValue)
                let isRight = try #require(row[3].arrayValue?[place].boolValue as Bool?)
                let found = GSM8KAnswer.extracted(from: prediction, rule: rule) ?? nothing
                #expect(same(found, read), "\(rule): \(prediction.debugDescription)")
                let verdict = GSM8KAnswer.verdict(of: prediction, gold: solution, rule: rule)
                #expect(verdict == isRight, "\(rule): \(prediction.debugDescription) for \(solution.debugDescription)")
            }
        }
    }

    /// Last lines of all of OpenAI's `example_model_solutions.jsonl` (grade-school-math, MIT), four models a question, with
    /// the verdicts that the file holds; `A: ` there is `#### ` here, as in the data set.
    @Test func `OpenAI's sample solutions of GSM8K are judged as in their file`() throws {
        let file = try JSONValue(parsing: [UInt8](try Data(contentsOf: Golden.ownFile("scoring/gsm8k_samples.json"))))
        let questions = try #require(file.arrayValue).compactMap(\.arrayValue)
        #expect(questions.count == 1319)
        for question in questions {
            let gold = try #require(question[0].stringValue)
            for solution in question.dropFirst().compactMap(\.arrayValue) {
                let text = try #require(solution[0].stringValue)
                let verdict = GSM8KAnswer.verdict(of: text, gold: gold, rule: .openAI)
                #expect(verdict == solution[1].boolValue as Bool?, "\(text) for \(gold)")
            }
        }
    }

    @Test(arguments: [
        ("The total is 1,000 dollars.", "1000", true, false), ("1,234,567", "1234567", true, false),
        ("1,234.50 is", "1234.5", false, false), ("1,000, then", "1000", true, false), ("It is 18.0", "18", true, true),
        ("the pair 3,4", "4", true, true), ("in 2020,100 people", "100", true, true), ("1,0000", "10000", false, false),
        ("1,00", "100", false, false), ("(12,345)", "12345", true, false), ("-1,000", "-1000", true, false),
        ("1,000 Question: 7", "1000", true, false), ("", "0", false, false),
    ])
    func `commas between groups of digits break OpenCompass's rule only`(
        prediction: String, gold: String, isRight: Bool, isRightThere: Bool
    ) {
        #expect(GSM8KAnswer.verdict(of: prediction, gold: gold, rule: .openCompassGrouped) == isRight)
        #expect(GSM8KAnswer.verdict(of: prediction, gold: gold, rule: .openCompass) == isRightThere)
    }

    @Test func `a gold answer is what follows the mark, without commas`() {
        #expect(GSM8KAnswer.gold(of: "2*500=<<2*500=1000>>1000\n#### 1,000") == "1000")
        #expect(GSM8KAnswer.gold(of: "no mark ####5") == nil)
    }

    @Test(arguments: GSM8KAnswer.Rule.allCases)
    func `a gold answer may come alone or in its solution`(rule: GSM8KAnswer.Rule) {
        for gold in ["1,000", "So 10*100=1000.\n#### 1,000"] {
            #expect(GSM8KAnswer.verdict(of: "#### 1000", gold: gold, rule: rule))
            #expect(!GSM8KAnswer.verdict(of: "#### 100", gold: gold, rule: rule))
        }
    }

    // MARK: Choices

    @Test func `options are read as OpenCompass does`() throws {
        for row in try rows("option", atLeast: 500) {
            let prediction = try #require(row[0].stringValue)
            let rule = ChoiceAnswer.Rule.firstOption(
                options: try #require(row[1].stringValue), cushion: try #require(row[2].boolValue as Bool?))
            let read = try #require(row[3].stringValue)
            let found = ChoiceAnswer.extracted(from: prediction, rule: rule)
            #expect(same(found ?? "", read), "\(rule): \(prediction.debugDescription)")
            for gold in ["A", "B", "C", "D"] {
                #expect(ChoiceAnswer.verdict(of: prediction, gold: gold, rule: rule) == (read == gold))
            }
        }
    }

    @Test(arguments: [
        ("C is tempting. The answer is B.", "B"),  // a form further up in the list wins
        ("The answer is B. 答案：C", "C"),
        ("故选A", "A"),  // by the rule for 选
        ("故A", "A"), ("故A只有B对", "A"),  // the two forms that a missing comma joins
        ("只有A对", "A"),  // not by a form of its own, but by the letter
        ("A cat", "A"), ("ANSWER: b, or C", "C"), ("答案是BA。", "B"), ("答案是 选BA。", "B"), ("答案是（BA）。", "A"),
        ("1. Not D but C", "C"), ("\\boxed{D}", "D"), ("B\u{301}", "B"), ("none", nil), ("", nil), ("a", nil),
    ])
    func `the first form in the list decides`(prediction: String, option: String?) {
        #expect(ChoiceAnswer.extracted(from: prediction) == option)
    }

    @Test func `without the last resorts a letter must stand in a form`() {
        let rule = ChoiceAnswer.Rule.firstOption(cushion: false)
        #expect(ChoiceAnswer.extracted(from: "Option(B)", rule: rule) == nil)
        #expect(ChoiceAnswer.extracted(from: "只有A对", rule: rule) == nil)
        #expect(ChoiceAnswer.extracted(from: "1A", rule: rule) == "A")
        #expect(ChoiceAnswer.extracted(from: "答案为答案为 (C)", rule: rule) == "C")
        #expect(ChoiceAnswer.extracted(from: "Option(B)") == "B")
    }

    @Test func `GPQA is read as LLaDA does`() throws {
        for row in try rows("gpqa", atLeast: 500) {
            let prediction = try #require(row[0].stringValue)
            let gold = try #require(row[1].stringValue)
            let found = ChoiceAnswer.extracted(from: prediction, rule: .correctAnswer)
            #expect(same(found ?? " ", row[2].stringValue), "\(prediction.debugDescription)")
            let verdict = ChoiceAnswer.verdict(of: prediction, gold: gold, rule: .correctAnswer)
            #expect(verdict == row[3].boolValue, "\(prediction.debugDescription) for \(gold)")
        }
    }

    // MARK: MATH

    @Test func `MATH is read and judged as OpenCompass does`() throws {
        for row in try rows("math", atLeast: 500) {
            let prediction = try #require(row[0].stringValue)
            let solution = try #require(row[1].stringValue)
            let gold = MathAnswer.gold(of: solution)
            #expect(same(gold, row[2].stringValue), "\(solution.debugDescription)")
            #expect(same(MathAnswer.extracted(from: prediction), row[3].stringValue), "\(prediction.debugDescription)")
            let verdict = MathAnswer.verdict(of: prediction, gold: gold)
            #expect(verdict == row[4].boolValue, "\(prediction.debugDescription) for \(solution.debugDescription)")
        }
    }

    @Test func `answers of MATH have OpenCompass's forms`() throws {
        for row in try rows("forms", atLeast: 500) {
            let answer = CodePoints(try #require(row[0].stringValue))
            let stripped = MathForms.stripped(answer).map { String($0) }
            #expect(same(stripped, row[1].stringValue), "\(String(answer).debugDescription)")
            let normalized = String(MathForms.normalized(answer))
            #expect(same(normalized, row[2].stringValue), "\(String(answer).debugDescription)")
        }
    }

    @Test func `answers of MATH are equal where OpenCompass's are`() throws {
        for row in try rows("equality", atLeast: 500) {
            let answer = try #require(row[0].stringValue)
            let gold = try #require(row[1].stringValue)
            let isEqual = try #require(row[2].boolValue as Bool?)
            #expect(MathAnswer.agree(answer, gold) == isEqual, "\(answer.debugDescription), \(gold.debugDescription)")
        }
    }

    @Test(arguments: [
        ("So \\boxed{\\frac{1}{2}}.", "\\frac12"), ("\\boxed{1} or \\boxed{{0.5}}", "0.5"),
        ("The final answer is 7", "7"), ("Hm. So the answer is $x^2$. Done.", "x^2"), ("12 dollars. No more.", "12"),
        ("\\fbox{5}", "\\fbox{5}"), ("\\boxed{5}", "x=5.00\\text{ cm}"), ("\\boxed{50\\%}", "50"),
        ("\\boxed{-1/2}", "\\frac{-1}{2}"),
    ])
    func `right answers of MATH`(prediction: String, gold: String) {
        #expect(MathAnswer.verdict(of: prediction, gold: gold))
    }

    @Test func `what MATH's evaluator gets wrong stays so`() {
        #expect(MathAnswer.verdict(of: "\\boxed{5\\text{ or }6\\text{.}}", gold: "5"))
        #expect(!MathAnswer.verdict(of: "\\boxed{0.5}", gold: "\\frac{1}{2}"))
        #expect(!MathAnswer.verdict(of: "5", gold: nil))
        #expect(MathAnswer.gold(of: "\\fbox{5}") == nil)
        #expect(MathAnswer.gold(of: "\\boxed{5} \\boxed 6") == nil)
        #expect(MathForms.stripped(CodePoints("a/b")) == nil)
    }

    // MARK: Long texts

    @Test(arguments: [
        "答案是", "答案是 ", "答案 ", "The correct answer is", "The correct answer is (", "The correct option is boxed{",
        "1.", "选", "选 ", "ANSWER :", "\\boxed{", "\\text{(", "\\text{", "\\mbox{", "{", "}", "$", "#### ", "#### -",
        "-", "1,", "1.0", "9", "\\frac", "\\frac1", "\\sqrt", "\\sqrt1", " ", ".", "=", "/", "oxed{", "answer is",
        "Question", "\\", "only", "一", "\u{301}",
    ])
    func `long texts come to an end`(part: String) {
        let text = String(repeating: part, count: 10_000 / part.utf8.count)
        for rule in GSM8KAnswer.Rule.allCases { _ = GSM8KAnswer.verdict(of: text, gold: text, rule: rule) }
        _ = ChoiceAnswer.extracted(from: text)
        _ = ChoiceAnswer.extracted(from: text + " x", rule: .firstOption(options: "XYZ"))
        _ = ChoiceAnswer.extracted(from: text, rule: .correctAnswer)
        #expect(MathAnswer.agree(text, text))
        _ = MathAnswer.verdict(of: text, gold: MathAnswer.gold(of: text + "}"))
    }
}
