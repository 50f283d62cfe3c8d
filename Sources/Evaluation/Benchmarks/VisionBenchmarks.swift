import Datasets
import Foundation
import StrictJSON
import TextTokenizer

/// Questions about pictures in the tables of VLMEvalKit, or in the files that a benchmark's authors publish.
struct VisionBenchmark: Benchmark {
    /// How answers are judged.
    enum Rule: Sendable {
        /// POPE: F1 with yes as positive.
        case pope(YesNoAnswer.Rule)
        /// MME: two questions for each picture, sums of two parts.
        case mme(YesNoAnswer.Rule)
        /// VQAv2: agreement with ten people.
        case vqa
        /// GQA: the very answer.
        case exact
        /// Lettered options: MMMU, MMBench, SEED-Bench.
        case options
    }

    let name: String
    let method = AnswerMethod.generation
    let rule: Rule
    let read: @Sendable () throws -> [BenchmarkItem]

    func items() throws -> [BenchmarkItem] { try read() }

    func verdict(on output: String, to item: BenchmarkItem) -> (answer: String, score: Double) {
        let text = output.trimmingCharacters(in: .whitespacesAndNewlines)
        switch rule {
        case .pope(let reading), .mme(let reading):
            let answer = YesNoAnswer(reading: text, rule: reading)
            let isRight = answer.isRight(expectedYes: item.gold["answer"]?.stringValue == "yes")
            return (answer.rawValue, isRight ? 1 : 0)
        case .vqa:
            let people = item.gold.arrayValue?.compactMap(\.stringValue) ?? []
            return (VQAAnswer.normalized(text), VQAAnswer.accuracy(of: text, answers: people))
        case .exact:
            return (text, VQAAnswer.isExact(text, item.gold.stringValue ?? "") ? 1 : 0)
        case .options:
            let options = Self.options(item.gold["options"])
            let found = OptionAnswer.option(in: text, of: options)
            let isRight = found.map(String.init) == item.gold["answer"]?.stringValue
            return (found.map(String.init) ?? "", isRight ? 1 : 0)
        }
    }

    private static func options(_ json: JSONValue?) -> [Character: String] {
        var options: [Character: String] = [:]
        for (key, value) in json?.objectValue ?? [] {
            if let letter = key.string.first { options[letter] = value.stringValue }
        }
        return options
    }

    func summary(of results: [ItemResult]) -> [BenchmarkMetric] {
        switch rule {
        case .pope: popeSummary(results)
        case .mme: mmeSummary(results)
        case .options: optionSummary(results)
        case .vqa, .exact: Self.accuracies(results)
        }
    }

    private func popeSummary(_ results: [ItemResult]) -> [BenchmarkMetric] {
        let score = POPEScore(
            results.map { result in
                let categories = result.group.split(separator: ",").map(String.init)
                return POPEScore.Item(
                    answer: YesNoAnswer(rawValue: result.answer) ?? .unknown,
                    expectedYes: result.gold["answer"]?.stringValue == "yes", categories: categories)
            })
        func metrics(_ rates: POPEScore.Rates, _ suffix: String) -> [BenchmarkMetric] {
            [
                ("f1", rates.f1), ("accuracy", rates.accuracy), ("precision", rates.precision),
                ("recall", rates.recall),
                ("yes_ratio", rates.yesRatio),
            ].map { BenchmarkMetric($0.0 + suffix, 100 * $0.1) }
        }
        return metrics(score.overall, "")
            + score.categories.sorted { $0.key < $1.key }.flatMap { metrics($0.value, "/\($0.key)") }
    }

    private func mmeSummary(_ results: [ItemResult]) -> [BenchmarkMetric] {
        let score = MMEScore(
            results.map {
                MMEScore.Item(
                    category: $0.group, image: $0.gold["picture"]?.stringValue ?? "", isRight: $0.score == 1)
            })
        return [BenchmarkMetric("perception", score.perception), BenchmarkMetric("cognition", score.cognition)]
            + score.categories.sorted { $0.key < $1.key }.map { BenchmarkMetric($0.key, $0.value) }
    }

