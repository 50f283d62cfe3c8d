import Foundation
import Images

/// Reads pictures out of requests: data URLs and plain base64 alone, so that a request never makes the server fetch.
struct PictureReader {
    /// Most pixels.
    let maxPixels: Int

    private func limits() -> ImageLimits {
        var limits = ImageLimits()
        limits.maxPixels = maxPixels
        return limits
    }

    /// A picture of a URL field.
    func picture(url: String, field: String) throws(APIError) -> RGBImage {
        guard url.hasPrefix("data:") else {
            throw .invalid(
                "'\(field)' must be a data URL such as data:image/png;base64,…; the server fetches nothing.",
                parameter: field)
        }
        guard let comma = url.utf8.firstIndex(of: UInt8(ascii: ",")), url[..<comma].hasSuffix(";base64") else {
            throw .invalid("'\(field)' must be a data URL in base64.", parameter: field)
        }
        return try picture(base64: String(url[url.index(after: comma)...]), field: field)
    }

    /// A picture in base64.
    func picture(base64 text: String, field: String) throws(APIError) -> RGBImage {
        guard let data = Data(base64Encoded: text), !data.isEmpty else {
            throw .invalid("'\(field)' is not base64.", parameter: field)
        }
        return try picture([UInt8](data), field: field)
    }

    /// A picture's file.
    func picture(_ bytes: [UInt8], field: String) throws(APIError) -> RGBImage {
        do {
            return try RGBImage(decoding: bytes, limits: limits())
        } catch {
            throw .invalid("'\(field)' is no picture that can be read: \(error).", parameter: field)
        }
    }

    /// A mask's file: transparent, or white where it knows no transparency, is what is to be painted.
    func editMask(_ bytes: [UInt8], field: String) throws(APIError) -> GrayImage {
        do {
            return try GrayImage(decodingMask: bytes, limits: limits())
        } catch {
            throw .invalid("'\(field)' is no picture that can be read: \(error).", parameter: field)
        }
    }
}
