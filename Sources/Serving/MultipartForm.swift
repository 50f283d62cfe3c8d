import Foundation
import StrictJSON

/// The parts of a `multipart/form-data` body (RFC 7578), read strictly and never beyond what is there.
struct MultipartForm: Sendable {
    /// One field.
    struct Part: Hashable, Sendable {
        /// The field's name.
        var name: String
        /// The file's name, if it is a file.
        var filename: String?
        /// Its content.
        var content: [UInt8]
    }

    /// All of them, in order.
    let parts: [Part]

    private static let maxParts = 64
    private static let maxHeadBytes = 4096

    /// Reads a body.
    ///
    /// - Parameters:
    ///   - body: The whole body.
    ///   - contentType: The header, which names the boundary.
    /// - Throws: ``APIError`` for what is no such form.
    init(_ body: [UInt8], contentType: String) throws(APIError) {
        guard let boundary = Self.boundary(contentType) else {
            throw .invalid("The body must be multipart/form-data with a boundary.")
        }
        let mark = Array("--\(boundary)".utf8)
        guard body.starts(with: mark) else { throw .invalid("The form does not begin with its boundary.") }
        var parts: [Part] = []
        var place = mark.count
        while true {
            let rest = body[place...]
            if rest.starts(with: Array("--".utf8)) { break }
            guard rest.starts(with: Array("\r\n".utf8)) else {
                throw .invalid("A boundary of the form is not followed by a line break.")
            }
            let start = place + 2
            guard let headEnd = Self.find(Array("\r\n\r\n".utf8), in: body, from: start, limit: Self.maxHeadBytes),
                let end = Self.find(Array("\r\n".utf8) + mark, in: body, from: headEnd + 2)
            else { throw .invalid("A part of the form has no end.") }
            let content = max(headEnd + 4, 0)
            guard content <= end + 2, parts.count < Self.maxParts else {
                throw .invalid("The form has too many parts.")
            }
            let head = String(decoding: body[start..<headEnd], as: UTF8.self)
            guard let name = Self.parameter("name", of: head) else { throw .invalid("A part of the form has no name.") }
            parts.append(
                Part(
                    name: name, filename: Self.parameter("filename", of: head),
                    content: content <= end ? Array(body[content..<end]) : []))
            place = end + 2 + mark.count
        }
        self.parts = parts
    }

    /// The content of files of a field.
    func files(_ name: String) -> [[UInt8]] { parts.filter { $0.name == name }.map(\.content) }

    private static func boundary(_ contentType: String) -> String? {
        guard contentType.lowercased().hasPrefix("multipart/form-data"),
            let found = contentType.range(of: "boundary=", options: .caseInsensitive)
        else { return nil }
        var text = contentType[found.upperBound...].prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces)
        if text.hasPrefix("\""), text.hasSuffix("\""), text.count >= 2 { text = String(text.dropFirst().dropLast()) }
        return (1...70).contains(text.utf8.count) ? text : nil
    }

    private static func parameter(_ name: String, of head: String) -> String? {
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("content-disposition:") {
            for piece in line.split(separator: ";").dropFirst() {
                let pair = piece.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
                if pair.count == 2, pair[0].lowercased() == name {
                    return pair[1].trimmingCharacters(in: CharacterSet(charactersIn: "\""))
                }
            }
        }
        return nil
    }

    /// Where `pattern` begins next.
    private static func find(_ pattern: [UInt8], in body: [UInt8], from start: Int, limit: Int = .max) -> Int? {
        guard start <= body.count else { return nil }
        let end = limit == .max ? body.count : min(body.count, start + limit)
        var place = start
        while place + pattern.count <= end {
            guard let first = body[place..<(end - pattern.count + 1)].firstIndex(of: pattern[0]) else { return nil }
            if body[first..<first + pattern.count].elementsEqual(pattern) { return first }
            place = first + 1
        }
        return nil
    }
}

extension FieldReader {
    /// The fields of a form that are no files: numbers, truth values and texts by how they look.
    init(form: MultipartForm) throws(APIError) {
        var members: [(key: JSONString, value: JSONValue)] = []
        for part in form.parts where part.filename == nil {
            let text = String(decoding: part.content, as: UTF8.self)
            guard !members.contains(where: { $0.key.string == part.name }) else {
                throw .invalid("The form has '\(part.name)' twice.", parameter: part.name)
            }
            let value: JSONValue
            // A prompt may look like a number and is none.
            if part.name != "prompt", let number = Int64(text) {
                value = .integer(number)
            } else if part.name != "prompt", let number = Double(text), number.isFinite {
                value = .number(number)
            } else if part.name != "prompt", text == "true" || text == "false" {
                value = .bool(text == "true")
            } else {
                value = .string(JSONString(text))
            }
            members.append((JSONString(part.name), value))
        }
        self.init(.object(members), path: "")
    }
}
