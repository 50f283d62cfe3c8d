import TestSupport
import Testing
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

    @Test(arguments: [RandomSource.Distribution.uniform, .exponential], [DType.float32, .float64, .bfloat16])
    func `some rows of a draw are those rows of the whole draw`(
        distribution: RandomSource.Distribution, dtype: DType
    ) throws {
        let (total, columns) = (40, 3000)
        let wanted = [0, 3, 4, 17, 18, 19, 38]
        let (whole, part) = (try RandomSource(seed: 9), try RandomSource(seed: 9))
        let all =
            try distribution == .uniform
            ? whole.uniform([total, columns], dtype: dtype) : whole.exponential([total, columns], dtype: dtype)
        let rows = try part.rows(wanted, of: total, columns: columns, distribution, dtype: dtype)
        #expect(try rows.isEqual(to: all.indexSelect(Tensor(wanted.map(Int64.init)))))
        #expect(try whole.state() == part.state())
    }
}
