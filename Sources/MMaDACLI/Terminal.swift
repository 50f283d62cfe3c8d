import Foundation
import RunMetrics
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Writes to standard error, unbuffered.
func standardError(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

/// Writes to standard output, unbuffered.
func standardOutput(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }

/// What the terminal can do.
enum Terminal {
    static let errorIsTerminal = isatty(STDERR_FILENO) == 1
    static let outputIsTerminal = isatty(STDOUT_FILENO) == 1
    static let inputIsTerminal = isatty(STDIN_FILENO) == 1

    /// Columns and rows of the terminal.
    static var size: (columns: Int, rows: Int) {
        var window = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0 else { return (80, 24) }
        return (Int(window.ws_col), Int(window.ws_row))
    }

    private static let isCursorHidden = Mutex(false)

    static func hideCursor() {
        isCursorHidden.withLock { hidden in
            if !hidden, errorIsTerminal { standardError("\u{1B}[?25l") }
            hidden = true
        }
    }

    /// Shows the cursor again, if it was hidden.
    static func restore() {
        isCursorHidden.withLock { hidden in
            if hidden, errorIsTerminal { standardError("\u{1B}[?25h") }
            hidden = false
        }
    }
}

/// Runs `body` so that Ctrl-C cancels it; a second Ctrl-C ends the program at once.
func interruptible<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
    let task = Task { try await body() }
    signal(SIGINT, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    source.setEventHandler {
        if task.isCancelled {
            Terminal.restore()
            _exit(Failure.interrupted)
        }
        task.cancel()
    }
    source.resume()
    defer {
        source.cancel()
        signal(SIGINT, SIG_DFL)
    }
    return try await withTaskCancellationHandler {
        try await task.value
    } onCancel: {
        task.cancel()
    }
}

/// A bar on a terminal, a line every few seconds elsewhere; on standard error.
struct Progress {
    private let start = ContinuousClock.now
    private var line: ProgressLine

    /// Progress of `total` steps.
    init(_ label: String, total: Int) {
        line = ProgressLine(label, total: total, style: Self.style)
        Terminal.hideCursor()
    }

    /// Seconds since the start.
    var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

    mutating func update(_ done: Int) {
        line.style = Self.style
        if let text = line.update(done: done) { standardError(text) }
    }

    /// Takes the bar away.
    func finish() {
        standardError(line.finish())
        Terminal.restore()
    }

    private static var style: ProgressLine.Style {
        Terminal.errorIsTerminal ? .bar(columns: Terminal.size.columns) : .lines(every: .seconds(5))
    }
}

/// Text that is written over itself as it becomes clear.
struct LiveText {
    private var lines = 0

    mutating func show(_ text: String) {
        let (columns, rows) = Terminal.size
        let wrapped = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line in
            line.isEmpty
                ? [""]
                : stride(from: 0, to: line.count, by: columns - 1).map {
                    String(line.dropFirst($0).prefix(columns - 1))
                }
        }.suffix(max(1, rows - 2))
        clear()
        standardError(wrapped.joined(separator: "\n"))
        lines = wrapped.count
    }

    /// Takes the text away.
    mutating func clear() {
        guard lines > 0 else { return }
        standardError("\r" + (lines > 1 ? "\u{1B}[\(lines - 1)A" : "") + "\u{1B}[J")
        lines = 0
    }
}
