import Foundation

/// A Python with the reference libraries, named by `MMADA_PEERS_PYTHON`.
public enum PeerPython {
    /// The interpreter, if one is named.
    public static let executable: String? = ProcessInfo.processInfo.environment["MMADA_PEERS_PYTHON"].flatMap {
        $0.isEmpty ? nil : $0
    }

    /// Whether it has PyTorch.
    public static let hasTorch: Bool = has("torch")

    /// Whether it has this module.
    public static func has(_ module: String) -> Bool {
        let probe = "import sys, importlib.util; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)"
        return (try? run(["-c", probe, module]).status) == 0
    }

    /// Runs a script under `Tests/Peers`: its exit status and what it printed.
    public static func run(script: String, _ arguments: [String]) throws -> (status: Int32, output: [UInt8]) {
        let peers = URL(filePath: #filePath)  // Sources/TestSupport/PeerPython.swift
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(components: "Tests", "Peers")
        return try run([peers.appending(path: script).path(percentEncoded: false)] + arguments)
    }

    private static func run(_ arguments: [String]) throws -> (status: Int32, output: [UInt8]) {
        guard let executable else { return (-1, []) }
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = [UInt8](pipe.fileHandleForReading.readDataToEndOfFile())
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }
}
