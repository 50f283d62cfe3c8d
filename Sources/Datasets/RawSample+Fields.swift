import Foundation
public import Images
import StrictJSON

extension RawSample {
    /// Extensions of images, in the order in which they are looked for.
    static let imageParts = ["jpg", "png", "jpeg", "webp"]

    /// The last component of the key.
    var baseKey: String { key.split(separator: "/").last.map(String.init) ?? key }

    /// The last component of the shard's path without its extension.
    var shardStem: String {
        let name = shard.split(separator: "/").last.map(String.init) ?? shard
        return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    }

    /// A field that must be text.
    func text(_ field: String) throws(DatasetError) -> String { try fields.text(field, of: id) }

    /// A field that may be missing or null; no text then.
    func optionalText(_ field: String) throws(DatasetError) -> String {
        guard let value = fields[field], !value.isNull else { return "" }
        return try fields.text(field, of: id)
    }

    /// The `json` part as an object.
    func jsonPart() throws(DatasetError) -> JSONValue {
        guard let bytes = parts["json"] else {
            throw .missingField(sample: id, field: "json", expected: "a member of the archive")
        }
        do {
            return try JSONValue(parsing: bytes, limits: JSONLimits(maxBytes: 64 << 20))
        } catch {
            throw .json(file: id, offset: 0, error)
        }
    }

    /// Bytes of the image part and its extension.
    var imagePart: (kind: String, bytes: [UInt8])? {
        for kind in Self.imageParts {
            if let bytes = parts[kind] { return (kind, bytes) }
        }
        return nil
    }
}

extension JSONValue {
    /// A member that must be text; numbers are taken as they are written.
    func text(_ field: String, of sample: String) throws(DatasetError) -> String {
        switch self[field] {
        case .string(let text)?: return text.string
        case .integer(let number)?: return String(number)
        case .number(let number)?: return number.description
        default: throw .missingField(sample: sample, field: field, expected: "text")
        }
    }
}

/// How images are brought to the size of training.
public struct ImagePreparation: Hashable, Sendable {
    /// How the picture becomes a square.
    public var transform: ImagePreprocessing
    /// Side of the square, in pixels.
    public var resolution: Int

    /// A rule.
    public init(transform: ImagePreprocessing = .crop, resolution: Int) {
        self.transform = transform
        self.resolution = resolution
    }

    /// The image part of a sample.
    func image(of sample: RawSample) throws(DatasetError) -> RGBImage {
        guard let part = sample.imagePart else { throw .noImage(sample: sample.id, found: sample.parts.keys.sorted()) }
        return try image(decoding: part.bytes, sample: sample.id)
    }

    /// An image file.
    func image(decoding bytes: [UInt8], sample: String) throws(DatasetError) -> RGBImage {
        do {
            return try RGBImage(decoding: bytes).preprocessed(transform, resolution: resolution)
        } catch {
            throw .image(sample: sample, error)
        }
    }

    /// An image at a path below a directory.
    func image(at path: String, below root: String, sample: String) throws(DatasetError) -> RGBImage {
        let names = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !path.isEmpty, !path.hasPrefix("/"), !names.contains(".."), !path.utf8.contains(0) else {
            throw .unsafePath(sample: sample, path: path)
        }
        let bytes = try RandomAccessFile.contents(
            path: root.isEmpty ? path : root + "/" + path, limit: ImageLimits().maxFileBytes)
        return try image(decoding: bytes, sample: sample)
    }
}

/// Where a record's image comes from.
public enum ImageOrigin: Hashable, Sendable {
    /// There is none.
    case none
    /// The sample's own image part.
    case part
    /// A part under another name, such as a column of bytes.
    case named(String)
    /// A field holds a path below a directory.
    case path(field: String, root: String)

    /// The image of a sample; `nil` if it has none of this origin.
    func image(of sample: RawSample, _ preparation: ImagePreparation) throws(DatasetError) -> RGBImage? {
        switch self {
        case .none: return nil
        case .part: return try preparation.image(of: sample)
        case .named(let name):
            guard let bytes = sample.parts[name.lowercased()] else { return nil }
            return try preparation.image(decoding: bytes, sample: sample.id)
        case .path(let field, let root):
            let path = try sample.optionalText(field)
            return path.isEmpty ? nil : try preparation.image(at: path, below: root, sample: sample.id)
        }
    }
}
