import MMaDA
import StrictJSON
import TestSupport
import Testing
import TextTokenizer
import Torch

@Suite struct PromptGoldenTests {
    @Test(arguments: GoldenSet.caseNames("prompting"))
    func `rows equal those of the official prompt builder`(name: String) throws {
        let golden = try GoldenSet("prompting")
        let entry = try golden.named(name)
        let model = try goldenModel()
        let builder = model.prompts
        let textLength = try #require(golden.json["max_text_len"]?.intValue)
        let texts = try #require(entry["texts"]?.arrayValue).compactMap(\.stringValue).map {
            model.tokenizer.encode($0)
        }
        let images = try golden.find(name + ".image_ids") != nil ? golden.ids(name + ".image_ids") : []
        let task = try #require(entry["task"]?.stringValue)
        var rows: [TrainingRow] = []
        switch task {
        case "t2i":
            let random = try RandomSource(seed: UInt64(entry["seed"]?.intValue ?? 0))
            let dropped: [Float] = try random.uniform([texts.count]).array()
            let probability = Float(entry["cond_dropout_prob"]?.doubleValue ?? 0)
            let labels = try golden.ids(name + ".image_labels")
            rows = texts.indices.map {
                builder.textToImageRow(
                    texts[$0], image: images[$0], imageLabels: labels[$0], maxTextLength: textLength,
                    dropsText: dropped[$0] < probability)
            }
        case "t2i_gen":
            rows = texts.indices.map {
                builder.textToImageRow(
                    texts[$0], image: images[$0], imageLabels: images[$0], maxTextLength: textLength, dropsText: false)
            }
        case "lm":
            let length = try #require(entry["max_seq_len"]?.intValue)
            rows = texts.map { builder.textRow($0, length: length) }
        case "lm_chat":
            let length = try #require(entry["max_seq_len"]?.intValue)
            rows = texts.map { builder.chatRow($0, length: length) }
        case "mmu":
            rows = texts.indices.map {
                builder.understandingRow(texts[$0], image: images[$0], maxTextLength: textLength)
            }
        case "r2i":
            rows = texts.indices.map {
                builder.reasonToImageRow(texts[$0], image: images[$0], maxTextLength: textLength)
            }
        default:
            // The official method for understanding gives the training row; its mask is cut short by mistake.
            #expect(task.hasPrefix("mmu_gen"))
            rows = texts.indices.map {
                builder.understandingRow(texts[$0], image: images[$0], maxTextLength: textLength)
            }
            let masks = try golden.ids(name + ".masks")
            for (row, mask) in zip(rows, masks) { #expect(row.mask.prefix(mask.count).allSatisfy { $0 == 1 }) }
            #expect(try rows.map(\.ids) == golden.ids(name + ".input_ids"))
            return
        }
        #expect(try rows.map(\.ids) == golden.ids(name + ".input_ids"))
        #expect(try rows.map(\.mask) == golden.ids(name + ".masks"))
        if try golden.find(name + ".labels") != nil {
            #expect(try rows.map(\.labels) == golden.ids(name + ".labels"))
        }
    }
}
