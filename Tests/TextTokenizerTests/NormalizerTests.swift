import Foundation
import TestSupport
import Testing

@testable import TextTokenizer

@Suite struct NormalizerTests {
    private func composed(_ text: String) -> String {
        var text = text
        return text.withUTF8 { bytes in
            var output: [UInt8] = []
            Normalizer.composition.append(bytes, in: 0..<bytes.count, to: &output)
            return String(decoding: output, as: UTF8.self)
        }
    }

    private func scalars(_ text: String) -> [String] { text.unicodeScalars.map { String($0.value, radix: 16) } }

    @Test(arguments: [
        ("e\u{301}", "é"), ("e\u{323}\u{301}", "\u{1EB9}\u{301}"), ("e\u{301}\u{323}", "\u{1EB9}\u{301}"),
        ("\u{212B}", "Å"),
        ("\u{1100}\u{1161}\u{11A8}", "\u{AC01}"), ("\u{AC00}\u{11A8}", "\u{AC01}"),
        ("\u{AC01}\u{11A8}", "\u{AC01}\u{11A8}"),
        ("\u{958}", "\u{915}\u{93C}"), ("\u{344}", "\u{308}\u{301}"), ("\u{301}e", "\u{301}e"),
        ("\u{1D15E}", "\u{1D157}\u{1D165}"),
        ("q\u{307}\u{323}", "q\u{323}\u{307}"), ("\u{1EBF}\u{323}", "\u{1EC7}\u{301}"), ("a\u{315}\u{300}", "à\u{315}"),
        ("e\u{301}\u{F73}\u{323}", "\u{1EB9}\u{F71}\u{F72}\u{301}"),
    ])
    func `marks are ordered and composed`(text: String, expected: String) {
        #expect(scalars(composed(text)) == scalars(expected))
    }

    // Foundation follows a newer Unicode, so only characters that both know are compared; and it does not reorder marks
    // behind three Tibetan vowels which are of class 0 themselves but decompose into marks that are not.
    @Test func `each character, alone and among marks, is composed as Foundation does it`() {
        let last = Unicode.Version(major: 9, minor: 0)
        for value in UInt32(0x80)..<0x3_0000 {
            guard let scalar = Unicode.Scalar(value), let age = scalar.properties.age, age <= last,
                ![0xF73, 0xF75, 0xF81].contains(value)
            else { continue }
            let character = String(Character(scalar))
            var texts = [character]
            if UnicodeProperties.of(value).contains(.composing) {
                texts += [
                    "e\u{301}" + character + "\u{323}", "\u{334}" + character + "\u{345}", character + "\u{338}\u{301}",
                ]
            }
            for text in texts {
                let expected = text.precomposedStringWithCanonicalMapping
                if !composed(text).utf8.elementsEqual(expected.utf8) {
                    Issue.record("\(scalars(text)) \(scalars(expected))")
                }
            }
        }
    }

    @Test func `composing twice is composing once`() {
        var texts = TextGenerator(seed: 5)
        for _ in 0..<2000 {
            let once = composed(texts.next())
            #expect(composed(once).utf8.elementsEqual(once.utf8))
        }
    }
}
