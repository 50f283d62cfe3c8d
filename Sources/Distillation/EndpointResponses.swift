import Datasets
public import Rewards

/// Answers of a model behind the chat API of OpenAI.
public struct EndpointResponses: ResponseSource {
    /// What such a model is told first, where nothing else is.
    public static let instruction = """
        Reason step by step between <think> and </think>. After </think> write the final answer alone, as short as it can be.
        """

    private let endpoint: ChatEndpoint
    private let instruction: String

    /// Answers of `endpoint`, which is told `instruction` first, if that is not empty.
    public init(_ endpoint: ChatEndpoint, instruction: String = EndpointResponses.instruction) {
        self.endpoint = endpoint
        self.instruction = instruction
    }

    /// Asks about all at once, as far as the endpoint's limits allow.
    ///
    /// - Throws: `RewardError.endpointDown`, if it failed for all of them.
    public func responses(to queries: [ResponseQuery]) async throws -> [Result<String, NoResponse>] {
        let replies = await endpoint.replies(to: queries.map { conversation($0.record) }, seeds: queries.map(\.seed))
        try Task.checkCancellation()
        try endpoint.requireReply(among: replies)
        return replies.map { $0.mapError(NoResponse.init) }
    }

    private func conversation(_ record: Record) -> [ChatEndpoint.Message] {
        var messages: [ChatEndpoint.Message] = []
        if !instruction.isEmpty { messages.append(.init(role: "system", parts: [.text(instruction)])) }
        messages += record.turns.map { .init(role: $0.role, parts: [.text($0.text)]) }
        let picture = record.image.map { [ChatEndpoint.Message.Part.picture($0)] } ?? []
        messages.append(.init(role: "user", parts: picture + [.text(record.prompt)]))
        return messages
    }
}
