import Checkpoints
import Foundation
import NN
import StrictJSON
import Torch

/// The folder `training` of a checkpoint: what a run needs beside the model to go on exactly.
struct TrainingState {
    private let folder: URL
    /// Steps made.
    let step: Int
    /// The stage's generators and data positions.
    let stage: JSONValue

    private static let format: Int64 = 1

    /// Reads `state.json`.
    init(folder: URL) throws {
        self.folder = folder
        let data = try Data(contentsOf: folder.appending(path: "state.json"))
        let json: JSONValue
        do {
            json = try JSONValue(parsing: [UInt8](data))
        } catch {
            throw TrainingError.unreadableState(folder: folder.path, reason: error.description)
        }
        guard let step = json["step"]?.intValue, step >= 0, let stage = json["stage"],
            json["format"]?.intValue == Int(Self.format)
        else {
            throw TrainingError.unreadableState(folder: folder.path, reason: "state.json is of another format")
        }
        self.step = step
        self.stage = stage
    }

    /// Writes all files.
    static func write(
        step: Int, stage: JSONValue, weights: [NamedParameter], average: [NamedParameter]?,
        optimizer: [NamedParameter], to folder: URL
    ) throws {
        try write(weights, to: folder.appending(path: "weights.safetensors"))
        if let average { try write(average, to: folder.appending(path: "average.safetensors")) }
        try write(optimizer, to: folder.appending(path: "optimizer.safetensors"))
        let fields: [(key: JSONString, value: JSONValue)] = [
            ("format", .integer(format)), ("step", .integer(Int64(step))), ("stage", stage),
        ]
        try Data(JSONValue.object(fields).serialized()).write(to: folder.appending(path: "state.json"))
    }

    private static func write(_ parameters: [NamedParameter], to file: URL) throws {
        try SafetensorsWriter.write(parameters.map(OutgoingTensor.init), metadata: ["format": "pt"], to: file)
    }

    /// Writes stored values over parameters.
    func restore(_ parameters: [NamedParameter], from stem: String) throws {
        let source = CheckpointParameters(try Checkpoint(file: folder.appending(path: stem + ".safetensors")))
        for parameter in parameters {
            try parameter.tensor.copyInPlace(from: source.parameter(parameter.name, shape: parameter.tensor.shape))
        }
    }

    /// Gives an optimizer its memory back.
    func restore(_ optimizer: Optimizer) throws {
        let checkpoint = try Checkpoint(file: folder.appending(path: "optimizer.safetensors"))
        try optimizer.restore(from: CheckpointParameters(checkpoint)) { checkpoint[$0] != nil }
    }
}

extension OutgoingTensor {
    /// A parameter's values, as they are when the file is written.
    init(_ parameter: NamedParameter) {
        self.init(parameter.name, parameter.tensor, dtype: nil)
    }

    /// A tensor in the file, converted where `dtype` is given.
    init(_ name: String, _ tensor: Tensor, dtype: DType?) {
        let type = dtype ?? tensor.dtype
        self.init(name: name, elementType: ElementType(type), shape: tensor.shape) { sink in
            let bytes = try tensor.detached().to(.cpu, dtype: type).bytes()
            try bytes.withUnsafeBytes(sink)
        }
    }
}

extension ElementType {
    /// A file's name for the engine's element type.
    init(_ dtype: DType) {
        self =
            switch dtype {
            case .bool: .bool
            case .uint8: .uint8
            case .int8: .int8
            case .int16: .int16
            case .int32: .int32
            case .int64: .int64
            case .float16: .float16
            case .bfloat16: .bfloat16
            case .float32: .float32
            case .float64: .float64
            }
    }
}

extension RandomSource {
    /// The generator's state as text, for ``TrainingStage/state``.
    var stateText: JSONValue {
        get throws { .string(JSONString(Data(try state()).base64EncodedString())) }
    }

    /// Puts the generator where ``stateText`` was taken.
    func restore(text: JSONValue?) throws {
        guard let text = text?.stringValue, let data = Data(base64Encoded: text) else {
            throw TrainingError.unreadableState(folder: "state.json", reason: "a generator's state is missing")
        }
        try restore([UInt8](data))
    }
}
