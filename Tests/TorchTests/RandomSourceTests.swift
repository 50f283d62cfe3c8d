import Testing
import TestSupport
import Torch

@Suite struct RandomSourceTests {
    @Test(arguments: [0, 1, 5, 622, 623, 624, 625, 1247, 1248, 1249, 5000, 123_457], [0, 1, 600, 624, 700])
    func `skipping draws leaves the stream where drawing them would`(count: Int, before: Int) throws {
        let drawn = try RandomSource(seed: 42)
        let skipped = try RandomSource(seed: 42)
        _ = try drawn.uniform([before])
        _ = try skipped.uniform([before])
        _ = try drawn.uniform([count])
        try skipped.skip(draws: count)
        #expect(try drawn.uniform([700]).array(of: Float.self) == skipped.uniform([700]).array(of: Float.self))
        #expect(try drawn.state() == skipped.state())
    }
}
