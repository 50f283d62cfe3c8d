import Datasets
import Diffusion
import MMaDA
import StrictJSON
import TestSupport
import Testing
import TextTokenizer
import Torch
import Transformer

@testable import Training

@Suite struct BlockNoiseTests {
    /// A prompt of three tokens, an answer of eight, its end mark 2 and two more of it.
    private let row = TrainingRow(
        ids: [7, 8, 9] + Array(10...17) + [2, 2, 2], labels: [-100, -100, -100] + Array(10...17) + [2, 2, 2],
        mask: [1, 1, 1] + Array(repeating: 0, count: 11))

    @Test(arguments: [
        (Float(0), 3..<7), (0.5, 7..<11), (0.999, 11..<14), (1, 11..<14), (0.12, 4..<8),
    ])
    func `what precedes a block is known, what follows is masked and not asked for`(place: Float, block: Range<Int>) {
        let found = row.writingBlock(at: place, length: 4, mask: 99)
        for position in row.ids.indices {
            let isAfter = position >= block.upperBound
            #expect(found.ids[position] == (isAfter ? 99 : row.ids[position]))
            #expect(found.mask[position] == (block.contains(position) ? 0 : 1))
        }
        #expect(found.labels == row.labels)
    }

    @Test func `a row without an answer stays`() {
        let empty = TrainingRow(ids: [1, 2], labels: [-100, -100], mask: [1, 1])
        #expect(empty.writingBlock(at: 0.5, length: 4, mask: 99) == empty)
    }

    @Test func `in a batch all masks that are scored lie in one block, and nothing known follows it`() throws {
        let tokenizer = try Tokenizer(directory: Golden.file("tokenizer"))
        let configuration = try LLaDAConfiguration(JSONValue(parsing: Golden.bytes("llada-tiny/config.json")))
        let vocabulary = try VocabularyLayout(tokenizer, configuration)
        var settings = LanguageSettings()
        settings.maxTextLength = 64
        settings.languageLength = 64
        settings.blockNoiseShare = 1
        settings.blockNoiseLength = 5
        let builder = BatchBuilder(
            settings, tokenizer: tokenizer, prompts: PromptBuilder(tokenizer, vocabulary), codes: { _, _ in [] })
        let text = (0..<12).map { "a word \($0)" }.joined(separator: " ")
        let tokens = BatchBuilder.Tokens(text: tokenizer.encodeOrdinary(text), image: [])
        let rows = try builder.sequences(
            [.language: Array(repeating: tokens, count: 40)], RandomSource(seed: 3))
        #expect(rows.count == 40)
        for row in rows {
            let places = row.scored.map(\.position)
            guard let first = places.first, let last = places.last else { continue }
            #expect(last - first < 5)
            let known = row.ids.lastIndex { $0 != vocabulary.mask } ?? 0
            #expect(known < first + 5)
        }
        #expect(Set(rows.compactMap { $0.scored.first?.position }).count > 5)
    }
}
