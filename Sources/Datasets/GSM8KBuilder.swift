/// Records of GSM8K: `question`, and `answer` with steps, calculator marks `<<48/2=24>>` and the result after `####`.
public struct GSM8KBuilder: RecordBuilder {
    /// A builder.
    public init() {}

    /// The record of a question: steps as reasoning, the result as answer and gold.
    public func build(_ sample: RawSample, random: inout SampleRandom) throws(DatasetError) -> BuildOutcome {
        let question = try sample.text("question").trimmed
        let (reasoning, gold) = try Self.split(sample.text("answer"), sample: sample.id)
        guard !question.isEmpty else { return .skip(.emptyText) }
        return .record(Record(task: .chat, prompt: question, reasoning: reasoning, answer: gold, gold: gold))
    }

    /// Converts a whole file to records of our own.
    ///
    /// - Parameters:
    ///   - path: JSON Lines, as published.
    ///   - source: Name to give the records.
    /// - Returns: All records in order.
    /// - Throws: ``DatasetError`` at the first line that is not of this form.
    public static func records(contentsOf path: String, source: String = "gsm8k") throws(DatasetError) -> [StoredRecord]
    {
        let reader = try JSONLinesReader(path: path)
        var records: [StoredRecord] = []
        var position = 0
        while let span = try reader.next(from: position) {
            position = span.end
            let sample = try reader.load(at: span.position)
            var random = SampleRandom(seed: 0)
            guard case .record(var record) = try GSM8KBuilder().build(sample, random: &random) else { continue }
            record.source = source
            record.id = "\(records.count)"
            records.append(StoredRecord(record))
        }
        return records
    }

    private static func split(
        _ answer: String, sample: String
    ) throws(DatasetError) -> (reasoning: String, gold: String) {
        let fault = DatasetError.missingField(sample: sample, field: "answer", expected: "steps, '####' and a result")
        guard let mark = answer.range(ofBytes: "####") else { throw fault }
        let steps = String(answer[..<mark.lowerBound])
        var reasoning = ""
        var start = steps.startIndex
        while let opened = steps.range(ofBytes: "<<", from: start),
            let closed = steps.range(ofBytes: ">>", from: opened.upperBound)
        {
            reasoning += steps[start..<opened.lowerBound]
            start = closed.upperBound
        }
        reasoning = (reasoning + steps[start...]).trimmed
        let gold = String(answer[mark.upperBound...]).trimmed
        guard !reasoning.isEmpty, !gold.isEmpty else { throw fault }
        return (reasoning, gold)
    }
}
