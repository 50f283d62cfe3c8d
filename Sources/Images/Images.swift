public import Foundation

/// Why an image cannot be used.
public enum ImageError: Error, Hashable, Sendable { case stub }

/// Stub.
public enum ImagePreprocessing: String, Hashable, Sendable, CaseIterable { case crop, squash, pad }

/// Stub.
public struct ImageLimits: Sendable { public init() {} }

/// Stub.
public struct RGBImage: Hashable, Sendable {
    public let width, height: Int
    public var pixels: [UInt8]
    public init(width: Int, height: Int, pixels: [UInt8]) throws(ImageError) {
        self.width = width
        self.height = height
        self.pixels = pixels
    }
    public init(contentsOf url: URL, limits: ImageLimits = ImageLimits()) throws(ImageError) { throw .stub }
    public init(decoding bytes: [UInt8], limits: ImageLimits = ImageLimits()) throws(ImageError) { throw .stub }
    public func preprocessed(_ kind: ImagePreprocessing, resolution: Int) throws(ImageError) -> RGBImage { throw .stub }
    public func write(to url: URL) throws(ImageError) { throw .stub }
    public func pngData() throws(ImageError) -> [UInt8] { throw .stub }
    public func psnr(against other: RGBImage) throws(ImageError) -> Double { throw .stub }
}

/// Stub.
public struct GrayImage: Hashable, Sendable {
    public let width, height: Int
    public var pixels: [UInt8]
    public init(contentsOf url: URL, limits: ImageLimits = ImageLimits()) throws(ImageError) { throw .stub }
    public func preprocessed(_ kind: ImagePreprocessing, resolution: Int) throws(ImageError) -> GrayImage { throw .stub }
    public func latentMask(side: Int) throws(ImageError) -> [Bool] { throw .stub }
}
