import Foundation
import StrictJSON

/// Where the caption of an image is found: named in the configuration, never guessed from a path.
public enum CaptionSource: Sendable {
    /// In the first of these parts: `text`, `txt`, `caption`.
    case parts
    /// In a field of the `json` part, such as `prompt`.
    case json(field: String)
    /// In a field of the sample, such as the label of a class folder or a column.
    case field(String)
    /// In `{directory}/{shard}/{key}.{extension}`, the shard without its extension.
    case shardFiles(directory: String, extension: String)
    /// On the first line of `{directory}/{key}.txt` (SA-1B).
    case firstLines(directory: String)
    /// One of a list that a table gives for the key (JourneyDB).
    case lists(CaptionLists)

    /// The caption of a sample; `nil` if nobody wrote one.
    func caption(of sample: RawSample, random: inout SampleRandom) throws(DatasetError) -> String? {
        switch self {
        case .parts:
            for name in ["text", "txt", "caption"] {
                if let bytes = sample.parts[name] { return String(decoding: bytes, as: UTF8.self) }
            }
            return nil
        case .json(let field):
            let json = try sample.jsonPart()
            guard let value = json[field], !value.isNull else { return nil }
            return try json.text(field, of: sample.id)
        case .field(let field):
            return try sample.text(field)
        case .shardFiles(let directory, let ending):
            return try Self.file(directory + "/" + sample.shardStem + "/" + sample.baseKey + "." + ending)
        case .firstLines(let directory):
            let text = try Self.file(directory + "/" + sample.baseKey + ".txt")
            return text?.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init)
        case .lists(let lists):
            guard let captions = lists[sample.key] ?? lists[sample.baseKey], !captions.isEmpty else { return nil }
            return captions[random.below(captions.count)]
        }
    }

    private static func file(_ path: String) throws(DatasetError) -> String? {
        do {
            return String(decoding: try RandomAccessFile.contents(path: path, limit: 1 << 20), as: UTF8.self)
        } catch .missingFile {
            return nil
        }
    }
}

/// A table from keys to captions: one JSON object of lists of strings.
public struct CaptionLists: Sendable {
    private let captions: [String: [String]]

    /// Reads a file.
    ///
    /// - Throws: ``DatasetError`` if it is missing, larger than 4 GiB or of another form.
    public init(contentsOf path: String) throws(DatasetError) {
        let limit = Int(UInt32.max)
        let bytes = try RandomAccessFile.contents(path: path, limit: limit)
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes, limits: JSONLimits(maxBytes: limit))
        } catch {
            throw .json(file: path, offset: 0, error)
        }
        guard let members = value.objectValue else { throw .notAnObject(file: path, offset: 0) }
        var captions: [String: [String]] = [:]
        for (key, value) in members {
            guard let list = value.arrayValue else {
                throw .missingField(sample: path, field: key.string, expected: "a list of captions")
            }
            captions[key.string] = list.compactMap(\.stringValue)
            guard captions[key.string]?.count == list.count else {
                throw .missingField(sample: path, field: key.string, expected: "a list of strings")
            }
        }
        self.captions = captions
    }

    /// The captions of a key.
    subscript(key: String) -> [String]? { captions[key] }
}
