import Foundation
import MMaDA
import Testing

@Suite struct GenerationDefaultsTests {
    private func read(_ text: String?) throws -> GenerationDefaults {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mmada-defaults-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        if let text { try Data(text.utf8).write(to: folder.appending(path: "generation_config.json")) }
        return try GenerationDefaults(directory: folder)
    }

    @Test func `without a file they are the official ones`() throws {
        #expect(try read(nil) == GenerationDefaults())
        #expect(try read("{\"transformers_version\": \"5\", \"temperature\": null}") == GenerationDefaults())
    }

    @Test func `a file's keys are taken, and lengths follow one another`() throws {
        let found = try read("{\"gen_length\": 64, \"guidance_scale\": 2, \"thought_block_length\": 2}")
        #expect(found.genLength == 64 && found.blockLength == 64 && found.guidanceScale == 2)
        #expect(found.thoughtLength == 64 && found.thoughtBlockLength == 2)
    }

    @Test(arguments: [
        "[]", "{", "{\"gen_length\": 0}", "{\"gen_length\": \"64\"}", "{\"gen_length\": 64, \"block_length\": 65}",
        "{\"gen_length\": 64, \"block_length\": 48}", "{\"temperature\": -1}", "{\"generation_timesteps\": 1.5}",
    ])
    func `a wrong file is an error`(text: String) {
        #expect(throws: MMaDAError.self) { try read(text) }
    }
}
