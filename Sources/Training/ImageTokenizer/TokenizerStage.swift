import Checkpoints
import Datasets
public import Foundation
public import ImageTokenizer
import Images
import MMaDA
public import NN
public import StrictJSON
public import Torch

/// Stage 0: an image tokenizer, trained to give pictures back through its codes.
public final class TokenizerStage: TrainingStage {
    /// What the optimizer does to the parameters.
    public let groups: [Optimizer.Group]
    private let model: any VisualTokenizer
    private let shape: VisualTokenizerConfiguration
    private let batchSize: Int
    private let weights: TokenizerLossWeights
    private let feed: any RecordFeed
    private let device: Device
    private let judges: TokenizerJudges
    private var batchCount = 0
    /// Pictures of the last batch, which a validation looks at.
    private var lastImages: [RGBImage] = []

    /// A stage over pictures of one size, a multiple of the tokenizer's downsampling.
    ///
    /// `groups`: those of the tokenizer and of the adversary, if `judges` has one.
    public init(
        _ model: any VisualTokenizer, shape: VisualTokenizerConfiguration, groups: [Optimizer.Group], batchSize: Int,
        weights: TokenizerLossWeights, judges: TokenizerJudges = TokenizerJudges(), feed: any RecordFeed,
        device: Device = .cpu
    ) {
        self.model = model
        self.shape = shape
        self.groups = groups
        self.batchSize = batchSize
        self.weights = weights
        self.judges = judges
        self.feed = feed
        self.device = device
    }

    /// The loss on the next pictures.
    public func microStep() throws -> MicroStep {
        var images: [RGBImage] = []
        var names: [String] = []
        while images.count < batchSize {
            let record = try feed.next()
            guard let image = record.image else { continue }
            images.append(image)
            names.append("\(record.source)/\(record.id)")
        }
        lastImages = images
        let pixels = try Tensor.cat(images.map { try PixelConversion.pixels(of: $0) }).to(device)
        var present = judges
        if batchCount < weights.adversarialStart { present.adversary = nil }
        batchCount += 1
        let loss = try TokenizerLoss(model, pixels: pixels, weights, judges: present)
        let patches = images.reduce(0) { $0 + $1.width * $1.height } / (model.downsampling * model.downsampling)
        return MicroStep(
            loss: loss.total, parts: loss.parts, tokenCount: patches, sampleCount: images.count, samples: names)
    }

    /// Batches seen and the data's position; nothing is random.
    public var state: JSONValue {
        get throws {
            let fields: [(key: JSONString, value: JSONValue)] = [
                ("batches", .integer(Int64(batchCount))), ("data", try feed.state),
            ]
            return .object(fields)
        }
    }

    /// Continues there.
    public func restore(_ state: JSONValue) throws {
        guard let position = state["data"] else {
            throw TrainingError.unreadableState(folder: "state.json", reason: "no position of the data")
        }
        batchCount = state["batches"]?.intValue ?? 0
        try feed.restore(position)
    }

    /// Writes configuration and weights, as `vq` of a model folder has them.
    public func writeModel(_ parameters: [NamedParameter], to folder: URL) throws {
        try SafetensorsWriter.write(
            parameters.filter { !$0.name.hasPrefix(Adversary.prefix) }.map(OutgoingTensor.init),
            metadata: ["format": "pt"],
            to: folder.appending(path: "model.safetensors"))
        try Data(shape.json.serialized()).write(to: folder.appending(path: "config.json"))
    }

    /// Peak signal-to-noise ratio and number of codes on the last batch; its pictures before and after as a sheet.
    public func validate(step: Int, folder: URL) throws -> [String: Double] {
        guard !lastImages.isEmpty else { return [:] }
        let images = Array(lastImages.prefix(16))
        let (decoded, codes): ([RGBImage], [Int64]) = try withoutGradient { () throws in
            let pixels = try Tensor.cat(images.map { try PixelConversion.pixels(of: $0) }).to(device)
            let codes = try model.encode(pixels)
            return (try PixelConversion.images(of: model.decode(codes)), try codes.to(.cpu).array())
        }
        try RGBImage.grid(images + decoded, columns: images.count).write(to: folder.appending(path: "pictures.png"))
        let ratios = try zip(images, decoded).map { try min(99, $0.psnr(against: $1)) }
        return [
            "psnr": ratios.reduce(0, +) / Double(ratios.count), "codes_used": Double(Set(codes).count),
        ]
    }
}
