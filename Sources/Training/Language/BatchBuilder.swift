import Datasets
import Diffusion
public import Images
public import MMaDA
public import TextTokenizer
import Torch

/// Examples to noised sequences: prompts and labels as in ``TrainingRow``, then the forward process.
public struct BatchBuilder {
    private let settings: LanguageSettings
    private let tokenizer: Tokenizer
    private let prompts: PromptBuilder
    private let codes: (RGBImage, String) throws -> [Int32]
    private var vocabulary: VocabularyLayout { prompts.vocabulary }

    /// `codes`: Image codes of a picture, given also the name of its example.
    public init(
        _ settings: LanguageSettings, tokenizer: Tokenizer, prompts: PromptBuilder,
        codes: @escaping (RGBImage, String) throws -> [Int32]
    ) {
        self.settings = settings
        self.tokenizer = tokenizer
        self.prompts = prompts
        self.codes = codes
    }

    /// An example in tokens, before noising.
    struct Tokens {
        /// The text: a caption, or a conversation that ends with the answer.
        var text: [Int32]
        /// Image ids.
        var image: [Int32]
    }

    /// The example in tokens; `nil` when its text does not fit, or it has no picture where one is needed.
    func tokens(_ record: Record, _ part: LossPart) throws -> Tokens? {
        let text = try text(record, part)
        let limit = part == .language ? .max : settings.maxTextLength
        if settings.dropsLongSamples, text.count > limit { return nil }
        guard part != .language else { return Tokens(text: text, image: []) }
        guard let image = record.image else { return nil }
        return Tokens(
            text: text, image: try codes(image, record.source + "/" + record.id).map(vocabulary.token(ofCode:)))
    }

    private func text(_ record: Record, _ part: LossPart) throws -> [Int32] {
        if part == .textToImage { return tokenizer.encodeOrdinary(record.prompt) }
        // Complete conversations come from files made for training, which may spell special tokens.
        if !record.formatted.isEmpty { return tokenizer.encode(record.formatted, addingSpecialTokens: false) }
        if record.task == .text { return tokenizer.encodeOrdinary(record.answer) }
        let turns = record.turns.map {
            ChatMessage(role: $0.role == "assistant" ? .assistant : .user, content: $0.text)
        }
        let prompt = try prompts.chat(turns + [ChatMessage(role: .user, content: record.prompt)])
        let thought = record.reasoning.isEmpty ? "" : "<think>\n\(record.reasoning)\n</think>\n"
        return prompt + tokenizer.encodeOrdinary(thought + record.answer)
    }

    /// One micro-batch, in the official order of random draws (training §1).
    ///
    /// `number`: How many there have been, on which the weight of foregrounds may depend.
    func sequences(
        _ batch: [LossPart: [Tokens]], number: Int = 0, _ random: RandomSource
    ) throws -> [NoisedSequence] {
        var sequences: [NoisedSequence] = []
        if let rows = batch[.textToImage], !rows.isEmpty { sequences += try textToImage(rows, number, random) }
        if let rows = batch[.language], !rows.isEmpty {
            let fixed = settings.languageLength ?? settings.maxTextLength + (imageCount(batch) ?? 0) + 3
            sequences += try noised(.language, rows.map { languageRow($0.text, length(rows, fixed)) }, random)
        }
        if let rows = batch[.understanding], !rows.isEmpty {
            let length = length(rows, settings.maxTextLength)
            sequences += try noised(
                .understanding,
                rows.map { prompts.understandingRow($0.text, image: $0.image, maxTextLength: length) }, random)
        }
        if let rows = batch[.reasonToImage], !rows.isEmpty { sequences += try reasonToImage(rows, random) }
        return sequences
    }

    private func imageCount(_ batch: [LossPart: [Tokens]]) -> Int? {
        batch.values.lazy.flatMap(\.self).first { !$0.image.isEmpty }?.image.count
    }

    /// The text length to pad to: the budget, or the longest text with its begin and end.
    private func length(_ rows: [Tokens], _ budget: Int) -> Int {
        settings.padsToBudget ? budget : min(budget, (rows.map(\.text.count).max() ?? 0) + 2)
    }

    // MARK: The four parts

