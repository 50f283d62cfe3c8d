import StrictJSON
import TestSupport
import Testing
import Torch

@Suite struct RandomSourceGoldenTests {
    private static let seeds: [Int] = {
        let seeds = (try? GoldenSet("rng"))?.json["seeds"]?.arrayValue?.compactMap(\.intValue) ?? []
        return seeds.isEmpty ? [-1] : seeds  // a seed that no set has: the test then fails
    }()

    @Test(arguments: seeds)
    func `a seed gives the numbers that PyTorch gives`(seed: Int) throws {
        let golden = try GoldenSet("rng")
        let place = "seed\(seed)."
        func check(_ what: String, tolerance: Double = 0, _ draw: (RandomSource, [Int]) throws -> Tensor) throws {
            let expected = try golden[place + what]
            let found = try draw(RandomSource(seed: UInt64(bitPattern: Int64(seed))), expected.shape)
            #expect(try found.largestDifference(from: expected) <= tolerance, "\(what)")
        }
        try check("rand_f32") { try $0.uniform($1) }
        try check("uniform_f32") { try $0.uniform($1) }
        try check("rand_f64") { try $0.uniform($1, dtype: .float64) }
        try check("randint_1_100") { try $0.integers($1, in: 1..<100) }
        try check("randperm_37") { random, _ in try random.permutation(37) }
        try check("randn_f32_7", tolerance: 2e-6) { try $0.normal($1) }
        try check("randn_f32_100", tolerance: 2e-6) { try $0.normal($1) }
        #if arch(x86_64)
        // These two come from MKL, which other builds of libtorch lack.
        try check("exponential_f32", tolerance: 1e-6) { try $0.exponential($1) }
        let probabilities = try golden["multinomial_probs"]
        try check("multinomial") { random, _ in try random.multinomial(probabilities) }
        #endif
    }
}
