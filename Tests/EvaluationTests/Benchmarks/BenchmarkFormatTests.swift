import Foundation
import Images
import StrictJSON
import Testing
import TextTokenizer

@testable import Evaluation

/// A folder for one test, gone when it is over.
final class Folder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "benchmarks-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    @discardableResult func write(_ text: String, _ name: String) throws -> URL {
        try write(Data(text.utf8), name)
    }

    @discardableResult func write(_ data: Data, _ name: String) throws -> URL {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
        return file
    }

    func text(_ name: String) throws -> String { try String(contentsOf: url.appending(path: name), encoding: .utf8) }
}

func picture(_ value: UInt8 = 200) throws -> Data {
    Data(try RGBImage(width: 64, height: 64, pixels: Array(repeating: value, count: 64 * 64 * 3)).pngData())
}

@Suite struct BenchmarkFormatTests {
    private let folder: Folder

    init() throws { folder = try Folder() }

    private func benchmark(
        _ name: String, _ path: String = "", shots: Int = 0, method: AnswerMethod? = nil, images: String? = nil,
        rule: String = ""
    ) throws -> any Benchmark {
        try BenchmarkCatalog.benchmark(
            name,
            .init(
                data: path.isEmpty ? folder.url : folder.url.appending(path: path),
                images: images.map { folder.url.appending(path: $0) }, shots: shots, method: method, rule: rule))
    }

    private func score(_ output: String, _ benchmark: any Benchmark, _ index: Int = 0) throws -> Double {
        benchmark.verdict(on: output, to: try benchmark.items()[index]).score
    }

