/// Lower case as the `tokenizers` library makes it: each code point by itself, whatever stands around it.
enum LowerCase {
    private static let changes: [UInt32: UInt32] = {
        var changes: [UInt32: UInt32] = [:]
        for run in UnicodeTables.lowerCase {
            let (first, count, step) = (UInt32(run >> 43), UInt32(run >> 22 & 0x1F_FFFF), UInt32(run >> 21 & 1) + 1)
            for index in 0..<count {
                let point = first + index * step
                changes[point] = (point &+ UInt32(run & 0x1F_FFFF)) & 0x1F_FFFF
            }
        }
        return changes
    }()

    /// Calls `body` with what `point` becomes.
    static func of(_ point: UInt32, _ body: (UInt32) -> Void) {
        if point < 0x80 { return body((0x41...0x5A).contains(point) ? point + 0x20 : point) }
        if point == 0x130 {  // İ alone becomes two: i and a dot above.
            body(0x69)
            return body(0x307)
        }
        body(changes[point] ?? point)
    }
}
