import ArgumentParser
import Foundation
import Torch

/// The `mmada` program.
@main
struct MMaDACommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mmada",
        abstract: "Write, answer about pictures and paint with MMaDA, a multimodal diffusion language model.",
        discussion: """
            A model is a folder as released: config.json, weights (safetensors or .bin) and tokenizer at its top, the
            image tokenizer in its folder 'vq' or named by --image-tokenizer.

              mmada generate --model DIR --prompt "Why is the sky blue?"
              mmada generate --model DIR --image cat.png --prompt "What is it doing?"
              mmada imagine  --model DIR --prompt "a red fox in the snow" --output fox.png

            Results go to standard output, everything else to standard error.
            """,
        version: "0.1.0",
        subcommands: [
            Generate.self, Imagine.self, Chat.self, Serve.self, Train.self, Merge.self, DataCommand.self, Evaluate.self,
            Inspect.self, Tokenize.self, Reconstruct.self, Bench.self, BenchTraining.self, BenchData.self,
        ])

    /// Runs the command that was asked for, and gives every failure one line and an exit code.
    static func main() async {
        TensorRuntime.keepFreedMemory(upTo: 512 << 20)
        do {
            try await interruptible {
                var command = try parseAsRoot()
                if var asynchronous = command as? any AsyncParsableCommand {
                    try await asynchronous.run()
                } else {
                    try command.run()
                }
            }
        } catch {
            Failure.exit(error)
        }
    }
}
