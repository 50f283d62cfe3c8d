import Checkpoints
import MMaDA
import NN
import StrictJSON
import TestSupport
import Testing
import TextTokenizer
import Torch
import Transformer

@testable import Training

/// The tiny model of the golden set, with parameters that can be trained.
struct GoldenModel {
    let model: LLaDA
    let parameters: [NamedParameter]

    init() throws {
        let folder = Golden.file("llada-tiny")
        let configuration = try LLaDAConfiguration(JSONValue(parsing: Golden.bytes("llada-tiny/config.json")))
        let checkpoint = try Checkpoint(directory: folder, stems: ["model"])
        let trainable = TrainableParameters(CheckpointParameters(checkpoint))
        model = try LLaDA(configuration, dtype: .float32, ParameterScope(trainable))
        parameters = trainable.parameters
    }

    func parameter(_ name: String) throws -> Tensor {
        try #require(parameters.first { $0.name == name }).tensor
    }
}

/// The batch of one case of `losses.*`, as the official loss functions take it.
struct GoldenBatch {
    let sequences: [NoisedSequence]
    let expected: [LossPart: Double]

    init(_ name: String, _ golden: GoldenSet, mask: Int32) throws {
        let facts = try #require(golden.json[name])
        func count(_ part: String) -> Int { facts["batch_size_\(part)"]?.intValue ?? 0 }
        let ids = try golden.ids("\(name).input_ids")
        let labels = try golden.ids("\(name).labels")
        let visible = try golden.ids("\(name).t2i_masks")
        let maxTextLength = try #require(facts["max_seq_length"]?.intValue)
        var rows: [NoisedSequence] = []
        for i in 0..<count("t2i") {
            let row = TrainingRow(ids: ids[i], labels: labels[i], mask: visible[i])
            rows.append(.textToImage(row, maxTextLength: maxTextLength))
        }
        var start = count("t2i")
        let texts: [(part: LossPart, key: String, lengths: String)] = [
            (.language, "lm", "answer_lengths_lm"), (.understanding, "mmu", "answer_lengths"),
            (.reasonToImage, "r2i", "answer_lengths_r2i"),
        ]
        for (part, key, lengthsName) in texts {
            guard count(key) > 0 else { continue }
            let ratios: [Float] = try golden["\(name).p_mask_\(key)"].array()
            let lengths = try golden.find("\(name).\(lengthsName)").map {
                try $0.to(dtype: .float32).array(of: Float.self)
            }
            for i in 0..<count(key) {
                let row = ids[start + i]
                let divisor = lengths?[i * row.count] ?? Float(row.count)
                let weight = 1 / (ratios[i * row.count] * divisor)
                let scored = row.indices.compactMap { position -> ScoredPosition? in
                    let label = labels[start + i][position]
                    return row[position] == mask && label != TrainingRow.ignored
                        ? ScoredPosition(position: position, target: label, weight: weight) : nil
                }
                rows.append(NoisedSequence(part: part, ids: row, scored: scored))
            }
            start += count(key)
        }
        sequences = rows
        let names: [(LossPart, String)] = [
            (.textToImage, "loss_t2i"), (.language, "loss_lm"), (.understanding, "loss_mmu"),
            (.reasonToImage, "loss_r2i"),
        ]
        var expected: [LossPart: Double] = [:]
        for (part, key) in names { expected[part] = facts[key]?.doubleValue }
        if let single = facts["loss"]?.doubleValue { expected[.textToImage] = single }
        self.expected = expected
    }
}
