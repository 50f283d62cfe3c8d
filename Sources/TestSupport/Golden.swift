public import Foundation

/// Where the reference data lie: the directory named by `MMADA_GOLDEN`, else the project's own copy.
public enum Golden {
    /// The directory that holds the golden files.
    public static let directory: URL = {
        if let named = ProcessInfo.processInfo.environment["MMADA_GOLDEN"], !named.isEmpty {
            return URL(filePath: named, directoryHint: .isDirectory)
        }
        return own
    }()

    /// The project's own copy, which also has what no other golden directory need have.
    private static let own = URL(filePath: #filePath)  // Sources/TestSupport/Golden.swift
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(components: "Tests", "Golden", directoryHint: .isDirectory)

    /// The path of a golden file, named relative to ``directory``.
    public static func file(_ path: String) -> URL { directory.appending(path: path) }

    /// The path of a file that only the project's own copy has, whatever `MMADA_GOLDEN` names.
    public static func ownFile(_ path: String) -> URL { own.appending(path: path) }

    /// The bytes of a golden file.
    public static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: file(path))) }
}
