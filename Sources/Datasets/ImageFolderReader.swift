import Foundation
import StrictJSON

/// Images of a directory: class folders (ImageNet), or one folder in which a text file stands beside each image.
///
/// Fields of a sample: `class`, the place of the class folder in sorted order, and `text`, its name or label.
public struct ImageFolderReader: ShardReader {
    /// Extensions that are read.
    public static let imageExtensions = ["jpg", "jpeg", "png", "webp"]

    /// How the directory is laid out.
    public enum Layout: Hashable, Sendable {
        /// Folders of images; texts are labels in the order of the folders, or the names of the folders if empty.
        case classes(labels: [String])
        /// Images with side files of that extension, which become parts.
        case sideFiles(extension: String)
    }

    /// Number of images.
    public var rowCount: Int? { images.count }
    /// Files that are no images, by extension.
    public let passedOver: [String: Int]

    private struct Image: Sendable {
        var path: String
        var type: Int
    }

    private let directory: String
    private let layout: Layout
    private let names: [String]
    private let images: [Image]

    /// Lists a directory.
    ///
    /// - Throws: ``DatasetError`` if it is missing or has no image that can be read.
    public init(directory: String, layout: Layout) throws(DatasetError) {
        self.directory = directory
        self.layout = layout
        var images: [Image] = []
        var others: [String: Int] = [:]
        func add(_ path: String, _ type: Int) {
            let kind = Self.kind(path)
            if Self.imageExtensions.contains(kind) {
                images.append(Image(path: path, type: type))
            } else {
                others[kind, default: 0] += 1
            }
        }
        switch layout {
        case .classes(let labels):
            let folders = try Self.list(directory).filter { Self.isDirectory(directory + "/" + $0) }
            guard labels.isEmpty || labels.count == folders.count else {
                throw .labelCount(file: directory, expected: folders.count, found: labels.count)
            }
            names = labels.isEmpty ? folders : labels
            for (type, folder) in folders.enumerated() {
                for file in try Self.list(directory + "/" + folder) { add(folder + "/" + file, type) }
            }
        case .sideFiles(let text):
            names = []
            for file in try Self.list(directory) where Self.kind(file) != text { add(file, 0) }
        }
        guard !images.isEmpty else {
            throw others.isEmpty
                ? .noShards(pattern: directory) : .unsupportedImages(directory: directory, kinds: others.keys.sorted())
        }
        self.images = images
        passedOver = others
    }

    /// The image `position`, if there are as many.
    public func next(from position: Int) -> SampleSpan? { nextRow(from: position, of: images.count) }

    /// One image with its text.
    public func load(at position: Int) throws(DatasetError) -> RawSample {
        guard images.indices.contains(position) else { throw .missingFile(path: "\(directory), image \(position)") }
        let image = images[position]
        let path = directory + "/" + image.path
        let bytes = try RandomAccessFile.contents(path: path, limit: TarReader.maxMemberBytes)
        var sample = RawSample(shard: directory, key: image.path, parts: [Self.kind(path): bytes])
        switch layout {
        case .classes:
            sample.fields = .object([
                ("class", .integer(Int64(image.type))), ("text", .string(JSONString(names[image.type]))),
            ])
        case .sideFiles(let text):
            let side = String(path.dropLast(Self.kind(path).count)) + text
            if access(side, F_OK) == 0 {
                sample.parts[text] = try RandomAccessFile.contents(path: side, limit: TarReader.maxMetaBytes)
            }
        }
        return sample
    }

    /// Reads a label file: `index: name` on each line, indices from 0, each once, in any order.
    ///
    /// - Throws: ``DatasetError/malformedLabel(file:line:)``.
    public static func labels(contentsOf path: String) throws(DatasetError) -> [String] {
        let bytes = try RandomAccessFile.contents(path: path, limit: TarReader.maxMetaBytes)
        var labels: [Int: String] = [:]
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated() {
            let text = String(decoding: line, as: UTF8.self).trimmed
            if text.isEmpty { continue }
            let halves = text.split(separator: ":", maxSplits: 1).map { String($0).trimmed }
            guard halves.count == 2, let index = Int(halves[0]), labels[index] == nil, !halves[1].isEmpty else {
                throw .malformedLabel(file: path, line: number + 1)
            }
            labels[index] = halves[1]
        }
        var ordered: [String] = []
        for index in 0..<labels.count {
            guard let label = labels[index] else { throw .malformedLabel(file: path, line: index + 1) }
            ordered.append(label)
        }
        return ordered
    }

    private static func kind(_ name: String) -> String {
        let base = name.split(separator: "/").last ?? ""
        guard let dot = base.lastIndex(of: "."), dot > base.startIndex else { return "" }
        return base[base.index(after: dot)...].lowercased()
    }

    /// Names in a directory, sorted by bytes, without hidden ones.
    private static func list(_ directory: String) throws(DatasetError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory).filter { !$0.hasPrefix(".") }.sorted()
        } catch {
            if access(directory, F_OK) != 0 { throw .missingFile(path: directory) }
            throw .unreadable(path: directory, reason: "cannot be listed as a directory")
        }
    }

    private static func isDirectory(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }
}

extension String {
    /// The text without white space at either end.
    var trimmed: String {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
