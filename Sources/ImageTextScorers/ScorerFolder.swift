import Checkpoints
import Foundation
import NN
import StrictJSON

/// The files of a scorer.
struct ScorerFolder {
    private static let mostBytes = 16 << 20
    private let directory: URL

    init(_ directory: URL) { self.directory = directory }

    /// A JSON file; `nil` where there is none.
    func json(_ name: String) throws(ScorerError) -> JSONValue? {
        let url = directory.appending(path: name)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: url)
            defer { try? handle.close() }
            data = try handle.read(upToCount: Self.mostBytes + 1) ?? Data()
        } catch {
            throw .unreadable(path: url.path, reason: error.localizedDescription)
        }
        do {
            return try JSONValue(parsing: [UInt8](data), limits: JSONLimits(maxBytes: Self.mostBytes))
        } catch {
            throw .unreadable(path: url.path, reason: error.description)
        }
    }

    /// A JSON file that must be there.
    func requiredJSON(_ name: String) throws(ScorerError) -> JSONValue {
        guard let value = try json(name) else { throw .missingFile(path: directory.appending(path: name).path) }
        return value
    }

    /// The weights.
    func checkpoint(stems: [String]) throws -> Checkpoint {
        do {
            return try Checkpoint(directory: directory, stems: stems)
        } catch CheckpointError.pickle(let file, _, .refusedGlobal(let module, _)) where module.hasPrefix("__torch__") {
            throw ScorerError.torchScript(file: file)
        } catch CheckpointError.archive(let file, .compressed(let entry, _)) where entry.contains("/code/") {
            throw ScorerError.torchScript(file: file)
        }
    }
}

extension Checkpoint {
    /// The lengths of a tensor that must be there, with so many dimensions.
    func lengths(_ name: String, rank: Int) throws -> [Int] {
        guard let shape = self[name]?.shape else { throw ParameterError.missing(name: name) }
        guard shape.count == rank, shape.allSatisfy({ $0 > 0 }) else {
            throw ScorerError.rank(tensor: name, expected: rank, found: shape)
        }
        return shape
    }

    /// How many layers there are: the first index for which there is no tensor of that name.
    func layers(_ name: (Int) -> String) -> Int {
        var count = 0
        while self[name(count)] != nil { count += 1 }
        return count
    }

    /// The side of the square grid of patches for which a model has so many positions, one of them for no patch.
    func gridSide(_ name: String, positions: Int) throws -> Int {
        let side = Int(Double(positions - 1).squareRoot().rounded())
        guard positions > 1, side * side == positions - 1 else {
            throw ScorerError.unsupportedWeights("'\(name)' has \(positions) positions, which are no square and one")
        }
        return side
    }
}
