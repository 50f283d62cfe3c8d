import Foundation
import StrictJSON
import TestSupport
import Testing

@testable import Serving

/// Clients that others have written, against our server.
@Suite struct ClientTests {
    private static func json(_ script: String, _ arguments: [String]) async throws -> JSONValue {
        let result = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try PeerPython.run(script: script, arguments) })
            }
        }
        try #require(result.status == 0, "\(script) failed")
        return try JSONValue(parsing: result.output)
    }

    @Test(.enabled(if: PeerPython.has("openai"), "needs OpenAI's client: recipes/peers"))
    func `OpenAI's own client drives all of it`() async throws {
        try await ServedModel.run { served in
            let found = try await Self.json("openai_peer.py", ["http://127.0.0.1:\(served.port)"])
            #expect(found["model"]?.stringValue == "shapes")
            #expect(found["chat"]?.stringValue?.isEmpty == false)
            #expect(found["reasoning"]?.stringValue?.contains("plus") == true)
            let usage = found["usage"]?.arrayValue?.compactMap(\.intValue) ?? []
            #expect(usage.count == 3 && usage[0] + usage[1] == usage[2])
            #expect(found["finish"]?.stringValue == "stop")
            #expect(found["streamed"]?.stringValue == found["chat"]?.stringValue)
            #expect(found["stepped"]?.stringValue == found["chat"]?.stringValue)
            #expect(found["streamed_steps"]?.intValue == 0)
            #expect(found["stepped_steps"]?.intValue ?? 0 > 16)
            #expect(found["completion"]?.stringValue?.isEmpty == false)
            #expect(found["sizes"] == .array(Array(repeating: .array([.integer(64), .integer(64)]), count: 2)))
            let events = found["events"]?.arrayValue?.compactMap(\.stringValue)
            #expect(events == ["ImageGenPartialImageEvent", "ImageGenPartialImageEvent", "ImageGenCompletedEvent"])
            #expect(found["same"]?.boolValue == true)
            #expect(found["asked"]?.stringValue?.isEmpty == false)
            #expect(found["kept"]?.boolValue == true && found["changed"]?.boolValue == true)
            #expect(found["refused"]?.stringValue == "messages")
        }
    }

    private static let hasBrowser = ["chromium", "chromedriver"].allSatisfy { name in
        ["/usr/bin/", "/usr/local/bin/"].contains { FileManager.default.isExecutableFile(atPath: $0 + name) }
    }

    @Test(
        .enabled(if: hasBrowser && PeerPython.executable != nil, "needs Debian's chromium and chromium-driver"))
    func `a person's way through the page, in Chromium`() async throws {
        let asked = ProcessInfo.processInfo.environment["MMADA_PAGE_PICTURES"]
        let folder =
            asked.map { URL(filePath: $0) }
            ?? FileManager.default.temporaryDirectory.appending(path: "mmada-page-\(UUID().uuidString)")
        defer { if asked == nil { try? FileManager.default.removeItem(at: folder) } }
        try await ServedModel.run { served in
            let found = try await Self.json("browser_peer.py", ["http://127.0.0.1:\(served.port)", folder.path])
            #expect(found["model"]?.stringValue == "shapes")
            #expect(found["thought"]?.stringValue?.contains("plus") == true)
            #expect(found["answer"]?.stringValue?.isEmpty == false)
            let frames = found["frames"]?.intValue ?? 0
            #expect(frames > 16 && found["masked"]?.intValue ?? 0 > 0)
            #expect(found["tab"]?.stringValue == "tab-paint")
            let square = JSONValue.array([.integer(64), .integer(64)])
            #expect(found["painted"] == square && found["inpainted"] == square)
            #expect(found["patches"]?.intValue == 9)
            #expect(found["steps.png"]?.intValue ?? 0 > 1000 && found["steps.webm"]?.intValue ?? 0 > 1000)
            #expect(found["text.webm"]?.intValue ?? 0 > 1000)
            #expect(found["extended"]?.arrayValue?.first?.intValue ?? 0 > 64)
            #expect(found["asked"]?.stringValue?.isEmpty == false)
            #expect(found["error"]?.stringValue == "")
            #expect(found["dark"]?.stringValue == "rgb(23, 24, 27)")
            #expect(found["complaints"]?.arrayValue?.isEmpty == true, "\(found["complaints"] as Any)")
            #expect(await served.isIdle)
        }
    }
}
