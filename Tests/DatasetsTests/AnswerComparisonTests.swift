import Datasets
import TestSupport
import Testing

@Suite struct AnswerComparisonTests {
    // Verdicts that the first layer of the reference gives, with ours: what is wrong there for want of a rule is right
    // here, since boxes, choices and percent signs are read before anything is compared.
    @Test(arguments: [
        ("0.5", "\\frac{1}{2}", true), ("3.0", "3", true), ("1e3", "1000", true), ("Yes.", "yes", true),
        ("\\boxed{4}", "4", true),  // reference: false, boxes are opened elsewhere
        ("\\text{A}", "A", true), ("A.", "A", true), ("(A)", "A", true),  // reference: false, no rule for choices
        ("12%", "12", true),  // reference: false, only \% is known
    ])
    func `verdicts of the reference's first layer`(answer: String, gold: String, isRight: Bool) {
        #expect(AnswerComparison.agree(answer, gold) == isRight)
        #expect(AnswerComparison.agree(gold, answer) == isRight)
    }

    @Test(arguments: [
        ("\\dfrac{3}{4}", "3/4"), ("\\frac34", "0.75"), ("2\\frac{1}{3}", "7/3"), ("2 1/3", "\\frac{7}{3}"),
        ("-1\\frac{1}{2}", "-1.5"), ("\\sqrt{8}", "2\\sqrt{2}"), ("\\sqrt8", "2.8284271"), ("\\sqrt[3]{27}", "3"),
        ("\\frac{\\pi}{2}", "π/2"), ("2^{10}", "1024"), ("2^10", "1024"), ("1.5\\times10^3", "1500"),
        ("3\\cdot 4", "12"), ("(1+2)(3)", "9"), ("-2^2", "-4"), ("4^{-1}", "0.25"), ("\\frac{1}{3}", "0.3333333"),
        ("10^{18}", "1000000000000000000"), ("\\$1{,}000", "1000"), ("1\\,000", "1000"), ("x = 7", "7"),
        ("\\left(\\frac{1}{2}, 3\\right)", "(0.5, 3)"), ("(100,200)", "(100, 200)"), ("[1, 2)", "[1,2)"),
        ("\\{1, 2\\}", "\\{2, 1\\}"), ("1 and 2", "2, 1"), ("x=1, x=2", "2, 1"), ("\\{5\\}", "5"),
        ("(-\\infty, 1) \\cup (2, \\infty)", "(2,\\infty)\\cup(-\\infty,1)"), ("1,000, 2", "1000, 2"),
        ("x \\in [0, 1]", "[0,1]"), ("(1,2)", "1, 2"), ("(\\sqrt{4}, 2)", "(2, \\frac{4}{2})"),
    ])
    func `values agree however they are written`(answer: String, gold: String) {
        #expect(AnswerComparison.agree(answer, gold))
        #expect(AnswerComparison.agree(gold, answer))
    }

    @Test(arguments: [
        ("10 cm", "10"), ("10cm", "10 centimeters"), ("5\\text{ cm}^2", "5 square centimeters"), ("90^\\circ", "90"),
        ("90°", "90 degrees"), ("50\\%", "0.5"), ("1/2", "50%"), ("50 percent", "50"), ("$18", "18 dollars"),
        ("12 apples", "12"), ("60 km/h", "60"), ("It is 10 cm long.", "10 cm"), ("5 m^2", "5 square meters"),
        ("\\text{east}", "east"), ("12\\text{ hours}", "12"), ("It is 10 long", "10 cm"),
    ])
    func `units may be left out`(answer: String, gold: String) {
        #expect(AnswerComparison.agree(answer, gold))
    }

    @Test(arguments: [
        ("5 inches", "5 feet"), ("10 cm", "10 m"), ("12 apples", "12 oranges"), ("5%", "0.5"), ("0.5%", "50%"),
        ("2x", "2"), ("5 or 6", "5"), ("5\\text{ or 6}", "5"), ("$5$ or $6$", "5"), ("$5$ or 6", "5"), ("4, 5", "5"),
        ("1000001", "1000000"), ("99999999999999999999", "99999999999999999998"), ("0.5001", "1/2"),
        ("(1, 2)", "(2, 1)"), ("(1, 2)", "12"), ("(1,2)", "[1,2)"), ("\\{1, 2\\}", "\\{1, 2, 3\\}"),
        ("\\{1, 1\\}", "\\{1, 2\\}"), ("(0,1)\\cup(2,3)", "(0,1)"), ("\\frac{1}{0}", "0"), ("left", "le"),
        ("\\boxed{5", "5"), ("\\boxed{5} or \\boxed{", "5"), ("5 \\boxed{6}", "5"), ("x^2", "x^3"), ("-5", "5"),
        ("It is 10 m long.", "10 cm"), ("2e", "2"), ("1 2", "12"), ("2 1/3", "21/3"), ("4=5", "5"), ("0", "\\emptyset"),
        ("\\sqrt{2}", "1.41"),
    ])
    func `what differs does not agree`(answer: String, gold: String) {
        #expect(!AnswerComparison.agree(answer, gold))
        #expect(!AnswerComparison.agree(gold, answer))
    }

