import Diffusion
import Testing
import Torch

@Suite struct TextDenoiserTests {
    private let maskID: Int32 = 3

    private func run(
        _ prompts: [[Int32]], blockLength: Int = 4, blockCount: Int = 2, seed: UInt64 = 1,
        _ change: (inout TextSampling) -> Void = { _ in }
    ) throws -> [[DenoisingStep]] {
        var sampling = TextSampling()
        sampling.steps = blockLength * blockCount
        change(&sampling)
        var denoiser = TextDenoiser(
            try StubPredictor(vocabularySize: 50, maskID: maskID), prompts: prompts, blockLength: blockLength,
            blockCount: blockCount, maskID: maskID, sampling: sampling, random: try RandomSource(seed: seed))
        var steps: [[DenoisingStep]] = []
        while let step = try denoiser.next() { steps.append(step) }
        return steps
    }

    @Test(arguments: [0.0, 1.0], Remasking.allCases)
    func `a canvas only loses masks, block after block`(temperature: Double, remasking: Remasking) throws {
        let steps = try run([[10, 11, 12]]) {
            $0.temperature = temperature
            $0.remasking = remasking
            $0.forbidden = [maskID]
        }
        #expect(steps.count == 8)
        var previous: [Int32] = [10, 11, 12] + Array(repeating: maskID, count: 8)
        for (i, step) in steps.enumerated() {
            for (old, new) in zip(previous, step[0].tokens) where old != maskID { #expect(old == new) }
            #expect(step[0].tokens.count { $0 == maskID } == 7 - i)
            #expect(step[0].newlyFixed.allSatisfy { (3 + (i / 4) * 4..<7 + (i / 4) * 4).contains($0) })
            previous = step[0].tokens
        }
        #expect(steps.last?[0].confidence[3...].allSatisfy { $0 > 0 && $0 <= 1 } == true)
    }

    @Test func `a seed fixes the text, another seed gives another`() throws {
        let first = try run([[1, 2]], seed: 7) { $0.temperature = 2 }
        #expect(try run([[1, 2]], seed: 7) { $0.temperature = 2 } == first)
        #expect(try run([[1, 2]], seed: 8) { $0.temperature = 2 } != first)
    }

    @Test func `greedy rows of a batch are what they are alone`() throws {
        let prompts: [[Int32]] = [[5, 6, 7], [8], [9, 10, 11, 12, 13]]
        let together = try run(prompts)
        for (r, prompt) in prompts.enumerated() {
            #expect(try run([prompt]).map { $0[0].tokens } == together.map { $0[r].tokens })
        }
    }

    @Test func `steps that reveal nothing use up the same random numbers`() throws {
        // 8 steps for 4 tokens: the last four reveal nothing, and a second block follows.
        let steps = try run([[1, 2]], blockLength: 4, blockCount: 2) {
            $0.steps = 16
            $0.temperature = 1
            $0.remasking = .random
        }
        #expect(steps.count == 16)
        for idle in [4, 5, 6, 7, 12, 13, 14, 15] { #expect(steps[idle][0].newlyFixed.isEmpty) }
    }

    @Test func `generation ends early once everything from the first end token on is an end token`() throws {
        let full = try run([[1, 2]])
        let end = try #require(full.last?[0].tokens[5])  // the last token of the first block
        let stopped = try run([[1, 2]]) { $0.earlyStop = .lastTokenOfBlock(endToken: end) }
        #expect(stopped.count == 4)
        #expect(stopped.last?[0].tokens.suffix(4).allSatisfy { $0 == maskID } == true)
        let isComplete = full[3][0].tokens[2..<6].drop { $0 != end }.allSatisfy { $0 == end }
        #expect(try run([[1, 2]]) { $0.earlyStop = .answerComplete(endToken: end) }.count == (isComplete ? 4 : 8))
    }

    @Test func `gaps anywhere in a text are filled and nothing else changes`() throws {
        let canvas: [Int32] = [9, 3, 8, 3, 3, 7]
        var sampling = TextSampling()
        sampling.steps = 3
        sampling.forbidden = [maskID]
        var denoiser = TextDenoiser(
            try StubPredictor(vocabularySize: 50, maskID: maskID), infilling: canvas, maskID: maskID,
            sampling: sampling, random: try RandomSource(seed: 0))
        var last: DenoisingStep?
        while let step = try denoiser.next() { last = step[0] }
        let tokens = try #require(last?.tokens)
        #expect(!tokens.contains(maskID))
        #expect([tokens[0], tokens[2], tokens[5]] == [9, 8, 7])
    }
}
