/// One row of a training batch.
public struct TrainingRow: Hashable, Sendable {
    /// The tokens.
    public var ids: [Int32]
    /// What to predict at each position; ``ignored`` where nothing is learnt.
    public var labels: [Int32]
    /// Meaning depends on the layout: 1 for real tokens (text to image, text), or 1 for the prompt (all others).
    public var mask: [Int32]

    /// A row.
    public init(ids: [Int32], labels: [Int32], mask: [Int32]) {
        self.ids = ids
        self.labels = labels
        self.mask = mask
    }

    /// Label of positions without loss.
    public static let ignored: Int32 = -100
}

// The fixed-length rows of the training stages, to the letter of the official `UniversalPrompting`. S is the text
// budget (`max_seq_length`), N the number of image tokens.
extension PromptBuilder {
    /// `[iPAD]×k <|t2i|> <bos> text <eos> <|soi|> image <|eoi|>`, S + N + 3 long; mask: 0 on padding.
    ///
    /// `image`: Image ids, some masked. `imageLabels`: Ids to predict, ``TrainingRow/ignored`` where known.
    /// `dropsText`: The prompt is left out, for guidance later.
    public func textToImageRow(
        _ text: [Int32], image: [Int32], imageLabels: [Int32], maxTextLength: Int, dropsText: Bool
    ) -> TrainingRow {
        let words =
            dropsText
            ? [vocabulary.textToImage, vocabulary.begin, vocabulary.end]
            : textToImageText(text, maxTextLength: maxTextLength)
        let padding = [Int32](repeating: vocabulary.imagePad, count: max(0, maxTextLength + 1 - words.count))
        let (soi, eoi) = ([vocabulary.startOfImage], [vocabulary.endOfImage])
        let labels = (padding + words).map { $0 == vocabulary.imagePad ? TrainingRow.ignored : $0 }
        return TrainingRow(
            ids: padding + words + soi + image + eoi, labels: labels + soi + imageLabels + eoi,
            mask: padding.map { _ in 0 } + Array(repeating: 1, count: words.count + image.count + 2))
    }

    /// `<bos> text <eos> <eos>…`, `length` long; all is real, padding too.
    public func textRow(_ text: [Int32], length: Int) -> TrainingRow {
        let ids = Array((beginning(text) + [vocabulary.end]).padded(with: vocabulary.end, to: length).prefix(length))
        return TrainingRow(ids: ids, labels: ids, mask: ids.map { _ in 1 })
    }

    /// The same with the prompt marked: all up to the last header's end.
    public func chatRow(_ text: [Int32], length: Int) -> TrainingRow {
        var row = textRow(text, length: length)
        let prompt = (row.ids.lastIndex(of: vocabulary.endOfHeader) ?? -1) + 1
        row.mask = row.ids.indices.map { $0 < prompt ? 1 : 0 }
        return row
    }

    /// `<|mmu|> <|soi|> image <|eoi|> <bos> text <eos> <eos>…`, S + N + 3 long; mask: 1 on the prompt.
    public func understandingRow(_ text: [Int32], image: [Int32], maxTextLength: Int) -> TrainingRow {
        let words = fixedText(text, maxTextLength: maxTextLength)
        let head = [vocabulary.understanding, vocabulary.startOfImage] + image + [vocabulary.endOfImage]
        let prompt = head.count + (words.lastIndex(of: vocabulary.endOfHeader) ?? -1) + 1
        let ids = head + words
        return TrainingRow(
            ids: ids,
            labels: head.map { _ in TrainingRow.ignored }
                + words.map { $0 == vocabulary.imagePad ? TrainingRow.ignored : $0 },
            mask: ids.indices.map { $0 < prompt ? 1 : 0 })
    }

    /// `<|r2i|> <bos> text <eos>… <|soi|> image <|eoi|>`, S + N + 3 long; mask: 1 on the prompt and the marks.
    public func reasonToImageRow(_ text: [Int32], image: [Int32], maxTextLength: Int) -> TrainingRow {
        let words = fixedText(text, maxTextLength: maxTextLength)
        let ids = [vocabulary.reasonToImage] + words + [vocabulary.startOfImage] + image + [vocabulary.endOfImage]
        let prompt = (words.lastIndex(of: vocabulary.endOfHeader) ?? words.count - 1) + 1  // words of the prompt
        var mask = ids.map { _ in Int32(0) }
        for i in 0...prompt { mask[i] = 1 }
        mask[words.count + 1] = 1
        mask[ids.count - 1] = 1
        return TrainingRow(ids: ids, labels: ids, mask: mask)
    }

    /// `<bos> text <eos> <eos>…`, exactly S long; an overlong text is cut and ended.
    private func fixedText(_ text: [Int32], maxTextLength: Int) -> [Int32] {
        let ids = beginning(text) + [vocabulary.end]
        return ids.count <= maxTextLength
            ? ids.padded(with: vocabulary.end, to: maxTextLength) : ids.prefix(maxTextLength - 1) + [vocabulary.end]
    }
}

extension Array {
    fileprivate func padded(with element: Element, to length: Int) -> [Element] {
        self + Array(repeating: element, count: Swift.max(0, length - count))
    }
}
