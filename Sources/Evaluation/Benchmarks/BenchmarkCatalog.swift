import Datasets
public import Foundation
public import ImageTextScorers
public import Rewards
import StrictJSON

/// The benchmarks by name, with the settings of the reference.
public struct BenchmarkCatalog: Sendable {
    /// What is read and how.
    public struct Source: Sendable {
        /// A file, or the folder of the benchmark's public files.
        public var data: URL
        /// The folder of its pictures, if they lie apart.
        public var images: URL?
        /// Solved examples before each question.
        public var shots: Int
        /// How answers are made.
        public var method: AnswerMethod?
        /// How predictions are read, or which edition is used, where there are several; empty for the usual one.
        public var rule: String
        /// Who rates pictures, where a benchmark wants a judge.
        public var judge: ChatEndpoint?
        /// What scores pictures, where a benchmark wants a model for that; made when it is needed.
        public var scorer: (@Sendable () throws -> any ImageTextScorer)?

        /// Files.
        public init(data: URL, images: URL? = nil, shots: Int = 0, method: AnswerMethod? = nil, rule: String = "") {
            self.data = data
            self.images = images
            self.shots = shots
            self.method = method
            self.rule = rule
        }
    }

    /// An entry.
    public struct Entry: Sendable {
        /// Name on the command line.
        public let name: String
        /// What it measures, and what it reads.
        public let about: String
        /// Settings of the reference.
        public let defaults: BenchmarkSettings
        /// Scores that MMaDA's authors report, by metric (arXiv 2505.15809).
        public let published: [(model: String, value: Double)]
        fileprivate let open: @Sendable (Source) throws -> any Benchmark
    }

    /// All of them.
    public static let entries: [Entry] = text + vision + painting

    /// Opens a benchmark.
    ///
    /// - Throws: ``BenchmarkError``.
    public static func benchmark(_ name: String, _ source: Source) throws -> any Benchmark {
        try entry(name).open(source)
    }

    /// The entry of a name.
    ///
    /// - Throws: ``BenchmarkError/unknown(name:known:)``.
    public static func entry(_ name: String) throws -> Entry {
        guard let found = entries.first(where: { $0.name == name }) else {
            throw BenchmarkError.unknown(name: name, known: entries.map(\.name))
        }
        return found
    }

    private static func written(
        _ genLength: Int, block: Int, shots: Int = 0, thinks: Bool = false
    ) -> BenchmarkSettings {
        var settings = BenchmarkSettings()
        settings.genLength = genLength
        settings.blockLength = block
        settings.steps = genLength
        settings.shots = shots
        settings.thinks = thinks
        return settings
    }

    private static func ranked(shots: Int = 0, guidance: Double = 0, samples: Int = 128) -> BenchmarkSettings {
        var settings = written(4, block: 4, shots: shots)
        settings.cfgScale = guidance
        settings.likelihoodSamples = samples
        settings.likelihoodBatch = min(16, samples)
        return settings
    }

    // MARK: Text

