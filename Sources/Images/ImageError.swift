public import Foundation

/// Why an image cannot be read, made or written.
public enum ImageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file cannot be opened or read.
    case unreadable(URL, reason: String)
    /// The first bytes are those of no PNG, JPEG or WebP.
    case unknownFormat(firstBytes: [UInt8])
    /// A size of no pixels.
    case empty(width: Int, height: Int)
    /// More pixels than the limits allow.
    case tooLarge(width: Int, height: Int, limit: String)
    /// A file of more bytes than the limits allow; `bytes` is how many were seen.
    case fileTooLarge(bytes: Int, limit: Int)
    /// The content contradicts the format, or ends too early.
    case corrupt(format: String, reason: String)
    /// A valid file of a kind that is not read.
    case unsupported(format: String, what: String)
    /// Pixels do not fill the size; or there are none.
    case pixelCount(expected: Int, found: Int)
    /// Two images differ in size: width, then height.
    case sizeMismatch(expected: [Int], found: [Int])
    /// The encoder refused the image or an option.
    case cannotEncode(format: String, reason: String)
    /// The name of a file to write tells no format.
    case unknownExtension(String)
    /// The file cannot be written.
    case unwritable(URL, reason: String)

    /// One line for a terminal.
    public var description: String {
        switch self {
        case .unreadable(let url, let reason): "\(url.path) cannot be read: \(reason)"
        case .unknownFormat(let bytes):
            "not a PNG, JPEG or WebP image (it begins with \(bytes.map { String($0, radix: 16) }.joined(separator: " ")))"
        case .empty(let width, let height): "an image of \(width)×\(height) pixels; at least 1×1 is needed"
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
