import Foundation
import Logging
import MMaDA
import Testing

@testable import Serving

/// The small model that ships with the project, served on a free port.
struct ServedModel {
    let port: Int
    let service: ModelService
    var model: MMaDAModel { service.engine.model }

    /// Whether every request has given its place back, which may be a little after its client has the answer.
    var isIdle: Bool {
        get async {
            for _ in 0..<6_000 where service.admission.active > 0 { try? await Task.sleep(for: .milliseconds(10)) }
            return service.admission.active == 0
        }
    }

    static let folder = URL(filePath: #filePath)  // Tests/ServingTests/ServedModel.swift
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(components: "Models", "shapes", directoryHint: .isDirectory)

    /// Settings for a free port.
    static func settings() throws -> ServingSettings {
        var settings = ServingSettings()
        settings.port = 0
        settings.modelName = "shapes"
        settings.defaults = try GenerationDefaults(directory: folder)
        return settings
    }

    /// Runs `body` beside a server.
    static func run(
        _ settings: ServingSettings? = nil, _ body: @escaping @Sendable (ServedModel) async throws -> Void
    ) async throws {
        let settings = try settings ?? self.settings()
        let engine = InferenceEngine(try MMaDAModel(directory: folder), capacity: settings.capacity)
        let service = ModelService(engine, settings)
        var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        logger.logLevel = .critical
        let server = Server(service, settings, logger: logger)
        let (ports, port) = AsyncStream<Int>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await server.run { port.yield($0) }
                port.finish()
            }
            var iterator = ports.makeAsyncIterator()
            let found = try #require(await iterator.next())
            defer { group.cancelAll() }
            try await body(ServedModel(port: found, service: service))
        }
    }
}