    private func optionSummary(_ results: [ItemResult]) -> [BenchmarkMetric] {
        let rows = results.compactMap { result in
            result.gold["circle"]?.intValue.map { (index: $0, isRight: result.score == 1) }
        }
        guard !results.isEmpty, rows.count == results.count else { return Self.accuracies(results) }
        // Every rotation of a question must be right.
        let groups = OptionScore.circular(rows)
        let share = Double(groups.values.count(where: \.self)) / Double(groups.count)
        return [BenchmarkMetric("accuracy", 100 * share)]
            + Self.accuracies(results).map { BenchmarkMetric("plain_" + $0.name, $0.value) }
    }
}

// How each is read.
extension VisionBenchmark {
    private static func yesNo(_ text: String, _ place: String) throws -> String {
        let answer = text.lowercased()
        guard answer == "yes" || answer == "no" else {
            throw BenchmarkError.item(place: place, expected: "yes or no", found: "'\(text.prefix(40))'")
        }
        return answer
    }

    private static func object(_ members: (String, String)...) -> JSONValue {
        .object(members.map { (JSONString($0.0), .string(JSONString($0.1))) })
    }

    private static func ask(_ text: String) -> [ChatMessage] { [ChatMessage(role: .user, content: text)] }

    /// POPE's JSON lines (`question_id`, `image`, `text`, `label`), named `…_random`, `…_popular`, `…_adversarial`, with
    /// the pictures in the folder `images`; or a table.
    static func pope(_ data: URL, images: URL?, reading: YesNoAnswer.Rule) -> VisionBenchmark {
        VisionBenchmark(name: "pope", rule: .pope(reading)) {
            if data.pathExtension == "tsv" {
                return try table(data, requiring: ["index", "image", "question", "answer"]) { row, place in
                    BenchmarkItem(
                        id: try row("index"), group: (try? row("category")) ?? "", messages: ask(try row("question")),
                        gold: object(("answer", try yesNo(row("answer"), place))))
                }
            }
            let files = BenchmarkFiles.names(data, extension: "json") + BenchmarkFiles.names(data, extension: "jsonl")
            guard let images, !files.isEmpty else {
                throw BenchmarkError.missing(
                    path: data.path,
                    expected: "POPE's files of JSON lines, and --images with the folder of its pictures")
            }
            return try files.flatMap { name -> [BenchmarkItem] in
                let stem = name.split(separator: ".").first.map(String.init) ?? name
                let category = stem.split(separator: "_").last.map(String.init) ?? ""
                return try BenchmarkFiles.lines(data.appending(path: name)).map { sample in
                    let picture = try BenchmarkFiles.text(sample, "image")
                    return BenchmarkItem(
                        id: "\(category)-\(try BenchmarkFiles.text(sample, "question_id"))", group: category,
                        messages: ask(try BenchmarkFiles.text(sample, "text")),
                        picture: .file(images.appending(path: picture).path),
                        gold: object(("answer", try yesNo(BenchmarkFiles.text(sample, "label"), sample.id))))
                }
            }
        }
    }

    /// MME's folders, one a category, of pictures and texts beside them with a question, a tab and the answer a line; or a
    /// table.
    static func mme(_ data: URL, reading: YesNoAnswer.Rule) -> VisionBenchmark {
        VisionBenchmark(name: "mme", rule: .mme(reading)) {
            if data.pathExtension == "tsv" {
                return try table(data, requiring: ["index", "image", "question", "answer", "category"]) { row, place in
                    BenchmarkItem(
                        id: try row("index"), group: try row("category"),
                        messages: ask(mmeQuestion(try row("question"))),
                        gold: object(
                            ("answer", try yesNo(row("answer"), place)),
                            ("picture", try (try? row("image_path")) ?? row("index"))))
                }
            }
            let categories = MMEScore.perceptionCategories + MMEScore.cognitionCategories
            let items = try categories.sorted().flatMap { try mmeCategory(data.appending(path: $0), $0) }
            guard !items.isEmpty else {
                throw BenchmarkError.missing(
                    path: data.path, expected: "MME's folders, such as existence, or a .tsv file")
            }
            return items
        }
    }

