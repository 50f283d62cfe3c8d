import Checkpoints
import ImageTokenizer
import NN
import StrictJSON
import TestSupport
import Testing
import Torch

@Suite struct MAGVITGoldenTests {
    private static let all: [String] = {
        let names = (try? GoldenSet("magvit"))?.names.filter { $0.hasSuffix(".decoded") } ?? []
        return names.isEmpty ? ["none"] : names.map { String($0.dropLast(".decoded".count)) }
    }()

    private func model() throws -> MAGVIT {
        let configuration = try MAGVITConfiguration(JSONValue(parsing: Golden.bytes("magvit-tiny/config.json")))
        let checkpoint = try Checkpoint(directory: Golden.file("magvit-tiny"), stems: ["pytorch_model"])
        let parameters = CheckpointParameters(checkpoint)
        let model = try MAGVIT(configuration, ParameterScope(parameters))
        try parameters.finish(ignoring: MAGVIT.constantNames)
        return model
    }

    @Test(arguments: GoldenSet.caseNames("magvit"))
    func `encoding gives the official latent and codes`(name: String) throws {
        let golden = try GoldenSet("magvit")
        let model = try model()
        let pixels = try golden[name + ".pixel_values"]
        #expect(try model.latent(pixels).largestDifference(from: golden[name + ".encoder_output"]) < 1e-4)
        let codes = try model.encode(pixels)
        #expect(try codes.reshaped(codes.size(0), -1).isEqual(to: golden[name + ".codes"]))
        let quantized = try model.quantizer.signs(codes)
        #expect(try quantized.largestDifference(from: golden[name + ".quantized"]) == 0)
    }

    @Test(arguments: all)
    func `decoding gives the official pixels`(name: String) throws {
        let golden = try GoldenSet("magvit")
        let model = try model()
        let codes = try golden[name + ".codes"]
        let entry = try? golden.named(name)
        let side = Int(Double(codes.size(1)).squareRoot().rounded())
        let shape = entry?["decode_shape"]?.arrayValue?.compactMap(\.intValue) ?? [side, side]
        let decoded = try model.decode(codes.reshaped([codes.size(0)] + shape))
        #expect(try decoded.largestDifference(from: golden[name + ".decoded"]) < 1e-4)
    }

    @Test func `the quantizer reads bits from the highest, and zero as negative`() throws {
        let golden = try GoldenSet("magvit")
        let bits = try #require(golden.json["codebook_dim"]?.intValue)
        let quantizer = LookupFreeQuantizer(bits: bits)
        let side = 1 << (bits / 2)
        let all = try golden["quantizer.codebook_codes"].reshaped(1, side, -1)
        let signs = try quantizer.signs(all)
        #expect(try signs.reshaped(1, bits, -1).isEqual(to: golden["quantizer.codebook"].reshaped(1, bits, -1)))
        #expect(try quantizer.codes(signs).isEqual(to: all))
        #expect(try quantizer.codes(Tensor.zeros([1, bits, 1, 1], dtype: .float32)).item() == 0)
    }
}
