import Datasets

/// Up to 0.5 for a response that is one think block and an answer (rewards §2).
///
/// Nothing may stand before the block; it must hold 8 characters that do not repeat themselves, and an answer must follow
/// or, where reasoning comes before a picture, the picture. That is worth 0.5; with more than one boxed answer 0.25.
/// Everything else, and what the length limit cut, is worth 0.
public struct Format: Reward {
    /// What a sound response is worth.
    public static let full = 0.5
    private static let shortestReasoning = 8

    /// Name, for logs.
    public let name: String

    /// The reward.
    public init(name: String = "format") { self.name = name }

    /// Judges samples one by one.
    public func outcomes(of samples: [RewardSample]) -> [RewardOutcome] { samples.map(outcome) }

    private func outcome(_ sample: RewardSample) -> RewardOutcome {
        switch sample.task {
        case .textToImage, .caption: return .notApplicable
        case .text, .chat, .understanding, .reasonToImage: break
        }
        guard !sample.isTruncated, sample.text.utf8.count <= Response.longest else { return .value(0) }
        var text = Response(sample.text).text
        let isPainted = sample.task == .reasonToImage && sample.picture != nil
        // The picture stands in the answer's place, which any words will fill here.
        if isPainted { text += "picture" }
        do {
            let (reasoning, answer) = try ThinkBlock.split(text)
            guard reasoning.count >= Self.shortestReasoning, !Repetition.dominates(reasoning),
                !Repetition.dominates(answer)
            else { return .value(0) }
            return .value(AnswerComparison.boxCount(answer) > 1 ? Self.full / 2 : Self.full)
        } catch {
            return .value(0)
        }
    }
}

/// Whether a text says the same again and again.
enum Repetition {
    /// Shorter texts, in bytes, may (rewards §4: 128 characters).
    private static let shortest = 128
    /// Bytes of a piece that is looked for again.
    private static let window = 16

    /// Whether more than half of a text's pieces of 16 bytes occurred in it before.
    static func dominates(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count > shortest else { return false }
        // A rolling hash: a piece costs one step, whatever the text.
        let base: UInt64 = 0x100_0000_01B3
        let leaving = (1..<window).reduce(UInt64(1)) { power, _ in power &* base }
        var seen: Set<UInt64> = []
        var hash: UInt64 = 0
        var repeats = 0
        for (place, byte) in bytes.enumerated() {
            if place >= window { hash = hash &- leaving &* (UInt64(bytes[place - window]) + 1) }
            hash = hash &* base &+ UInt64(byte) &+ 1
            if place >= window - 1, !seen.insert(hash).inserted { repeats += 1 }
        }
        return 2 * repeats > bytes.count - window + 1
    }
}
