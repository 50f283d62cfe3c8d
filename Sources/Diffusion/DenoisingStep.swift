/// The canvas after one round of unmasking: a snapshot in plain values, never a delta.
public struct DenoisingStep: Hashable, Sendable {
    /// Position in the schedule, from 0 to `count - 1`.
    public let index: Int
    /// Steps in the schedule.
    public let count: Int
    /// The whole canvas; positions still undecided hold the mask id.
    public let tokens: [Int32]
    /// The canvas with the model's present guess at every position that this step looked at.
    public let predicted: [Int32]
    /// For each position the step that fixed it: `nil` if given or undecided, `index` if new.
    public let fixedAt: [Int?]
    /// For each fixed position the probability its token had when chosen, else 0.
    public let confidence: [Float]

    /// A snapshot.
    public init(
        index: Int, count: Int, tokens: [Int32], predicted: [Int32], fixedAt: [Int?], confidence: [Float]
    ) {
        self.index = index
        self.count = count
        self.tokens = tokens
        self.predicted = predicted
        self.fixedAt = fixedAt
        self.confidence = confidence
    }

    /// Positions that this step fixed.
    public var newlyFixed: [Int] { fixedAt.indices.filter { fixedAt[$0] == index } }
}
