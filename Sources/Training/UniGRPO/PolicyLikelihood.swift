import Diffusion
import Foundation
import MMaDA
import Torch
import Transformer

/// log p of the masked tokens of answers (UniGRPO §3.1), for one pass of any policy.
///
/// What is masked is fixed here once, so that all policies are compared on the same inputs, laid out the same way.
struct PolicyLikelihood {
    /// Answers in the order in which they are laid out, as indices into those given.
    let order: [Int]
    /// Scored tokens of each answer in that order.
    let counts: [Int]

    private let ids: [Int32]
    private let layout: SequenceLayout
    /// Rows of the pass that are asked for, ascending, and the token that each should be.
    private let positions: [Int]
    private let targets: [Int32]
    /// How many of them, from the first on, are texts; pictures follow.
    private let textCount: Int
    private let vocabulary: VocabularyLayout
    private let temperature: Double

    /// Lays out one inner update.
    ///
    /// - Parameters:
    ///   - rollouts: The answers.
    ///   - numbers: What the mask of each depends on.
    ///   - noise: Draws the masks.
    ///   - rollout: The number of the rollout phase.
    ///   - update: The inner update, from 0.
    ///   - vocabulary: The ids.
    ///   - temperature: At which texts were sampled.
    /// - Throws: ``TensorError``.
    init(
        _ rollouts: [Rollout], numbers: [Int], noise: PolicyNoise, rollout: Int, update: Int,
        vocabulary: VocabularyLayout, temperature: Double
    ) throws {
        self.vocabulary = vocabulary
        self.temperature = temperature
        // Texts before pictures, whose choices are among other tokens; equal lengths side by side.
        func length(_ rollout: Rollout) -> Int { rollout.prompt.count + rollout.answer.count + rollout.suffix.count }
        order = rollouts.indices.sorted {
            let (a, b) = (rollouts[$0], rollouts[$1])
            if a.isPicture != b.isPicture { return b.isPicture }
            return (length(a), $0) < (length(b), $1)
        }
        var (ids, positions, targets, counts): ([Int32], [Int], [Int32], [Int]) = ([], [], [], [])
        var textCount = 0
        for index in order {
            let answer = rollouts[index]
            let number = numbers[index]
            let mask = try noise.mask(
                rollout: rollout, answer: number, update: update, count: answer.answer.count,
                isPicture: answer.isPicture)
            let promptMask = try noise.promptMask(
                rollout: rollout, answer: number, update: update, count: answer.prompt.count)
            let start = ids.count + answer.prompt.count
            ids += answer.noised(mask: mask.hidden, promptMask: promptMask, maskID: vocabulary.mask)
            positions += mask.scored.map { start + $0 }
            targets += mask.scored.map { answer.answer[$0] }
            counts.append(mask.scored.count)
            if !answer.isPicture { textCount = positions.count }
        }
        self.ids = ids
        self.positions = positions
        self.targets = targets
        self.counts = counts
        self.textCount = textCount
        layout = SequenceLayout(lengths: order.map { length(rollouts[$0]) })
    }

    /// Tokens of the pass.
    var tokenCount: Int { ids.count }

    /// log p of every scored token `[M]`, answer after answer in ``order``.
    ///
    /// A picture's tokens are chosen among image codes alone, as they are sampled; a text's logits are divided by the
    /// temperature, so that the old policy is the one that sampled.
    func logProbabilities(_ model: LLaDA, recomputing: Bool = false) throws -> Tensor {
        let device = model.device
        let x = try model.embed(Tensor(ids.map(Int64.init)).to(device))
        let hidden = try model.hiddenStates(x, layout, rows: positions, recomputing: recomputing)  // [M, D]
        let targets = try Tensor(targets.map(Int64.init)).to(device)
        let count = positions.count
        var parts: [Tensor] = []
        if textCount > 0 {
            parts.append(
                try model.logProbabilities(
                    hidden.slice(0..<textCount), targets: targets.slice(0..<textCount),
                    vocabulary: 0..<model.configuration.vocabularySize,
                    temperature: temperature > 0 ? temperature : 1))
        }
        if textCount < count {
            parts.append(
                try model.logProbabilities(
                    hidden.slice(textCount..<count), targets: targets.slice(textCount..<count),
                    vocabulary: vocabulary.image))
        }
        return try Tensor.cat(parts)
    }
}
