import ArgumentParser
import Foundation
import StrictJSON
import TextTokenizer

/// The command `mmada tokenize`.
struct Tokenize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turn text into token ids, or ids into text.",
        discussion: """
              mmada tokenize --model DIR "Hello, world"
              mmada tokenize --model DIR --decode 9906 11 1917
              mmada tokenize --model DIR --file book.txt --time
            """)

    @Option(help: ArgumentHelp("A folder with a tokenizer.json.", valueName: "dir"), completion: .directory)
    var model: String

    @Argument(help: "The text, or ids with --decode. (default: standard input)")
    var input: [String] = []

    @Option(help: ArgumentHelp("Read the text from a file.", valueName: "file"), completion: .file())
    var file: String?

    @Flag(help: "The input is ids: print their text.")
    var decode = false

    @Flag(help: "Recognise special tokens in the text, and add those that the tokenizer adds. A user's text has none.")
    var special = false

    @Flag(help: "Print a JSON object.")
    var json = false

    @Flag(help: "Print the number of tokens and the speed instead of the ids.")
    var time = false

    func run() throws {
        let tokenizer = try Tokenizer(directory: URL(filePath: model, directoryHint: .isDirectory))
        let text = try self.text()
        if decode {
            let words = text.split { " ,[]\n\t".contains($0) }
            let ids = try words.map { word in
                guard let id = Int32(word) else { throw ValidationError("'\(word)' is no token id.") }
                return id
            }
            standardOutput(tokenizer.decode(ids, skippingSpecialTokens: !special) + "\n")
            return
        }
        let start = ContinuousClock.now
        let ids = special ? tokenizer.encode(text) : tokenizer.encodeOrdinary(text)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        if time {
            let rate = Double(text.utf8.count) / seconds / 1e6
            standardOutput(
                String(format: "%d tokens, %d bytes, %.4f s, %.1f MB/s\n", ids.count, text.utf8.count, seconds, rate))
        } else if json {
            let pieces: [JSONValue] = ids.map { .text(tokenizer.token(of: $0) ?? "") }
            standardOutput(JSONValue.members(["ids": .wholes(ids), "tokens": .array(pieces)]).line)
        } else {
            standardOutput(ids.map(String.init).joined(separator: " ") + "\n")
        }
    }

    private func text() throws -> String {
        if let file { return String(decoding: try Data(contentsOf: URL(filePath: file)), as: UTF8.self) }
        if !input.isEmpty { return input.joined(separator: " ") }
        return String(decoding: try FileHandle.standardInput.readToEnd() ?? Data(), as: UTF8.self)
    }
}
