import Diffusion
import Foundation
import MMaDA
import Torch
import Transformer

/// log p of the masked tokens of answers (UniGRPO §3.1), for one pass of any policy.
///
/// What is masked is fixed here once, so that all policies are compared on the same inputs, laid out the same way. Answers
/// that look the same once they are masked go through the model together, as one sequence.
struct PolicyLikelihood {
    /// Answers in the order in which they are laid out, as indices into those given.
    let order: [Int]
    /// Scored tokens of each answer in that order.
    let counts: [Int]

    private let ids: [Int32]
    private let layout: SequenceLayout
    /// Rows of the pass that are asked for, ascending.
    private let rows: [Int]
    /// For each scored token which of those rows it is read from, and the token.
    private let states: [Int]
    private let targets: [Int32]
    /// For each scored token of a picture the row without the caption, where pictures are guided.
    private let unguidedStates: [Int]
    private let vocabulary: VocabularyLayout
    /// What the logits of each token of a text are divided by; texts are the first, pictures follow.
    private let temperatures: [Float]
    private let guidanceScale: Double

    /// Lays out one inner update.
    ///
    /// - Parameters:
    ///   - rollouts: The answers.
    ///   - numbers: What the mask of each depends on.
    ///   - steps: For each the step before which it is seen, where that is settled.
    ///   - noise: Draws the masks.
    ///   - rollout: The number of the rollout phase.
    ///   - update: The inner update, from 0.
    ///   - vocabulary: The ids.
    ///   - temperatures: At which each was sampled, if it is a text.
    ///   - guidance: How pictures were guided.
    /// - Throws: ``TensorError``.
    init(
        _ rollouts: [Rollout], numbers: [Int], steps: [Int?], noise: PolicyNoise, rollout: Int, update: Int,
        vocabulary: VocabularyLayout, temperatures: [Double], guidance: PictureGuidance = PictureGuidance()
    ) throws {
        self.vocabulary = vocabulary
        guidanceScale = guidance.scale
        // Texts before pictures, whose choices are among other tokens; equal lengths side by side.
        func length(_ rollout: Rollout) -> Int { rollout.prompt.count + rollout.answer.count + rollout.suffix.count }
        order = rollouts.indices.sorted {
            let (a, b) = (rollouts[$0], rollouts[$1])
            if a.isPicture != b.isPicture { return b.isPicture }
            return (length(a), $0) < (length(b), $1)
        }
        var sequences = SequenceSet()
        var (states, unguided): ([SequenceSet.State], [SequenceSet.State]) = ([], [])
        var (targets, counts, scales): ([Int32], [Int], [Float]) = ([], [], [])
        for index in order {
            let answer = rollouts[index]
            let number = numbers[index]
            let mask = try noise.mask(
                rollout: rollout, answer: number, update: update,
                revealedAt: answer.revealedAt.prefix(answer.answer.count), isPicture: answer.isPicture,
                step: steps[index])
            let promptMask = try noise.promptMask(
                rollout: rollout, answer: number, update: update, count: answer.prompt.count)
            let ids = answer.noised(mask, promptMask: promptMask, maskID: vocabulary.mask)
            states += sequences.insert(ids, at: mask.scored.map { answer.prompt.count + $0 })
            if answer.isPicture, guidance.scale > 0 {
                unguided += sequences.insert(
                    guidance.unconditional + ids.dropFirst(answer.prompt.count),
                    at: mask.scored.map { guidance.unconditional.count + $0 })
            }
            targets += mask.scored.map { answer.answer[$0] }
            counts.append(mask.scored.count)
            if !answer.isPicture {
                let scale = temperatures[index] > 0 ? Float(temperatures[index]) : 1
                scales += Array(repeating: scale, count: mask.scored.count)
            }
        }
        ids = sequences.ids
        layout = sequences.layout
        rows = sequences.rows
        self.states = sequences.places(of: states)
        unguidedStates = sequences.places(of: unguided)
        self.targets = targets
        self.counts = counts
        self.temperatures = scales
    }

