import Diffusion
import Testing
import Torch

@Suite struct DenoiserBatchTests {
    private let maskID: Int32 = 3

    private func text(_ prompt: [Int32], seed: UInt64, blocks: Int = 2) throws -> TextDenoiser {
        var sampling = TextSampling()
        sampling.steps = 4 * blocks
        sampling.temperature = 1
        sampling.cfgScale = seed.isMultiple(of: 2) ? 0.5 : 0
        sampling.earlyStop = .answerComplete(endToken: 5)
        return TextDenoiser(
            try StubPredictor(vocabularySize: 50, maskID: maskID), prompts: [prompt], blockLength: 4,
            blockCount: blocks,
            maskID: maskID, sampling: sampling, random: try RandomSource(seed: seed))
    }

    private func picture(_ prefix: [Int32], seed: UInt64, steps: Int) throws -> ImageDenoiser {
        var sampling = ImageSampling()
        sampling.steps = steps
        let row = ImageDenoiser.Row(
            prefix: prefix, unconditionalPrefix: [1], suffix: [2], codes: Array(repeating: nil, count: 9))
        return ImageDenoiser(
            try StubPredictor(vocabularySize: 50, maskID: maskID), rows: [row], imageTokens: 40..<50, maskID: maskID,
            sampling: sampling, random: try RandomSource(seed: seed))
    }

    private func all(_ denoiser: any Denoiser) throws -> [[DenoisingStep]] {
        var denoiser = denoiser
        var steps: [[DenoisingStep]] = []
        while let step = try denoiser.next() { steps.append(step) }
        return steps
    }

    @Test func `members take the steps that they would take alone, and come and go between steps`() throws {
        // Made twice: each owns its generator, which one pass uses up.
        func make() throws -> [any Denoiser] {
            [
                try text([10, 11], seed: 1), try picture([20, 21, 22], seed: 2, steps: 5),
                try text([12], seed: 4, blocks: 1),
                try picture([7], seed: 3, steps: 2), try text([10, 11, 12, 13, 14], seed: 6, blocks: 3),
            ]
        }
        let members = try make()
        var batch = DenoiserBatch<Int>(try StubPredictor(vocabularySize: 50, maskID: maskID))
        var found: [Int: [[DenoisingStep]]] = [:]
        var left: Set<Int> = []
        for index in 0..<2 { batch.insert(members[index], as: index) }
        for round in 0..<40 {
            if round > 0, round < 4 { batch.insert(members[round + 1], as: round + 1) }
            for progress in try batch.next() {
                #expect(!left.contains(progress.key))
                found[progress.key, default: []].append(progress.steps)
                if progress.isLast { left.insert(progress.key) }
            }
        }
        #expect(left == Set(members.indices) && batch.keys.isEmpty)
        for (index, alone) in try make().enumerated() {
            let expected = try all(alone)
            #expect(found[index] == expected, "member \(index)")
        }
    }

    @Test func `members that see the same go through the model once, until they part ways`() throws {
        func make() throws -> [any Denoiser] {
            try (0..<6).map { try picture($0 < 3 ? [20, 21] : [22], seed: UInt64($0), steps: 4) }
        }
        let predictor = try StubPredictor(vocabularySize: 50, maskID: maskID)
        var batch = DenoiserBatch<Int>(predictor)
        for (index, member) in try make().enumerated() { batch.insert(member, as: index) }
        var found: [Int: [[DenoisingStep]]] = [:]
        while !batch.keys.isEmpty {
            for progress in try batch.next() { found[progress.key, default: []].append(progress.steps) }
        }
        // Two captions, and one prefix without a caption for all.
        #expect(predictor.sequenceCounts.first == 3)
        #expect(try #require(predictor.sequenceCounts.last) > 3)
        for (index, alone) in try make().enumerated() {
            let expected = try all(alone)
            #expect(found[index] == expected, "member \(index)")
        }
    }

    @Test func `one that is taken out leaves the others as they are`() throws {
        var batch = DenoiserBatch<String>(try StubPredictor(vocabularySize: 50, maskID: maskID))
        batch.insert(try text([9, 9], seed: 1), as: "stays")
        batch.insert(try text([8], seed: 2), as: "goes")
        var found = try batch.next().filter { $0.key == "stays" }.map(\.steps)
        batch.remove("goes")
        while !batch.keys.isEmpty { found += try batch.next().map(\.steps) }
        #expect(try found == all(text([9, 9], seed: 1)))
        #expect(try batch.next().isEmpty)
    }

    /// A denoiser that fails when it is to take its second step.
    private struct Failing: Denoiser {
        struct Failure: Error {}
        var inner: TextDenoiser
        var steps = 0
        var predictor: any TokenPredictor { inner.predictor }
        mutating func query() throws -> PredictionQuery? { inner.query() }
        mutating func advance(_ hidden: Tensor?) throws -> [DenoisingStep] {
            steps += 1
            if steps == 2 { throw Failure() }
            return try inner.advance(hidden)
        }
    }

    @Test func `a member that fails leaves alone, and the others miss nothing`() throws {
        var batch = DenoiserBatch<Int>(try StubPredictor(vocabularySize: 50, maskID: maskID))
        batch.insert(try text([10, 11], seed: 1), as: 0)
        batch.insert(Failing(inner: try text([12], seed: 5)), as: 1)
        batch.insert(try picture([7], seed: 3, steps: 2), as: 2)
        var found: [Int: [[DenoisingStep]]] = [:]
        var failed: [Int] = []
        while !batch.keys.isEmpty {
            for progress in try batch.next() {
                if progress.error != nil {
                    failed.append(progress.key)
                } else {
                    found[progress.key, default: []].append(progress.steps)
                }
            }
        }
        #expect(failed == [1])
        #expect(found[0] == (try all(text([10, 11], seed: 1))))
        #expect(found[2] == (try all(picture([7], seed: 3, steps: 2))))
    }

    @Test func `a picture of one code is painted`() throws {
        var sampling = ImageSampling()
        sampling.steps = 3
        let row = ImageDenoiser.Row(prefix: [7], unconditionalPrefix: [1], suffix: [2], codes: [nil])
        let steps = try all(
            ImageDenoiser(
                try StubPredictor(vocabularySize: 50, maskID: maskID), rows: [row], imageTokens: 40..<50,
                maskID: maskID,
                sampling: sampling, random: try RandomSource(seed: 1)))
        #expect(steps.last?.first?.tokens.contains(maskID) == false)
    }
}
