import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// An HTTP server on 127.0.0.1 that gives prepared answers, one a connection, the last again and again.
public final class LocalServer: Sendable {
    /// What the server sends.
    public struct Answer: Sendable {
        /// HTTP status.
        public var status = 200
        /// Further header lines.
        public var headers: [String] = []
        /// The body.
        public var body = ""
        /// Seconds before anything is sent.
        public var delay = 0.0

        /// An answer.
        public init(status: Int = 200, headers: [String] = [], body: String = "", delay: Double = 0) {
            self.status = status
            self.headers = headers
            self.body = body
            self.delay = delay
        }

        /// What a chat endpoint sends.
        public static func chat(_ reply: String, delay: Double = 0) -> Answer {
            let quoted = reply.replacing("\"", with: "\\\"")
            return Answer(
                body: "{\"choices\": [{\"message\": {\"role\": \"assistant\", \"content\": \"\(quoted)\"}}]}",
                delay: delay)
        }
    }

    struct Failure: Error {}

    private struct State {
        var requests: [String] = []
        var busy = 0
        var busiest = 0
        var isOpen = true
    }

    /// Where it is, with `/v1`.
    public let url: String
    private let listener: Int32
    private let answers: [Answer]
    private let state = Mutex(State())

    /// Requests so far, with head and body.
    public var requests: [String] { state.withLock { $0.requests } }
    /// Most requests that were open at once.
    public var busiest: Int { state.withLock { $0.busiest } }

    /// Listens on a free port.
    public init(_ answers: [Answer]) throws {
        self.answers = answers
        (listener, url) = try Self.listen()
        Thread.detachNewThread { [self] in accept() }
    }

    /// Closes the port.
    public func close() {
        state.withLock { $0.isOpen = false }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// The URL of a port that nothing listens on.
    public static func closedPort() throws -> String {
        let (socket, url) = try listen()
        #if canImport(Glibc)
        Glibc.close(socket)
        #else
        Darwin.close(socket)
        #endif
        return url
    }

    private static func listen() throws -> (Int32, String) {
        #if canImport(Glibc)
        let kind = Int32(SOCK_STREAM.rawValue)
        #else
        let kind = SOCK_STREAM
        #endif
        let listener = socket(AF_INET, kind, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port: UInt16? = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(listener, generic, size) == 0, Self.start(listener) == 0,
                    getsockname(listener, generic, &size) == 0
                else { return nil }
                return UInt16(bigEndian: address.pointee.sin_port)
            }
        }
        guard let port else { throw Failure() }
        return (listener, "http://127.0.0.1:\(port)/v1")
    }

    private static func start(_ listener: Int32) -> Int32 {
        #if canImport(Glibc)
        Glibc.listen(listener, 64)
        #else
        Darwin.listen(listener, 64)
        #endif
    }

    private func accept() {
        var count = 0
        while true {
            #if canImport(Glibc)
            let connection = Glibc.accept(listener, nil, nil)
            #else
            let connection = Darwin.accept(listener, nil, nil)
            #endif
            guard connection >= 0, state.withLock({ $0.isOpen }) else { break }
            let answer = answers[min(count, answers.count - 1)]
            count += 1
            Thread.detachNewThread { [self] in
                serve(connection, answer)
                FileHandle(fileDescriptor: connection, closeOnDealloc: true).closeFile()
            }
        }
        FileHandle(fileDescriptor: listener, closeOnDealloc: true).closeFile()
    }

    private func serve(_ connection: Int32, _ answer: Answer) {
        guard let request = Self.request(connection) else { return }
        state.withLock {
            $0.requests.append(request)
            $0.busy += 1
            $0.busiest = max($0.busiest, $0.busy)
        }
        if answer.delay > 0 { Thread.sleep(forTimeInterval: answer.delay) }
        state.withLock { $0.busy -= 1 }
        let head = [
            "HTTP/1.1 \(answer.status) Status", "Content-Length: \(answer.body.utf8.count)", "Connection: close",
        ]
        let text = (head + answer.headers).joined(separator: "\r\n") + "\r\n\r\n" + answer.body
        let bytes = Array(text.utf8)
        var sent = 0
        while sent < bytes.count {
            #if canImport(Glibc)
            let flags = Int32(MSG_NOSIGNAL)
            #else
            let flags: Int32 = 0
            #endif
            let count = bytes.withUnsafeBytes {
                send(connection, $0.baseAddress.map { $0 + sent }, $0.count - sent, flags)
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Head and body, or `nil` if the client leaves before.
    private static func request(_ connection: Int32) -> String? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let lengths = text[..<end.lowerBound].split(separator: "\r\n").compactMap { line -> Int? in
                    guard line.lowercased().hasPrefix("content-length:") else { return nil }
                    return Int(line.drop { $0 != ":" }.dropFirst().trimmingCharacters(in: .whitespaces))
                }
                if text[end.upperBound...].utf8.count >= lengths.first ?? 0 { return text }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer.prefix(count)
        }
    }
}
