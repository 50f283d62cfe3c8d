// measure DIRECTORY TEXT IDS: times loading and encoding, and writes the ids for comparison.
import Foundation
import TextTokenizer

let arguments = CommandLine.arguments
let clock = ContinuousClock()

func best(of count: Int, _ body: () throws -> Void) rethrows -> Double {
    let times = try (0..<count).map { _ in try clock.measure(body) }
    return (times.min() ?? .zero) / .seconds(1)
}

let directory = URL(filePath: arguments[1])
var tokenizer = try Tokenizer(directory: directory)
let load = try best(of: 5) { tokenizer = try Tokenizer(directory: directory) }
let text = String(decoding: try Data(contentsOf: URL(filePath: arguments[2])), as: UTF8.self)
var ids: [Int32] = []
let encode = best(of: 9) { ids = tokenizer.encode(text) }
let decode = best(of: 9) { _ = tokenizer.decode(ids, skippingSpecialTokens: false) }
let megabytes = Double(text.utf8.count) / 1e6
print("  load \(load) s, encode \(megabytes / encode) MB/s, decode \(megabytes / decode) MB/s, \(ids.count) ids")
try ids.withUnsafeBytes { try Data($0).write(to: URL(filePath: arguments[3])) }
