import Foundation
import StrictJSON
import TestSupport
import Testing

/// `mmada serve` as a process.
@Suite struct ServeCommandTests {
    private static let folder = URL(filePath: #filePath)  // Tests/MMaDACLITests/ServeCommandTests.swift
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(components: "Models", "shapes", directoryHint: .isDirectory)

    /// A running server and its port, which it logs.
    private static func start(_ arguments: [String] = [], environment: [String: String] = [:]) async throws -> (
        Process, port: Int
    ) {
        let process = Process()
        process.executableURL = Program.executable
        process.arguments = ["serve", "--port", "0"] + arguments
        process.currentDirectoryURL = FileManager.default.temporaryDirectory
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let port: Int = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var text = ""
                while let piece = try? errors.fileHandleForReading.read(upToCount: 1), !piece.isEmpty {
                    text += String(decoding: piece, as: UTF8.self)
                    if let match = text.firstMatch(of: /http:\/\/127\.0\.0\.1:([0-9]+)\n/) {
                        continuation.resume(returning: Int(match.output.1) ?? 0)
                        // What follows must not fill the pipe.
                        _ = try? errors.fileHandleForReading.readToEnd()
                        return
                    }
                }
                continuation.resume(returning: 0)
            }
        }
        return (process, port)
    }

    private static func ended(_ process: Process) async -> Int32 {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                process.waitUntilExit()
                continuation.resume(returning: process.terminationStatus)
            }
        }
    }

    /// Requests that take steps, wait for them or have taken them all, as the metrics say.
    private static func begun(_ port: Int) async -> Int {
        let names = ["mmada_num_requests_running", "mmada_num_requests_waiting", "mmada_request_success_total"]
        return await LocalClient.request("GET", "/metrics", port: port).text.split(separator: "\n")
            .filter { line in names.contains { line.hasPrefix($0) } }
            .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    }

    @Test func `the small model is found without any option, and options can stand in the environment`() async throws {
        let (process, port) = try await Self.start(environment: ["MMADA_ALIAS": "tiny", "MMADA_API_KEY": "a,b"])
        defer { process.terminate() }
        #expect(await LocalClient.request("GET", "/v1/models", port: port).status == 401)
        let models = await LocalClient.request("GET", "/v1/models", port: port, headers: ["Authorization: Bearer b"])
        #expect(models.text.contains("\"id\":\"tiny\""))
    }

    @Test(.timeLimit(.minutes(5)))
    func `SIGTERM under load ends every stream properly and then the program`() async throws {
        let (process, port) = try await Self.start(["--model", Self.folder.path, "--parallel", "2"])
        let body = """
            {"messages": [{"role": "user", "content": "what is 37 plus 45 ?"}], "stream": true, "block_length": 64,
             "max_tokens": 192, "temperature": 2}
            """
        let tasks = (0..<6).map { _ in Task { await LocalClient.post("/v1/chat/completions", body, port: port) } }
        // Only once all of them are in work, or done: what comes after the signal is refused.
        while await Self.begun(port) < tasks.count { try await Task.sleep(for: .milliseconds(20)) }
        let start = ContinuousClock.now
        process.terminate()
        let status = await Self.ended(process)
        #expect(status == 0)
        // Ten seconds on a machine that is not busy with a whole test suite; benchmarks/serving.py checks that.
        #expect(ContinuousClock.now - start < .seconds(100))
        for task in tasks {
            let response = await task.value
            #expect(response.status == 200)
            #expect(response.events.last == "[DONE]")
        }
    }

    @Test(arguments: [
        (["--port", "99999"], "0 to 65535"), (["--model", "/nowhere"], "/nowhere"),
        (["--log-level", "loud"], "log level"),
        (["--api-key-file", "/dev/null"], "holds no key"), (["--host", "256.0.0.1"], "256.0.0.1"),
        (["--queue=-1"], "0 to 65536"),
    ])
    func `what cannot be served is said in a line`(arguments: [String], words: String) throws {
        let result = try Program.run(["serve"] + arguments)
        #expect(result.status != 0 && !result.wasKilled)
        #expect(result.errors.contains(words), "\(result.errors)")
    }
}
