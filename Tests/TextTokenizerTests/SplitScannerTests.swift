import Foundation
import StrictJSON
import TestSupport
import Testing

@testable import TextTokenizer

@Suite struct SplitScannerTests {
    /// The ends of the pieces of `text`.
    private func ends(_ scanner: SplitScanner, _ text: String) -> [Int] {
        var text = text
        return text.withUTF8 { bytes in
            var ends: [Int] = []
            var last = 0
            scanner.forEachPiece(of: bytes, in: 0..<bytes.count) { piece in
                #expect(piece.lowerBound == last && piece.upperBound > last)
                last = piece.upperBound
                ends.append(last)
            }
            #expect(last == bytes.count)
            return ends
        }
    }

    private func pieces(_ pattern: String, _ text: String) throws -> [String] {
        let utf8 = Array(text.utf8)
        var start = 0
        return ends(try SplitScanner(pattern: pattern), text).map { end in
            defer { start = end }
            return String(decoding: utf8[start..<end], as: UTF8.self)
        }
    }

    // Patience 0 makes the matcher careful from the first byte.
    @Test(arguments: [16, 0])
    func `texts are cut where Python's regex cuts them`(patience: Int) throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Peers/tokenizers_boundaries.json")
        let groups = try #require(JSONValue(parsing: [UInt8](try Data(contentsOf: file)))["groups"]?.arrayValue)
        var patterns = 0
        for group in groups {
            let pattern = try #require(group["pattern"]?.stringValue)
            let scanner: SplitScanner
            do {
                scanner = try SplitScanner(pattern: pattern, patience: patience)
            } catch {
                guard case .unsupportedPattern(let construct, _, _) = error else { throw error }
                #expect(construct == "a repeated group that can be empty" || construct == "a repeated lookahead")
                continue
            }
            patterns += 1
            let texts = try #require(group["texts"]?.arrayValue)
            let expected = try #require(group["ends"]?.arrayValue)
            for (text, expected) in zip(texts, expected) {
                let text = try #require(text.stringValue)
                #expect(
                    ends(scanner, text) == expected.arrayValue?.compactMap(\.intValue),
                    "\(pattern) \(text.debugDescription)")
            }
        }
        #expect(patterns > 350)
    }

    @Test(arguments: [
        ("x*", "abxc", ["a", "b", "x", "c"]), ("a{2,3}+", "aaaaaaa", ["aaaaaa", "a"]),
        ("a{2}+", "aaaaa", ["aaaa", "a"]),
        ("a?+a", "aab", ["aa", "b"]), ("a++a", "aaab", ["aaab"]), (".", "a\nb\r", ["a", "\n", "b", "\r"]),
        ("[a-]", "xa-by", ["x", "a", "-", "by"]), ("(?i:k)", "kK\u{212A}q", ["k", "K", "\u{212A}", "q"]),
        ("(?i:[^s])", "sSſa", ["sSſ", "a"]), ("b", "", []), (#"\p{L}+(?=\p{N})"#, "ab1 cd", ["ab", "1 cd"]),
    ])
    func `constructs mean what they mean to the library`(pattern: String, text: String, expected: [String]) throws {
        #expect(try pieces(pattern, text) == expected)
    }

    @Test(arguments: [
        "a*?", "a{2,3}?", "a**", "(?>a)", "(?<=a)b", "(?<n>a)", "(?i)a", #"\p{Lu}"#, #"\d"#, #"\w"#, #"\b"#, #"(a)\1"#,
        "^a", "a$",
        "[[a]]", "[a&&b]", "[]", "[b-a]", #"[a-\s]"#, "(?:a", "a)", "a{,2}", "a{300}", "a{0}", "a{2", "(?:a*)+",
        "(?:a|)+", "(?i:é)",
        "(?i:ss)", "(?i:fi)", #"(?i:\p{L})"#, "(?!ab)", "(?:ab)++", "\\", "[a", "(*FAIL)", "*a", "x{1,2}{3}", #"\x41"#,
        String(repeating: "(?:", count: 40) + "a" + String(repeating: ")", count: 40),
    ])
    func `an unknown construct is refused`(pattern: String) {
        #expect {
            _ = try SplitScanner(pattern: pattern)
        } throws: { error in
            guard case .unsupportedPattern(let construct, _, pattern) = error as? TokenizerError else { return false }
            return !construct.isEmpty
        }
    }

    @Test func `a pattern that would grow beyond measure is refused`() {
        #expect(throws: TokenizerError.self) { try SplitScanner(pattern: "(?:(?:ab){255}){255}") }
    }

    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            #"\s*\s*\s*\s*x"#, "a+b|a", "a++b|a", "(?:a|a)+b", "(?:a+a)+b", "(?:a{1,3}){1,9}b", "(?:ab|a|b)+c",
            "(?:a|aa)+b",
            "[a ]+[a ]+[a ]+b", "a{1,20}a{1,20}a{1,20}b",
        ])
    func `no pattern takes exponential or cubic time`(pattern: String) throws {
        let scanner = try SplitScanner(pattern: pattern)
        for unit in ["a", " ", "ab"] {
            let text = String(repeating: unit, count: 5000)
            #expect(!ends(scanner, text).isEmpty)
        }
    }

    @Test func `the property table has the letters, numbers and spaces of Unicode 16`() {
        func count(_ property: UnicodeProperties) -> Int {
            UnicodeProperties.table.count { $0 & property.rawValue != 0 }
        }
        #expect(count(.letter) == 141_028 && count(.number) == 1_911 && count(.space) == 25)
        let last = Unicode.Version(major: 16, minor: 0)
        for value in UInt32(0)..<0x11_0000 {
            guard let scalar = Unicode.Scalar(value), let age = scalar.properties.age, age <= last else { continue }
            let isLetter: Bool
            switch scalar.properties.generalCategory {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: isLetter = true
            default: isLetter = false
            }
            if UnicodeProperties.of(value).contains(.letter) != isLetter {
                Issue.record("U+\(String(value, radix: 16))")
            }
        }
    }
}
