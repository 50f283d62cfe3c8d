import Foundation
public import StrictJSON

/// A record as it is kept in JSON Lines: its image is a path, not pixels (data-formats §1).
public struct StoredRecord: Hashable, Sendable {
    /// The record, without pixels.
    public var record: Record
    /// Path of the image below the directory of the file; empty for none, or for one in the same archive.
    public var image: String

    /// A record to keep.
    public init(_ record: Record, image: String = "") {
        self.record = record
        self.record.image = nil
        self.image = image
    }

    /// Reads a record.
    ///
    /// - Parameters:
    ///   - json: An object; every member but `task` may be missing.
    ///   - sample: Its place, for messages.
    /// - Throws: ``DatasetError/missingField(sample:field:expected:)``.
    public init(json: JSONValue, sample: String) throws(DatasetError) {
        func text(_ field: String) throws(DatasetError) -> String {
            guard let value = json[field], !value.isNull else { return "" }
            return try json.text(field, of: sample)
        }
        guard let task = TaskKind(rawValue: try text("task")) else {
            let kinds = TaskKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw .missingField(sample: sample, field: "task", expected: "one of \(kinds)")
        }
        record = Record(task: task)
        record.prompt = try text("prompt")
        record.reasoning = try text("reasoning")
        record.answer = try text("answer")
        record.formatted = try text("formatted")
        record.gold = try text("gold")
        record.source = try text("source")
        record.id = try text("id")
        image = try text("image")
        guard let turns = json["turns"], !turns.isNull else { return }
        guard let list = turns.arrayValue else {
            throw .missingField(sample: sample, field: "turns", expected: "a list of role and text")
        }
        for turn in list {
            let role = try turn.text("role", of: sample)
            guard role == "user" || role == "assistant" else {
                throw .missingField(sample: sample, field: "role", expected: "'user' or 'assistant'")
            }
            record.turns.append(Turn(role: role, text: try turn.text("text", of: sample)))
        }
    }

    /// The record as a JSON object, without empty members.
    public var json: JSONValue {
        var members: [(key: JSONString, value: JSONValue)] = [
            ("task", .string(JSONString(record.task.rawValue))), ("prompt", .string(JSONString(record.prompt))),
        ]
        let texts: [(JSONString, String)] = [
            ("image", image), ("reasoning", record.reasoning), ("answer", record.answer),
            ("formatted", record.formatted), ("gold", record.gold),
        ]
        for (key, text) in texts where !text.isEmpty { members.append((key, .string(JSONString(text)))) }
        if !record.turns.isEmpty {
            let turns = record.turns.map { turn -> JSONValue in
                .object([("role", .string(JSONString(turn.role))), ("text", .string(JSONString(turn.text)))])
            }
            members.append(("turns", .array(turns)))
        }
        for (key, text) in [("source", record.source), ("id", record.id)] as [(JSONString, String)] where !text.isEmpty
        {
            members.append((key, .string(JSONString(text))))
        }
        return .object(members)
    }

    /// Reads records of a JSON Lines file, all of them.
    ///
    /// - Throws: ``DatasetError``, naming the line.
    public static func read(contentsOf path: String) throws(DatasetError) -> [StoredRecord] {
        let reader = try JSONLinesReader(path: path)
        var records: [StoredRecord] = []
        var position = 0
        while let span = try reader.next(from: position) {
            let sample = try reader.load(at: span.position)
            records.append(try StoredRecord(json: sample.fields, sample: sample.key))
            position = span.end
        }
        return records
    }

    /// Writes records as JSON Lines, whole or not at all.
    ///
    /// - Throws: ``DatasetError/unreadable(path:reason:)`` if the file cannot be written.
    public static func write(_ records: some Sequence<StoredRecord>, to path: String) throws(DatasetError) {
        var lines = Data()
        for record in records {
            lines.append(contentsOf: record.json.serialized())
            lines.append(0x0A)
        }
        do {
            try lines.write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw .unreadable(path: path, reason: "cannot be written: \(error.localizedDescription)")
        }
    }
}

/// Records of our own files: JSON Lines beside images, or archives of a `json` part and an image part.
public struct StoredRecordBuilder: RecordBuilder {
    private let images: ImagePreparation

    /// A builder.
    public init(images: ImagePreparation) { self.images = images }

    /// The record as it was kept; paths of images begin at the directory of its file.
    public func build(_ sample: RawSample, random: inout SampleRandom) throws(DatasetError) -> BuildOutcome {
        let isArchived = sample.fields.isNull
        let json = isArchived ? try sample.jsonPart() : sample.fields
        let stored = try StoredRecord(json: json, sample: sample.id)
        var record = stored.record
        if isArchived {
            if sample.imagePart != nil { record.image = try images.image(of: sample) }
        } else if !stored.image.isEmpty {
            let directory = sample.shard.lastIndex(of: "/").map { String(sample.shard[...$0].dropLast()) } ?? ""
            // A file in the root directory has an empty one too.
            let root = directory.isEmpty && sample.shard.hasPrefix("/") ? "/." : directory
            record.image = try images.image(at: stored.image, below: root, sample: sample.id)
        }
        return .record(record)
    }
}
