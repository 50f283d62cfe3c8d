/// Pillow's antialiased bicubic resize, bit for bit: 8-bit pixels, weights in 22-bit fixed point, rows first.
///
/// Pillow 13 begins with the columns where that is less work, which rounds differently now and then; the official code was
/// made with earlier versions, whose order this is.
struct BicubicResize {
    /// Weights of one axis: which source pixels make each target pixel.
    private struct Axis {
        let starts: [Int]
        let counts: [Int]
        let weights: [Int32]  // `stride` for each target pixel
        let stride: Int

        init(from size: Int, to target: Int) {
            let scale = Double(size) / Double(target)
            let filterScale = max(scale, 1)
            let support = 2 * filterScale
            stride = Int(support.rounded(.up)) * 2 + 1
            var starts: [Int] = []
            var counts: [Int] = []
            var weights = [Int32](repeating: 0, count: stride * target)
            for i in 0..<target {
                let center = (Double(i) + 0.5) * scale
                let low = max(0, Int(center - support + 0.5))
                let high = min(size, Int(center + support + 0.5))
                let raw = (low..<high).map { Self.kernel((Double($0) - center + 0.5) / filterScale) }
                let sum = raw.reduce(0, +)
                for (k, weight) in raw.enumerated() {
                    let fixed = (sum == 0 ? weight : weight / sum) * Double(1 << 22)
                    weights[i * stride + k] = Int32(fixed < 0 ? fixed - 0.5 : fixed + 0.5)
                }
                starts.append(low)
                counts.append(high - low)
            }
            self.starts = starts
            self.counts = counts
            self.weights = weights
        }

        /// The cubic convolution kernel with a = −½.
        private static func kernel(_ x: Double) -> Double {
            let (a, t) = (-0.5, abs(x))
            if t < 1 { return ((a + 2) * t - (a + 3)) * t * t + 1 }
            if t < 2 { return (((t - 5) * t + 8) * t - 4) * a }
            return 0
        }
    }

    /// A sum of pixels times weights as a byte.
    ///
    /// It fits in 32 bits: weights add up to 1, their sizes to less than 1.5.
    private static func byte(_ sum: Int32) -> UInt8 { UInt8(clamping: sum >> 22) }
    private static let half: Int32 = 1 << 21

    /// Pixels of `channels` bytes at another size.
    static func resize(
        _ pixels: [UInt8], width: Int, height: Int, channels: Int, to newWidth: Int, _ newHeight: Int
    ) -> [UInt8] {
        let wide = newWidth == width ? pixels : rows(pixels, height, channels, width, Axis(from: width, to: newWidth))
        return newHeight == height ? wide : columns(wide, newWidth * channels, Axis(from: height, to: newHeight))
    }

    private static func rows(
        _ pixels: [UInt8], _ height: Int, _ channels: Int, _ width: Int, _ axis: Axis
    ) -> [UInt8] {
        let newWidth = axis.starts.count
        return [UInt8](unsafeUninitializedCapacity: newWidth * height * channels) { target, count in
            pixels.withUnsafeBufferPointer { source in
                axis.weights.withUnsafeBufferPointer { weights in
                    // One target column at a time, so that its weights stay at hand.
                    for x in 0..<newWidth {
                        let (start, taps, first) = (axis.starts[x], axis.counts[x], x * axis.stride)
                        for y in 0..<height {
                            let from = (y * width + start) * channels
                            for c in 0..<channels {
                                var sum = half
                                for k in 0..<taps {
                                    sum &+= Int32(source[from &+ k &* channels &+ c]) &* weights[first &+ k]
                                }
                                target[(y * newWidth + x) * channels + c] = byte(sum)
                            }
                        }
                    }
                }
            }
            count = newWidth * height * channels
        }
    }

    /// Columns of bytes; a row has `rowBytes` of them.
    private static func columns(_ pixels: [UInt8], _ rowBytes: Int, _ axis: Axis) -> [UInt8] {
        let newHeight = axis.starts.count
        var sums = [Int32](repeating: 0, count: rowBytes)
        return [UInt8](unsafeUninitializedCapacity: rowBytes * newHeight) { target, count in
            pixels.withUnsafeBufferPointer { source in
                sums.withUnsafeMutableBufferPointer { sums in
                    for y in 0..<newHeight {
                        sums.update(repeating: half)
                        // Whole rows are added up, which the compiler turns into vector instructions.
                        for k in 0..<axis.counts[y] {
                            let (from, weight) = ((axis.starts[y] + k) * rowBytes, axis.weights[y * axis.stride + k])
                            for i in 0..<rowBytes { sums[i] &+= Int32(source[from &+ i]) &* weight }
                        }
                        for i in 0..<rowBytes { target[y &* rowBytes &+ i] = byte(sums[i]) }
                    }
                }
            }
            count = rowBytes * newHeight
        }
    }
}
