internal import CPNG
internal import CTurboJPEG
public import Foundation

extension RGBImage {
    /// The image as a PNG file.
    ///
    /// - Throws: ``ImageError/cannotEncode(format:reason:)``.
    public func pngData() throws(ImageError) -> [UInt8] {
        var header = png_image()
        header.version = png_uint_32(PNG_IMAGE_VERSION)
        header.width = png_uint_32(clamping: width)
        header.height = png_uint_32(clamping: height)
        header.format = png_uint_32(PNG_FORMAT_FLAG_COLOR)  // RGB, 8 bits
        defer { png_image_free(&header) }
        // Enough for incompressible pixels: a filter byte a row, and what zlib and the chunks add.
        var size = pixels.count + pixels.count / 100 + height * 2 + 65536
        var file = [UInt8](repeating: 0, count: size)
        guard png_image_write_to_memory(&header, &file, &size, 0, pixels, 0, nil) != 0 else {
            let reason = withUnsafeBytes(of: header.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            throw .cannotEncode(format: "PNG", reason: reason)
        }
        return Array(file.prefix(size))
    }

    /// The image as a JPEG file.
    ///
    /// - Parameter quality: 1 to 100.
    /// - Returns: The file's bytes; 4:2:0, no metadata.
    /// - Throws: ``ImageError/cannotEncode(format:reason:)``.
    public func jpegData(quality: Int = 90) throws(ImageError) -> [UInt8] {
        guard (1...100).contains(quality) else {
            throw .cannotEncode(format: "JPEG", reason: "quality \(quality); allowed: 1 to 100")
        }
        guard max(width, height) <= 65500 else {
            throw .cannotEncode(format: "JPEG", reason: "\(width)×\(height) pixels; allowed: 65500 on a side")
        }
        guard let encoder = tjInitCompress() else {
            throw .cannotEncode(format: "JPEG", reason: "the encoder could not be started")
        }
        defer { tjDestroy(encoder) }
        var file: UnsafeMutablePointer<UInt8>?
        var size: UInt = 0
        defer { tjFree(file) }
        let result = tjCompress2(
            encoder, pixels, Int32(width), 0, Int32(height), Int32(TJPF_RGB.rawValue), &file, &size,
            Int32(TJSAMP_420.rawValue), Int32(quality), TJFLAG_ACCURATEDCT)
        guard result == 0, let file else {
            throw .cannotEncode(format: "JPEG", reason: String(cString: tjGetErrorStr2(encoder)))
        }
        return Array(UnsafeBufferPointer(start: file, count: Int(size)))
    }

    /// Writes a PNG or JPEG, by the name's extension, whole or not at all, also if the power fails.
    ///
    /// - Throws: ``ImageError/unknownExtension(_:)``, ``ImageError/cannotEncode(format:reason:)``,
    ///   ``ImageError/unwritable(_:reason:)``.
    public func write(to url: URL) throws(ImageError) {
        let bytes: [UInt8]
        switch url.pathExtension.lowercased() {
        case "png": bytes = try pngData()
        case "jpg", "jpeg": bytes = try jpegData()
        default: throw .unknownExtension(url.pathExtension)
        }
        try AtomicFile.write(bytes, to: url)
    }
}
