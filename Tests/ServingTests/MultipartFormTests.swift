import StrictJSON
import TestSupport
import Testing

@testable import Serving

@Suite struct MultipartFormTests {
    private static let sound = Array(
        """
        --x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n12\r\n\
        --x\r\nContent-Disposition: form-data; name="n"\r\n\r\n2\r\n\
        --x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n\u{1}\r\n--\r\n\
        --x--\r\n
        """.utf8)

    @Test func `fields, files and content that looks like a boundary`() throws {
        let form = try MultipartForm(Self.sound, contentType: "multipart/form-data; boundary=\"x\"")
        #expect(form.parts.map(\.name) == ["prompt", "n", "image"])
        #expect(form.files("image") == [Array("\u{1}\r\n--".utf8)])
        let fields = try FieldReader(form: form)
        #expect(try fields.text("prompt") == "12")
        #expect(try fields.integer("n", 1...8) == 2)
    }

    @Test(arguments: ["", "multipart/form-data", "multipart/form-data; boundary=", "application/json"])
    func `a type without a boundary is refused`(type: String) {
        #expect(throws: APIError.self) { try MultipartForm(Self.sound, contentType: type) }
    }

    @Test func `damaged forms are refused or read, and never crash`() {
        var refused = 0
        for end in Self.sound.indices {
            let form = try? MultipartForm(Array(Self.sound[..<end]), contentType: "multipart/form-data; boundary=x")
            if form == nil { refused += 1 }
        }
        #expect(refused >= Self.sound.count - 4)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var bytes = Self.sound
            for _ in 0..<3 {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = try? MultipartForm(bytes, contentType: "multipart/form-data; boundary=x")
        }
    }
}
