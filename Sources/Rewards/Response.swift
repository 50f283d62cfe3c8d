import Datasets

/// A written response as rewards read it: up to its first end of text, without special tokens (rewards §3).
struct Response {
    /// Longer ones, in bytes, are not looked at.
    static let longest = 1 << 20

    /// What was written before the first end.
    let text: String

    init(_ written: String) {
        var end = written.endIndex
        for token in ["<|endoftext|>", "<|eot_id|>", "<|end_of_text|>"] {
            if let found = written[..<end].utf8.firstRange(of: token.utf8) { end = found.lowerBound }
        }
        let parts = written[..<end].utf8.split(separator: Array("<|mdm_mask|>".utf8))
        text = parts.map { String(decoding: $0, as: UTF8.self) }.joined()
    }

    /// What follows the last think block, or everything if there is none; `nil` if a thought was begun but not ended.
    var answer: String? {
        guard let closed = text.utf8.ranges(of: ThinkBlock.closing.utf8).last else {
            return text.utf8.firstRange(of: ThinkBlock.opening.utf8) == nil ? text : nil
        }
        let rest = text[closed.upperBound...]
        return rest.utf8.firstRange(of: ThinkBlock.opening.utf8) == nil ? String(rest) : nil
    }
}