    private static let text: [Entry] = [
        Entry(
            name: "gsm8k", about: "grade-school mathematics; test.jsonl and train.jsonl",
            defaults: written(256, block: 64, shots: 5, thinks: true),
            published: [("MMaDA-8B", 73.4), ("LLaDA-8B", 70.7), ("Qwen2-7B", 80.2), ("LLaMA3-8B", 53.1)]
        ) { source in
            GSM8K(data: source.data, shots: source.shots, rule: try rule(source, usual: .harnessFlexible))
        },
        Entry(
            name: "math", about: "competition mathematics; test.jsonl, or math.json",
            defaults: written(512, block: 64),
            published: [("MMaDA-8B", 36.0), ("LLaDA-8B", 27.3), ("Qwen2-7B", 43.5), ("LLaMA3-8B", 15.1)]
        ) { MATH(data: $0.data) },
        Entry(
            name: "gpqa", about: "questions of experts; gpqa_diamond.csv", defaults: written(64, block: 64),
            published: [("MMaDA-8B", 28.4), ("LLaDA-8B", 26.1), ("Qwen2-7B", 30.8), ("LLaMA3-8B", 25.9)]
        ) { source in
            try choice("gpqa", source, rule: .correctAnswer, ranksText: false, label: "") {
                try gpqa(BenchmarkFiles.file(source.data, "gpqa_diamond.csv", "gpqa_main.csv"))
            }
        },
        Entry(
            name: "mmlu", about: "57 subjects; the folders dev and test of .csv files",
            defaults: ranked(shots: 5, samples: 1),
            published: [("MMaDA-8B", 68.4), ("LLaDA-8B", 65.9), ("Qwen2-7B", 70.3), ("LLaMA3-8B", 64.5)]
        ) { source in
            let shots = try source.shots > 0 ? mmlu(source.data, "dev", first: source.shots) : []
            let intro: @Sendable (String) -> String = {
                "There is a single choice question about \($0.replacingOccurrences(of: "_", with: " ")). "
                    + "Answer the question by replying A, B, C or D.\n"
            }
            return try choice(
                "mmlu", source, ranksText: false, label: "Question: ", usual: .likelihood, shots: shots, intro: intro
            ) { try mmlu(source.data, "test") }
        },
        Entry(
            name: "arc_challenge", about: "science questions; ARC-Challenge-Test.jsonl",
            defaults: ranked(guidance: 0.5),
            published: [("MMaDA-8B", 57.4), ("LLaDA-8B", 47.9), ("Qwen2-7B", 60.6), ("LLaMA3-8B", 53.1)]
        ) { source in
            try choice(
                "arc_challenge", source, ranksText: source.method != .generation, label: "Question: ",
                usual: .likelihood
            ) { try arc(BenchmarkFiles.file(source.data, "ARC-Challenge-Test.jsonl")) }
        },
        Entry(
            name: "hellaswag", about: "how a scene goes on; hellaswag_val.jsonl", defaults: ranked(guidance: 0.5),
            published: []
        ) { source in
            try choice("hellaswag", source, ranksText: true, label: "", usual: .likelihood) {
                try hellaswag(BenchmarkFiles.file(source.data, "hellaswag_val.jsonl"))
            }
        },
        Entry(
            name: "truthfulqa", about: "the one true answer; mc_task.json", defaults: ranked(guidance: 2.0),
            published: [("MMaDA-8B", 43.1), ("LLaDA-8B", 46.4), ("Qwen2-7B", 54.2), ("LLaMA3-8B", 44.0)]
        ) { source in
            try choice("truthfulqa", source, ranksText: true, label: "Q: ", usual: .likelihood) {
                try truthfulQA(BenchmarkFiles.file(source.data, "mc_task.json"))
            }
        },
    ]

    /// The rule that a source names, or the usual one.
    private static func rule<Rule: RawRepresentable<String> & CaseIterable>(
        _ source: Source, usual: Rule, of known: [Rule] = Array(Rule.allCases)
    ) throws -> Rule {
        guard let rule = source.rule.isEmpty ? usual : known.first(where: { $0.rawValue == source.rule }) else {
            throw BenchmarkError.unknownRule(name: source.rule, known: known.map(\.rawValue))
        }
        return rule
    }

    /// How answers of yes and no are read: as VLMEvalKit does, or as the benchmark's own script.
    private static func reading(_ source: Source, or own: YesNoAnswer.Rule) throws -> YesNoAnswer.Rule {
        try rule(source, usual: .words, of: [.words, own])
    }

    private static func choice(
        _ name: String, _ source: Source, rule: ChoiceAnswer.Rule = .firstOption(), ranksText: Bool, label: String,
        usual: AnswerMethod = .generation, shots: [ChoiceBenchmark.Question] = [],
        intro: @escaping @Sendable (String) -> String = { _ in "" },
        _ questions: @escaping @Sendable () throws -> [ChoiceBenchmark.Question]
    ) throws -> ChoiceBenchmark {
        ChoiceBenchmark(
            name: name, method: source.method ?? usual, rule: rule, shots: Dictionary(grouping: shots, by: \.group),
            questions: questions, intro: intro, label: label, ranksText: ranksText)
    }

    private static func mmlu(_ data: URL, _ split: String, first: Int = .max) throws -> [ChoiceBenchmark.Question] {
        let folder = data.appending(path: split)
        let files = BenchmarkFiles.names(folder, extension: "csv")
        guard !files.isEmpty else {
            throw BenchmarkError.missing(path: folder.path, expected: "MMLU's .csv files, one a subject")
        }
        let columns = ["question", "A", "B", "C", "D", "answer"]
        return try files.flatMap { file in
            let subject = String(file.dropLast("_\(split).csv".count))
            return try BenchmarkFiles.rows(folder.appending(path: file), columns: columns).prefix(first).enumerated()
                .map { index, row in
                    let letter = try BenchmarkFiles.text(row, "answer")
                    guard let answer = ["A", "B", "C", "D"].firstIndex(of: letter) else {
                        throw BenchmarkError.item(place: row.id, expected: "A, B, C or D", found: "'\(letter)'")
                    }
                    return ChoiceBenchmark.Question(
                        id: "\(subject)/\(index)", group: subject, text: try BenchmarkFiles.text(row, "question"),
                        options: try ["A", "B", "C", "D"].map { try BenchmarkFiles.text(row, $0) }, answer: answer)
                }
        }
    }

