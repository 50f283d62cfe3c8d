import ArgumentParser
import Foundation
import Images
import MMaDA
import TextTokenizer

/// The command `mmada chat`.
struct Chat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talk with a model on the terminal.",
        discussion: """
            Lines are messages, except:

              /image FILE   talk about a picture from now on
              /think        switch reasoning before answers on or off
              /reset        forget the conversation and the picture
              /quit         leave; so does Ctrl-D

            Ctrl-C stops the answer that is being written.
            """)

    @OptionGroup var model: ModelOptions
    @Option(help: "An instruction that stands before the conversation.") var system: String?
    @Flag(help: "Ask for reasoning in think tags before each answer.") var think = false
    @OptionGroup(title: "Sampling options") var text: TextOptions
    @OptionGroup var seed: SeedOption

    func run() async throws {
        try text.request([], endToken: 0, seed: 0).validate()
        let engine = try model.makeEngine()
        var conversation = Conversation(
            messages: system.map { [ChatMessage(role: .system, content: $0)] } ?? [], thinks: think)
        let start = conversation.messages
        let seed = try seed.resolved()
        standardError("seed \(seed); /quit to leave\n")
        while true {
            if Terminal.inputIsTerminal { standardError("> ") }
            guard let line = readLine() else { break }
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            switch words.first {
            case nil: continue
            case "/quit": return
            case "/reset": conversation = Conversation(messages: start, thinks: think)
            case "/think":
                conversation.thinks.toggle()
                standardError("reasoning is \(conversation.thinks ? "on" : "off")\n")
            case "/image":
                do {
                    conversation.image = try RGBImage(contentsOf: URL(filePath: words.count > 1 ? words[1] : ""))
                } catch {
                    standardError("error: \(error)\n")
                }
            case let word? where word.hasPrefix("/"): standardError("there is no command \(word)\n")
            default: try await answer(line, &conversation, engine, seed)
            }
        }
    }

    private struct Conversation {
        var messages: [ChatMessage]
        var image: RGBImage?
        var thinks: Bool
    }

    private func answer(
        _ line: String, _ conversation: inout Conversation, _ engine: InferenceEngine, _ seed: UInt64
    ) async throws {
        let messages = conversation.messages + [ChatMessage(role: .user, content: line)]
        var request = text.request(
            messages, image: conversation.image, endToken: engine.model.vocabulary.end, seed: seed)
        request.thinks = conversation.thinks
        do {
            let written = try await interruptible { [request, text] in
                let prepared = try await engine.perform { model in try model.prepare(request) }
                let run = TextRun(
                    engine: engine, request: prepared, streams: Terminal.outputIsTerminal,
                    blockLength: text.blockLength ?? min(128, text.genLength))
                return try await run.run().text
            }
            standardOutput(written + "\n")
            conversation.messages = messages + [ChatMessage(role: .assistant, content: written)]
        } catch is CancellationError {
            standardError("stopped\n")
        } catch let error as MMaDAError {
            standardError("error: \(error)\n")
        }
    }
}
