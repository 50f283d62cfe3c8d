/// The points of MME, which asks of each image one question to be answered yes and one no (VLMEvalKit `MME_rating`).
public struct MMEScore: Hashable, Sendable {
    /// One question with its answer.
    public struct Item: Hashable, Sendable {
        /// The category, as in ``perceptionCategories`` and ``cognitionCategories``.
        public var category: String
        /// What tells the images of a category apart.
        public var image: String
        /// Whether the answer is right.
        public var isRight: Bool

        /// A question with its answer.
        public init(category: String, image: String, isRight: Bool) {
            self.category = category
            self.image = image
            self.isRight = isRight
        }
    }

    /// The categories of ``perception``.
    public static let perceptionCategories = [
        "OCR", "artwork", "celebrity", "color", "count", "existence", "landmark", "position", "posters", "scene",
    ]
    /// The categories of ``cognition``.
    public static let cognitionCategories = [
        "code_reasoning", "commonsense_reasoning", "numerical_calculation", "text_translation",
    ]

    /// The points of each category that occurs, 0 to 200.
    ///
    /// They are 100 · accuracy + 100 · the share of images whose two questions are both right. Of more than two
    /// questions to an image the first two count for the latter, as officially; one question is not enough for it.
    public let categories: [String: Double]
    /// The sum over ten categories, at most 2000; one that does not occur adds 0.
    public let perception: Double
    /// The sum over four categories, called reasoning by VLMEvalKit, at most 800; one that does not occur adds 0.
    public let cognition: Double

    /// Sums up answers.
    public init(_ items: [Item]) {
        var images: [String: [String: [Bool]]] = [:]
        for item in items { images[item.category, default: [:]][item.image, default: []].append(item.isRight) }
        let points = images.mapValues { images in
            let answers = images.values.joined()
            let pairs = images.values.count { $0.count > 1 && $0[0] && $0[1] }
            return 100 * share(answers.count { $0 }, of: answers.count) + 100 * share(pairs, of: images.count)
        }
        categories = points
        perception = Self.perceptionCategories.reduce(0) { $0 + (points[$1] ?? 0) }
        cognition = Self.cognitionCategories.reduce(0) { $0 + (points[$1] ?? 0) }
    }
}