    /// Tokens of the pass.
    var tokenCount: Int { ids.count }

    /// log p of every scored token `[M]`, answer after answer in ``order``.
    ///
    /// A picture's tokens are chosen among image codes alone, and guided, as they are sampled; a text's logits are divided by
    /// the temperature: the old policy is the one that sampled.
    func logProbabilities(_ model: LLaDA, recomputing: Bool = false) throws -> Tensor {
        let device = model.device
        let x = try model.embed(Tensor(ids.map(Int64.init)).to(device))
        let all = try model.hiddenStates(x, layout, rows: rows, recomputing: recomputing)
        let hidden = try all.indexSelect(Tensor(states.map(Int64.init)).to(device))  // [M, D]
        let (count, textCount) = (targets.count, temperatures.count)
        let targets = try Tensor(targets.map(Int64.init)).to(device)
        var parts: [Tensor] = []
        if textCount > 0 {
            // The head is linear: divided states give divided logits.
            let divisors = try Tensor(temperatures, shape: [textCount, 1]).to(device, dtype: hidden.dtype)
            parts.append(
                try model.logProbabilities(
                    hidden.slice(0..<textCount) / divisors, targets: targets.slice(0..<textCount),
                    vocabulary: 0..<model.configuration.vocabularySize))
        }
        if textCount < count {
            var pictures = try hidden.slice(textCount..<count)
            if !unguidedStates.isEmpty {
                // Guided states give guided logits likewise.
                let unguided = try all.indexSelect(Tensor(unguidedStates.map(Int64.init)).to(device))
                pictures = try pictures.guided(from: unguided, scale: guidanceScale)
            }
            parts.append(
                try model.logProbabilities(
                    pictures, targets: targets.slice(textCount..<count), vocabulary: vocabulary.image))
        }
        return try Tensor.cat(parts)
    }
}

/// How pictures are guided away from what is painted without a caption.
struct PictureGuidance {
    /// (1 + s)·conditional − s·unconditional; 0 is off.
    var scale = 0.0
    /// What stands before a picture without its caption.
    var unconditional: [Int32] = []
}

/// Sequences that go through the model together, each once however often it is asked for.
private struct SequenceSet {
    /// A place in one of the sequences.
    struct State {
        var sequence: Int
        var position: Int
    }

    private var sequences: [[Int32]] = []
    private var positions: [Set<Int>] = []
    private var numbers: [[Int32]: Int] = [:]

    /// Asks for the states of a sequence at some positions.
    mutating func insert(_ ids: [Int32], at wanted: [Int]) -> [State] {
        let number = numbers[ids] ?? sequences.count
        if number == sequences.count {
            numbers[ids] = number
            sequences.append(ids)
            positions.append([])
        }
        positions[number].formUnion(wanted)
        return wanted.map { State(sequence: number, position: $0) }
    }

    /// All tokens, sequence after sequence.
    var ids: [Int32] { sequences.flatMap(\.self) }
    /// Where each sequence begins and ends.
    var layout: SequenceLayout { SequenceLayout(lengths: sequences.map(\.count)) }

    /// The tokens whose states are asked for, ascending.
    var rows: [Int] {
        var (rows, start): ([Int], Int) = ([], 0)
        for (sequence, positions) in zip(sequences, positions) {
            rows += positions.sorted().map { start + $0 }
            start += sequence.count
        }
        return rows
    }

    /// Which of ``rows`` each state is.
    func places(of states: [State]) -> [Int] {
        var (places, count): ([[Int: Int]], Int) = ([], 0)
        for positions in positions {
            places.append(Dictionary(uniqueKeysWithValues: zip(positions.sorted(), count...)))
            count += positions.count
        }
        return states.compactMap { places[$0.sequence][$0.position] }
    }
}