    private static func mmeQuestion(_ text: String) -> String {
        let suffix = " Answer the question using a single word or phrase."
        return text.hasSuffix(suffix) ? text : text + suffix
    }

    private static func mmeCategory(_ folder: URL, _ category: String) throws -> [BenchmarkItem] {
        // Some categories keep texts and pictures in folders of their own.
        let texts = ["", "questions_answers_YN"].map { folder.appending(path: $0) }
        guard let place = texts.first(where: { !BenchmarkFiles.names($0, extension: "txt").isEmpty }) else { return [] }
        let pictures = place == texts[0] ? folder : folder.appending(path: "images")
        return try BenchmarkFiles.names(place, extension: "txt").flatMap { name -> [BenchmarkItem] in
            let stem = String(name.dropLast(4))
            let file = ["jpg", "png", "jpeg"].map { pictures.appending(path: "\(stem).\($0)").path }
                .first { FileManager.default.fileExists(atPath: $0) }
            guard let file else {
                throw BenchmarkError.missing(path: pictures.path, expected: "a picture '\(stem)'")
            }
            let lines = try String(contentsOf: place.appending(path: name), encoding: .utf8).split(
                whereSeparator: \.isNewline)
            return try lines.enumerated().map { number, line in
                let spot = "\(place.path)/\(name):\(number + 1)"
                let parts = line.split(separator: "\t").map(String.init)
                guard parts.count == 2 else {
                    throw BenchmarkError.item(
                        place: spot, expected: "a question, a tab and an answer", found: "\(parts.count) fields")
                }
                return BenchmarkItem(
                    id: "\(category)/\(stem)/\(number)", group: category, messages: ask(mmeQuestion(parts[0])),
                    picture: .file(file),
                    gold: object(
                        ("answer", try yesNo(parts[1].trimmingCharacters(in: .whitespaces), spot)),
                        ("picture", "\(category)/\(stem)")))
            }
        }
    }

    /// VQAv2's `questions` and `annotations` in two JSON files, pictures named `COCO_SPLIT_000000000042.jpg`.
    static func vqa(_ data: URL, images: URL?) -> VisionBenchmark {
        VisionBenchmark(name: "vqav2", rule: .vqa) {
            let names = BenchmarkFiles.names(data, extension: "json")
            guard let questions = names.first(where: { $0.contains("uestions") }),
                let annotations = names.first(where: { $0.contains("nnotations") }), let images
            else {
                throw BenchmarkError.missing(
                    path: data.path,
                    expected: "VQAv2's files of questions and annotations, and --images with the folder of its pictures"
                )
            }
            var people: [Int: [JSONValue]] = [:]
            for entry in try BenchmarkFiles.json(data.appending(path: annotations))["annotations"]?.arrayValue ?? [] {
                guard let id = entry["question_id"]?.intValue else { continue }
                people[id] = entry["answers"]?.arrayValue?.compactMap { $0["answer"] }
            }
            let split =
                questions.contains("val2014") ? "val2014" : questions.contains("train2014") ? "train2014" : "test2015"
            let list = try BenchmarkFiles.json(data.appending(path: questions))["questions"]?.arrayValue ?? []
            return try list.enumerated().map { number, entry in
                let place = "\(questions) \(number)"
                guard let id = entry["question_id"]?.intValue, let image = entry["image_id"]?.intValue else {
                    throw BenchmarkError.item(
                        place: place, expected: "question_id and image_id", found: "neither or one")
                }
                guard let answers = people[id], !answers.isEmpty else {
                    throw BenchmarkError.item(place: place, expected: "answers to question \(id)", found: "none")
                }
                let digits = String(repeating: "0", count: max(0, 12 - "\(image)".count)) + "\(image)"
                return BenchmarkItem(
                    id: "\(id)", messages: ask(try short(BenchmarkFiles.text(entry, "question", place))),
                    picture: .file(images.appending(path: "COCO_\(split)_\(digits).jpg").path), gold: .array(answers))
            }
        }
    }

    private static func short(_ question: String) -> String {
        question + "\nAnswer the question using a single word or phrase."
    }

