/// How many tokens each step reveals: `masked` spread evenly over `steps`, the remainder going to the earliest
/// (LLaDA §2.4, `get_num_transfer_tokens`).
public func transferCounts(masked: Int, steps: Int) -> [Int] {
    let (base, remainder) = masked.quotientAndRemainder(dividingBy: steps)
    return (0..<steps).map { $0 < remainder ? base + 1 : base }
}
