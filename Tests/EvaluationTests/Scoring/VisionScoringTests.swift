import Foundation
import StrictJSON
import TestSupport
import Testing

@testable import Evaluation

/// Verdicts of the official code, printed by `Tests/Peers/vision_scoring_peer.py`.
private struct Verdicts {
    let root: JSONValue

    init() throws { root = try JSONValue(parsing: [UInt8](Data(contentsOf: Golden.ownFile("scoring/vision.json")))) }

    /// The cases of a part of the file.
    func cases(_ part: String, atLeast count: Int) throws -> [JSONValue] {
        let cases = try #require(root[part]?.arrayValue)
        #expect(cases.count >= count)
        return cases
    }

    /// The options that cases name by their place in a list.
    func options(_ place: Int) throws -> [Character: String] {
        let texts = try #require(root["options"]?.arrayValue?[place].arrayValue)
        let letters = "ABCDEFGHI".map { $0 }
        return Dictionary(uniqueKeysWithValues: zip(letters, texts.compactMap(\.stringValue)))
    }
}

extension JSONValue {
    /// A text, also one written as head, part, count and tail.
    fileprivate var text: String {
        get throws {
            if let stringValue { return stringValue }
            let parts = try #require(arrayValue)
            let count = try #require(parts[2].intValue)
            return try parts[0].text + String(repeating: parts[1].text, count: count) + parts[3].text
        }
    }

