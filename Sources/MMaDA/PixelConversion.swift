public import Images
public import Torch

/// 8-bit images to the image tokenizer's pixels and back.
public enum PixelConversion {
    /// Pixels `[1, 3, Y, X]` in −1…1 of an image: (v/255 − ½)/½.
    public static func pixels(of image: RGBImage) throws -> Tensor {
        let bytes = try Tensor(image.pixels, shape: [image.height, image.width, 3])
        let unit = try bytes.to(dtype: .float32) / 255.0
        return try ((unit - 0.5) / 0.5).permuted(2, 0, 1).unsqueezed(0).contiguous()
    }

    /// 8-bit images of pixels `[B, 3, Y, X]`: clamped to −1…1, and cut, not rounded, as in the official code.
    public static func images(of pixels: Tensor) throws -> [RGBImage] {
        let (B, _, Y, X) = try pixels.shape4
        let scaled = try ((pixels + 1) / 2).clamped(0, 1) * 255
        let bytes = try scaled.to(.cpu, dtype: .uint8).permuted(0, 2, 3, 1)  // [B, Y, X, 3]
        return try (0..<B).map { try RGBImage(width: X, height: Y, pixels: bytes.select($0).array()) }
    }
}