    /// GQA's one object of questions (`question`, `imageId`, `answer`), or a table.
    static func gqa(_ data: URL, images: URL?) -> VisionBenchmark {
        VisionBenchmark(name: "gqa", rule: .exact) {
            if data.pathExtension == "tsv" {
                return try table(data, requiring: ["index", "image", "question", "answer"]) { row, _ in
                    BenchmarkItem(
                        id: try row("index"), messages: ask(short(try row("question"))),
                        gold: .string(JSONString(try row("answer"))))
                }
            }
            guard let images else {
                throw BenchmarkError.missing(path: data.path, expected: "--images with the folder of GQA's pictures")
            }
            return try BenchmarkFiles.objects(BenchmarkFiles.file(data, "testdev_balanced_questions.json")).map {
                key, json, place in
                let image = try BenchmarkFiles.text(json, "imageId", place)
                return BenchmarkItem(
                    id: key, messages: ask(short(try BenchmarkFiles.text(json, "question", place))),
                    picture: .file(images.appending(path: image + ".jpg").path),
                    gold: .string(JSONString(try BenchmarkFiles.text(json, "answer", place))))
            }
        }
    }

    /// Tables of lettered options (`question`, `A`, `B`, …, `answer`): MMMU, MMBench, SEED-Bench.
    ///
    /// `isCircular`: Whether rows 1,000,000 apart are rotations of one question.
    static func options(_ data: URL, name: String, isCircular: Bool = false) -> VisionBenchmark {
        VisionBenchmark(name: name, rule: .options) {
            try table(data, requiring: ["index", "image", "question", "answer"]) { row, place in
                var options: [(letter: String, text: String)] = []
                for letter in ["A", "B", "C", "D", "E", "F", "G", "H", "I"] {
                    if let text = try? row(letter), !text.isEmpty, text.lowercased() != "nan" {
                        options.append((letter, text))
                    }
                }
                let answer = try row("answer")
                var right = answer
                if options.isEmpty {
                    // An open question, as VLMEvalKit turns it into a choice.
                    options = [("A", answer), ("B", "Other Answers")]
                    right = "A"
                }
                guard options.contains(where: { $0.letter == right }) else {
                    throw BenchmarkError.item(
                        place: place, expected: "the letter of an option", found: "'\(answer.prefix(40))'")
                }
                let hint = ((try? row("hint")) ?? "").isEmpty ? "" : "Hint: \((try? row("hint")) ?? "")\n"
                let list = options.map { "\($0.letter). \($0.text)\n" }.joined()
                let index = try row("index")
                var gold: [(key: JSONString, value: JSONValue)] = [
                    ("answer", .string(JSONString(right))),
                    ("options", .object(options.map { (JSONString($0.letter), .string(JSONString($0.text))) })),
                ]
                if isCircular, let number = Int(index) { gold.append(("circle", .integer(Int64(number % 1_000_000)))) }
                return BenchmarkItem(
                    id: index, group: (try? row("category")) ?? (try? row("split")) ?? "",
                    messages: ask(
                        "\(hint)\(try row("question"))\n\(list)"
                            + "Answer with the option's letter from the given choices directly."),
                    gold: .object(gold))
            }
        }
    }

    /// Items of a table whose pictures stand in it, in base64 or as the index of a row that has it.
    private static func table(
        _ file: URL, requiring columns: [String],
        _ item: (_ row: (String) throws -> String, _ place: String) throws -> BenchmarkItem
    ) throws -> [BenchmarkItem] {
        let rows = try BenchmarkFiles.rows(file, requiring: columns)
        var pictures: [String: String] = [:]
        return try rows.map { sample in
            let row = { (name: String) in try BenchmarkFiles.text(sample.fields, name, sample.id) }
            var made = try item(row, sample.id)
            var image = try row("image")
            // A list of pictures: the first is shown.
            if image.hasPrefix("["), let end = image.dropFirst(2).firstIndex(where: { $0 == "'" || $0 == "\"" }) {
                image = String(image[image.index(image.startIndex, offsetBy: 2)..<end])
            }
            if image.count <= 64, let before = pictures[image] { image = before }
            if image.count > 64 { pictures[made.id] = image }
            made.picture = .base64(image)
            return made
        }
    }
}
