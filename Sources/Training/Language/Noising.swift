import Diffusion
public import MMaDA

/// How the sum over masked text positions is divided (training §2).
public enum TextLossScale: String, Hashable, Sendable, Codable, CaseIterable {
    /// By rows × length: stages 1.1 and 1.2.
    case stage1
    /// By rows and each row's answer length: from stage 1.3 on.
    case stage4
    /// By rows and each row's masked tokens, whose number stands for ratio × length.
    ///
    /// Nearly the same in the mean, and much less noisy: no row counts many times as much because its ratio was small.
    case masked
}

// From rows with labels to noised sequences with weights: what follows the draw of a mask, without any randomness.
extension NoisedSequence {
    /// A text-to-image row whose image tokens are masked already.
    ///
    /// Scored is what follows the text part and has a label: the masked image tokens and, as in the official loss, the
    /// two marks around them.
    ///
    /// `weight`: What the token at a position counts, given its label; 0 leaves it out.
    public static func textToImage(
        _ row: TrainingRow, maxTextLength: Int, weight: (Int32) -> Float = { _ in 1 }
    ) -> NoisedSequence {
        let scored = row.labels.indices.dropFirst(maxTextLength + 1).compactMap { position -> ScoredPosition? in
            let label = row.labels[position]
            guard label != TrainingRow.ignored else { return nil }
            let weight = weight(label)
            return weight == 0 ? nil : ScoredPosition(position: position, target: label, weight: weight)
        }
        let padding = row.mask.prefix { $0 == 0 }.count
        return NoisedSequence(part: .textToImage, ids: row.ids, scored: scored, paddingCount: padding)
    }

    /// A row of text in which `masked` positions outside the prompt become masks.
    ///
    /// - Parameters:
    ///   - part: What it counts as.
    ///   - row: Tokens, labels, and `mask` 1 on the prompt.
    ///   - masked: The draw for this row; at least as long.
    ///   - ratio: Its probability p.
    ///   - scale: How the row's sum is divided.
    ///   - mask: The mask token.
    /// - Returns: The noised row, each masked position weighing what the scale says.
    public static func text(
        _ part: LossPart, _ row: TrainingRow, masked: [Bool], ratio: Float, scale: TextLossScale, mask: Int32
    ) -> NoisedSequence {
        let answerLength = row.mask.reduce(0) { $0 + ($1 == 0 ? 1 : 0) }
        let weight: Float
        switch scale {
        case .stage1: weight = 1 / (ratio * Float(row.ids.count))
        case .stage4: weight = 1 / (ratio * Float(max(1, answerLength)))
        case .masked:
            let count = row.ids.indices.count { position in
                row.mask[position] == 0 && masked[position] && row.labels[position] != TrainingRow.ignored
            }
            weight = 1 / Float(max(1, count))
        }
        var ids = row.ids
        var scored: [ScoredPosition] = []
        for position in ids.indices where row.mask[position] == 0 && masked[position] {
            ids[position] = mask
            if row.labels[position] != TrainingRow.ignored {
                scored.append(ScoredPosition(position: position, target: row.labels[position], weight: weight))
            }
        }
        return NoisedSequence(part: part, ids: ids, scored: scored)
    }
}

extension TrainingRow {
    /// The row as it is while a block of its answer is being written: what stands before is known, and what follows is masked
    /// and not asked for.
    ///
    /// - Parameters:
    ///   - place: Where the block begins, from 0 for the answer's first token to 1 for its end; what repeats the end mark
    ///     does not count.
    ///   - length: Tokens of a block.
    ///   - maskToken: The mask token.
    /// - Returns: The row, `mask` 1 on all that is not to be predicted.
    func writingBlock(at place: Float, length: Int, mask maskToken: Int32) -> TrainingRow {
        let answer = ids.indices.filter { mask[$0] == 0 && labels[$0] != Self.ignored }
        guard let last = answer.last else { return self }
        let padding = answer.reversed().prefix { ids[$0] == ids[last] }.count - 1
        let start = min(answer.count - 1 - padding, Int(place * Float(answer.count - padding)))
        var row = self
        for (number, position) in answer.enumerated() where !(start..<start + length).contains(number) {
            row.mask[position] = 1
            if number >= start + length { row.ids[position] = maskToken }
        }
        return row
    }
}
