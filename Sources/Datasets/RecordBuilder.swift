/// Makes records of the samples of one source.
///
/// Whatever it chooses at random it draws from the generator it is given, which belongs to this sample in this pass.
public protocol RecordBuilder: Sendable {
    /// The record of a sample, or why there is none.
    ///
    /// - Parameters:
    ///   - sample: As its file holds it.
    ///   - random: The sample's own generator.
    /// - Returns: A record without source and id, which are filled in later, or a reason to pass the sample over.
    /// - Throws: ``DatasetError`` if the sample is broken.
    func build(_ sample: RawSample, random: inout SampleRandom) throws(DatasetError) -> BuildOutcome
}

/// What became of a sample that is not broken.
public enum BuildOutcome: Hashable, Sendable {
    /// It can be used.
    case record(Record)
    /// It is passed over.
    case skip(SkipReason)
}

/// Why a sound sample is passed over.
public enum SkipReason: String, Hashable, Sendable, Codable, CaseIterable {
    /// Nobody described the image.
    case noCaption = "no caption"
    /// The text is empty.
    case emptyText = "empty text"
    /// The item has no image, where one is needed.
    case noImage = "no image"
    /// The conversation has no question with an answer.
    case noTurns = "no complete turn"
    /// The text has more tokens than training takes; texts are never cut.
    case tooLong = "too many tokens"
    /// The prompt has nothing in it that the source asks for.
    case otherPrompt = "another prompt"
}
