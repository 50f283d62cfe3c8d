public import Datasets
import Foundation
public import StrictJSON

/// Examples of a mixture of sources, read ahead on threads of their own.
public final class LoaderFeed: RecordFeed {
    private let make: (PrefetchingLoader.State?) throws -> PrefetchingLoader
    private var loader: PrefetchingLoader

    /// `make`: A loader that continues at a position, or begins.
    init(_ make: @escaping (PrefetchingLoader.State?) throws -> PrefetchingLoader) throws {
        self.make = make
        loader = try make(nil)
    }

    deinit { loader.close() }

    /// What became of the samples so far.
    var failures: FailureLog { loader.failures }

    /// The next example.
    public func next() throws -> Record {
        guard let record = try loader.next() else {
            throw TrainingError.noData(part: "the end of its files is reached")
        }
        return record
    }

    /// The loader's position, as the text of a JSON object.
    public var state: JSONValue {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return .string(JSONString(String(decoding: try encoder.encode(loader.state), as: UTF8.self)))
        }
    }

    /// Continues at a position.
    public func restore(_ state: JSONValue) throws {
        guard let text = state.stringValue else {
            throw TrainingError.unreadableState(folder: "state.json", reason: "a data position is missing")
        }
        let position: PrefetchingLoader.State
        do {
            position = try JSONDecoder().decode(PrefetchingLoader.State.self, from: Data(text.utf8))
        } catch {
            throw TrainingError.unreadableState(folder: "state.json", reason: "a data position is of another format")
        }
        loader.close()
        loader = try make(position)
    }
}