    private static func arc(_ file: URL) throws -> [ChoiceBenchmark.Question] {
        try BenchmarkFiles.lines(file).compactMap { line in
            let place = line.id
            guard let question = line.fields["question"], let choices = question["choices"]?.arrayValue else {
                throw BenchmarkError.item(place: place, expected: "question.choices", found: "none")
            }
            // The reference passes over the few questions that have not four options.
            guard choices.count == 4 else { return nil }
            let labels = choices.map { $0["label"]?.stringValue }
            let key = try BenchmarkFiles.text(line, "answerKey")
            guard let answer = labels.firstIndex(of: key) else {
                throw BenchmarkError.item(place: place, expected: "an answerKey among the labels", found: "'\(key)'")
            }
            return ChoiceBenchmark.Question(
                id: try BenchmarkFiles.text(line, "id"), group: "",
                text: try BenchmarkFiles.text(question, "stem", place),
                options: try choices.map { try BenchmarkFiles.text($0, "text", place) }, answer: answer)
        }
    }

    private static func hellaswag(_ file: URL) throws -> [ChoiceBenchmark.Question] {
        func cleaned(_ text: String) -> String {
            var text = text.replacingOccurrences(of: " [title]", with: ". ")
            while let open = text.range(of: "["),
                let close = text.range(of: "]", range: open.upperBound..<text.endIndex)
            {
                text.removeSubrange(open.lowerBound..<close.upperBound)
            }
            return text.replacingOccurrences(of: "  ", with: " ").trimmingCharacters(in: .whitespaces)
        }
        return try BenchmarkFiles.lines(file).enumerated().map { index, line in
            let place = line.id
            guard let endings = line.fields["endings"]?.arrayValue?.compactMap(\.stringValue),
                let answer = Int(try BenchmarkFiles.text(line, "label"))
            else {
                throw BenchmarkError.item(
                    place: place, expected: "endings and the number of one as label", found: "neither")
            }
            let start = try BenchmarkFiles.text(line, "ctx_a")
            let rest = try BenchmarkFiles.text(line, "ctx_b")
            let context = rest.isEmpty ? start : "\(start) \(rest.prefix(1).uppercased() + rest.dropFirst())"
            let activity = try BenchmarkFiles.text(line, "activity_label")
            return ChoiceBenchmark.Question(
                id: "\(index)", group: "", text: cleaned("\(activity): \(context)"), options: endings.map(cleaned),
                answer: answer)
        }
    }

    private static func truthfulQA(_ file: URL) throws -> [ChoiceBenchmark.Question] {
        try BenchmarkFiles.objects(file).map { key, json, place in
            guard let targets = json["mc1_targets"]?.objectValue,
                let answer = targets.firstIndex(where: { $0.value.intValue == 1 })
            else { throw BenchmarkError.item(place: place, expected: "mc1_targets, one of them 1", found: "none") }
            return ChoiceBenchmark.Question(
                id: key, group: "", text: try BenchmarkFiles.text(json, "question", place),
                options: targets.map(\.key.string), answer: answer)
        }
    }

    private static func gpqa(_ file: URL) throws -> [ChoiceBenchmark.Question] {
        let names = ["Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3"]
        let end = " When you are ready to answer, please use the format 'The correct answer is (X)'."
        return try BenchmarkFiles.rows(file, requiring: ["Question"] + names).enumerated().map { index, row in
            let options = try names.map {
                try BenchmarkFiles.text(row, $0).trimmingCharacters(in: .whitespacesAndNewlines)
            }
            var random = SampleRandom(seed: 0, pass: 0, id: "gpqa \(index)")
            let order = random.permutation(4)
            return ChoiceBenchmark.Question(
                id: "\(index)", group: (try? BenchmarkFiles.text(row, "High-level domain")) ?? "",
                text: try BenchmarkFiles.text(row, "Question") + end, options: order.map { options[$0] },
                answer: order.firstIndex(of: 0) ?? 0)
        }
    }

