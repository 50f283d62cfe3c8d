import Diffusion
import Testing
import Torch

@Suite struct ImageDenoiserTests {
    private func run(
        codes: [Int32?], steps: Int = 5, guidanceScale: Double = 2, seed: UInt64 = 1
    ) throws -> [DenoisingStep] {
        var sampling = ImageSampling()
        sampling.steps = steps
        sampling.guidanceScale = guidanceScale
        let row = ImageDenoiser.Row(
            prefix: [1, 2], unconditionalPrefix: [1], suffix: [4], codes: codes)
        var denoiser = ImageDenoiser(
            try StubPredictor(vocabularySize: 80, maskID: 3), rows: [row], imageTokens: 40..<80, maskID: 3,
            sampling: sampling, random: try RandomSource(seed: seed))
        var result: [DenoisingStep] = []
        while let step = try denoiser.next() { result.append(step[0]) }
        return result
    }

    @Test(arguments: [1, 2, 5, 16, 40], [0.0, 3.5])
    func `every token is an image code in the end, whatever the number of steps`(steps: Int, scale: Double) throws {
        let result = try run(codes: Array(repeating: nil, count: 16), steps: steps, guidanceScale: scale)
        #expect(result.count == steps)
        #expect(result.last?.tokens.allSatisfy { (40..<80).contains($0) } == true)
        #expect(result.last?.confidence.allSatisfy { $0 > 0 && $0 <= 1 } == true)
        #expect(result.allSatisfy { $0.predicted.allSatisfy { (40..<80).contains($0) } })
    }

    @Test func `known codes stay`() throws {
        let codes: [Int32?] = (0..<16).map { $0 < 8 ? Int32($0) : nil }
        let result = try run(codes: codes)
        #expect(result.allSatisfy { $0.tokens.prefix(8) == ArraySlice((0..<8).map { 40 + Int32($0) }) })
        #expect(result.last?.fixedAt.prefix(8).allSatisfy { $0 == nil } == true)
    }

    @Test func `a seed fixes the picture, another seed gives another`() throws {
        let blank = [Int32?](repeating: nil, count: 16)
        let first = try run(codes: blank, seed: 5)
        #expect(try run(codes: blank, seed: 5) == first)
        #expect(try run(codes: blank, seed: 6) != first)
    }
}
