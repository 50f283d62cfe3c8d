import ArgumentParser
import Foundation
import Logging
import MMaDA
import Serving
import Torch

/// The command `mmada serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a model: a page that shows denoising live, and OpenAI's API.",
        discussion: """
              mmada serve                                   the small model that comes with the program
              mmada serve --model DIR --port 9000
              curl http://127.0.0.1:8080/v1/chat/completions -d '{"messages": [{"role": "user", "content": "Hi"}]}'

            Options of the server can stand in the environment instead, as MMADA_PORT for --port; an option wins. Only this machine
            is listened to unless --host says otherwise; give --api-key-file then, and put a proxy with TLS before it.
            """)

    @Option(
        help: ArgumentHelp(
            "The model's folder. (default: the small one that comes with the program)", valueName: "dir"),
        completion: .directory)
    var model: String?
    @OptionGroup var loading: LoadingFlags
    @Option(help: "Address to listen on. (default: 127.0.0.1)") var host: String?
    @Option(help: "Port to listen on; 0 for any that is free. (default: 8080)") var port: Int?
    @Option(help: "The model's name in the API. (default: its folder's)") var alias: String?
    @Option(help: ArgumentHelp("A key that requests must carry; may stand more than once.", valueName: "key"))
    var apiKey: [String] = []
    @Option(help: ArgumentHelp("A file with one key a line.", valueName: "file"), completion: .file())
    var apiKeyFile: String?
    @Option(
        help: ArgumentHelp("An origin whose pages may call from a browser; may stand more than once.", valueName: "url")
    )
    var corsOrigin: [String] = []
    @Option(help: "Requests that are worked on at the same time. (default: 32)") var parallel: Int?
    @Option(help: "Tokens of all requests that are worked on at the same time. (default: 16384)") var parallelTokens:
        Int?
    @Option(help: "Requests that may wait beside those; further ones get 429. (default: 64)") var queue: Int?
    @Option(help: "Largest body of a request, in MiB. (default: 32)") var maxBody: Int?
    @Option(help: "Most tokens of an answer. (default: 4096)") var maxGenLength: Int?
    @Option(help: "Most denoising steps of a request. (default: 4096)") var maxSteps: Int?
    @Option(help: "Seconds that a client may take to send a request, or stay idle. (default: 30)") var timeout: Int?
    @Option(help: "Seconds that a request may take in all. (default: 600)") var requestTimeout: Int?
    @Option(help: "How much is logged: trace, debug, info, notice, warning, error or critical. (default: info)")
    var logLevel: String?

    func run() async throws {
        let directory = try directory()
        let settings = try settings(directory)
        let logger = try logger()
        let engine = InferenceEngine(try loading.load(directory), capacity: settings.capacity)
        let server = Server(ModelService(engine, settings), settings, logger: logger)
        let host = settings.host
        try await server.run { port in
            let name = host.contains(":") ? "[\(host)]" : host
            logger.notice("serving \(settings.modelName) on http://\(name):\(port)")
        }
    }

    private func logger() throws -> Logger {
        let name = try setting(logLevel, "LOG_LEVEL") ?? "info"
        guard let level = Logger.Level(rawValue: name) else {
            throw ValidationError(
                "'\(name)' is no log level; use trace, debug, info, notice, warning, error or critical")
        }
        var logger = Logger(label: "mmada", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = level
        return logger
    }

    private func settings(_ directory: URL) throws -> ServingSettings {
        var settings = ServingSettings()
        settings.modelName = try setting(alias, "ALIAS") ?? directory.standardizedFileURL.lastPathComponent
        settings.defaults = try GenerationDefaults(directory: directory)
        settings.host = try setting(host, "HOST") ?? settings.host
        settings.port = try setting(port, "PORT", 0...65535) ?? settings.port
        settings.keys = try keys()
        settings.allowedOrigins = corsOrigin.isEmpty ? list("CORS_ORIGIN") : corsOrigin
        settings.capacity.requests = try setting(parallel, "PARALLEL", 1...4096) ?? settings.capacity.requests
        settings.capacity.tokens =
            try setting(parallelTokens, "PARALLEL_TOKENS", 1...1 << 24) ?? settings.capacity.tokens
        settings.queueLength = try setting(queue, "QUEUE", 0...65536) ?? settings.queueLength
        settings.maxBodyBytes = try setting(maxBody, "MAX_BODY", 1...1024).map { $0 << 20 } ?? settings.maxBodyBytes
        settings.maxGenLength = try setting(maxGenLength, "MAX_GEN_LENGTH", 1...32768) ?? settings.maxGenLength
        settings.maxSteps = try setting(maxSteps, "MAX_STEPS", 1...65536) ?? settings.maxSteps
        settings.readTimeout = try setting(timeout, "TIMEOUT", 1...86400) ?? settings.readTimeout
        settings.requestTimeout =
            try setting(requestTimeout, "REQUEST_TIMEOUT", 1...604_800) ?? settings.requestTimeout
        return settings
    }

    private func keys() throws -> [String] {
        var keys = apiKey.isEmpty ? list("API_KEY") : apiKey
        if let file = try setting(apiKeyFile, "API_KEY_FILE") {
            guard let data = try FileHandle(forReadingAtPath: file)?.readToEnd() ?? nil else {
                throw ValidationError("\(file) holds no key, or cannot be read")
            }
            let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
            keys += lines.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
            // An empty file must not open the server to all.
            guard !keys.isEmpty else { throw ValidationError("\(file) holds no key") }
        }
        // Nor must a variable that was meant to hold one.
        let isMeant = ProcessInfo.processInfo.environment["MMADA_API_KEY"] != nil
        guard !keys.contains(""), !(isMeant && keys.isEmpty) else { throw ValidationError("a key is empty") }
        return keys
    }

    /// The folder that was asked for, or the small model: in this folder, beside the program's checkout, or installed.
    private func directory() throws -> URL {
        if let model = try setting(model, "MODEL") { return URL(filePath: model, directoryHint: .isDirectory) }
        let program = URL(filePath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath()
        let executable = Bundle.main.executableURL?.resolvingSymlinksInPath() ?? program
        var folders = [URL(filePath: "Models/shapes", directoryHint: .isDirectory)]
        var parent = executable.deletingLastPathComponent()
        for _ in 0..<4 {
            folders.append(parent.appending(path: "Models/shapes", directoryHint: .isDirectory))
            folders.append(parent.appending(path: "share/mmada/Models/shapes", directoryHint: .isDirectory))
            parent.deleteLastPathComponent()
        }
        let found = folders.first { FileManager.default.fileExists(atPath: $0.appending(path: "config.json").path) }
        guard let found else {
            throw ValidationError("the small model is not beside the program; name one with --model")
        }
        return found
    }

    // MARK: The environment

    private func setting(_ option: String?, _ name: String) throws -> String? {
        option ?? ProcessInfo.processInfo.environment["MMADA_" + name]
    }

    private func setting(_ option: Int?, _ name: String, _ range: ClosedRange<Int>) throws -> Int? {
        let text = ProcessInfo.processInfo.environment["MMADA_" + name]
        guard let value = option ?? text.map({ Int($0) ?? .min }) else { return nil }
        guard range.contains(value) else {
            let flag = "--" + name.lowercased().replacing("_", with: "-")
            throw ValidationError("\(flag) (MMADA_\(name)) must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    private func list(_ name: String) -> [String] {
        (ProcessInfo.processInfo.environment["MMADA_" + name] ?? "").split(separator: ",").map(String.init)
    }
}
