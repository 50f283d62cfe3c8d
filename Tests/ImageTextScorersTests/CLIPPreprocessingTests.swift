import ImageTextScorers
import Images
import NN
import StrictJSON
import TestSupport
import Testing
import Torch

@Suite struct CLIPPreprocessingTests {
    private func read(_ text: String) throws -> CLIPPreprocessing {
        try CLIPPreprocessing(JSONValue(parsing: Array(text.utf8)))
    }

    @Test func `the golden picture gives the reference's pixels`() throws {
        let golden = try GoldenSet("clip")
        let note = try #require(golden.json["pixel_values_2"]?.stringValue)
        let file = try #require(note.split(separator: " ").first)
        let json = try JSONValue(parsing: Golden.bytes("clip-tiny/preprocessor_config.json"))
        let image = try RGBImage(contentsOf: Golden.file(String(file)))
        let pixels = try CLIPPreprocessing(json).pixels(of: [image])
        #expect(try pixels.select(0).largestDifference(from: golden["pixel_values"].select(2)) < 1e-5)
    }

    @Test func `lengths may be numbers or objects`() throws {
        for text in [
            #"{"size": 40, "crop_size": 32}"#,
            #"{"size": {"shortest_edge": 40}, "crop_size": {"height": 32, "width": 32}}"#,
        ] {
            let preprocessing = try read(text)
            #expect(preprocessing.shorterSide == 40 && preprocessing.side == 32)
        }
        #expect(try read("{}") == CLIPPreprocessing(side: 224))
    }

    @Test func `an odd rest is cut as each library cuts it`() throws {
        // 5 columns to 2: a rest of 3.
        let pixels = (0..<10).flatMap { (i: Int) -> [UInt8] in [UInt8(i % 5 * 50), 0, 0] }
        let image = try RGBImage(width: 5, height: 2, pixels: pixels)
        for (cropping, first) in [(CLIPPreprocessing.Cropping.down, 1), (.toEven, 2)] {
            let preprocessing = CLIPPreprocessing(side: 2, cropping: cropping)
            let red = try preprocessing.pixels(of: [image]).reshaped(-1).select(0).item()
            let expected = (Double(first * 50) / 255 - preprocessing.mean[0]) / preprocessing.deviation[0]
            #expect(abs(red - expected) < 1e-5)
        }
    }

    @Test(arguments: [
        "[]", #"{"size": "224"}"#, #"{"size": 0}"#, #"{"size": 1000000000}"#, #"{"size": {"height": 4, "width": 4}}"#,
        #"{"size": 8, "crop_size": 9}"#, #"{"crop_size": {"height": 8, "width": 9}}"#, #"{"resample": 2}"#,
        #"{"do_resize": false}"#, #"{"rescale_factor": 1}"#, #"{"image_mean": [0, 0]}"#, #"{"image_std": [1, 0, 1]}"#,
        #"{"image_std": [1, "a", 1]}"#, #"{"size": null, "crop_size": 500}"#,
    ])
    func `nonsense is a typed error`(text: String) {
        #expect(throws: ConfigurationError.self) { try read(text) }
    }

    @Test func `a picture too long and thin is a typed error`() throws {
        let image = try RGBImage(width: 1, height: 100_000, pixels: [UInt8](repeating: 0, count: 300_000))
        #expect(throws: ImageError.self) { try CLIPPreprocessing(side: 224).pixels(of: [image]) }
    }
}