    @Test(arguments: [
        ("(C)", "C", true), ("C. Paris", "C", true), ("\\text{C}", "C", true), ("\\textbf{(C)}", "C", true),
        ("**C**", "C", true), ("The answer is (C).", "C", true), ("option C", "C", true), ("$C$", "C", true),
        ("C", "(C)", true), ("A or C", "C", false), ("A. B. C.", "C", false), ("B", "C", false), ("Cats", "C", false),
        ("A cat, so C", "C", true), ("A dog", "A", false), ("", "A", false), ("E", "e", true), ("CD", "C", false),
    ])
    func `choices are letters that stand alone`(answer: String, gold: String, isRight: Bool) {
        #expect(AnswerComparison.agree(answer, gold) == isRight)
    }

    @Test(arguments: [
        ("Yes", "yes", true), ("\\text{No}", "no", true), ("**Yes**, it is.", "yes", true), ("\"no\"", "no", true),
        ("yes or no", "yes", false), ("yes/no", "yes", false), ("no, yes", "no", false), ("yes and no", "yes", false),
        ("y", "yes", true), ("n", "yes", false), ("True", "yes", true), ("not sure", "no", false),
        ("The answer is no.", "no", true), ("noyes", "no", false), ("y or n", "yes", false),
    ])
    func `yes and no are the first word, and not both`(answer: String, gold: String, isRight: Bool) {
        #expect(AnswerComparison.agree(answer, gold) == isRight)
    }

    @Test(arguments: [
        ("first \\boxed{1}, then \\boxed{2}", "2"), ("\\boxed{\\frac{1}{2}}", "\\frac{1}{2}"), ("\\boxed{a", ""),
        ("\\boxed{\\boxed{4}}", "4"), ("\\boxed 5$ is it", "5"), ("\\fbox{7}", "7"), ("<answer>3</answer>", "3"),
        ("<answer>1</answer><answer>2</answer>", "2"), ("<answer>so \\boxed{6}</answer> \\boxed{9}", "6"),
        ("<answer>8", "<answer>8"), ("work #### 72", " 72"), ("Answer: 5", " 5"), ("the Answer is 4", " 4"),
        ("just this", "just this"), ("\\boxed{5} \\boxed{", ""), ("\\boxed", ""),
    ])
    func `the final answer is found in the order of the rules`(text: String, answer: String) {
        #expect(AnswerComparison.final(of: text) == answer)
    }

    @Test func `every spelling of a fraction agrees with every other, and with no other fraction`() {
        var random = SeededGenerator(seed: 9)
        for _ in 0..<60 {
            // A denominator whose decimals end; with 10, whole and part side by side would be the numerator.
            let bottom = [2, 4, 5, 8, 20, 25].randomElement(using: &random) ?? 2
            let whole = Int.random(in: 1...40, using: &random)
            let part = Int.random(in: 1..<bottom, using: &random)
            let top = whole * bottom + part
            let sign = Bool.random(using: &random) ? "-" : ""
            let value = Double(top) / Double(bottom)
            let spellings = [
                "\(sign)\(top)/\(bottom)", "\(sign)\\frac{\(top)}{\(bottom)}",
                "$\(sign)\\dfrac{\(3 * top)}{\(3 * bottom)}$",
                "\(sign)\(value)", "\(sign)\(whole) \(part)/\(bottom)", "\(sign)\(whole)\\frac{\(part)}{\(bottom)}",
                "x = \(sign)\(value)", "\\boxed{\(sign)\(value)}", "It is \(sign)\(top)/\(bottom).",
                "\(sign)(\(whole) + \\frac{\(part)}{\(bottom)})", "\(sign)\(top * 1000)\\times 10^{-3}/\(bottom)",
            ]
            let others = [
                "\(sign)\(top + 1)/\(bottom)", "\(sign)\(value + 0.01)", "\(sign)\(whole)",
                "\(sign)\(whole)\(part)/\(bottom)",
            ]
            for a in spellings {
                for b in spellings where !b.hasPrefix("It") { #expect(AnswerComparison.agree(a, b)) }
                for b in others { #expect(!AnswerComparison.agree(a, b)) }
            }
        }
    }

    @Test func `very long answers agree with nothing`() {
        let long = String(repeating: "word ", count: 4000)
        #expect(!AnswerComparison.agree(long, long))
        #expect(AnswerComparison.agree(long + "\\boxed{7}", "7"))
    }

    @Test func `hostile texts are done with soon`() {
        let pieces = [
            "\\boxed{", "}", "{", "(", ")", "[", ",", "\\frac", "\\sqrt", "1", "23", "^", "-", "+", "*", "/",
            "\\text{ ",
            "$", "\\cup", "\\{", "\\}", "<answer>", "</answer>", "answer is ", "####", " ", "\n", "=", "e9", ".", "%",
            "\\left", "π", "√", "é", "e\u{301}", "\u{0}", "yes", " or ", "A", "cm", "\\\\", "🙂", "999999999999999999",
        ]
        var random = SeededGenerator(seed: 5)
        var texts = (0..<200).map { _ in
            (0..<Int.random(in: 1...200, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }
                .joined()
        }
        // Every piece alone, short enough to be read as mathematics, at the limit of comparison, and far beyond it.
        for length in [500, AnswerComparison.longestAnswer, 40_000] {
            texts += pieces.map { String(repeating: $0, count: length / $0.utf8.count) }
        }
        let clock = ContinuousClock()
        let times = texts.map { text in
            clock.measure {
                for gold in ["5", "(1, 2)"] { _ = AnswerComparison.agree(text, gold) }
            }
        }
        print(
            "AnswerComparison: \(texts.count) hostile texts in \(times.reduce(.zero, +)), longest \(times.max() ?? .zero)"
        )
        #expect(times.allSatisfy { $0 < .seconds(3) })
    }
}
