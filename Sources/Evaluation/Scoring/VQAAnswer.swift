/// Right answers to questions about images, as VQA and GQA count them.
public enum VQAAnswer {
    /// How many people must have said the same for an answer to count in full.
    private static let peopleForFull = 3.0

    /// The soft accuracy of a prediction: each person's answers are the key in turn, less that person's own.
    ///
    /// The mean, over all people, of min(1, matches among the others / 3). If all people answered alike, texts are
    /// compared as they stand but for outer white space; else after ``normalized(_:)`` (github.com/GT-Vision-Lab/VQA,
    /// `vqaEval.py`).
    ///
    /// - Parameters:
    ///   - prediction: What the model said.
    ///   - answers: What people said, ten of them in VQA.
    /// - Returns: 0 to 1; 0 where there are no answers. A single answer has no others to agree with, which gives 0.
    public static func accuracy(of prediction: String, answers: [String]) -> Double {
        guard !answers.isEmpty else { return 0 }
        var prediction = flattened(prediction)
        var answers = answers.map(flattened)
        if answers.contains(where: { !AnswerText.isSame($0, answers[0]) }) {
            prediction = normalized(prediction)
            answers = answers.map(normalized)
        }
        let matches = answers.map { AnswerText.isSame($0, prediction) }
        let count = matches.count { $0 }
        let shares = matches.map { min(1, Double($0 ? count - 1 : count) / peopleForFull) }
        return shares.reduce(0, +) / Double(shares.count)
    }

    /// An answer without its punctuation, capitals and articles, with digits for number words and apostrophes restored.
    ///
    /// The official rules, oddities included: `none` is 0; a comma between digits (`1,000`) makes every mark of the
    /// text vanish, where else `a/b` becomes two words; `5.` loses its full stop and `3.5` keeps it; at most 32 full
    /// stops go; `hes` becomes `he's`, and `somebody'd` becomes `somebodyd`.
    public static func normalized(_ answer: String) -> String {
        let plain = AnswerText.withoutPunctuation(flattened(answer), .beforeNoDigit)
        let words = AnswerText.words(plain.lowercased()).map { numbers[$0] ?? $0 }
        return words.filter { !articles.contains($0) }.map { contractions[$0] ?? $0 }.joined(separator: " ")
    }

    /// Whether a prediction is the one answer, but for case and outer white space.
    ///
    /// This is how GQA is scored (VLMEvalKit `vqa_eval.py`, method `accuracy`); two empty texts are the same.
    public static func isExact(_ prediction: String, _ answer: String) -> Bool {
        AnswerText.isSame(
            AnswerText.trimmed(prediction).lowercased(), AnswerText.trimmed(answer).lowercased())
    }

    /// On one line, without outer white space.
    private static func flattened(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { line.append(scalar == "\n" || scalar == "\t" ? " " : scalar) }
        return AnswerText.trimmed(String(line))
    }

    // MARK: Tables

    private static let articles: Set<String> = ["a", "an", "the"]

    private static let numbers = [
        "none": "0", "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6",
        "seven": "7", "eight": "8", "nine": "9", "ten": "10",
    ]

    /// By the word without its apostrophe, or without one of them.
    ///
    /// The official table also has capitals (`Im`), which no word in lower case finds, and words that stay as they are.
    private static let contractions: [String: String] = {
        let short = """
            'twas ain't aren't can't could've couldn't didn't doesn't don't hadn't hasn't haven't he'd he's
            how'd how'll how's isn't it'd it'll ma'am might've mightn't must've mustn't needn't not've
            o'clock oughtn't shan't should've shouldn't somebody'll somebody's someone'd someone'll
            someone's something'd something'll that's there'd there're there's they'd they'll they're
            they've wasn't we've weren't what'll what're what's what've when's where'd where's where've
            who'd who'll who's who've why'll why're why's won't would've wouldn't y'all you'd you'll you're
            you've
            """
        // Of these a word that lacks one apostrophe is mended, but none that lacks them all.
        let long = """
            'ow's'at couldn't've hadn't've he'd've it'd've mightn't've she'd've shouldn't've somebody'd've
            someone'd've something'd've there'd've they'd've we'd've who'd've wouldn't've y'all'd've
            y'all'll you'd've
            """
        var table = ["somebody'd": "somebodyd"]
        for word in AnswerText.words(short) { table[word.filter { $0 != "'" }] = word }
        for word in AnswerText.words(long) {
            for place in word.indices where word[place] == "'" {
                var damaged = word
                damaged.remove(at: place)
                table[damaged] = word
            }
        }
        return table
    }()
}
