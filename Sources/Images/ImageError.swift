public import Foundation

/// Why an image cannot be read, made or written.
public enum ImageError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(URL, reason: String)
    case unknownFormat(firstBytes: [UInt8])
    case tooLarge(width: Int, height: Int, limit: String)
    case fileTooLarge(bytes: Int, limit: Int)
    case corrupt(format: String, reason: String)
    case unsupported(format: String, what: String)
    case pixelCount(expected: Int, found: Int)
    case sizeMismatch(expected: [Int], found: [Int])
    case cannotEncode(format: String, reason: String)
    case unknownExtension(String)
    case unwritable(URL, reason: String)

    /// One line for a terminal.
    public var description: String {
        switch self {
        case .unreadable(let url, let reason): "\(url.path) cannot be read: \(reason)"
        case .unknownFormat(let bytes):
            "not a PNG, JPEG or WebP image (it begins with \(bytes.map { String($0, radix: 16) }.joined(separator: " ")))"
        case .tooLarge(let width, let height, let limit): "an image of \(width)×\(height) pixels; allowed: \(limit)"
        case .fileTooLarge(let bytes, let limit): "an image file of \(bytes) bytes; allowed: \(limit)"
        case .corrupt(let format, let reason): "the \(format) image is damaged: \(reason)"
        case .unsupported(let format, let what): "the \(format) image has \(what), which is not supported"
        case .pixelCount(let expected, let found): "expected \(expected) bytes of pixels, found \(found)"
        case .sizeMismatch(let expected, let found): "expected an image of size \(expected), found \(found)"
        case .cannotEncode(let format, let reason): "the \(format) image cannot be made: \(reason)"
        case .unknownExtension(let name): "no image format for '.\(name)'; use .png or .jpg"
        case .unwritable(let url, let reason): "\(url.path) cannot be written: \(reason)"
        }
    }
}

/// What a decoder accepts; checked against the header before memory is taken.
public struct ImageLimits: Hashable, Sendable {
    /// Width times height.
    public var maxPixels = 64 << 20
    /// Longer side.
    public var maxSide = 16384
    /// Bytes of the file.
    public var maxFileBytes = 64 << 20

    /// The usual limits.
    public init() {}

    func check(width: Int, height: Int, format: String) throws(ImageError) {
        guard width > 0, height > 0 else { throw .corrupt(format: format, reason: "it is \(width)×\(height) pixels") }
        guard width <= maxSide, height <= maxSide, width * height <= maxPixels else {
            throw .tooLarge(width: width, height: height, limit: "\(maxPixels) pixels, \(maxSide) on a side")
        }
    }
}
