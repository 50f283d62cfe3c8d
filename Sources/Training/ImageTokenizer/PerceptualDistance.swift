// How far two pictures are apart to a network that was trained to recognise things: LPIPS (Zhang et al. 2018, arXiv
// 1801.03924) over VGG-16, whose weights a user brings as torchvision and lpips publish them.
import Checkpoints
public import Foundation
public import NN
public import Torch

/// The learned perceptual distance of pictures.
public struct PerceptualDistance: Sendable {
    /// Convolutions of each level, by their place in torchvision's `features`; the last activation of a level is read.
    private static let places = [[0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]]
    /// Channels of each level, as multiples of those of the first.
    private static let multipliers = [1, 2, 4, 8, 8]

    private let levels: [[Conv2d]]
    /// What each channel of each level counts `[1, C, 1, 1]`; `nil` counts all alike.
    private let calibration: [Tensor]?
    private let shift, scale: Tensor

    /// Takes `features.N.weight` and `.bias` from `network`, and `linN.model.1.weight` from `calibration`.
    ///
    /// - Parameters:
    ///   - channels: Of the first level; 64 in VGG-16.
    ///   - network: At the root of torchvision's VGG-16.
    ///   - calibration: At the root of the weights that lpips publishes; `nil` counts all channels alike.
    /// - Throws: `ParameterError` where the weights are of another network.
    public init(channels: Int, network: ParameterScope, calibration: ParameterScope?) throws {
        var inputs = 3
        levels = try zip(Self.places, Self.multipliers).map { places, multiplier in
            try places.map { place in
                defer { inputs = channels * multiplier }
                let scope = network / "features" / place
                return try Conv2d(inputs, channels * multiplier, kernel: 3, padding: 1, scope)
            }
        }
        self.calibration = try calibration.map { scope in
            try Self.multipliers.enumerated().map { level, multiplier in
                try (scope / "lin\(level)" / "model" / 1).parameter("weight", 1, channels * multiplier, 1, 1)
            }
        }
        shift = try Tensor([Float(-0.030), -0.088, -0.188], shape: [1, 3, 1, 1])
        scale = try Tensor([Float(0.458), 0.448, 0.450], shape: [1, 3, 1, 1])
    }

    /// Reads the weights from files, safetensors or PyTorch.
    ///
    /// - Throws: What is wrong with a file, or ``ParameterError`` where it is of another network.
    public init(network: URL, calibration: URL?, device: Device) throws {
        let weights = try Checkpoint(file: network)
        let first = try weights.tensor("features.0.weight")
        let lines = try calibration.map { try Checkpoint(file: $0) }
        try self.init(
            channels: first.shape.first ?? 0,
            network: ParameterScope(CheckpointParameters(weights, device: device, dtype: .float32)),
            calibration: lines.map { ParameterScope(CheckpointParameters($0, device: device, dtype: .float32)) })
    }

    /// The mean distance of `x` and `y`, `[B, 3, Y, X]` in −1…1 with sides of at least 16.
    public func callAsFunction(_ x: Tensor, _ y: Tensor) throws -> Tensor {
        var (x, y) = try (normalized(x), normalized(y))
        var total: Tensor?
        for (index, level) in levels.enumerated() {
            if index > 0 { (x, y) = try (x.maxPooled(), y.maxPooled()) }
            for convolution in level { (x, y) = try (convolution(x).maximum(0), convolution(y).maximum(0)) }
            let squares = try (Self.unit(x) - Self.unit(y)).power(2)  // [B, C, Y, X]
            let weighted = try calibration.map { try squares * $0[index].to(x.device) } ?? squares
            let mean = try weighted.sum() / .integer(x.size(0) * x.size(2) * x.size(3))
            total = try total.map { try $0 + mean } ?? mean
        }
        guard let total else { throw TensorError.operation("perceptual distance", shapes: [], reason: "no levels") }
        return total
    }

    private func normalized(_ x: Tensor) throws -> Tensor { try (x - shift.to(x.device)) / scale.to(x.device) }

    /// Each position's channels, brought to length 1.
    private static func unit(_ x: Tensor) throws -> Tensor {
        // Added under the root too: its slope at a position without any activation would be infinite.
        try x / (((x * x).sum(along: 1, keeping: true) + 1e-20).squareRoot() + 1e-10)
    }
}

extension Tensor {
    /// The largest of each 2 × 2 elements of `[B, C, Y, X]`; a last odd row or column is left out.
    fileprivate func maxPooled() throws -> Tensor {
        let (B, C, Y, X) = try shape4
        let even = try slice(0..<Y / 2 * 2, along: 2).slice(0..<X / 2 * 2, along: 3)
        return try even.reshaped(B, C, Y / 2, 2, X / 2, 2).max(along: 5).max(along: 3)
    }
}
