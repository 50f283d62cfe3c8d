import Datasets
import Diffusion
import Foundation
import MMaDA
import StrictJSON
import TestSupport
import Testing
import TextTokenizer
import Torch
import Transformer

@testable import Training

@Suite struct NoisingGoldenTests {
    @Test(arguments: GoldenSet.caseNames("noising"))
    func `tokens, targets and weights after noising are the reference's`(name: String) throws {
        let golden = try GoldenSet("noising")
        let facts = try golden.named(name)
        let task = String(name.prefix { !$0.isNumber })
        let part: LossPart =
            switch task {
            case "t": .textToImage
            case "lm", "chat": .language
            case "mmu": .understanding
            default: .reasonToImage
            }
        let tokenizer = try Tokenizer(directory: Golden.file("tokenizer"))
        let configuration = try LLaDAConfiguration(JSONValue(parsing: Golden.bytes("llada-tiny/config.json")))
        let vocabulary = try VocabularyLayout(tokenizer, configuration)

        var settings = LanguageSettings()
        // Rows with a picture are S + N + 3 long.
        let width = try golden.ids("\(name).input_ids")[0].count
        let imageCount = try golden.find("\(name).codes")?.shape.last ?? 0
        settings.maxTextLength = width - imageCount - 3
        settings.languageLength = facts["max_seq_len"]?.intValue
        settings.dropsLongSamples = false
        settings.captionDropout = facts["cond_dropout_prob"]?.doubleValue ?? 0
        settings.minimumMaskRatio = facts["min_masking_rate"]?.doubleValue ?? 0
        settings.schedule = MaskScheduleChoice(rawValue: facts["schedule"]?.stringValue ?? "cosine") ?? .cosine
        settings.textLossScale = name == "lm" ? .stage1 : .stage4
        let prompts = PromptBuilder(tokenizer, vocabulary)
        let builder = BatchBuilder(settings, tokenizer: tokenizer, prompts: prompts, codes: { _, _ in [] })

        let texts = try #require(facts["texts"]?.arrayValue).compactMap(\.stringValue)
        let codes = try golden.find("\(name).codes").map { _ in try golden.ids("\(name).codes") }
        let tokens = texts.enumerated().map { index, text in
            BatchBuilder.Tokens(
                text: tokenizer.encode(text, addingSpecialTokens: false),
                image: codes?[index].map(vocabulary.token(ofCode:)) ?? [])
        }
        let seed = try #require(facts["seed"]?.intValue)
        let found = try builder.sequences([part: tokens], RandomSource(seed: UInt64(seed)))

        let ids = try golden.ids("\(name).input_ids")
        let labels = try golden.ids("\(name).labels")
        let ratios = try golden.find("\(name).p_mask").map { try $0.array(of: Float.self) }
        let lengths = try golden.find("\(name).answer_lengths").map { try $0.to(dtype: .float32).array(of: Float.self) }
        #expect(found.map(\.ids) == ids)
        for (row, sequence) in found.enumerated() {
            let width = ids[row].count
            // Text parts are scored where the input is a mask, pictures wherever there is a label.
            let positions = (0..<width).filter { position in
                guard labels[row][position] != TrainingRow.ignored else { return false }
                return part == .textToImage
                    ? position > settings.maxTextLength : ids[row][position] == vocabulary.mask
            }
            #expect(sequence.scored.map(\.position) == positions)
            #expect(sequence.scored.map(\.target) == positions.map { labels[row][$0] })
            guard let ratios else { continue }
            let divisor = lengths?[row * width] ?? Float(width)
            for scored in sequence.scored {
                let expected = 1 / (ratios[row * width] * divisor)
                #expect(abs(scored.weight - expected) <= 1e-6 * expected)
            }
        }
    }
}
