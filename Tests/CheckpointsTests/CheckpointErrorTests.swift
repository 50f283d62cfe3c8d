import Checkpoints
import StrictJSON
import Testing

@Suite struct CheckpointErrorTests {
    @Test func `a description is one line whatever a file holds`() {
        let name = "a\nb\u{1B}[31m\u{202E}" + String(repeating: "x", count: 5000)
        let errors: [CheckpointError] = [
            .duplicateTensor(file: "f", tensor: name), .unsafeShardName(file: "f", found: name),
            .archive(file: "f", .duplicateEntry(name: name)),
            .pickle(file: "f", offset: 0, .refusedGlobal(module: name, name: name)),
            .json(file: "f", .duplicateKey(offset: 0, key: name)),
        ]
        for error in errors {
            #expect(error.description.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
            #expect(!error.description.unicodeScalars.contains("\u{202E}"))
            #expect(error.description.unicodeScalars.count <= 1100)
            #expect(error.description.hasPrefix("'f': "))
        }
    }

    @Test func `a description names the file, the tensor, and what was expected and found`() {
        let error = CheckpointError.sizeMismatch(file: "m.safetensors", tensor: "w", expected: 8, found: 4)
        #expect(error.description == "'m.safetensors': tensor 'w': expected 8 bytes for its shape, found 4")
        let refused = CheckpointError.pickle(file: "m.bin", offset: 7, .refusedGlobal(module: "os", name: "system"))
        #expect(refused.description.hasPrefix("'m.bin': pickle byte 7: 'os.system' is not allowed"))
    }
}
