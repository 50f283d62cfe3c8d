public import Datasets
import Images

/// A record of the world together with what it was made from, for scoring.
public struct WorldExample: Sendable {
    /// The record, with its picture.
    public var record: Record
    /// The scene; `nil` for text.
    public var scene: Scene?
    /// What a painted picture must show; `nil` where nothing is painted.
    public var requirements: CaptionRequirements?
    /// What the question is about, if there is one.
    public var topic: Question.Topic?
}

/// A world of one level and seed: each example can be made by itself.
public struct World: Hashable, Sendable {
    /// How hard it is.
    public var level: Level
    /// Seed of everything in it.
    public var seed: UInt64

    /// A world.
    public init(level: Level, seed: UInt64) {
        self.level = level
        self.seed = seed
    }

    /// The request that stands before descriptions.
    public static let descriptionRequest = "describe the picture ."

    /// Example number `index` of a task in a split.
    ///
    /// - Throws: `ImageError`, if its picture cannot be made.
    public func example(_ task: TaskKind, _ split: WorldSplit, _ index: Int) throws -> WorldExample {
        let id = "\(task.rawValue)-\(split.rawValue)-\(index)"
        var random = SampleRandom(seed: seed, pass: level.rawValue, id: id)
        var record = Record(task: task, source: "shapes", id: id)
        switch task {
        case .chat:
            let problem = TextProblems.random(split, &random)
            record.fill(problem)
            return WorldExample(record: record, topic: problem.topic)
        case .text:
            record.answer = plainText(split, &random)
            return WorldExample(record: record)
        case .textToImage, .caption, .understanding, .reasonToImage:
            let scene = Scene.random(level, split, &random)
            record.image = try scene.rendered()
            var example = WorldExample(record: record, scene: scene)
            switch task {
            case .textToImage:
                let caption = scene.caption(&random)
                example.record.prompt = caption.text
                example.requirements = caption.requirements
            case .caption:
                example.record.prompt = Self.descriptionRequest
                example.record.answer = scene.description
            case .reasonToImage:
                let riddle = scene.riddle(&random)
                example.record.prompt = riddle.text
                example.record.reasoning = riddle.reasoning
                example.requirements = riddle.requirements
            default:
                let question = scene.question(&random)
                example.record.fill(question)
                example.topic = question.topic
            }
            return example
        }
    }

    /// A line of text that helps with the rest: sums of digits, words compared, facts, questions and problems with their solution, captions.
    private func plainText(_ split: WorldSplit, _ random: inout SampleRandom) -> String {
        switch random.below(10) {
        case 0: return Scene.riddleFacts[random.below(Scene.riddleFacts.count)]
        case 1...4:
            // Several in a line: what problems are worked out of takes many repetitions, and a line costs the same.
            return (0..<6).map { _ in
                random.below(4) == 0 ? Scene.wordComparison(&random) : TextProblems.digitFact(&random)
            }.joined(separator: " ")
        case 5...7:
            let question = Scene.random(level, split, &random).question(&random)
            return "\(question.text) \(question.reasoning) \(question.answer)"
        case 8: return Scene.random(level, split, &random).caption(&random).text
        default:
            let problem = TextProblems.random(split, &random)
            return "\(problem.text) \(problem.reasoning) \(problem.answer)"
        }
    }

    /// Lines of text with all words of the world, for training a tokenizer.
    public func corpus(lines: Int) throws -> [String] {
        let tasks: [TaskKind] = [.chat, .text, .textToImage, .caption, .understanding, .reasonToImage]
        return try (0..<max(0, lines)).map { index in
            let record = try example(tasks[index % tasks.count], .train, index).record
            return [record.prompt, record.reasoning, record.answer].filter { !$0.isEmpty }.joined(separator: " ")
        }
    }
}

extension Record {
    fileprivate mutating func fill(_ question: Question) {
        prompt = question.text
        reasoning = question.reasoning
        answer = question.answer
        gold = question.answer
    }
}
