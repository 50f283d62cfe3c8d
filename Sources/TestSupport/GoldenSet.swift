import Checkpoints
import Foundation
import NN
public import StrictJSON
public import Torch

/// One pair of golden files: tensors named `<case>.<what>`, and a JSON that says what each case is.
public struct GoldenSet: Sendable {
    /// The JSON beside the tensors.
    public let json: JSONValue
    private let tensors: Checkpoint

    /// `<name>.safetensors` and `<name>.json` of the golden directory.
    public init(_ name: String) throws {
        // Python wrote these files: where a gap is infinite they say so, which JSON cannot.
        let text = String(decoding: try Golden.bytes(name + ".json"), as: UTF8.self)
            .replacing(": Infinity", with: ": null")
        json = try JSONValue(parsing: Array(text.utf8))
        tensors = try Checkpoint(file: Golden.file(name + ".safetensors"))
    }

    /// The cases of the JSON.
    public var cases: [JSONValue] { json["cases"]?.arrayValue ?? [] }

    /// Names of the cases: arguments for a parameterised test.
    ///
    /// An unreadable set gives one case, which then fails.
    public static func caseNames(_ name: String, list: String = "cases") -> [String] {
        do {
            let names = try GoldenSet(name).json[list]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? []
            return names.isEmpty ? ["no cases in \(name)"] : names
        } catch {
            return ["\(name) is unreadable: \(error)"]
        }
    }

    /// The case of that name.
    public func named(_ name: String, list: String = "cases") throws -> JSONValue {
        guard let found = json[list]?.arrayValue?.first(where: { $0["name"]?.stringValue == name }) else {
            throw GoldenError.noCase(name)
        }
        return found
    }

    /// A tensor; `nil` when the set has none of that name.
    public func find(_ name: String) throws -> Tensor? { try tensors[name].map { try Tensor($0) } }

    /// A tensor that must be there.
    public subscript(name: String) -> Tensor {
        get throws {
            guard let tensor = try find(name) else { throw GoldenError.noTensor(name) }
            return tensor
        }
    }

    /// Rows of ids.
    public func ids(_ name: String) throws -> [[Int32]] {
        let tensor = try self[name]
        let width = tensor.shape.last ?? 1
        let flat: [Int32] = try tensor.to(dtype: .int32).array()
        return stride(from: 0, to: flat.count, by: max(1, width)).map { Array(flat[$0..<$0 + width]) }
    }

    /// Names of all tensors.
    public var names: [String] { tensors.names }
}

/// What a golden set lacks.
public enum GoldenError: Error, Hashable, Sendable {
    case noCase(String)
    case noTensor(String)
}

extension Tensor {
    /// The largest difference of two tensors of one shape; infinite where shapes differ or one is not a number.
    public func largestDifference(from other: Tensor) throws -> Double {
        guard shape == other.shape else { return .infinity }
        guard count > 0 else { return 0 }
        let difference = try (to(dtype: .float64) - other.to(dtype: .float64)).magnitude().reshaped(-1).max(along: 0)
            .item()
        return difference.isNaN ? .infinity : difference
    }
}

extension JSONValue {
    /// The numbers of an array; `nil` for anything else.
    public var numbers: [Double]? { arrayValue.map { $0.compactMap(\.doubleValue) } }
    /// The whole numbers of an array; `nil` for anything else.
    public var integers: [Int]? { arrayValue.map { $0.compactMap(\.intValue) } }
}
