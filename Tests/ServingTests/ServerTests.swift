import Foundation
import HTTPTypes
import Images
import Logging
import MMaDA
import StrictJSON
import TestSupport
import Testing
import TextTokenizer

@testable import Serving

@Suite struct ServerTests {
    private static let sum =
        "{\"messages\": [{\"role\": \"user\", \"content\": \"what is 37 plus 45 ?\"}], \"think\": true"

    private static func json(_ response: LocalClient.Response) throws -> JSONValue {
        try JSONValue(parsing: response.body)
    }

    private static func content(_ response: LocalClient.Response) throws -> String? {
        try json(response)["choices"]?.arrayValue?.first?["message"]?["content"]?.stringValue
    }

    /// The answers to the same chat sent `count` times at once.
    private static func together(_ count: Int, _ body: String, port: Int) async -> [LocalClient.Response] {
        let tasks = (0..<count).map { _ in
            Task { await LocalClient.post("/v1/chat/completions", body, port: port) }
        }
        var responses: [LocalClient.Response] = []
        for task in tasks { responses.append(await task.value) }
        return responses
    }

    @Test func `what needs no model`() async throws {
        try await ServedModel.run { served in
            for path in ["/health", "/ready"] {
                #expect(await LocalClient.request("GET", path, port: served.port).text == "{\"status\":\"ok\"}")
            }
            let models = try Self.json(await LocalClient.request("GET", "/v1/models", port: served.port))
            #expect(models["data"]?.arrayValue?.first?["id"]?.stringValue == "shapes")
            let one = await LocalClient.request("GET", "/v1/models/shapes", port: served.port)
            #expect(try Self.json(one)["object"]?.stringValue == "model")
            for (path, kind) in [("/", "text/html"), ("/app.js", "text/javascript"), ("/app.css", "text/css")] {
                let file = await LocalClient.request("GET", path, port: served.port)
                #expect(file.status == 200 && file.headers["content-type"]?.hasPrefix(kind) == true)
                #expect(file.headers["content-security-policy"]?.contains("default-src 'self'") == true)
            }
            let document = try Self.json(await LocalClient.request("GET", "/openapi.json", port: served.port))
            #expect(document["openapi"]?.stringValue == "3.1.0")
        }
    }

    @Test func `every route is in the document, and every path of the document is a route`() throws {
        let settings = try ServedModel.settings()
        let service = ModelService(InferenceEngine(try MMaDAModel(directory: ServedModel.folder)), settings)
        let server = Server(service, settings, logger: .init(label: "test"))
        let document = try JSONValue(parsing: PackageResources.openapi_json)
        let paths = try #require(document["paths"]?.objectValue)
        let pages = Set(Page.files.map(\.path))
        #expect(Set(paths.map(\.key.string)) == Set(server.routes.map(\.path)).subtracting(pages))
        for route in server.routes where !pages.contains(route.path) {
            #expect(document["paths"]?[route.path]?[route.method.rawValue.lowercased()] != nil, "\(route.path)")
        }
    }

    @Test func `errors have the shape of OpenAI's`() async throws {
        try await ServedModel.run { served in
            let missing = await LocalClient.request("GET", "/v1/nothing", port: served.port)
            #expect(missing.status == 404)
            let kind = try Self.json(missing)["error"]?["type"]?.stringValue
            #expect(kind == "invalid_request_error")
            let method = await LocalClient.request("GET", "/v1/chat/completions", port: served.port)
            #expect(method.status == 405 && method.headers["allow"] == "POST")
            #expect(await LocalClient.request("GET", "/v1/models/other", port: served.port).status == 404)
        }
    }

