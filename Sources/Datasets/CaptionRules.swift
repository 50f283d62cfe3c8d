/// What is done to captions before they are trained on (data-formats §3.2).
public enum CaptionRules {
    /// Openings that say nothing, deleted wherever they stand, in this order.
    public static let stockPhrases = [
        "The image features ", "The image presents ", "The image you've sent is, ", "In the center of the image, ",
        "The image showcases ", "The image is ", "The image captures ", "In the given image ", "The image portrays ",
        "In the image, ", "In this image, we see ", "The image depicts ", "This is ", "In this image, ",
        "This image captures ",
    ]

    /// Requests for a caption, for runs without a list of their own; the reference's list was not published.
    public static let requests = [
        "Please describe this image in detail.", "Describe what you see in this picture.",
        "What is shown in this image?", "Write a caption for this image.", "Give a detailed account of this picture.",
        "Explain what can be seen here.", "What does this picture show?", "Describe the scene in this image.",
    ]

    private static let tag = Array("<person>".utf8)

    /// With probability one half the first sentence only; then without stock phrases.
    public static func shortened(_ caption: String, random: inout SampleRandom) -> String {
        let whole = withoutStockPhrases(caption)
        guard random.below(2) == 0, let end = caption.firstIndex(of: ".") else { return whole }
        let sentence = withoutStockPhrases(String(caption[..<end]))
        return sentence.trimmed.isEmpty ? whole : sentence
    }

    /// The caption without stock phrases.
    public static func withoutStockPhrases(_ caption: String) -> String {
        var bytes = Array(caption.utf8)
        for phrase in stockPhrases {
            let phrase = Array(phrase.utf8)
            var kept: [UInt8] = []
            var place = 0
            while place < bytes.count {
                if bytes[place] == phrase[0], bytes[place...].starts(with: phrase) {
                    place += phrase.count
                } else {
                    kept.append(bytes[place])
                    place += 1
                }
            }
            bytes = kept
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The caption with `<person>` tags put into words: several in a row are people, one is somebody drawn at random.
    public static func withPersons(_ caption: String, random: inout SampleRandom) -> String {
        let bytes = Array(caption.utf8)
        func isTag(_ place: Int) -> Bool {
            bytes[place] == tag[0] && bytes[place...].prefix(tag.count).elementsEqual(tag) { $0 | 0x20 == $1 | 0x20 }
        }
        var output: [UInt8] = []
        var place = 0
        while place < bytes.count {
            guard isTag(place) else {
                output.append(bytes[place])
                place += 1
                continue
            }
            var count = 0
            var next = place
            while next < bytes.count, isTag(next) {
                count += 1
                place = next + tag.count
                next = place
                while next < bytes.count, bytes[next] == 0x20 { next += 1 }
            }
            let words = count > 1 ? " people " : [" a person ", " someone ", " somebody "][random.below(3)]
            output += Array(words.utf8)
        }
        return String(decoding: output, as: UTF8.self)
    }
}
