/// How a picture is brought to the square that the image tokenizer takes.
public enum ImagePreprocessing: String, Hashable, Sendable, CaseIterable {
    /// The shorter side to the resolution, then the middle of the longer one.
    case crop
    /// Both sides to the resolution.
    case squash
    /// White at the right or below until it is square, then to the resolution.
    case pad
}

extension RGBImage {
    /// The picture at another size, as Pillow's bicubic resize makes it.
    ///
    /// - Parameters:
    ///   - newWidth: At least 1.
    ///   - newHeight: At least 1.
    /// - Returns: The picture at that size.
    /// - Throws: ``ImageError/tooLarge(width:height:limit:)`` beyond the usual limits.
    public func resized(width newWidth: Int, height newHeight: Int) throws(ImageError) -> RGBImage {
        try RGBImage(Plane(self).resized(to: newWidth, newHeight))
    }

    /// The picture as a square of `resolution` pixels.
    ///
    /// - Throws: ``ImageError/tooLarge(width:height:limit:)`` if a step on the way is beyond the usual limits.
    public func preprocessed(_ kind: ImagePreprocessing, resolution: Int) throws(ImageError) -> RGBImage {
        try RGBImage(Plane(self).preprocessed(kind, resolution))
    }

    private init(_ plane: Plane) throws(ImageError) {
        try self.init(width: plane.width, height: plane.height, pixels: plane.pixels)
    }
}

extension GrayImage {
    /// The mask as a square of `resolution` pixels.
    ///
    /// - Throws: ``ImageError/tooLarge(width:height:limit:)`` if a step on the way is beyond the usual limits.
    public func preprocessed(_ kind: ImagePreprocessing, resolution: Int) throws(ImageError) -> GrayImage {
        let plane = try Plane(self).preprocessed(kind, resolution)
        return try GrayImage(width: plane.width, height: plane.height, pixels: plane.pixels)
    }
}

/// Pixels of any number of bytes.
private struct Plane {
    let width, height, channels: Int
    let pixels: [UInt8]

    init(_ image: RGBImage) {
        self.init(width: image.width, height: image.height, channels: 3, pixels: image.pixels)
    }

    init(_ image: GrayImage) {
        self.init(width: image.width, height: image.height, channels: 1, pixels: image.pixels)
    }

    private init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        (self.width, self.height, self.channels, self.pixels) = (width, height, channels, pixels)
    }

    func resized(to newWidth: Int, _ newHeight: Int) throws(ImageError) -> Plane {
        try ImageLimits().check(width: newWidth, height: newHeight)
        // Rows are resized first: between the two passes the picture is this large.
        try ImageLimits().check(width: newWidth, height: height)
        let pixels = BicubicResize.resize(
            pixels, width: width, height: height, channels: channels, to: newWidth, newHeight)
        return Plane(width: newWidth, height: newHeight, channels: channels, pixels: pixels)
    }

    func preprocessed(_ kind: ImagePreprocessing, _ resolution: Int) throws(ImageError) -> Plane {
        switch kind {
        case .squash:
            return try resized(to: resolution, resolution)
        case .crop:
            let geometry = try CropGeometry(width: width, height: height, resolution: resolution)
            return try resized(to: geometry.width, geometry.height)
                .cut(left: geometry.left, top: geometry.top, side: resolution)
        case .pad:
            return try padded().resized(to: resolution, resolution)
        }
    }

    private func cut(left: Int, top: Int, side: Int) -> Plane {
        var square: [UInt8] = []
        square.reserveCapacity(side * side * channels)
        for y in top..<top + side {
            let start = (y * width + left) * channels
            square += pixels[start..<start + side * channels]
        }
        return Plane(width: side, height: side, channels: channels, pixels: square)
    }

    /// White at the right or below.
    private func padded() throws(ImageError) -> Plane {
        let side = max(width, height)
        try ImageLimits().check(width: side, height: side)
        var square: [UInt8] = []
        square.reserveCapacity(side * side * channels)
        let margin = [UInt8](repeating: 255, count: (side - width) * channels)
        for y in 0..<height {
            square += pixels[y * width * channels..<(y + 1) * width * channels]
            square += margin
        }
        square += [UInt8](repeating: 255, count: (side - height) * side * channels)
        return Plane(width: side, height: side, channels: channels, pixels: square)
    }
}

/// Size before the cut, and where the cut begins.
private struct CropGeometry {
    let width, height, left, top: Int

    init(width: Int, height: Int, resolution: Int) throws(ImageError) {
        try ImageLimits().check(width: resolution, height: resolution)
        // The longer side is cut down to a whole number, as torchvision does.
        if width <= height {
            self.width = resolution
            self.height = Int(Double(resolution * height) / Double(width))
        } else {
            self.height = resolution
            self.width = Int(Double(resolution * width) / Double(height))
        }
        // Python's round: a half goes to the even side.
        left = Int((Double(self.width - resolution) / 2).rounded(.toNearestOrEven))
        top = Int((Double(self.height - resolution) / 2).rounded(.toNearestOrEven))
    }
}
