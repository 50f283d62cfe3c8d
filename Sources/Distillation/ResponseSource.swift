public import Datasets

/// Something that answers prompts with reasoning.
public protocol ResponseSource: Sendable {
    /// Answers to queries, in their order.
    ///
    /// - Throws: What makes further queries pointless.
    func responses(to queries: [ResponseQuery]) async throws -> [Result<String, NoResponse>]
}

/// A prompt to answer.
public struct ResponseQuery: Hashable, Sendable {
    /// What is asked; its answer is not shown to whom it is put.
    public var record: Record
    /// Of this answer's random numbers.
    public var seed: UInt64

    /// A query.
    public init(_ record: Record, seed: UInt64) {
        self.record = record
        self.seed = seed
    }
}

/// Why one prompt was not answered.
public struct NoResponse: Error, Hashable, Sendable, CustomStringConvertible {
    /// In words.
    public let description: String

    /// A reason.
    public init(_ reason: any Error) { description = "\(reason)" }
}
