import Datasets
import Images
import Rewards

/// Samples that several suites judge.
enum Samples {
    static func answer(_ text: String, gold: String = "5", task: TaskKind = .chat, isTruncated: Bool = false)
        -> RewardSample
    {
        RewardSample(task: task, prompt: "how many ?", text: text, gold: gold, isTruncated: isTruncated)
    }

    static func picture(side: Int = 64, value: UInt8 = 200) throws -> RGBImage {
        try RGBImage(width: side, height: side, pixels: [UInt8](repeating: value, count: side * side * 3))
    }
}
