public import Foundation
import StrictJSON

/// What a model is best run with where a request does not say: its folder's `generation_config.json`.
///
/// Keys that other programs put there are passed over; what the file lacks is the official default.
public struct GenerationDefaults: Hashable, Sendable {
    /// New tokens of a text (`gen_length`), and tokens of a block (`block_length`).
    public var genLength = 128, blockLength = 128
    /// Randomness of texts (`temperature`).
    public var temperature = 0.0
    /// Steps of a picture (`generation_timesteps`).
    public var timesteps = 15
    /// Guidance of a picture (`guidance_scale`).
    public var guidanceScale = 3.5
    /// Randomness of pictures (`image_temperature`).
    public var imageTemperature = 1.0
    /// Tokens, and tokens of a block, of the thought before a picture (`thought_length`, `thought_block_length`).
    public var thoughtLength = 128, thoughtBlockLength = 128

    /// The official defaults.
    public init() {}

    /// Reads a model's folder.
    ///
    /// - Throws: ``MMaDAError/unreadable(_:reason:)`` for a file that is no JSON object or holds a value out of range.
    public init(directory: URL) throws {
        let url = directory.appending(path: "generation_config.json")
        guard FileManager.default.fileExists(atPath: url.path) else { return }
        let json = try ModelFiles.json(url)
        guard json.objectValue != nil else { throw MMaDAError.unreadable(url, reason: "it is no JSON object") }
        func read<Value: Comparable>(
            _ name: String, _ target: inout Value, _ range: ClosedRange<Value>, _ value: (JSONValue) -> Value?
        ) throws {
            guard let field = json[name], !field.isNull else { return }
            guard let found = value(field), range.contains(found) else {
                throw MMaDAError.unreadable(
                    url, reason: "'\(name)' must be a number from \(range.lowerBound) to \(range.upperBound)")
            }
            target = found
        }
        try read("gen_length", &genLength, 1...Limits.tokens, \.intValue)
        blockLength = min(blockLength, genLength)
        try read("block_length", &blockLength, 1...genLength, \.intValue)
        try read("temperature", &temperature, 0...1000, \.doubleValue)
        try read("generation_timesteps", &timesteps, 1...Limits.steps, \.intValue)
        try read("guidance_scale", &guidanceScale, 0...1000, \.doubleValue)
        try read("image_temperature", &imageTemperature, 0...1000, \.doubleValue)
        (thoughtLength, thoughtBlockLength) = (genLength, blockLength)
        try read("thought_length", &thoughtLength, 1...Limits.tokens, \.intValue)
        thoughtBlockLength = min(thoughtBlockLength, thoughtLength)
        try read("thought_block_length", &thoughtBlockLength, 1...thoughtLength, \.intValue)
        try Limits.divisible("gen_length", genLength, by: "block_length", blockLength)
        try Limits.divisible("thought_length", thoughtLength, by: "thought_block_length", thoughtBlockLength)
    }
}
