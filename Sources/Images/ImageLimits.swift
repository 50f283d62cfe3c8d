internal import Foundation

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

    func check(width: Int, height: Int) throws(ImageError) {
        guard width > 0, height > 0 else { throw .empty(width: width, height: height) }
        guard width <= maxSide, height <= maxSide, width <= maxPixels / height else {
            throw .tooLarge(width: width, height: height, limit: "\(maxPixels) pixels, \(maxSide) on a side")
        }
    }
}

/// Throws unless `count` bytes are those of an image of this size.
func requireCount(_ count: Int, width: Int, height: Int, channels: Int) throws(ImageError) {
    let (area, overflows) = max(0, width).multipliedReportingOverflow(by: max(0, height))
    let (expected, alsoOverflows) = area.multipliedReportingOverflow(by: channels)
    let isPossible = !overflows && !alsoOverflows
    guard isPossible, expected > 0, expected == count else {
        throw .pixelCount(expected: isPossible ? expected : .max, found: count)
    }
}

/// The bytes of a file, of which no more are read than the limits allow.
func readFile(_ url: URL, _ limits: ImageLimits) throws(ImageError) -> [UInt8] {
    do {
        let handle = try FileHandle(forReadingFrom: url)
        defer { try? handle.close() }
        let data = try handle.read(upToCount: min(limits.maxFileBytes, .max - 1) + 1) ?? Data()
        if data.count <= limits.maxFileBytes { return [UInt8](data) }
    } catch {
        throw .unreadable(url, reason: error.localizedDescription)
    }
    throw .fileTooLarge(bytes: limits.maxFileBytes + 1, limit: limits.maxFileBytes)
}
