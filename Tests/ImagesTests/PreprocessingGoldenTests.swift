import Images
import StrictJSON
import TestSupport
import Testing
import Torch

@Suite struct PreprocessingGoldenTests {
    private static let images: [String] = {
        let names = (try? GoldenSet("magvit"))?.names.filter { $0.hasPrefix("png_") } ?? []
        return names.isEmpty ? ["none"] : names.map { String($0.dropFirst(4).dropLast(4)) }  // png_<image>.rgb
    }()

    @Test(arguments: images)
    func `pixels of a PNG are Pillow's`(image: String) throws {
        let expected: [UInt8] = try GoldenSet("magvit")["png_\(image).rgb"].array()
        #expect(try RGBImage(contentsOf: Golden.file("images/\(image).png")).pixels == expected)
    }

    @Test(arguments: GoldenSet.caseNames("magvit", list: "preprocessing"))
    func `resizing and cutting give the official bytes`(name: String) throws {
        let golden = try GoldenSet("magvit")
        let entry = try golden.named(name, list: "preprocessing")
        let image = try RGBImage(contentsOf: Golden.file(try #require(entry["image"]?.stringValue)))
        let kind = try #require(entry["kind"]?.stringValue.flatMap(ImagePreprocessing.init))
        let found = try image.preprocessed(kind, resolution: try #require(entry["resolution"]?.intValue))
        #expect(try found.pixels == golden[name + ".uint8"].array(of: UInt8.self))
    }
}
