public import Images

/// Says how well pictures fit texts.
public protocol ImageTextScorer: Sendable {
    /// One score for each image with the prompt at the same place; higher is better.
    ///
    /// - Throws: ``ScorerError/countMismatch(images:prompts:)``; ``ScorerError/notFinite(index:)``;
    ///   `ImageError` for a picture too long and thin to be brought to a square.
    func score(_ images: [RGBImage], prompts: [String]) throws -> [Double]
}

/// Pictures that are computed at once.
let scoringBatch = 16

/// Calls `body` for each batch of pictures and joins the scores, which must be numbers.
func scoreInBatches(
    _ images: [RGBImage], prompts: [String], _ body: (Range<Int>) throws -> [Double]
) throws -> [Double] {
    guard images.count == prompts.count else {
        throw ScorerError.countMismatch(images: images.count, prompts: prompts.count)
    }
    var scores: [Double] = []
    for start in stride(from: 0, to: images.count, by: scoringBatch) {
        scores += try body(start..<min(start + scoringBatch, images.count))
    }
    if let index = scores.firstIndex(where: { !$0.isFinite }) { throw ScorerError.notFinite(index: index) }
    return scores
}
