import Testing

@testable import RunMetrics

@Suite struct ProgressLineTests {
    static let start = ContinuousClock.now

    @Test func `a bar shows its share, the parts of the loss, the speed and the time left`() {
        var progress = ProgressLine("training", total: 200, style: .bar(columns: 200), start: Self.start)
        let text = progress.update(
            done: 50, losses: ["loss": 2.25, "t2i": 0.5], tokensPerSecond: 12345.6, now: Self.start + .seconds(25))
        let bar = String(repeating: "█", count: 6) + String(repeating: "░", count: 18)
        #expect(
            text
                == "\r\u{1B}[Ktraining \(bar) 50/200  loss 2.2500  t2i 0.5000  2.0000 steps/s  12346 tokens/s  1:15 left"
        )
        #expect(progress.finish() == "\r\u{1B}[K")
    }

    @Test(arguments: [0, 1, 20, 60]) func `a bar stays within the terminal`(columns: Int) throws {
        var progress = ProgressLine("training", total: 10, style: .bar(columns: columns), start: Self.start)
        let shown = progress.update(done: 5, now: Self.start + .seconds(1))
        let text = try #require(shown)
        #expect(text.count - "\r\u{1B}[K".count <= max(columns - 1, 0) + 1)
    }

    @Test func `elsewhere a line comes every few seconds, and at the end`() {
        var progress = ProgressLine("painting", total: 10, style: .lines(every: .seconds(5)), start: Self.start)
        var shown: [Int] = []
        for done in 1...10 {
            let line = progress.update(done: done, now: Self.start + .seconds(2 * done))
            if let line {
                shown.append(done)
                #expect(line.hasPrefix("painting: \(done)/10") && line.hasSuffix("\n"))
            }
        }
        #expect(shown == [3, 6, 9, 10])
        #expect(progress.finish().isEmpty)
    }

    @Test func `steps of an earlier run say nothing about speed`() {
        var progress = ProgressLine(
            "training", total: 1000, startingAt: 900, style: .lines(every: .zero), start: Self.start)
        let moving = progress.update(done: 910, now: Self.start + .seconds(10))
        #expect(moving == "training: 910/1000  1.0000 steps/s  1:30 left\n")
        let waiting = progress.update(done: 900, now: Self.start + .seconds(10))
        #expect(waiting == "training: 900/1000\n")
    }

    @Test(arguments: [
        (0.0, "0.0000"), (0.99999, "1.0000"), (12.345, "12.35"), (123.44, "123.4"), (1234.5, "1235"), (-0.5, "-0.5000"),
        (.nan, "NaN"), (.infinity, "Infinity"), (1e300, "1e+300"), (1e-7, "1e-07"),
    ])
    func `figures are short`(value: Double, expected: String) {
        #expect(ProgressLine.figure(value) == expected)
    }

    @Test(arguments: [(0.2, "0:01"), (61, "1:01"), (3661, "1:01:01"), (90000, "1d 01h"), (.infinity, "ages")])
    func `durations are short`(seconds: Double, expected: String) {
        #expect(ProgressLine.clock(seconds) == expected)
    }

    @Test(arguments: [(0, 0), (-1, 5), (5, 0)]) func `odd totals do no harm`(total: Int, done: Int) {
        var progress = ProgressLine("x", total: total, style: .bar(columns: 80), start: Self.start)
        let shown = progress.update(done: done, now: Self.start)
        #expect(shown != nil)
    }
}