    private func textToImage(
        _ rows: [Tokens], _ number: Int, _ random: RandomSource
    ) throws -> [NoisedSequence] {
        let count = rows[0].image.count
        guard rows.allSatisfy({ $0.image.count == count }) else {
            throw TrainingError.unsupported("pictures of one micro-batch must have the same number of tokens")
        }
        let draw = try drawImageMask(
            rows: rows.count, count: count, schedule: settings.schedule.schedule,
            minimumRatio: settings.minimumMaskRatio, random)
        let dropout: [Float] = try random.uniform([rows.count]).array()
        let length = length(rows, settings.maxTextLength)
        return rows.enumerated().map { index, tokens in
            let masked = draw.masked[index]
            let row = prompts.textToImageRow(
                tokens.text, image: zip(tokens.image, masked).map { $1 ? vocabulary.mask : $0 },
                imageLabels: zip(tokens.image, masked).map { $1 ? $0 : TrainingRow.ignored }, maxTextLength: length,
                dropsText: Double(dropout[index]) < settings.captionDropout)
            let weight = weight(of: tokens.image, number)
            guard settings.imageLossScale == .pictures else {
                return .textToImage(row, maxTextLength: length, weight: weight)
            }
            let share = 1 / Float(max(1, masked.count { $0 }))
            return .textToImage(row, maxTextLength: length) {
                vocabulary.image.contains(Int($0)) ? weight($0) * share : 0
            }
        }
    }

    /// Loss weights of a picture's tokens.
    private func weight(of image: [Int32], _ number: Int) -> (Int32) -> Float {
        let foregroundWeight = settings.foregroundWeight(inBatch: number)
        guard foregroundWeight != 1 else { return { _ in 1 } }
        var counts: [Int32: Int] = [:]
        for id in image { counts[id, default: 0] += 1 }
        let common = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
        let (foreground, images) = (Float(foregroundWeight), vocabulary.image)
        return { $0 == common || !images.contains(Int($0)) ? 1 : foreground }
    }

    private func languageRow(_ text: [Int32], _ length: Int) -> TrainingRow {
        var row = prompts.chatRow(text, length: length)
        if !row.ids.contains(vocabulary.endOfHeader) { row.mask = row.ids.map { _ in 0 } }
        return row
    }

    /// Rows in which any position outside the prompt may be masked.
    private func noised(_ part: LossPart, _ rows: [TrainingRow], _ random: RandomSource) throws -> [NoisedSequence] {
        let draw = try drawTextMask(rows: rows.count, length: rows[0].ids.count, random)
        let rows = try inBlocks(rows, random)
        return rows.enumerated().map { index, row in
            .text(
                part, row, masked: draw.masked[index], ratio: draw.ratios[index],
                scale: scale(part), mask: vocabulary.mask)
        }
    }

    /// Some rows as they are while a block is being written.
    private func inBlocks(_ rows: [TrainingRow], _ random: RandomSource) throws -> [TrainingRow] {
        guard settings.blockNoiseShare > 0 else { return rows }
        let draws: [[Float]] = try (0..<2).map { _ in try random.uniform([rows.count]).array() }
        return rows.enumerated().map { index, row in
            guard Double(draws[0][index]) < settings.blockNoiseShare else { return row }
            return row.writingBlock(at: draws[1][index], length: settings.blockNoiseLength, mask: vocabulary.mask)
        }
    }

    /// Only text has the first scale, as officially.
    private func scale(_ part: LossPart) -> TextLossScale {
        part == .language || settings.textLossScale == .masked ? settings.textLossScale : .stage4
    }

    private func reasonToImage(_ rows: [Tokens], _ random: RandomSource) throws -> [NoisedSequence] {
        let length = length(rows, settings.maxTextLength)
        let made = rows.map { prompts.reasonToImageRow($0.text, image: $0.image, maxTextLength: length) }
        guard settings.reasonToImageNoise == .staged else { return try noised(.reasonToImage, made, random) }
        let draw = try drawTextMask(rows: rows.count, length: made[0].ids.count, random)
        let writes: [Float] = try random.uniform([rows.count]).array()
        let staged = zip(made, rows).enumerated().map { index, pair in
            var (row, tokens) = pair
            let image = row.ids.count - 1 - tokens.image.count..<row.ids.count - 1
            if writes[index] < 0.5 {
                // The text is being written: the picture is masked as a whole and not asked for.
                for position in image {
                    row.ids[position] = vocabulary.mask
                    row.mask[position] = 1
                }
            } else {
                for position in 0..<image.lowerBound { row.mask[position] = 1 }
            }
            return row
        }
        let inBlocks = try inBlocks(staged, random)
        return staged.indices.map { index in
            // Pictures have no blocks.
            .text(
                .reasonToImage, writes[index] < 0.5 ? inBlocks[index] : staged[index], masked: draw.masked[index],
                ratio: draw.ratios[index], scale: scale(.reasonToImage), mask: vocabulary.mask)
        }
    }
}
