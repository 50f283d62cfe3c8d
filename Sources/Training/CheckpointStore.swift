public import Foundation
import StrictJSON

/// The checkpoints of a run: folders `checkpoint-STEP`, each whole or not there.
///
/// A checkpoint is written beside its place, flushed to the disk file by file, and renamed; only then are old ones
/// removed. Its manifest names each file with its length.
public struct CheckpointStore: Sendable {
    /// The run's folder.
    public let folder: URL
    /// How many checkpoints to keep; 0 for all.
    public let keepLast: Int

    private static let prefix = "checkpoint-"
    private static let partialPrefix = ".partial-checkpoint-"
    private static let manifest = "manifest.json"

    /// The checkpoints in `folder`, which is made when the first is written.
    public init(folder: URL, keepLast: Int) {
        self.folder = folder
        self.keepLast = keepLast
    }

    /// Steps of all checkpoints, ascending.
    public func steps() -> [Int] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.compactMap { name in
            guard name.hasPrefix(Self.prefix), let step = Int(name.dropFirst(Self.prefix.count)), step >= 0 else {
                return nil
            }
            let manifest = folder.appending(path: name).appending(path: Self.manifest)
            return FileManager.default.fileExists(atPath: manifest.path) ? step : nil
        }.sorted()
    }

    /// The place of a step's checkpoint.
    public func place(of step: Int) -> URL {
        folder.appending(path: Self.prefix + String(step), directoryHint: .isDirectory)
    }

    /// The newest checkpoint.
    ///
    /// - Throws: ``TrainingError/noCheckpoint(folder:)``.
    public func latest() throws(TrainingError) -> Int {
        guard let step = steps().last else { throw .noCheckpoint(folder: folder.path) }
        return step
    }

    /// Writes a checkpoint with `body`, which fills the folder it is given, and removes old ones afterwards.
    ///
    /// A failure, as of a full disk, leaves all older checkpoints and no part of the new one.
    public func write(step: Int, _ body: (URL) throws -> Void) throws {
        let manager = FileManager.default
        try manager.createDirectory(at: folder, withIntermediateDirectories: true)
        removePartial()
        let token = String(UInt64.random(in: .min ... .max), radix: 36)
        let partial = folder.appending(
            path: "\(Self.partialPrefix)\(step)-\(token)", directoryHint: .isDirectory)
        do {
            try manager.createDirectory(at: partial, withIntermediateDirectories: false)
            try body(partial)
            try writeManifest(partial)
            let target = place(of: step)
            if manager.fileExists(atPath: target.path) { try manager.removeItem(at: target) }
            try manager.moveItem(at: partial, to: target)
            try Self.flush(folder)
        } catch {
            try? manager.removeItem(at: partial)
            throw error
        }
        prune()
    }

    /// Checks that every file of a checkpoint is there with its length.
    public func verify(step: Int) throws {
        let place = place(of: step)
        guard steps().contains(step) else {
            throw TrainingError.checkpointMissing(folder: folder.path, step: step, available: steps())
        }
        let data = try Data(contentsOf: place.appending(path: Self.manifest))
        guard let files = try JSONValue(parsing: [UInt8](data))["files"]?.objectValue else {
            throw TrainingError.unreadableState(folder: place.path, reason: "its manifest names no files")
        }
        for (name, length) in files {
            let path = place.appending(path: name.string).path
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            let found = (attributes?[.size] as? NSNumber)?.intValue ?? -1
            guard found == length.intValue else {
                throw TrainingError.checkpointDamaged(
                    folder: place.path, file: name.string, expected: length.intValue ?? 0, found: max(0, found))
            }
        }
    }

    private func writeManifest(_ folder: URL) throws {
        var files: [(key: JSONString, value: JSONValue)] = []
        let root = folder.resolvingSymlinksInPath().path
        let found = FileManager.default.enumerator(
            at: folder, includingPropertiesForKeys: [.isDirectoryKey, .fileSizeKey])
        while let url = found?.nextObject() as? URL {
            let values = try url.resourceValues(forKeys: [.isDirectoryKey, .fileSizeKey])
            if values.isDirectory == true {
                try Self.flush(url)
                continue
            }
            try Self.flush(url)
            let name = url.resolvingSymlinksInPath().path.dropFirst(root.count + 1)
            files.append((JSONString(String(name)), .integer(Int64(values.fileSize ?? 0))))
        }
        files.sort { $0.key < $1.key }
        let manifest = folder.appending(path: Self.manifest)
        let fields: [(key: JSONString, value: JSONValue)] = [("files", .object(files))]
        try Data(JSONValue.object(fields).serialized()).write(to: manifest)
        try Self.flush(manifest)
        try Self.flush(folder)
    }

    /// Brings a file's or folder's content to the disk: a rename must not overtake it.
    private static func flush(_ url: URL) throws {
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw CocoaError(.fileReadUnknown) }
        defer { close(descriptor) }
        while fsync(descriptor) != 0 {
            guard errno == EINTR else { throw CocoaError(.fileWriteUnknown) }
        }
    }

    /// What an interrupted run left of a checkpoint that it was writing.
    private func removePartial() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names where name.hasPrefix(Self.partialPrefix) {
            try? FileManager.default.removeItem(at: folder.appending(path: name))
        }
    }

    private func prune() {
        guard keepLast > 0 else { return }
        for step in steps().dropLast(keepLast) {
            // The manifest goes first: a folder that is being removed is no checkpoint any more.
            try? FileManager.default.removeItem(at: place(of: step).appending(path: Self.manifest))
            try? FileManager.default.removeItem(at: place(of: step))
        }
    }
}