    /// The elements of an array.
    fileprivate var elements: [JSONValue] { get throws { try #require(arrayValue) } }

    /// The members of an object of numbers.
    fileprivate var numbers: [String: Double] {
        get throws {
            let members = try #require(objectValue)
            return try Dictionary(
                uniqueKeysWithValues: members.map { ($0.key.string, try #require($0.value.doubleValue)) })
        }
    }
}

/// What tells a text in a failure's comment.
private func start(_ text: String) -> String { String(text.debugDescription.prefix(100)) }

private func expectSame(_ found: [String: Double], _ expected: [String: Double], scale: Double = 1) {
    #expect(found.keys.sorted() == expected.keys.sorted())
    for (name, value) in expected {
        #expect(abs((found[name] ?? .infinity) * scale - value) < 1e-9, "\(name)")
    }
}

@Suite struct VisionScoringTests {
    // MARK: VQA and GQA

    @Test func `answers are normalised as VQA does`() throws {
        for verdict in try Verdicts().cases("vqa_normalized", atLeast: 500) {
            let verdict = try verdict.elements
            let text = try verdict[0].text
            let found = VQAAnswer.normalized(text)
            #expect(try found.utf8.elementsEqual(verdict[1].text.utf8), "\(start(text)): \(found)")
        }
    }

    @Test func `soft accuracy is VQA's`() throws {
        for verdict in try Verdicts().cases("vqa_accuracy", atLeast: 500) {
            let verdict = try verdict.elements
            let found = try VQAAnswer.accuracy(of: verdict[0].text, answers: verdict[1].elements.map { try $0.text })
            #expect(abs(found - (verdict[2].doubleValue ?? .nan)) < 1e-9, "\(verdict)")
        }
    }

    @Test func `exact matches are those of GQA`() throws {
        for verdict in try Verdicts().cases("gqa", atLeast: 500) {
            let verdict = try verdict.elements
            #expect(try VQAAnswer.isExact(verdict[0].text, verdict[1].text) == verdict[2].boolValue, "\(verdict)")
        }
    }

    @Test(arguments: [
        ("The cat.", "cat"), ("none", "0"), ("Dont", "don't"), ("somebody'd", "somebodyd"), ("a/b", "b"),
        ("a /b", "b"),
        ("red/blue", "red blue"), ("red/ blue/green", "red bluegreen"), ("1,000 red/blue", "1000 redblue"), ("5.", "5"),
        ("3.5", "3.5"), (".5", ".5"), ("U.S.", "us"), ("it's", "it's"), ("Im", "im"), ("10:30", "10:30"), ("", ""),
        (" \n\t ", ""), ("the", ""),
    ])
    func `quirks of the normalisation`(answer: String, expected: String) {
        #expect(VQAAnswer.normalized(answer) == expected)
    }

    @Test(arguments: [
        ("cat", Array(repeating: "cat", count: 10), 1.0),
        // Nothing is normalised where all agree.
        ("Cat", Array(repeating: "cat", count: 10), 0), ("cat.", Array(repeating: "cat", count: 10), 0),
        (" cat\n", Array(repeating: "cat", count: 10), 1),
        ("A cat.", ["cat"] + Array(repeating: "dog", count: 9), 0.3),
        ("Dog", ["cat"] + Array(repeating: "dog", count: 9), 1),
        ("cat", ["cat", "cat", "cat"] + Array(repeating: "dog", count: 7), 0.9), ("cat", ["cat"], 0), ("cat", [], 0),
        ("", ["", "", "", ""], 1),
    ])
    func `soft accuracy leaves one out`(prediction: String, answers: [String], expected: Double) {
        #expect(abs(VQAAnswer.accuracy(of: prediction, answers: answers) - expected) < 1e-12)
    }

    // MARK: Yes and no

    @Test func `yes and no are read as VLMEvalKit does`() throws {
        for verdict in try Verdicts().cases("yes_no", atLeast: 500) {
            let verdict = try verdict.elements
            let text = try verdict[0].text
            #expect(YesNoAnswer(reading: text).rawValue == verdict[1].stringValue, "\(start(text))")
        }
    }

    @Test(arguments: [
        ("Yes", YesNoAnswer.yes), ("yes and no", .unknown), ("not yes", .yes), ("nope", .unknown), ("", .unknown),
        ("NO.", .no), ("no.it", .unknown), ("No, yes", .unknown), ("5.no", .unknown), ("yes/right", .yes),
    ])
    func `only words count`(text: String, expected: YesNoAnswer) {
        #expect(YesNoAnswer(reading: text) == expected)
    }

    /// Verdicts of the scripts of MME and POPE, printed by `Tests/Peers/yes_no_peer.py`.
    private static let ownScripts = Result {
        try JSONValue(parsing: [UInt8](try Data(contentsOf: Golden.ownFile("scoring/yes_no.json"))))
    }

    @Test func `yes and no are read as MME's and POPE's own scripts do`() throws {
        let rows = try #require(try Self.ownScripts.get()["made_up"]).elements
        #expect(rows.count >= 500)
        for row in rows {
            let row = try row.elements.map { try $0.text }
            #expect(YesNoAnswer(reading: row[0], rule: .start).rawValue == row[1], "\(row[0].debugDescription)")
            #expect(YesNoAnswer(reading: row[0], rule: .negation).rawValue == row[2], "\(row[0].debugDescription)")
        }
    }

    @Test func `MME's sample answers, those of LaVIN, get their official verdicts and points`() throws {
        let file = try Self.ownScripts.get()
        let rows = try #require(file["lavin"]).elements
        #expect(rows.count == 2374)
        let items = try rows.map { row in
            let row = try row.elements
            let texts = try row.prefix(4).map { try $0.text }
            let isRight = YesNoAnswer(reading: texts[3], rule: .start).isRight(expectedYes: texts[2] == "yes")
            #expect(isRight == row[4].boolValue as Bool?, "\(texts)")
            return MMEScore.Item(category: texts[0], image: texts[1], isRight: isRight)
        }
        let score = MMEScore(items)
        expectSame(score.categories, try #require(file["points"]).numbers)
        let totals = try #require(file["totals"]).elements.compactMap(\.doubleValue)
        let sums = [score.perception, score.cognition]
        #expect(totals.count == 2 && zip(sums, totals).allSatisfy { abs($0 - $1) < 1e-9 })
    }

    @Test func `the figures of POPE are VLMEvalKit's`() throws {
        var count = 0
        for set in try Verdicts().cases("pope", atLeast: 5) {
            let items = try #require(set["rows"]).elements.map { row in
                let row = try row.elements.map { try $0.text }
                return POPEScore.Item(
                    answer: try #require(YesNoAnswer(rawValue: row[0])), expectedYes: row[1] == "Yes",
                    categories: row[2].split(separator: ",").map(String.init))
            }
            count += items.count
            let score = POPEScore(items)
            for (name, expected) in try #require(set["report"]?.objectValue) {
                let rates = try #require(name.string == "Overall" ? score.overall : score.categories[name.string])
                let found = [rates.f1, rates.accuracy, rates.precision, rates.recall]
                for (found, expected) in zip(found, try expected.elements) {
                    #expect(abs(100 * found - (expected.doubleValue ?? .nan)) < 1e-9)
                }
            }
            #expect(set["report"]?.objectValue?.count == score.categories.count + 1)
        }
        #expect(count >= 500)
    }

    @Test func `an unknown answer is wrong, and no "yes"`() {
        let answers: [(YesNoAnswer, Bool)] = [(.unknown, false), (.unknown, true), (.yes, true), (.no, false)]
        let score = POPEScore(answers.map { .init(answer: $0.0, expectedYes: $0.1, categories: ["random"]) })
        let rates = score.overall
        #expect(rates.accuracy == 0.5 && rates.precision == 1 && rates.recall == 0.5 && rates.yesRatio == 0.25)
        #expect(score.categories == ["random": rates])
    }

    @Test func `a question without category counts once`() {
        let score = POPEScore([.init(answer: .yes, expectedYes: true, categories: [])])
        #expect(score.overall.count == 1 && score.overall.f1 == 1 && score.categories.isEmpty)
    }

    @Test func `the points of MME are VLMEvalKit's`() throws {
        var count = 0
        for set in try Verdicts().cases("mme", atLeast: 3) {
            let items = try #require(set["rows"]).elements.map { row in
                let row = try row.elements.map { try $0.text }
                let isRight = YesNoAnswer(rawValue: row[2])?.isRight(expectedYes: row[3] == "Yes")
                return MMEScore.Item(category: row[0], image: row[1], isRight: try #require(isRight as Bool?))
            }
            count += items.count
            let score = MMEScore(items)
            let sums = ["perception": score.perception, "reasoning": score.cognition]
            expectSame(score.categories.merging(sums) { first, _ in first }, try #require(set["report"]).numbers)
        }
        #expect(count >= 500)
    }

    @Test func `points need both questions of an image`() {
        let score = MMEScore([
            .init(category: "OCR", image: "1", isRight: true), .init(category: "OCR", image: "1", isRight: true),
            .init(category: "OCR", image: "2", isRight: true), .init(category: "OCR", image: "2", isRight: false),
            .init(category: "scene", image: "1", isRight: true),
        ])
        #expect(score.categories == ["OCR": 125, "scene": 100])
        #expect(score.perception == 225 && score.cognition == 0)
    }

    // MARK: Options

    @Test func `options are read as VLMEvalKit does`() throws {
        let verdicts = try Verdicts()
        for verdict in try verdicts.cases("option_answers", atLeast: 500) {
            let verdict = try verdict.elements
            let text = try verdict[0].text
            let found = OptionAnswer.option(in: text, of: try verdicts.options(try #require(verdict[1].intValue)))
            #expect(String(found ?? "Z") == verdict[2].stringValue, "\(start(text)): \(verdict[1])")
        }
    }

    @Test(
        arguments: [
            ("B", "B"), ("(B)", "B"), ("b", nil), ("A dog", "A"), ("a dog", "B"), ("A or B", nil), ("A cat or B", "A"),
            ("the wildcat", nil), ("Z", nil), ("Z dog", nil), ("Cannot determine the answer: B", nil), ("", nil),
            ("Failed to obtain answer via API B dog", "B"),
        ] as [(String, Character?)])
    func `one letter, else one text`(text: String, expected: Character?) {
        let options: [Character: String] = ["A": "Cat", "B": "dog", "C": "wildcat"]
        #expect(OptionAnswer.option(in: text, of: options) == expected)
    }

    @Test func `without options there is no answer`() {
        #expect(OptionAnswer.option(in: "A", of: [:]) == nil)
    }

    @Test func `open questions of MMMU become a choice`() {
        let open = OptionQuestion(mmmuOptions: [:], answer: "42")
        #expect(open.options == ["A": "42", "B": "Other Answers"] && open.answer == "A")
        #expect(open.isRight("It is 42.") && open.isRight("A") && !open.isRight("B") && !open.isRight("41"))
        let letter = OptionQuestion(mmmuOptions: [:], answer: "B")
        #expect(letter.options["A"] == "B" && letter.answer == "B" && letter.isRight("B"))
        let choice = OptionQuestion(mmmuOptions: ["A": "x", "B": "y"], answer: "B")
        #expect(choice.options == ["A": "x", "B": "y"] && choice.answer == "B")
        #expect(OptionQuestion(mmmuOptions: ["A": "x"], answer: "").answer == "A")
    }

    @Test func `verdicts and figures of MMMU are VLMEvalKit's`() throws {
        let verdicts = try Verdicts()
        let set = try verdicts.cases("mmmu", atLeast: 1)[0]
        let hits = try #require(set["hits"]).elements.map { $0.intValue == 1 }
        let items = try #require(set["rows"]).elements.map { row in
            let options = try row["options"]?.intValue.map(verdicts.options) ?? [:]
            let question = OptionQuestion(mmmuOptions: options, answer: try #require(row["answer"]).text)
            return OptionScore.Item(
                isRight: question.isRight(try #require(row["text"]).text), split: try #require(row["split"]).text,
                category: row["category"]?.stringValue, field: row["l2-category"]?.stringValue)
        }
        #expect(hits.count >= 500 && items.map(\.isRight) == hits)
        try expectReport(OptionScore(items), try #require(set["report"]))
    }

    @Test func `MMBench wants all rotations right`() throws {
        let verdicts = try Verdicts()
        let set = try verdicts.cases("circular", atLeast: 1)[0]
        let rows = try #require(set["rows"]).elements
        let turns = try rows.map { row in
            let options = try verdicts.options(try #require(row["options"]?.intValue))
            let question = OptionQuestion(options: options, answer: try #require(row["answer"]?.stringValue?.first))
            return (
                index: try #require(row["index"]?.intValue), isRight: question.isRight(try #require(row["text"]).text)
            )
        }
        let found = OptionScore.circular(turns)
        let expected = try #require(set["hits"]).numbers
        #expect(turns.count >= 500 && found.count == expected.count)
        for (index, isRight) in found { #expect(expected[String(index)] == (isRight ? 1 : 0), "\(index)") }
        let items = try rows.compactMap { row in
            try found[try #require(row["index"]?.intValue)].map {
                OptionScore.Item(
                    isRight: $0, split: try #require(row["split"]).text, category: row["category"]?.stringValue)
            }
        }
        try expectReport(OptionScore(items), try #require(set["report"]))
    }

    private func expectReport(_ score: OptionScore, _ report: JSONValue) throws {
        let members = try #require(report.objectValue)
        #expect(members.count == score.splits.count)
        for (split, expected) in members {
            let found = try #require(score.splits[split.string])
            let all = found.categories.merging(found.fields) { first, _ in first }
            expectSame(all.merging(["Overall": found.overall]) { first, _ in first }, try expected.numbers)
        }
    }

    @Test func `a rotation without its question is left out`() {
        #expect(
            OptionScore.circular([(1_000_002, true), (3, true), (1_000_003, false), (4, true)]) == [3: false, 4: true])
        #expect(OptionScore.circular([]).isEmpty && OptionScore([]).splits.isEmpty)
    }

    // MARK: Images

    @Test func `the summary of GenEval is the official one`() throws {
        var count = 0
        for set in try Verdicts().cases("geneval", atLeast: 5) {
            let images = try #require(set["rows"]).elements.map { row in
                let row = try row.elements
                return GenEvalSummary.Image(
                    tag: try row[0].text, metadata: try row[1].text, isCorrect: try #require(row[2].boolValue as Bool?))
            }
            count += images.count
            let summary = GenEvalSummary(images)
            #expect(summary.description == set["printed"]?.stringValue)
            let scores = try #require(set["scores"]).elements.map { $0.doubleValue ?? .nan }
            #expect(summary.tasks.count == scores.count)
            for (task, score) in zip(summary.tasks, scores) { #expect(abs(task.score - score) < 1e-9) }
            #expect(abs(summary.overall - scores.reduce(0, +) / Double(scores.count)) < 1e-9)
        }
        #expect(count >= 500)
    }

    @Test func `each task of GenEval weighs the same`() {
        let verdicts = [("counting", true), ("colors", false), ("colors", false), ("colors", true)]
        let summary = GenEvalSummary(verdicts.map { .init(tag: $0.0, metadata: $0.0, isCorrect: $0.1) })
        #expect(abs(summary.overall - 2.0 / 3) < 1e-12)
        #expect(summary.correctImages == 0.5 && summary.correctPrompts == 1 && summary.promptCount == 2)
    }

    @Test func `ratings of WISE are read as officially`() throws {
        for verdict in try Verdicts().cases("wise_legacy", atLeast: 500) {
            let verdict = try verdict.elements
            let text = try verdict[0].text
            let found = WiScore.Ratings(reading: text).map { [$0.consistency, $0.realism, $0.aestheticQuality] }
            #expect(found == verdict[1].arrayValue?.compactMap(\.intValue), "\(start(text))")
        }
    }

    @Test func `verdicts of WISE_Verified are read as officially`() throws {
        for verdict in try Verdicts().cases("wise_verified", atLeast: 500) {
            let verdict = try verdict.elements
            let text = try verdict[0].text
            #expect(WiScore.verdict(reading: text) == verdict[1].intValue, "\(start(text))")
        }
    }

    @Test(
        arguments: [
            ("**Consistency**: 2\n**Realism**: 1\n**Aesthetic Quality**: 0", [2, 1, 0]),
            ("consistency 2, REALISM:1; aesthetic quality0", [2, 1, 0]), ("2\n1\n0", [2, 1, 0]),
            ("Consistency: 2 Realism: 1 Aesthetic Quality: 3", nil), ("Consistency: 2 Realism: 1", nil),
            ("Consistency: 10 Realism: 1 Aesthetic Quality: 0", nil),
            ("Consistency: 1.5 Realism: 1 Aesthetic Quality: 0", nil),
            ("Consistency: 9 Realism: 1 Aesthetic Quality: 0 Consistency: 1.", [1, 1, 0]),
            ("**Consistency:** 2\n**Realism:** 1\n**Aesthetic Quality:** 0", nil), ("2 1 0", nil), ("", nil),
        ] as [(String, [Int]?)])
    func `a judge's ratings are read strictly`(reply: String, expected: [Int]?) {
        let found = WiScore.Ratings(reading: reply)
        #expect(found.map { [$0.consistency, $0.realism, $0.aestheticQuality] } == expected)
        #expect((WiScore.Edition.legacy.value(reading: reply) == nil) == (expected == nil))
    }

    @Test(
        arguments: [
            ("Score: 1", 1), ("**score** 0", 0), ("1", 1), ("Score: 2", nil), ("Score: 1.5", nil), ("Score: 10", nil),
            ("1\n0", nil), ("", nil),
        ] as [(String, Int?)])
    func `a judge's verdict is read strictly`(reply: String, expected: Int?) {
        #expect(WiScore.verdict(reading: reply) == expected)
        #expect(WiScore.Edition.verified.value(reading: reply) == expected.map(Double.init))
    }

    @Test func `means and overall score of WISE are the official ones`() throws {
        for set in try Verdicts().cases("wise", atLeast: 6) {
            let edition = try #require(set["edition"]?.stringValue.flatMap(WiScore.Edition.init))
            let ids = set["ids"]?.arrayValue?.compactMap(\.intValue) ?? Array(1...1000)
            let codes = try #require(set["codes"]).text.compactMap(\.wholeNumberValue)
            let width = codes.count / ids.count
            let values = ids.enumerated().map { place, id in
                let digits = codes[(place * width)..<((place + 1) * width)].map(String.init)
                let reply = edition == .legacy ? digits.joined(separator: "\n") : "Score: \(digits[0])"
                return (promptID: id, value: edition.value(reading: reply) ?? .nan)
            }
            let score = WiScore(values, edition: edition)
            expectSame(
                Dictionary(uniqueKeysWithValues: score.means.map { ($0.key.rawValue, $0.value) }),
                try #require(set["means"]).numbers)
            let expected = set["overall"]?.doubleValue
            #expect(score.isComplete == (expected != nil))
            if let expected { #expect(abs((score.overall ?? .nan) - expected) < 1e-9) }
        }
    }

    @Test(arguments: WiScore.Edition.allCases)
    func `the weights of WISE add up`(edition: WiScore.Edition) {
        #expect(abs(WiScore.Category.allCases.reduce(0) { $0 + edition.weight(of: $1) } - 1) < 1e-12)
        #expect(edition.category(of: 0) == nil && edition.category(of: 1001) == nil)
        #expect(edition.category(of: 1) == .culture && edition.category(of: 1000) == .chemistry)
        #expect(edition.category(of: 560) == (edition == .legacy ? .time : .space))
        let part = WiScore([(promptID: 3, value: 1), (promptID: -1, value: 0)], edition: edition)
        #expect(part.means == [.culture: 1] && part.overall == nil && !part.isComplete)
    }

    // MARK: All

    @Test func `nothing gives defined figures`() {
        #expect(
            POPEScore([]).overall.f1 == 0 && POPEScore([]).overall.yesRatio == 0 && POPEScore([]).categories.isEmpty)
        #expect(MMEScore([]).perception == 0 && MMEScore([]).categories.isEmpty)
        let summary = GenEvalSummary([])
        #expect(summary.overall == 0 && summary.correctImages == 0 && summary.correctPrompts == 0)
        #expect(!summary.description.contains("nan"))
        let score = WiScore([], edition: .legacy)
        #expect(score.overall == nil && score.means.isEmpty)
    }

    @Test(arguments: [
        "a", " ", ".", ",", "1,", "A ", "yes ", "Score ", "Consistency", "Consistency: ", "*", "\n", "1\n", "e\u{301}",
        "aab",
    ])
    func `long texts take no time`(part: String) {
        let text = String(repeating: part, count: 100_000 / part.utf8.count) + "b"
        let option = String(repeating: "a", count: 5_000) + "c"
        let time = ContinuousClock().measure {
            _ = VQAAnswer.accuracy(of: text, answers: [text, "b"])
            _ = VQAAnswer.isExact(text, "b")
            _ = YesNoAnswer(reading: text)
            _ = OptionAnswer.option(in: text, of: ["A": option, "B": text])
            _ = WiScore.Ratings(reading: text)
            _ = WiScore.verdict(reading: text)
        }
        #expect(time < .seconds(5))
    }
}
