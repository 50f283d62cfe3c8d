import Foundation

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A client that sends a server on 127.0.0.1 exactly the bytes it is told to, on threads of its own.
public enum LocalClient {
    /// What came back.
    public struct Response: Sendable {
        /// HTTP status; 0 where the server closed without an answer.
        public var status = 0
        /// Headers, their names in lower case.
        public var headers: [String: String] = [:]
        /// The body, without the marks of its chunks.
        public var body: [UInt8] = []

        /// The body as text.
        public var text: String { String(decoding: body, as: UTF8.self) }
        /// The data of server-sent events, in order.
        public var events: [String] {
            text.components(separatedBy: "\n\n").compactMap { event in
                event.split(separator: "\n").first { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
            }
        }

        /// Reads a raw answer.
        public init(_ raw: [UInt8]) {
            guard let end = raw.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
            let lines = String(decoding: raw[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
            status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            for line in lines.dropFirst() {
                let pair = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
                if pair.count == 2 { headers[pair[0].lowercased()] = pair[1] }
            }
            let rest = Array(raw[end.upperBound...])
            body = headers["transfer-encoding"] == "chunked" ? Self.joined(rest) : rest
        }

        private static func joined(_ chunks: [UInt8]) -> [UInt8] {
            var (body, rest): ([UInt8], ArraySlice<UInt8>) = ([], chunks[...])
            while let end = rest.firstRange(of: Array("\r\n".utf8)),
                let size = Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16), size > 0
            {
                body += rest[end.upperBound...].prefix(size)
                rest = rest[end.upperBound...].dropFirst(size + 2)
            }
            return body
        }
    }

    /// Sends a request and reads the whole answer.
    public static func request(
        _ method: String, _ path: String, port: Int, headers: [String] = [], body: [UInt8] = []
    ) async -> Response {
        await exchange(bytes(method, path, headers: headers, body: body), port: port)
    }

    /// Sends JSON and reads the whole answer.
    public static func post(_ path: String, _ json: String, port: Int, headers: [String] = []) async -> Response {
        await request(
            "POST", path, port: port, headers: ["Content-Type: application/json"] + headers, body: Array(json.utf8))
    }

    /// The bytes of a request.
    public static func bytes(_ method: String, _ path: String, headers: [String] = [], body: [UInt8] = []) -> [UInt8] {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: localhost", "Connection: close"] + headers
        if method == "POST" { lines.append("Content-Length: \(body.count)") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }

    /// Sends raw bytes and reads until the server closes.
    ///
    /// - Parameters:
    ///   - bytes: What is sent, whether it is a request or not.
    ///   - port: The server's.
    ///   - leaves: Whether the client leaves as soon as the first bytes of an answer have come.
    ///   - patience: Seconds without a byte after which the client leaves.
    /// - Returns: What came until then.
    public static func exchange(
        _ bytes: [UInt8], port: Int, leaves: Bool = false, patience: Double = 120
    ) async -> Response {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(returning: Response(talk(bytes, port: port, leaves: leaves, patience: patience)))
            }
        }
    }

    private static func talk(_ bytes: [UInt8], port: Int, leaves: Bool, patience: Double) -> [UInt8] {
        #if canImport(Glibc)
        let kind = Int32(SOCK_STREAM.rawValue)
        let flags = Int32(MSG_NOSIGNAL)
        #else
        let kind = SOCK_STREAM
        let flags: Int32 = 0
        #endif
        let connection = socket(AF_INET, kind, 0)
        defer { FileHandle(fileDescriptor: connection, closeOnDealloc: true).closeFile() }
        var wait = timeval(tv_sec: Int(patience), tv_usec: .init(patience.truncatingRemainder(dividingBy: 1) * 1e6))
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(connection, $0, size) }
        }
        guard connected == 0 else { return [] }
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(connection, $0.baseAddress.map { $0 + sent }, $0.count - sent, flags)
            }
            guard count > 0 else { break }
            sent += count
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return answer }
            answer += buffer.prefix(count)
            if leaves { return answer }
        }
    }
}