    // MARK: Pictures

    private static let vision: [Entry] = [
        Entry(
            name: "pope", about: "whether something is there; JSON lines and --images, or a .tsv table",
            defaults: written(2, block: 2), published: [("MMaDA", 86.1), ("Show-o", 80.0), ("LLaVA-v1.5", 85.9)]
        ) { .pope($0.data, images: $0.images, reading: try reading($0, or: .negation)) as VisionBenchmark },
        Entry(
            name: "mme", about: "perception and cognition; its folders, or a .tsv table",
            defaults: written(2, block: 2),
            published: [("MMaDA", 1410.7), ("Show-o", 1097.2), ("LLaVA-v1.5", 1510.7)]
        ) { .mme($0.data, reading: try reading($0, or: .start)) as VisionBenchmark },
        Entry(
            name: "vqav2", about: "open questions; two JSON files and --images", defaults: written(2, block: 2),
            published: [("MMaDA", 76.7), ("Show-o", 69.4), ("LLaVA-v1.5", 78.5)]
        ) { .vqa($0.data, images: $0.images) as VisionBenchmark },
        Entry(
            name: "gqa", about: "questions about scenes; testdev_balanced_questions.json and --images, or a .tsv table",
            defaults: written(2, block: 2), published: [("MMaDA", 61.3), ("Show-o", 58.0), ("LLaVA-v1.5", 62.0)]
        ) { .gqa($0.data, images: $0.images) as VisionBenchmark },
        Entry(
            name: "mmmu", about: "college questions; VLMEvalKit's .tsv table", defaults: written(2, block: 2),
            published: [("MMaDA", 30.2), ("Show-o", 26.7), ("LLaVA-v1.5", 35.4)]
        ) { .options($0.data, name: "mmmu") as VisionBenchmark },
        Entry(
            name: "mmbench", about: "lettered options, every rotation; VLMEvalKit's .tsv table",
            defaults: written(2, block: 2), published: [("MMaDA", 68.5), ("LLaVA-v1.5", 64.3)]
        ) { .options($0.data, name: "mmbench", isCircular: true) as VisionBenchmark },
        Entry(
            name: "seedbench", about: "lettered options; VLMEvalKit's .tsv table", defaults: written(2, block: 2),
            published: [("MMaDA", 64.2), ("LLaVA-v1.5", 58.6)]
        ) { .options($0.data, name: "seedbench") as VisionBenchmark },
    ]

    // MARK: Painting

    private static func painted(pictures: Int = 1) -> BenchmarkSettings {
        var settings = BenchmarkSettings()
        settings.pictures = pictures
        return settings
    }

    private static func scored(_ name: String, _ source: Source) throws -> PromptScore {
        guard let scorer = source.scorer else {
            throw BenchmarkError.missing(path: name, expected: "--scorer with the folder of the model that scores")
        }
        return PromptScore(name: name, data: source.data, scorer: try scorer())
    }

    private static let painting: [Entry] = [
        Entry(
            name: "geneval", about: "evaluation_metadata.jsonl; pictures in the folders that its own scorer reads",
            defaults: painted(pictures: 4), published: [("MMaDA", 0.63), ("Show-o", 0.53), ("SDXL", 0.55)]
        ) { GenEval(data: $0.data) },
        Entry(
            name: "wise", about: "its JSON lists, and a judge behind --endpoint", defaults: painted(),
            published: [("MMaDA", 0.67), ("Show-o", 0.28), ("SDXL", 0.43)]
        ) { source in
            guard let judge = source.judge else {
                throw BenchmarkError.missing(path: "wise", expected: "--endpoint and --endpoint-model of a judge")
            }
            return WISE(data: source.data, edition: try rule(source, usual: .legacy), judge: judge)
        },
        Entry(
            name: "clip_score", about: "prompts, one a line; --scorer with CLIP's folder", defaults: painted(),
            published: [("MMaDA", 32.46), ("Show-o", 28.94), ("SDXL", 32.12)]
        ) { try scored("clip_score", $0) },
        Entry(
            name: "image_reward", about: "prompts, one a line; --scorer with ImageReward's folder", defaults: painted(),
            published: [("MMaDA", 1.15), ("Show-o", 0.92), ("SDXL", 1.13)]
        ) { try scored("image_reward", $0) },
    ]
}
