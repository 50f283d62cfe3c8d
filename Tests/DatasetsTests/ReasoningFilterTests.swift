import Datasets
import StrictJSON
import Testing

@Suite struct ReasoningFilterTests {
    @Test(arguments: [
        ("1,000", "1000"), ("0.5", "1/2"), ("\\frac{1}{2}", "0.50"), ("-3", "-3.0"), ("$18", "18"), ("72.", "72"),
        ("The answer is 42.", "42"), ("so \\boxed{\\frac{3}{4}}", "0.75"), ("first \\boxed{1}, then \\boxed{2}", "2"),
        ("<answer> 5 </answer>", "5"), ("work #### 7", "7"), ("She has 12 apples left.", "12"), ("x=5", "5"),
        ("Yes, it is.", "yes"), ("NO", "no"), ("(B)", "b"), ("  Mount   Fuji ", "mount fuji"), ("50\\%", "50"),
        ("(1, 2)", "(1, 2)"), ("2/4", "1/2"), ("Answer: Paris.", "paris"), ("1234567", "1,234,567"),
    ])
    func `answers that say the same agree`(answer: String, gold: String) {
        #expect(AnswerComparison.agree(answer, gold))
    }

    @Test(arguments: [
        ("1001", "1000"), ("", ""), ("42", ""), ("", "42"), ("0.5", "2"), ("-3", "3"), ("either 4 or 5", "5"),
        ("no", "yes"), ("yesterday", "yes"), ("a", "b"), ("12,34", "1234"), ("1/0", "0"), ("(1, 2)", "[1, 2]"),
        ("\\boxed{3} and not 4", "4"), ("Paris or Rome", "Paris"), ("\\boxed{", "1"), ("99999999999999999999", "1"),
    ])
    func `answers that differ do not agree`(answer: String, gold: String) {
        #expect(!AnswerComparison.agree(answer, gold))
    }

    @Test(
        arguments: [
            ("<think>r</think>a", nil), (" <think>\nr\n</think>\n a \n", nil), ("r a", .missing),
            ("<think>r", .unbalanced), ("r</think>a", .unbalanced), ("</think>r<think>a", .unbalanced),
            ("<think>r</think>a<think>s</think>b", .repeated), ("<think>r</think></think>a", .repeated),
            ("x<think>r</think>a", .textBefore), ("<think> </think>a", .emptyReasoning),
            ("<think>r</think> ", .emptyAnswer),
        ] as [(String, ThinkBlock.Fault?)])
    func `a response is one think block and an answer`(text: String, fault: ThinkBlock.Fault?) throws {
        if let fault {
            #expect(throws: fault) { try ThinkBlock.split(text) }
        } else {
            let split = try ThinkBlock.split(text)
            #expect(split.reasoning == "r" && split.answer == "a")
        }
    }

    @Test func `only sound and right records are kept, and all are counted`() {
        func stored(_ reasoning: String, _ answer: String, _ gold: String) -> StoredRecord {
            StoredRecord(Record(task: .chat, prompt: "q", reasoning: reasoning, answer: answer, gold: gold))
        }
        let records = [
            stored("because", "2", "2.0"), stored("", "<think>since</think> 3", "3"), stored("because", "2", "3"),
            stored("because", "2", ""), stored("", "2", "2"), stored("a <think>", "2", "2"), stored("because", "", "2"),
        ]
        let (kept, report) = ReasoningFilter().filter(records)
        #expect(kept.map(\.record.reasoning) == ["because", "since"])
        #expect(kept.map(\.record.answer) == ["2", "3"])
        #expect(report.total == 7 && report.kept == 2)
        #expect(report.counts[.wrong] == 1 && report.counts[.noGold] == 1)
        #expect(report.counts[.malformed(.missing)] == 1 && report.counts[.malformed(.emptyAnswer)] == 1)
        #expect(report.json["wrong answer"]?.intValue == 1)
        #expect(report.description.hasPrefix("2 of 7 kept; "))
        #expect(ReasoningFilter(requiresGold: false).filter(records).report.kept == 3)
    }

    @Test func `GSM8K answers split into steps and result`() throws {
        let scratch = try Scratch()
        let line =
            "{\"question\": \"How many?\", \"answer\": \"Half is 48/2 = <<48/2=24>>24.\\nAll <<24+48=72>>72.\\n#### 1,072\"}\n"
        let records = try GSM8KBuilder.records(contentsOf: scratch.write(line, "train.jsonl"))
        #expect(records.map(\.record.reasoning) == ["Half is 48/2 = 24.\nAll 72."])
        #expect(records.map(\.record.gold) == ["1,072"])
        #expect(ReasoningFilter().filter(records).report.kept == 1)
        for answer in ["no mark", "#### 3", "steps #### "] {
            let path = try scratch.write("{\"question\": \"q\", \"answer\": \"\(answer)\"}\n", "bad.jsonl")
            #expect(throws: DatasetError.self) { try GSM8KBuilder.records(contentsOf: path) }
        }
    }
}
