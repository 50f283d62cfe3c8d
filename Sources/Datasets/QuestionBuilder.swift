import StrictJSON

/// Names of the fields of question sets.
public struct QuestionFields: Codable, Hashable, Sendable {
    /// The question.
    public var question: String
    /// The answer, with its think block if it has one.
    public var solution: String
    /// The short verifiable answer; empty for none.
    public var gold: String
    /// The reasoning, where it stands apart; empty where the solution has it in a think block.
    public var reasoning: String

    /// Names, by default those of the stage-2 sets.
    public init(
        question: String = "question", solution: String = "solution", gold: String = "", reasoning: String = ""
    ) {
        self.question = question
        self.solution = solution
        self.gold = gold
        self.reasoning = reasoning
    }

    /// All names that are not empty.
    var names: [String] { [question, solution, gold, reasoning].filter { !$0.isEmpty } }
}

/// Records of questions with worked answers: about an image (CoT sets, GeoQA, CLEVR) or not (LIMO, GSM8K-like sets).
public struct QuestionBuilder: RecordBuilder {
    private let fields: QuestionFields
    private let table: ImageTable?
    private let images: ImagePreparation
    private let origin: ImageOrigin

    /// A builder.
    ///
    /// - Parameters:
    ///   - fields: Names of the fields.
    ///   - table: Rows by image, for archives that hold only images; else the sample has the fields itself.
    ///   - images: Size of the images.
    ///   - origin: Where they are.
    /// - Throws: ``DatasetError/missingColumn(file:expected:found:)``.
    public init(
        fields: QuestionFields = QuestionFields(), table: ImageTable? = nil, images: ImagePreparation,
        origin: ImageOrigin
    ) throws(DatasetError) {
        try table?.reader.require(fields.names)
        self.fields = fields
        self.table = table
        self.images = images
        self.origin = origin
    }

    /// The record of a question; of several rows for an image one is drawn.
    public func build(_ sample: RawSample, random: inout SampleRandom) throws(DatasetError) -> BuildOutcome {
        var row = sample
        if let table {
            guard let part = sample.imagePart else {
                throw .noImage(sample: sample.id, found: sample.parts.keys.sorted())
            }
            let rows = table.rows(named: [sample.baseKey + "." + part.kind, sample.key + "." + part.kind])
            guard !rows.isEmpty else { return .skip(.noCaption) }
            row.fields = try table.reader.load(at: rows[random.below(rows.count)]).fields
        }
        let question = try row.text(fields.question)
        let solution = try row.text(fields.solution)
        guard !question.trimmed.isEmpty, !solution.trimmed.isEmpty else { return .skip(.emptyText) }
        var record = Record(task: .chat, prompt: question)
        (record.reasoning, record.answer) = try split(solution, row)
        if let tagged = ThinkBlock.tagged(record.answer) {
            record.answer = tagged
            record.gold = tagged
        }
        if !fields.gold.isEmpty { record.gold = try row.text(fields.gold) }
        guard origin != .none else { return .record(record) }
        guard let image = try origin.image(of: sample, images) else { return .skip(.noImage) }
        record.image = image
        record.task = .understanding
        return .record(record)
    }

    private func split(
        _ solution: String, _ row: RawSample
    ) throws(DatasetError) -> (reasoning: String, answer: String) {
        if !fields.reasoning.isEmpty {
            // Some sets list several attempts at reasoning.
            if let first = row.fields[fields.reasoning]?.arrayValue?.first?.stringValue { return (first, solution) }
            return (try row.text(fields.reasoning), solution)
        }
        do {
            return try ThinkBlock.split(solution)
        } catch {
            // Not every set reasons; a broken think block is trained on as it is by the reference, and is not here.
            guard error == .missing else {
                throw .missingField(sample: row.id, field: fields.solution, expected: "sound: \(error.rawValue)")
            }
            return ("", solution)
        }
    }
}

/// Rows of a CSV file by the image they speak of.
public struct ImageTable: Sendable {
    let reader: CSVReader
    private let rows: [String: [Int]]

    /// Reads the names of the images; rows themselves stay on disk.
    ///
    /// - Parameters:
    ///   - path: The CSV file.
    ///   - column: The column with the image's file name.
    /// - Throws: ``DatasetError`` if the file is missing or malformed, or lacks the column.
    public init(path: String, column: String = "image") throws(DatasetError) {
        reader = try CSVReader(path: path)
        try reader.require([column])
        var rows: [String: [Int]] = [:]
        var position = 0
        while let span = try reader.next(from: position) {
            rows[try reader.load(at: span.position).text(column), default: []].append(span.position)
            position = span.end
        }
        self.rows = rows
    }

    /// Positions of the rows of the first of these names that has any.
    func rows(named names: [String]) -> [Int] {
        for name in names {
            if let found = rows[name] { return found }
        }
        return []
    }
}
