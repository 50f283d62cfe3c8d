/// How far a run is, as text: a bar that is written over itself on a terminal, else a line every few seconds.
///
/// It only makes the text; writing it, to standard error as a rule, is the caller's.
public struct ProgressLine: Sendable {
    /// Where the text will appear.
    public enum Style: Hashable, Sendable {
        /// A terminal of so many columns.
        case bar(columns: Int)
        /// A file or a pipe; a line no more often than this.
        case lines(every: Duration)
    }

    private static let barWidth = 24
    /// A terminal is not repainted faster than it can be read.
    private static let repaint = Duration.milliseconds(50)

    /// Where the text will appear; may change when a terminal is resized.
    public var style: Style
    private let label, unit: String
    private let total, first: Int
    private let start: ContinuousClock.Instant
    private var last: ContinuousClock.Instant?

    /// Progress of `total` steps.
    ///
    /// - Parameters:
    ///   - label: What is being done.
    ///   - total: The number of steps in all.
    ///   - unit: What a step is called, in the plural.
    ///   - done: Steps that an earlier run has done, which say nothing about speed.
    ///   - style: Where the text will appear.
    ///   - start: When this run started.
    public init(
        _ label: String, total: Int, unit: String = "steps", startingAt done: Int = 0, style: Style,
        start: ContinuousClock.Instant = .now
    ) {
        self.label = label
        self.total = total
        self.unit = unit
        first = done
        self.style = style
        self.start = start
    }

    /// The text to write now, `nil` while the one before is recent enough; the last step is always shown.
    ///
    /// - Parameters:
    ///   - done: Steps done in all.
    ///   - losses: The parts of the loss in the order to show them.
    ///   - tokensPerSecond: Speed in tokens.
    ///   - now: The time.
    /// - Returns: A line feed ends it in ``Style/lines(every:)``; a bar begins by clearing the line.
    public mutating func update(
        done: Int, losses: KeyValuePairs<String, Double> = [:], tokensPerSecond: Double? = nil,
        now: ContinuousClock.Instant = .now
    ) -> String? {
        let (pause, before): (Duration, ContinuousClock.Instant?) =
            switch style {
            case .bar: (Self.repaint, last)
            case .lines(let interval): (interval, last ?? start)
            }
        if done < total, let before, now - before < pause { return nil }
        last = now
        var parts = ["\(done)/\(total)"]
        parts += losses.map { "\($0.key) \(Self.figure($0.value))" }
        let seconds = (now - start) / .seconds(1)
        let rate = Double(max(done - first, 0)) / max(seconds, 1e-9)
        if rate > 0 { parts.append("\(Self.figure(rate)) \(unit)/s") }
        if let tokensPerSecond { parts.append("\(Self.figure(tokensPerSecond)) tokens/s") }
        if done < total, rate > 0 { parts.append("\(Self.clock(Double(total - done) / rate)) left") }
        let figures = parts.joined(separator: "  ")
        switch style {
        case .bar(let columns):
            // The last column stays free: a character there makes some terminals wrap.
            return "\r\u{1B}[K" + String("\(label) \(bar(done)) \(figures)".prefix(max(columns - 1, 0)))
        case .lines: return "\(label): \(figures)\n"
        }
    }

    /// The text that takes the bar away; nothing elsewhere.
    public func finish() -> String {
        if case .bar = style { return "\r\u{1B}[K" }
        return ""
    }

    private func bar(_ done: Int) -> String {
        let share = total > 0 ? min(max(Double(done) / Double(total), 0), 1) : 1
        let filled = Int(share * Double(Self.barWidth))
        return String(repeating: "█", count: filled) + String(repeating: "░", count: Self.barWidth - filled)
    }

    /// A number in four digits or so.
    static func figure(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity" }
        let size = abs(value)
        if size >= 1e15 || (size > 0 && size < 1e-4) {
            let short = Float(value)
            return short.isFinite ? "\(short)" : "\(value)"
        }
        let digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 4
        return decimal(value, digits)
    }

    /// Hours, minutes and seconds; days when there are any.
    static func clock(_ seconds: Double) -> String {
        guard seconds < 1e9 else { return "ages" }
        let whole = Int(seconds.rounded(.up))
        let (days, hours, minutes) = (whole / 86400, whole / 3600 % 24, whole / 60 % 60)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        if days > 0 { return "\(days)d \(two(hours))h" }
        if hours > 0 { return "\(hours):\(two(minutes)):\(two(whole % 60))" }
        return "\(minutes):\(two(whole % 60))"
    }

    private static func decimal(_ value: Double, _ digits: Int) -> String {
        let scale = (0..<digits).reduce(1) { product, _ in product * 10 }
        let scaled = Int((abs(value) * Double(scale)).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return sign + String(scaled) }
        let fraction = String(scaled % scale)
        return "\(sign)\(scaled / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}
