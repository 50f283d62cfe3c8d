public import Foundation
public import Images
import Synchronization

/// Where a run's figures go: `metrics.jsonl` for programs and TensorBoard event files for eyes, in one folder.
///
/// A line of `metrics.jsonl` is an object: `step`, `time` in seconds since 1970, then the named numbers in order of
/// name. JSON has no word for a number that is not finite; such a one is the string `"NaN"`, `"Infinity"` or
/// `"-Infinity"`, which `float()` in Python and `Number()` in JavaScript understand. Each call reaches the system
/// before it returns.
public final class MetricsWriter: Sendable {
    private struct Files: Sendable {
        var lines: MetricsLog
        var events: EventFile
    }

    private let files: Mutex<Files>

    /// Opens the files of a run, making the folder if need be.
    ///
    /// To resume is to cut `metrics.jsonl` after a step, in one system call, and to begin a new event file which tells
    /// TensorBoard to forget what came later.
    ///
    /// - Parameters:
    ///   - folder: Where `metrics.jsonl` and the event files lie.
    ///   - step: The last step that counts, at least 0; `nil` for a new run, in a folder that holds none.
    /// - Throws: ``MetricsError``.
    public init(folder: URL, resumingAfter step: Int? = nil) throws(MetricsError) {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw .file(path: folder.path, reason: error.localizedDescription)
        }
        let lines = try MetricsLog(file: folder.appending(path: "metrics.jsonl"), resumingAfter: step)
        let events = try EventFile(folder: folder, resumingAfter: step)
        files = Mutex(Files(lines: lines, events: events))
    }

    /// Writes the numbers of a step to both files.
    ///
    /// - Parameters:
    ///   - step: Not less than in the call before.
    ///   - values: Name to number; `/` in names groups them in TensorBoard. Not `step` or `time`.
    ///   - time: When it was.
    /// - Throws: ``MetricsError``.
    public func write(step: Int, _ values: [String: Double], time: Date = Date()) throws(MetricsError) {
        let values = values.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        try files.withLock { (files) throws(MetricsError) in
            try files.lines.append(step: step, values, time: time)
            try files.events.append(step: step, scalars: values, time: time)
        }
    }

    /// Writes a picture of a step to the event file.
    ///
    /// - Throws: ``MetricsError``.
    public func write(step: Int, _ name: String, _ image: RGBImage, time: Date = Date()) throws(MetricsError) {
        let png: [UInt8]
        do { png = try image.pngData() } catch { throw .image(error) }
        try files.withLock { (files) throws(MetricsError) in
            try files.events.append(step: step, name, png: png, image.width, image.height, time: time)
        }
    }

    /// Waits until everything is on the disk; without it a loss of power, but no crash, may cost the last lines.
    ///
    /// - Throws: ``MetricsError``.
    public func flush() throws(MetricsError) {
        try files.withLock { (files) throws(MetricsError) in
            try files.lines.output.flush()
            try files.events.output.flush()
        }
    }
}