    @Test(arguments: [
        ("/v1/chat/completions", "", "not JSON", nil),
        ("/v1/chat/completions", "[1]", "JSON object", nil),
        ("/v1/chat/completions", "{}", "'messages'", "messages"),
        ("/v1/chat/completions", "{\"messages\": []}", "'messages'", "messages"),
        (
            "/v1/chat/completions", "{\"messages\": [{\"role\": \"tool\", \"content\": \"a\"}]}", "role",
            "messages[0].role"
        ),
        ("/v1/chat/completions", "{\"messages\": [{\"role\": \"user\"}]}", "content", "messages[0].content"),
        (
            "/v1/chat/completions", "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": -1}",
            "whole number from 1", "max_tokens"
        ),
        (
            "/v1/chat/completions", "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": 1e400}",
            "not JSON", nil
        ),
        (
            "/v1/chat/completions",
            "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"temperature\": \"hot\"}",
            "number from 0 to 2", "temperature"
        ),
        (
            "/v1/chat/completions", "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"steps\": 5}",
            "multiple of the 6 blocks", "steps"
        ),
        (
            "/v1/chat/completions",
            "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": \"http://169.254.169.254/\"}}]}]}",
            "data URL", "image_url.url"
        ),
        (
            "/v1/chat/completions",
            "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": \"data:image/png;base64,AAAA\"}}]}]}",
            "no picture", "image_url.url"
        ),
        (
            "/v1/chat/completions", "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"max_tokens\": 1000}",
            "the model takes 256", nil
        ),
        ("/v1/completions", "{\"prompt\": 3}", "'prompt'", "prompt"),
        ("/v1/completions", "{\"prompt\": \"a\", \"logprobs\": 1}", "needs 'echo'", "logprobs"),
        ("/v1/completions", "{\"prompt\": \"a [MASK*99999]\"}", "gap length", nil),
        (
            "/v1/completions", "{\"prompt\": \"\(String(repeating: "[MASK*4096]", count: 20_000))\"}", "tokens", nil
        ),
        (
            "/v1/chat/completions",
            "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"stop\": \"\(String(repeating: "a", count: 300))\"}",
            "256 bytes", "stop"
        ),
        ("/v1/images/generations", "{\"prompt\": \"a\", \"size\": \"16x16\"}", "square", "size"),
        ("/v1/images/generations", "{\"prompt\": \"a\", \"size\": \"2048x2048\"}", "the model takes 256", nil),
        (
            "/v1/images/generations", "{\"prompt\": \"\(String(repeating: "a b ", count: 2000))\", \"think\": true}",
            "the model takes 256", nil
        ),
        ("/v1/images/generations", "{\"prompt\": \"a\", \"size\": \"3x4\"}", "square", "size"),
        ("/v1/images/generations", "{\"prompt\": \"a\", \"n\": 99}", "from 1 to 8", "n"),
        ("/v1/images/generations", "{\"prompt\": \"a\", \"response_format\": \"url\"}", "b64_json", "response_format"),
        ("/v1/images/edits", "{\"prompt\": \"a\"}", "multipart/form-data", nil),
    ])
    func `bad requests are told what is wrong`(path: String, body: String, words: String, field: String?) async throws {
        try await ServedModel.run { served in
            let answer = await LocalClient.post(path, body, port: served.port)
            #expect(answer.status == 400)
            let error = try #require(try Self.json(answer)["error"])
            #expect(error["message"]?.stringValue?.contains(words) == true, "\(answer.text)")
            #expect(error["param"]?.stringValue == field)
        }
    }

    @Test func `an answer is what the engine gives, alone and among others`() async throws {
        try await ServedModel.run { served in
            let messages = [ChatMessage(role: .user, content: "what is 37 plus 45 ?")]
            var request = TextRequest(messages, genLength: 96, blockLength: 16)
            request.thinks = true
            request.seed = 7
            let prepared = try served.model.prepare(request)
            var text = ""
            for try await step in served.service.engine.steps(for: prepared) {
                text = served.model.text(step, of: prepared)
            }
            let body = Self.sum + ", \"seed\": 7}"
            let alone = await LocalClient.post("/v1/chat/completions", body, port: served.port)
            let answer = try #require(try Self.content(alone))
            let message = try Self.json(alone)["choices"]?.arrayValue?.first?["message"]
            let thought = try #require(message?["reasoning_content"]?.stringValue)
            #expect(!answer.isEmpty && text.hasSuffix(answer))
            #expect(text.contains(thought))
            #expect(try Self.json(alone)["usage"]?["prompt_tokens"]?.intValue == prepared.promptCount)
            let together = await Self.together(6, body, port: served.port)
            for response in together { #expect(try Self.content(response) == answer) }
        }
    }

    @Test func `a stream brings the same text, and steps only when asked`() async throws {
        try await ServedModel.run { served in
            let whole = try Self.content(
                await LocalClient.post("/v1/chat/completions", Self.sum + ", \"seed\": 1}", port: served.port))
            for asks in [false, true] {
                let options = "\"stream_options\": {\"include_usage\": true, \"mmada_steps\": \(asks)}"
                let body = Self.sum + ", \"seed\": 1, \"stream\": true, \(options)}"
                let response = await LocalClient.post("/v1/chat/completions", body, port: served.port)
                #expect(response.headers["content-type"] == "text/event-stream")
                #expect(response.events.last == "[DONE]")
                let chunks = try response.events.dropLast().map { try JSONValue(parsing: Array($0.utf8)) }
                let choices = chunks.compactMap { $0["choices"]?.arrayValue?.first }
                let text = choices.compactMap { $0["delta"]?["content"]?.stringValue }.joined()
                #expect(text == whole)
                #expect(choices.count { $0["finish_reason"]?.stringValue != nil } == 1)
                #expect(chunks.last?["usage"]?["completion_tokens"]?.intValue ?? 0 > 0)
                // Only the last chunk has no choice: the usual loops read the first of each.
                #expect(choices.count == chunks.count - 1)
                let steps = chunks.compactMap { $0["mmada"] }
                #expect(steps.isEmpty == !asks)
                guard asks else { continue }
                let places = steps.flatMap { $0["changed"]?.arrayValue ?? [] }.compactMap {
                    $0.arrayValue?.first?.intValue
                }
                #expect(Set(places).count == places.count)
                #expect(steps.compactMap { $0["step"]?.intValue } == Array(1...steps.count))
            }
        }
    }

    @Test func `n answers have seeds of their own, and text stops where it is told to`() async throws {
        try await ServedModel.run { served in
            let body = Self.sum + ", \"seed\": 3, \"n\": 3, \"temperature\": 1}"
            let several = try Self.json(await LocalClient.post("/v1/chat/completions", body, port: served.port))
            let choices = try #require(several["choices"]?.arrayValue)
            #expect(choices.compactMap { $0["index"]?.intValue } == [0, 1, 2])
            let second = Self.sum + ", \"seed\": 4, \"temperature\": 1}"
            let alone = await LocalClient.post("/v1/chat/completions", second, port: served.port)
            #expect(try Self.content(alone) == choices[1]["message"]?["content"]?.stringValue)
            let stopped = Self.sum.replacing("true", with: "false") + ", \"stop\": [\" .\"]}"
            let cut = await LocalClient.post("/v1/chat/completions", stopped, port: served.port)
            #expect(try Self.content(cut)?.contains(" .") == false)
            #expect(try Self.json(cut)["choices"]?.arrayValue?.first?["finish_reason"]?.stringValue == "stop")
        }
    }

    @Test func `special tokens that a user types stay text`() async throws {
        try await ServedModel.run { served in
            let special = ["<|mdm_mask|>", "<|soi|>", "<|endoftext|>", "<|start_header_id|>", "<|t2i|>"]
            for text in special {
                let body = "{\"content\": \"\(text)\"}"
                let tokens = try Self.json(await LocalClient.post("/tokenize", body, port: served.port))["tokens"]
                let ids = tokens?.arrayValue?.compactMap(\.intValue) ?? []
                #expect(ids.count > 1)
                let tokenizer = served.model.tokenizer
                let hasSpecial = ids.contains { tokenizer.isSpecial(Int32($0)) }
                #expect(!hasSpecial)
            }
        }
    }

    @Test func `plain completions go on, fill gaps and estimate`() async throws {
        try await ServedModel.run { served in
            let on = try Self.json(
                await LocalClient.post(
                    "/v1/completions", "{\"prompt\": \"7 plus 4 is\", \"max_tokens\": 8, \"echo\": true}",
                    port: served.port))
            #expect(on["choices"]?.arrayValue?.first?["text"]?.stringValue?.hasPrefix("7 plus 4 is") == true)
            let gap = try Self.json(
                await LocalClient.post("/v1/completions", "{\"prompt\": \"7 plus 4 is[MASK*3] .\"}", port: served.port))
            #expect(gap["usage"]?["completion_tokens"]?.intValue == 3)
            func estimate(_ prompt: String) async throws -> Double {
                let body =
                    "{\"prompt\": \"\(prompt)\", \"max_tokens\": 1, \"echo\": true, \"logprobs\": 1, \"mc_num\": 32}"
                let answer = try Self.json(await LocalClient.post("/v1/completions", body, port: served.port))
                let values = answer["choices"]?.arrayValue?.first?["logprobs"]?["token_logprobs"]?.arrayValue
                let found = try #require(values)
                return found.compactMap(\.doubleValue).reduce(0, +)
            }
            #expect(try await estimate("7 plus 4 is 11 .") > estimate("11 is . plus 4 7"))
        }
    }

    @Test func `pictures are painted, streamed and edited`() async throws {
        try await ServedModel.run { served in
            let fields = "\"prompt\": \"a large red circle at b 2 , on white\", \"seed\": 3"
            let whole = try Self.json(
                await LocalClient.post("/v1/images/generations", "{\(fields)}", port: served.port))
            let file = try #require(whole["data"]?.arrayValue?.first?["b64_json"]?.stringValue)
            let picture = try RGBImage(decoding: [UInt8](try #require(Data(base64Encoded: file))))
            #expect(picture.width == 64)
            let other = try Self.json(
                await LocalClient.post(
                    "/v1/images/generations", "{\(fields), \"output_format\": \"jpeg\"}", port: served.port))
            let jpeg = Data(base64Encoded: other["data"]?.arrayValue?.first?["b64_json"]?.stringValue ?? "")
            #expect(jpeg?.prefix(2) == Data([0xFF, 0xD8]))
            let streamed = await LocalClient.post(
                "/v1/images/generations", "{\(fields), \"stream\": true, \"partial_images\": 3}", port: served.port)
            let events = try streamed.events.map { try JSONValue(parsing: Array($0.utf8)) }
            #expect(
                events.compactMap { $0["type"]?.stringValue }
                    == Array(repeating: "image_generation.partial_image", count: 3) + ["image_generation.completed"])
            #expect(events.last?["b64_json"]?.stringValue == file)

            var form: [UInt8] = []
            func part(_ name: String, _ content: [UInt8], file: String? = nil) {
                let head = "--edge\r\nContent-Disposition: form-data; name=\"\(name)\""
                form += Array((head + (file.map { "; filename=\"\($0)\"" } ?? "") + "\r\n\r\n").utf8)
                form += content + Array("\r\n".utf8)
            }
            let half = try RGBImage(
                width: 64, height: 64, pixels: (0..<64 * 64).flatMap { $0 % 64 < 32 ? [255, 255, 255] : [0, 0, 0] })
            part("prompt", Array("a small blue square at a 1 , on white".utf8))
            part("seed", Array("5".utf8))
            part("image", try picture.pngData(), file: "picture.png")
            part("mask", try half.pngData(), file: "mask.png")
            form += Array("--edge--\r\n".utf8)
            let edited = try Self.json(
                await LocalClient.request(
                    "POST", "/v1/images/edits", port: served.port,
                    headers: ["Content-Type: multipart/form-data; boundary=edge"], body: form))
            let result = try RGBImage(
                decoding: [UInt8](
                    try #require(Data(base64Encoded: edited["data"]?.arrayValue?.first?["b64_json"]?.stringValue ?? ""))
                ))
            // The right half, which was kept, is as the image tokenizer brings it back.
            let kept = try served.model.reconstruct(picture)
            for y in 0..<64 {
                let right = (y * 64 + 32) * 3..<(y * 64 + 64) * 3
                #expect(result.pixels[right] == kept.pixels[right])
            }
        }
    }

    @Test func `a key is asked for on every route that is not open`() async throws {
        var settings = try ServedModel.settings()
        settings.keys = ["first", "second"]
        try await ServedModel.run(settings) { [settings] served in
            let server = Server(served.service, settings, logger: .init(label: "test"))
            for route in server.routes {
                let path = route.path.replacing("{id}", with: "shapes")
                let method = route.method.rawValue
                let without = await LocalClient.request(method, path, port: served.port)
                #expect((without.status == 401) == !route.isOpen, "\(path)")
                let wrong = await LocalClient.request(
                    method, path, port: served.port, headers: ["Authorization: Bearer firs"])
                #expect((wrong.status == 401) == !route.isOpen, "\(path)")
                for header in ["Authorization: Bearer second", "X-Api-Key: first"] {
                    #expect(await LocalClient.request(method, path, port: served.port, headers: [header]).status != 401)
                }
            }
            #expect(await LocalClient.request("GET", "/not/a/route", port: served.port).status == 401)
        }
    }

    @Test func `other origins are let in only when named`() async throws {
        var settings = try ServedModel.settings()
        settings.allowedOrigins = ["https://good.example"]
        try await ServedModel.run(settings) { served in
            for (origin, allowed) in [("https://good.example", true), ("https://bad.example", false)] {
                let answer = await LocalClient.request(
                    "GET", "/v1/models", port: served.port, headers: ["Origin: \(origin)"])
                #expect((answer.headers["access-control-allow-origin"] == origin) == allowed)
                let asked = await LocalClient.request(
                    "OPTIONS", "/v1/models", port: served.port, headers: ["Origin: \(origin)"])
                #expect((asked.status == 204) == allowed)
            }
        }
    }

    @Test func `a page of another origin is refused before anything is done for it`() async throws {
        try await ServedModel.run { served in
            let own = "Origin: http://localhost"
            let other = "Origin: https://bad.example"
            for (header, status) in [(own, 200), (other, 403)] {
                let answer = await LocalClient.post(
                    "/tokenize", "{\"content\": \"a\"}", port: served.port, headers: [header])
                #expect(answer.status == status, "\(header)")
            }
            // A name that was made to point at this machine.
            let rebound = "GET /v1/models HTTP/1.1\r\nHost: bad.example\r\nConnection: close\r\n\r\n"
            #expect(await LocalClient.exchange(Array(rebound.utf8), port: served.port).status == 403)
            let head = await LocalClient.request("HEAD", "/health", port: served.port)
            #expect(head.status != 0 && head.body.isEmpty)
        }
    }

    @Test func `a body that drips is given up`() async throws {
        var settings = try ServedModel.settings()
        settings.readTimeout = 1
        try await ServedModel.run(settings) { served in
            let start = ContinuousClock.now
            let begun = Array("POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{".utf8)
            let answer = await LocalClient.exchange(begun, port: served.port)
            #expect(answer.status == 408 || answer.status == 0)
            #expect(ContinuousClock.now - start < .seconds(100))
        }
    }

    @Test func `limits that are below the model's defaults leave the defaults usable`() async throws {
        var settings = try ServedModel.settings()
        settings.maxGenLength = 32
        settings.maxSteps = 8
        try await ServedModel.run(settings) { served in
            let answer = await LocalClient.post("/v1/chat/completions", Self.sum + "}", port: served.port)
            #expect(answer.status == 200)
            let picture = await LocalClient.post("/v1/images/generations", "{\"prompt\": \"a\"}", port: served.port)
            #expect(picture.status == 200)
        }
    }

    @Test func `a body over the limit is refused, announced or not`() async throws {
        var settings = try ServedModel.settings()
        settings.maxBodyBytes = 1000
        try await ServedModel.run(settings) { served in
            let long = "{\"messages\": [{\"role\": \"user\", \"content\": \"\(String(repeating: "a", count: 2000))\"}]}"
            #expect(await LocalClient.post("/v1/chat/completions", long, port: served.port).status == 413)
            let head =
                "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            let chunks = "7d0\r\n\(String(repeating: "a", count: 2000))\r\n0\r\n\r\n"
            #expect(await LocalClient.exchange(Array((head + chunks).utf8), port: served.port).status == 413)
        }
    }

    @Test func `requests beyond the queue are refused with a time to come back`() async throws {
        var settings = try ServedModel.settings()
        settings.capacity.requests = 1
        settings.queueLength = 1
        try await ServedModel.run(settings) { served in
            let responses = await Self.together(6, Self.sum + "}", port: served.port)
            let refused = responses.filter { $0.status == 429 }
            #expect(responses.count { $0.status == 200 } >= 2)
            #expect(refused.count >= 1 && refused.count + responses.count { $0.status == 200 } == 6)
            #expect(refused.allSatisfy { Int($0.headers["retry-after"] ?? "") ?? 0 >= 1 })
        }
    }

    @Test(arguments: [true, false])
    func `work that takes too long is ended`(streams: Bool) async throws {
        var settings = try ServedModel.settings()
        settings.requestTimeout = 1
        settings.maxSteps = 4096
        try await ServedModel.run(settings) { served in
            let body = "{\"prompt\": \"a red circle\", \"steps\": 4096, \"stream\": \(streams)}"
            let answer = await LocalClient.post("/v1/images/generations", body, port: served.port)
            #expect(answer.status == (streams ? 200 : 408))
            #expect(answer.text.contains("not done after 1 s"))
            #expect(await served.isIdle)
        }
    }

    @Test(arguments: [true, false])
    func `a client that leaves frees its place`(streams: Bool) async throws {
        var settings = try ServedModel.settings()
        settings.maxSteps = 4096
        try await ServedModel.run(settings) { served in
            let body = "{\"prompt\": \"a red circle\", \"steps\": 4096, \"stream\": \(streams), \"partial_images\": 64}"
            let bytes = LocalClient.bytes("POST", "/v1/images/generations", body: Array(body.utf8))
            if streams {
                #expect(await LocalClient.exchange(bytes, port: served.port, leaves: true).status == 200)
            } else {
                // A little later the client is gone without having read anything.
                _ = await LocalClient.exchange(bytes, port: served.port, patience: 2)
            }
            // On a busy machine the server may meet the request only after its client has gone.
            var metrics = ""
            let deadline = ContinuousClock.now + .seconds(60)
            let wanted = ["mmada_requests_cancelled_total 1\n", "mmada_num_requests_running 0\n"]
            while !wanted.allSatisfy(metrics.contains), ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(10))
                metrics = await LocalClient.request("GET", "/metrics", port: served.port).text
            }
            #expect(wanted.allSatisfy(metrics.contains), "\(metrics)")
            #expect(await served.isIdle)
            #expect(await served.service.engine.load.passes < 4096)
        }
    }
}
