public import Images
public import NN
public import StrictJSON
public import Torch

/// Pictures to the pixels that a vision tower takes: the shorter side resized as Pillow does, the middle cut out, and
/// each channel normalised.
public struct CLIPPreprocessing: Hashable, Sendable {
    /// Where the cut begins when the rest is odd.
    public enum Cropping: Hashable, Sendable {
        /// One pixel less at the left or above, as in Hugging Face's transformers.
        case down
        /// An even number of pixels, as in torchvision.
        case toEven
    }

    /// Length of the shorter side after the resize.
    public private(set) var shorterSide: Int
    /// Length of a side after the cut.
    public private(set) var side: Int
    /// What is subtracted from red, green and blue, of 0…1.
    public private(set) var mean = [0.48145466, 0.4578275, 0.40821073]
    /// What they are then divided by.
    public private(set) var deviation = [0.26862954, 0.26130258, 0.27577711]
    /// Where the cut begins.
    public let cropping: Cropping

    /// OpenAI's preprocessing for pictures of `side` pixels, at least 1.
    public init(side: Int, cropping: Cropping = .down) {
        precondition(side > 0, "pictures of \(side) pixels")
        shorterSide = side
        self.side = side
        self.cropping = cropping
    }

    /// Reads a `preprocessor_config.json` of Hugging Face.
    public init(_ json: JSONValue) throws(ConfigurationError) {
        self.init(side: 224)
        let fields = try ConfigurationFields(json)
        for step in ["do_resize", "do_center_crop", "do_rescale", "do_normalize"] {
            try fields.require(step, true, or: true)
        }
        let resample = try fields.integer("resample", in: 0...5, or: Self.bicubic)
        guard resample == Self.bicubic else {
            throw .unsupported(key: "resample", found: "\(resample)", supported: "\(Self.bicubic), bicubic")
        }
        let factor = try fields.positive("rescale_factor", or: 1 / 255)
        guard abs(factor * 255 - 1) < 1e-6 else {
            throw .unsupported(key: "rescale_factor", found: "\(factor)", supported: "1/255")
        }
        shorterSide = try Self.length(json, fields, "size", ["shortest_edge"], or: shorterSide)
        side = try Self.length(json, fields, "crop_size", ["height", "width"], or: side)
        guard side <= shorterSide else {
            throw .inconsistent(
                "crop_size \(side) is more than the \(shorterSide) pixels that the picture is resized to")
        }
        mean = try fields.numbers("image_mean", or: mean)
        deviation = try fields.numbers("image_std", or: deviation)
        guard deviation.allSatisfy({ $0 > 0 }) else {
            throw .outOfRange(key: "image_std", found: "\(deviation)", allowed: "above 0")
        }
    }

    /// Pillow's number for the filter.
    private static let bicubic = 3

    /// A length written as a number (in old files) or as an object of equal ones.
    private static func length(
        _ json: JSONValue, _ fields: ConfigurationFields, _ key: String, _ names: [String], or standard: Int
    ) throws(ConfigurationError) -> Int {
        let range = 1...4096
        guard fields.has(key) else { return standard }
        if json[key]?.intValue != nil { return try fields.integer(key, in: range) }
        let nested = try fields.nested(key)
        var lengths: Set<Int> = []
        for name in names { lengths.insert(try nested.integer(name, in: range)) }
        guard lengths.count == 1, let length = lengths.first else {
            throw .unsupported(key: key, found: "\(lengths.sorted())", supported: "a square")
        }
        return length
    }

    /// Pixels `[B, 3, side, side]` (float32) of one or more pictures.
    ///
    /// - Throws: `ImageError` for one that is too long and thin for the usual limits.
    public func pixels(of images: [RGBImage]) throws -> Tensor {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(images.count * side * side * 3)
        for image in images { try append(image, to: &bytes) }
        let unit = try Tensor(bytes, shape: [images.count, side, side, 3]).to(dtype: .float32) / 255.0
        let shifted = try (unit - Tensor(mean.map(Float.init))) / Tensor(deviation.map(Float.init))
        return try shifted.permuted(0, 3, 1, 2).contiguous()  // [B, 3, Y, X]
    }

    /// The bytes of a picture after resize and cut.
    private func append(_ image: RGBImage, to bytes: inout [UInt8]) throws {
        // The longer side is cut down to a whole number.
        let longer = { (long: Int, short: Int) in shorterSide * long / short }
        let width = image.width <= image.height ? shorterSide : longer(image.width, image.height)
        let height = image.width <= image.height ? longer(image.height, image.width) : shorterSide
        let resized = try image.resized(width: width, height: height)
        let (left, top) = (start(width - side), start(height - side))
        for y in top..<top + side {
            let first = (y * width + left) * 3
            bytes += resized.pixels[first..<first + side * 3]
        }
    }

    private func start(_ rest: Int) -> Int {
        switch cropping {
        case .down: rest / 2
        case .toEven: Int((Double(rest) / 2).rounded(.toNearestOrEven))
        }
    }
}