    @Test func `GSM8K takes shots from its training file and reads the last number`() throws {
        try folder.write("{\"question\":\"1 + 1?\",\"answer\":\"one and one <<1+1=2>>2\\n#### 2\"}\n", "train.jsonl")
        try folder.write("{\"question\":\"How many?\",\"answer\":\"so\\n#### 1,234\"}\n", "test.jsonl")
        let found = try benchmark("gsm8k", shots: 1)
        let item = try #require(try found.items().first)
        #expect(
            item.messages.map(\.content) == [
                "Question: 1 + 1?\nAnswer: one and one <<1+1=2>>2\n#### 2\n\nQuestion: How many?\nAnswer:"
            ])
        #expect(try score("it is 1,234.\n\nQuestion: and 5?", found) == 1)
        #expect(try score("it is 1,235.", found) == 0)
        #expect(try score("#### 1234", benchmark("gsm8k", rule: "openai")) == 1)
        #expect(throws: BenchmarkError.self) { try benchmark("gsm8k", rule: "mine") }
    }

    @Test func `MATH is read from lines and from one object`() throws {
        let problem = "{\"problem\":\"half?\",\"solution\":\"so $\\\\boxed{\\\\frac{1}{2}}$\",\"type\":\"Algebra\"}"
        try folder.write(problem + "\n", "a/test.jsonl")
        try folder.write("{\"x/1\": \(problem)}", "b/math.json")
        for (path, id) in [("a", "0"), ("b", "x/1")] {
            let found = try benchmark("math", path)
            let item = try #require(try found.items().first)
            #expect(
                item.id == id && item.group == "Algebra" && item.messages[0].content.hasPrefix("half?\nPlease reason"))
            #expect(try score("thus \\boxed{\\dfrac12}", found) == 1)
            #expect(try score("thus \\boxed{2}", found) == 0)
        }
    }

    @Test func `MMLU has subjects, shots and the mean over subjects`() throws {
        try folder.write("\"1, 1?\",2,3,4,5,A\n", "dev/sums_dev.csv")
        try folder.write("What?,a,b,c,d,C\nWho?,a,b,c,d,A\n", "test/sums_test.csv")
        try folder.write("Where?,a,b,c,d,B\n", "test/places_test.csv")
        let found = try benchmark("mmlu", shots: 1)
        let items = try found.items()
        #expect(items.map(\.id) == ["places/0", "sums/0", "sums/1"] && found.method == .likelihood)
        #expect(items[1].context.hasPrefix("There is a single choice question about sums."))
        #expect(items[1].context.contains("Question: 1, 1?\nA. 2\nB. 3\nC. 4\nD. 5\nAnswer: A\n\nQuestion: What?"))
        #expect(items[1].choices == [" A", " B", " C", " D"] && items[1].gold == .integer(2))
        let results = zip(items, [1.0, 1, 0]).map { ItemResult(id: $0.id, group: $0.group, score: $1) }
        let metrics = Dictionary(uniqueKeysWithValues: found.summary(of: results).map { ($0.name, $0.value) })
        #expect(abs((metrics["accuracy"] ?? 0) - 200.0 / 3) < 1e-9 && metrics["mean_of_groups"] == 75)
        #expect(try score("The answer is C.", benchmark("mmlu", method: .generation), 1) == 1)
    }

    @Test func `ARC passes over what has not four choices`() throws {
        func line(_ id: String, _ count: Int, _ key: String) -> String {
            let choices = ["A", "B", "C", "D"].prefix(count).map { "{\"text\":\"t\($0)\",\"label\":\"\($0)\"}" }
            return "{\"id\":\"\(id)\",\"question\":{\"stem\":\"Why?\",\"choices\":[\(choices.joined(separator: ","))]},"
                + "\"answerKey\":\"\(key)\"}\n"
        }
        try folder.write(line("x", 4, "B") + line("y", 3, "A"), "ARC-Challenge-Test.jsonl")
        let items = try benchmark("arc_challenge").items()
        #expect(items.map(\.id) == ["x"] && items[0].context == "Question: Why?\nAnswer:")
        #expect(items[0].choices == [" tA", " tB", " tC", " tD"] && items[0].gold == .integer(1))
        try folder.write(line("x", 4, "7"), "ARC-Challenge-Test.jsonl")
        #expect(throws: BenchmarkError.self) { try benchmark("arc_challenge").items() }
    }

    @Test func `HellaSwag, TruthfulQA and GPQA`() throws {
        try folder.write(
            "{\"ctx_a\":\"A man sits.\",\"ctx_b\":\"he\",\"activity_label\":\"Roofing\",\"endings\":[\"is [x]good\",\"b\"],\"label\":1}\n",
            "hellaswag_val.jsonl")
        let swag = try benchmark("hellaswag").items()[0]
        #expect(swag.context == "Roofing: A man sits. He\nAnswer:" || swag.context.hasPrefix("Roofing: A man sits. He"))
        #expect(swag.choices == [" is good", " b"] && swag.gold == .integer(1))

        try folder.write("[{\"question\":\"Flat?\",\"mc1_targets\":{\"yes\":0,\"no\":1}}]", "mc_task.json")
        let truth = try benchmark("truthfulqa").items()[0]
        #expect(truth.choices == [" yes", " no"] && truth.gold == .integer(1))

        try folder.write(
            "Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3\nWhy?,r,w1,w2,w3\n",
            "gpqa_diamond.csv")
        let expert = try benchmark("gpqa")
        let item = try expert.items()[0]
        let gold = try #require(item.gold.intValue)
        let letter = ["A", "B", "C", "D"][gold]
        #expect(item.messages[0].content.contains("\(letter). r\n"))
        #expect(try score("The correct answer is (\(letter))", expert) == 1)
        #expect(try score("\(letter)", expert) == 0)
    }

    @Test func `POPE's lines, with categories`() throws {
        for category in ["random", "popular"] {
            let lines = [("1", "yes"), ("2", "no")].map {
                "{\"question_id\": \($0.0), \"image\": \"a.jpg\", \"text\": \"Is there a cat?\", \"label\": \"\($0.1)\"}\n"
            }
            try folder.write(lines.joined(), "pope/coco_pope_\(category).json")
        }
        let found = try benchmark("pope", "pope", images: "pictures")
        let items = try found.items()
        #expect(items.map(\.id) == ["popular-1", "popular-2", "random-1", "random-2"])
        #expect(items[0].picture == .file(folder.url.appending(path: "pictures/a.jpg").path))
        let answers = ["Yes, there is", "Yes", "No.", "no"]
        let results = zip(items, answers).map { item, text in
            let (answer, score) = found.verdict(on: text, to: item)
            return ItemResult(id: item.id, group: item.group, answer: answer, gold: item.gold, score: score)
        }
        let metrics = Dictionary(uniqueKeysWithValues: found.summary(of: results).map { ($0.name, $0.value) })
        #expect(metrics["accuracy"] == 50 && metrics["precision"] == 50 && metrics["recall"] == 50)
        #expect(metrics["yes_ratio/random"] == 0 && metrics["accuracy/popular"] == 50)
        #expect(throws: BenchmarkError.self) { try benchmark("pope", "pope").items() }
    }

    @Test func `MME's folders, two questions a picture`() throws {
        try folder.write(picture(), "mme/existence/0001.png")
        try folder.write("Is it red?\tYes\nIs it blue?\tNo\n", "mme/existence/0001.txt")
        try folder.write(picture(), "mme/scene/images/0002.jpg")
        try folder.write("Is it a street?\tYes\nIs it a sea?\tNo\n", "mme/scene/questions_answers_YN/0002.txt")
        let found = try benchmark("mme", "mme")
        let items = try found.items()
        #expect(items.map(\.group) == ["existence", "existence", "scene", "scene"])
        let results = zip(items, ["Yes", "No", "Yes", "Yes"]).map { item, text in
            let (answer, score) = found.verdict(on: text, to: item)
            return ItemResult(id: item.id, group: item.group, answer: answer, gold: item.gold, score: score)
        }
        let metrics = Dictionary(uniqueKeysWithValues: found.summary(of: results).map { ($0.name, $0.value) })
        #expect(metrics["existence"] == 200 && metrics["scene"] == 50 && metrics["perception"] == 250)
        try folder.write("Is it a street?\tMaybe\n", "mme/scene/questions_answers_YN/0002.txt")
        #expect(throws: BenchmarkError.self) { try benchmark("mme", "mme").items() }
    }

    @Test func `VQAv2 and GQA`() throws {
        let people = (0..<10).map { "{\"answer\": \"\($0 < 3 ? "two" : "3")\"}" }.joined(separator: ",")
        try folder.write(
            "{\"questions\":[{\"question_id\":7,\"image_id\":42,\"question\":\"How many?\"}]}",
            "vqa/v2_OpenEnded_mscoco_val2014_questions.json")
        try folder.write(
            "{\"annotations\":[{\"question_id\":7,\"answers\":[\(people)]}]}", "vqa/v2_mscoco_val2014_annotations.json")
        let vqa = try benchmark("vqav2", "vqa", images: "coco")
        #expect(
            try vqa.items()[0].picture == .file(folder.url.appending(path: "coco/COCO_val2014_000000000042.jpg").path))
        #expect(try score(" 3. ", vqa) == 1)
        #expect(abs(try score("Two", vqa) - 0.9) < 1e-9)

        try folder.write(
            "{\"201\":{\"question\":\"What?\",\"imageId\":\"n1\",\"answer\":\"cat\"}}",
            "gqa/testdev_balanced_questions.json")
        let gqa = try benchmark("gqa", "gqa", images: "gqa")
        #expect(try score("Cat", gqa) == 1)
        #expect(try score("a cat", gqa) == 0)
    }

    @Test func `tables with pictures in base64, or the index of a row that has it`() throws {
        let image = try picture().base64EncodedString()
        let heading = "index\timage\tquestion\tA\tB\tC\tanswer\tcategory\n"
        try folder.write(
            heading + "0\t\(image)\tWhich?\tcat\tdog\t\tB\tanimals\n1000000\t0\tWhich?\tdog\tcat\t\tA\tanimals\n",
            "m.tsv")
        let found = try benchmark("mmbench", "m.tsv")
        let items = try found.items()
        #expect(items[0].picture == .base64(image) && items[1].picture == items[0].picture)
        #expect(try items[0].picture?.load().width == 64)
        #expect(
            items[0].messages[0].content
                == "Which?\nA. cat\nB. dog\nAnswer with the option's letter from the given choices directly.")
        let results = zip(items, ["B", "the dog"]).map { item, text in
            ItemResult(
                id: item.id, group: item.group, gold: item.gold, score: found.verdict(on: text, to: item).score)
        }
        #expect(results.map(\.score) == [1, 1] && found.summary(of: results)[0].value == 100)
        var half = results
        half[1].score = 0
        #expect(found.summary(of: half)[0].value == 0)

        try folder.write("index\timage\tquestion\tanswer\n0\t\(image)\tOpen?\tfour\n", "open.tsv")
        let open = try benchmark("mmmu", "open.tsv")
        #expect(try score("A", open) == 1)
        #expect(try score("four", open) == 1)
    }

    @Test(arguments: [
        ("mmmu", "x.tsv", "index\timage\tquestion\n0\ta\tb\n"),
        ("mmmu", "x.tsv", "index\timage\tquestion\tA\tB\tanswer\n0\ta\tb\tc\td\tZ\n"),
        ("pope", "x.tsv", "index\timage\tquestion\tanswer\n0\ta\tb\tperhaps\n"),
        ("gsm8k", "test.jsonl", "{\"question\":\"x\"}\n"),
        ("gsm8k", "test.jsonl", "{\"question\":\"x\",\"answer\":\"no mark\"}\n"), ("gsm8k", "test.jsonl", "not json\n"),
        ("math", "test.jsonl", "{\"problem\":\"x\",\"solution\":\"no box\"}\n"), ("math", "math.json", "3"),
        ("truthfulqa", "mc_task.json", "[{\"question\":\"x\",\"mc1_targets\":{\"a\":0}}]"),
        ("gpqa", "gpqa_diamond.csv", "Question,Answer\nx,y\n"),
        ("hellaswag", "hellaswag_val.jsonl", "{\"endings\":[\"a\"]}\n"),
    ])
    func `files that are not as published are refused`(name: String, file: String, text: String) throws {
        try folder.write(text, file)
        #expect(throws: (any Error).self) { try benchmark(name, file.hasSuffix("tsv") ? file : "").items() }
    }

    @Test(arguments: BenchmarkCatalog.entries.map(\.name))
    func `missing files are named`(name: String) throws {
        #expect(throws: (any Error).self) { try benchmark(name, "nowhere").items() }
    }

    @Test func `names are known or refused with all of them`() {
        #expect(throws: BenchmarkError.unknown(name: "glue", known: BenchmarkCatalog.entries.map(\.name))) {
            try BenchmarkCatalog.entry("glue")
        }
        #expect(Set(BenchmarkCatalog.entries.map(\.name)).count == BenchmarkCatalog.entries.count)
    }

    @Test(arguments: [
        ("gsm8k", "mme", GSM8KAnswer.Rule.allCases.map(\.rawValue)), ("pope", "mme", ["vlmevalkit", "pope"]),
        ("mme", "nonsense", ["vlmevalkit", "mme"]),
    ])
    func `a rule that a benchmark does not have is refused with those it has`(
        name: String, rule: String, known: [String]
    ) {
        #expect(throws: BenchmarkError.unknownRule(name: rule, known: known)) {
            try benchmark(name, images: "images", rule: rule)
        }
    }

    @Test(arguments: ["", "!!", "aGVsbG8="])
    func `a picture that is none is an error`(text: String) {
        #expect(throws: (any Error).self) { try PictureSource.base64(text).load() }
    }
}
