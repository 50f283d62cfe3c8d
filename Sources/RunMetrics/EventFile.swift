import Foundation

/// One TensorBoard event file, never written again once a run has ended.
///
/// The format is that of TensorFlow's `event.proto` and `record_writer.h`: records of length, data and their masked
/// CRC-32C checksums. Numbers are stored as `Float`. TensorBoard reads the event files of a folder in order of name.
struct EventFile: Sendable {
    private static let prefix = "events.out.tfevents."

    let output: AppendedFile

    /// Makes a new file in `folder`, later in order than those that are there.
    ///
    /// What TensorBoard has of steps after `step` is forgotten.
    init(folder: URL, resumingAfter step: Int?, time: Date = Date()) throws(MetricsError) {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder.path) } catch {
            throw .file(path: folder.path, reason: error.localizedDescription)
        }
        let latest = names.compactMap(Self.seconds).max() ?? 0
        // Two runs may start within a second, or the clock go back.
        let seconds = max(Int64(time.timeIntervalSince1970), latest + 1)
        let process = ProcessInfo.processInfo
        let host = process.hostName.isEmpty ? "localhost" : process.hostName.replacing("/", with: "-")
        output = try AppendedFile(
            creating: folder.appending(path: "\(Self.prefix)\(seconds).\(host).\(process.processIdentifier).0"))
        try append(step: 0, time: time) { $0.append(string: "brain.Event:2", field: 3) }
        if let step {
            try append(step: min(step, .max - 1) + 1, time: time) { event in
                event.append(message: 7) { $0.append(integer: 1, field: 1) }  // SessionLog: START
            }
        }
    }

    /// Appends numbers of a step as one event.
    func append(step: Int, scalars: [(name: String, value: Double)], time: Date) throws(MetricsError) {
        try append(step: step, time: time) { event in
            event.append(message: 5) { summary in
                for (name, value) in scalars {
                    summary.append(message: 1) { entry in
                        entry.append(string: name, field: 1)
                        entry.append(float: Float(value), field: 2)
                    }
                }
            }
        }
    }

    /// Appends a picture of a step.
    func append(
        step: Int, _ name: String, png: [UInt8], _ width: Int, _ height: Int, time: Date
    ) throws(MetricsError) {
        guard !name.isEmpty else { throw .unusableName(name) }
        try append(step: step, time: time) { event in
            event.append(message: 5) { summary in
                summary.append(message: 1) { entry in
                    entry.append(string: name, field: 1)
                    entry.append(message: 4) { image in
                        image.append(integer: height, field: 1)
                        image.append(integer: width, field: 2)
                        image.append(integer: 3, field: 3)  // RGB
                        image.append(bytes: png, field: 4)
                    }
                }
            }
        }
    }

    private func append(
        step: Int, time: Date, _ what: (inout ProtobufMessage) -> Void
    ) throws(MetricsError) {
        var event = ProtobufMessage()
        event.append(double: time.timeIntervalSince1970, field: 1)
        event.append(integer: step, field: 2)
        what(&event)
        try output.append(Self.record(event.bytes))
    }

    /// The framing of TFRecord files.
    static func record(_ data: [UInt8]) -> [UInt8] {
        let length = littleEndian(UInt64(data.count))
        return length + littleEndian(CRC32C.masked(length)) + data + littleEndian(CRC32C.masked(data))
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    /// The time in the name of an event file.
    private static func seconds(_ name: String) -> Int64? {
        guard name.hasPrefix(prefix) else { return nil }
        // A far future would leave no later second.
        return Int64(name.dropFirst(prefix.count).prefix { $0 != "." }).map { min($0, Int64(Int32.max) * 2) }
    }
}
