/// The figures of WISE, which asks for images that take knowledge of the world (github.com/PKU-YuanGroup/WISE).
public struct WiScore: Hashable, Sendable {
    /// The field of knowledge that a prompt takes.
    public enum Category: String, CaseIterable, Hashable, Sendable {
        /// The fields, in the official order.
        case culture, time, space, biology, physics, chemistry
    }

    /// Which of the two benchmarks of this name.
    public enum Edition: String, CaseIterable, Hashable, Sendable {
        /// The one of the paper: three ratings of 0 to 2 (folder `WISE_legacy`).
        case legacy
        /// WISE_Verified of 2026: other prompts, and a verdict of 0 or 1.
        case verified

        /// The field of a prompt, by its number from 1 to 1000; `nil` for other numbers.
        public func category(of promptID: Int) -> Category? {
            let last = self == .legacy ? [400, 567, 700, 800, 900, 1000] : [400, 520, 640, 760, 880, 1000]
            guard promptID > 0, let place = last.firstIndex(where: { promptID <= $0 }) else { return nil }
            return Category.allCases[place]
        }

        /// What the mean of a field weighs in the overall score; the six weights add up to 1.
        public func weight(of category: Category) -> Double {
            switch (self, category) {
            case (_, .culture): 0.4
            case (.legacy, .time): 0.167
            case (.legacy, .space): 0.133
            case (.legacy, _): 0.1
            case (.verified, _): 0.12
            }
        }

        /// What an image gets for a judge's reply, 0 to 1; `nil` if that cannot be read.
        public func value(reading reply: String) -> Double? {
            switch self {
            case .legacy: Ratings(reading: reply)?.value
            case .verified: WiScore.verdict(reading: reply).map(Double.init)
            }
        }
    }

    /// A judge's three ratings of an image, each 0, 1 or 2.
    public struct Ratings: Hashable, Sendable {
        /// How well the image shows what the prompt means.
        public let consistency: Int
        /// How real it looks.
        public let realism: Int
        /// How good it looks.
        public let aestheticQuality: Int

        /// WiScore: (0.7 · consistency + 0.2 · realism + 0.1 · aesthetic quality) / 2, from 0 to 1.
        public var value: Double {
            (0.7 * Double(consistency) + 0.2 * Double(realism) + 0.1 * Double(aestheticQuality)) / 2
        }
    }

    /// The edition of the prompts.
    public let edition: Edition
    /// Images counted in each field that occurs.
    public let counts: [Category: Int]
    /// The mean of each field that occurs, 0 to 1.
    public let means: [Category: Double]
    /// Whether there is a value for each of the 1000 prompts; the official code gives no overall score else.
    public let isComplete: Bool

    /// The weighted sum of the six means, 0 to 1; `nil` if a field has no image.
    public var overall: Double? {
        guard means.count == Category.allCases.count else { return nil }
        return Category.allCases.reduce(0) { $0 + edition.weight(of: $1) * (means[$1] ?? 0) }
    }

    /// Sums up the values of images.
    ///
    /// - Parameters:
    ///   - values: For each image the number of its prompt and what it got, 0 to 1; other numbers are left out.
    ///   - edition: The edition of the prompts.
    public init(_ values: [(promptID: Int, value: Double)], edition: Edition) {
        var groups: [Category: [Double]] = [:]
        var prompts: Set<Int> = []
        for (promptID, value) in values {
            guard let category = edition.category(of: promptID) else { continue }
            groups[category, default: []].append(value)
            prompts.insert(promptID)
        }
        self.edition = edition
        counts = groups.mapValues(\.count)
        means = groups.mapValues { $0.reduce(0, +) / Double($0.count) }
        isComplete = prompts.count == 1000
    }
}
