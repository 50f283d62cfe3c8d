// modules: Images
// flags: -ISources/CPNG -ISources/CTurboJPEG -ISources/CWebP -ISources/CImages/include -lpng16 -lturbojpeg -lwebp
// c: Sources/CImages/png.c
// seeds: Tests/Golden/images/palette.png Tests/Golden/images/gray.png Tests/Golden/images/photo2.png
import Images

/// Whatever is accepted has the pixels that its size says, within the limits.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var limits = ImageLimits()
    limits.maxPixels = 1 << 18
    do {
        let image = try RGBImage(decoding: Array(UnsafeBufferPointer(start: data, count: count)), limits: limits)
        precondition(image.width * image.height <= limits.maxPixels, "over the limit")
        precondition(image.pixels.count == image.width * image.height * 3, "wrong number of pixels")
    } catch {
        precondition(!error.description.isEmpty)
    }
    return 0
}
