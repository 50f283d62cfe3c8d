import Foundation

/// The figures of GenEval, which asks for images of given objects (github.com/djghosh13/geneval, `summary_scores.py`).
public struct GenEvalSummary: Hashable, Sendable, CustomStringConvertible {
    /// One image with its verdict.
    public struct Image: Hashable, Sendable {
        /// The task, such as `two_object`.
        public var tag: String
        /// What the prompt asks for; images with the same count as images of one prompt.
        public var metadata: String
        /// Whether the image shows it.
        public var isCorrect: Bool

        /// An image with its verdict.
        public init(tag: String, metadata: String, isCorrect: Bool) {
            self.tag = tag
            self.metadata = metadata
            self.isCorrect = isCorrect
        }
    }

    /// The images of one task.
    public struct Task: Hashable, Sendable {
        /// Its name.
        public let tag: String
        /// Images that are right.
        public fileprivate(set) var correct = 0
        /// Images.
        public fileprivate(set) var count = 0
        /// Share of images that are right, 0 to 1.
        public var score: Double { share(correct, of: count) }
    }

    /// The tasks that occur, in order of their first images.
    public let tasks: [Task]
    /// Images.
    public let imageCount: Int
    /// Prompts, told apart by their metadata alone.
    public let promptCount: Int
    /// Share of images that are right, 0 to 1.
    public let correctImages: Double
    /// Share of prompts with at least one right image, 0 to 1.
    public let correctPrompts: Double

    /// The mean of the tasks' scores, each task weighing the same; 0 of no images.
    ///
    /// This is GenEval's score if all six tasks are there.
    public var overall: Double { tasks.isEmpty ? 0 : tasks.map(\.score).reduce(0, +) / Double(tasks.count) }

    /// Sums up verdicts.
    public init(_ images: [Image]) {
        var tasks: [Task] = []
        var places: [String: Int] = [:]
        var prompts: [String: Bool] = [:]
        for image in images {
            let place = places[image.tag] ?? tasks.count
            if place == tasks.count {
                places[image.tag] = place
                tasks.append(Task(tag: image.tag))
            }
            tasks[place].count += 1
            if image.isCorrect { tasks[place].correct += 1 }
            prompts[image.metadata] = prompts[image.metadata] == true || image.isCorrect
        }
        self.tasks = tasks
        imageCount = images.count
        promptCount = prompts.count
        correctImages = share(images.count { $0.isCorrect }, of: images.count)
        correctPrompts = share(prompts.values.count { $0 }, of: prompts.count)
    }

    /// The lines that the official script prints.
    public var description: String {
        let lines = tasks.map { task in
            let name = task.tag + String(repeating: " ", count: max(0, 16 - task.tag.unicodeScalars.count))
            return "\(name) = \(percent(task.score)) (\(task.correct) / \(task.count))\n"
        }
        return """
            Summary
            =======
            Total images: \(imageCount)
            Total prompts: \(promptCount)
            % correct images: \(percent(correctImages))
            % correct prompts: \(percent(correctPrompts))

            Task breakdown
            ==============
            \(lines.joined())
            Overall score (avg. over tasks): \(String(format: "%.5f", overall))

            """
    }

    private func percent(_ share: Double) -> String { String(format: "%.2f%%", share * 100) }
}
