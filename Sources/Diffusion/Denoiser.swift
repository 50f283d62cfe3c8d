public import Torch

/// What one step of a denoiser asks of the model: final hidden states of some positions of some sequences.
public struct PredictionQuery: Hashable, Sendable {
    /// The sequences.
    public var sequences: [[Int32]] = []
    /// For each sequence the positions asked for, ascending.
    public var positions: [[Int]] = []
    /// For each sequence the place of its first token.
    public var starts: [Int] = []

    /// Nothing: a step that can change nothing.
    public init() {}

    /// How many hidden states are asked for.
    public var count: Int { positions.reduce(0) { $0 + $1.count } }

    /// Adds sequences.
    mutating func add(_ sequences: [[Int32]], at positions: [[Int]], startingAt starts: [Int]) {
        self.sequences += sequences
        self.positions += positions
        self.starts += starts
    }
}

/// Something that reveals masked tokens step by step.
///
/// A step has two halves, so that one pass of the model can serve many denoisers: ``query()`` says what the step needs,
/// ``advance(_:)`` takes it. ``next()`` does both.
public protocol Denoiser {
    /// The model that predicts for it.
    var predictor: any TokenPredictor { get }
    /// What the next step asks; `nil` when the last has been taken. Asked again, it says the same.
    mutating func query() throws -> PredictionQuery?
    /// Takes the step for which `hidden` `[N, D]` was asked; `nil` where nothing was.
    mutating func advance(_ hidden: Tensor?) throws -> [DenoisingStep]
}

extension Denoiser {
    /// Takes one step; `nil` when the last has been taken.
    ///
    /// - Returns: A snapshot for each row.
    public mutating func next() throws -> [DenoisingStep]? {
        guard let query = try query() else { return nil }
        return try withoutGradient { () throws in
            let hidden = query.count == 0 ? nil : try predictor.hiddenStates(query)
            return try advance(hidden)
        }
    }
}

/// One sequence of a query.
private struct QueryRow: Hashable {
    let sequence: [Int32]
    let positions: [Int]
    let start: Int
}

extension TokenPredictor {
    /// Final hidden states `[N, D]` of a query.
    ///
    /// Sequences that are the same, as answers to one prompt are until they part ways, go through the model once.
    func hiddenStates(_ query: PredictionQuery) throws -> Tensor {
        var distinct = PredictionQuery()
        var firsts: [QueryRow: Int] = [:]  // the place of each one's first hidden state
        var (places, count): ([Int], Int) = ([], 0)
        for index in query.sequences.indices {
            let row = QueryRow(
                sequence: query.sequences[index], positions: query.positions[index], start: query.starts[index])
            let first = firsts[row] ?? count
            if firsts.updateValue(first, forKey: row) == nil {
                distinct.add([row.sequence], at: [row.positions], startingAt: [row.start])
                count += row.positions.count
            }
            places += first..<first + row.positions.count
        }
        let hidden = try hiddenStates(distinct.sequences, at: distinct.positions, startingAt: distinct.starts)
        guard distinct.sequences.count < query.sequences.count else { return hidden }
        return try hidden.indexSelect(Tensor(places.map(Int64.init)).to(hidden.device))
    }
}

/// Denoisers that step together: one pass of the model serves all, whatever their lengths, and they come and go between
/// steps.
///
/// Each keeps its own random numbers, so that its tokens are those that it would have revealed alone.
public struct DenoiserBatch<Key: Hashable & Sendable> {
    /// What a step did to one member.
    public struct Progress {
        /// Whose.
        public let key: Key
        /// A snapshot for each of its rows.
        public let steps: [DenoisingStep]
        /// Whether it was the last step, after which the member has left.
        public let isLast: Bool
        /// Why there is no snapshot, where the member failed by itself.
        public var error: (any Error)?
    }

    private let predictor: any TokenPredictor
    private var members: [(key: Key, denoiser: any Denoiser)] = []

    /// An empty batch over a model; members must use the same.
    public init(_ predictor: any TokenPredictor) { self.predictor = predictor }

    /// The members.
    public var keys: [Key] { members.map(\.key) }

    /// Adds a member, which takes its first step with the next ``next()``.
    public mutating func insert(_ denoiser: any Denoiser, as key: Key) { members.append((key, denoiser)) }

    /// Takes a member out.
    public mutating func remove(_ key: Key) { members.removeAll { $0.key == key } }

    /// Takes a step of every member, or of one; empty when there is none.
    ///
    /// An error of the model leaves every member where it was; that of one member ends it alone.
    public mutating func next(only key: Key? = nil) throws -> [Progress] {
        var whole = PredictionQuery()
        var shares: [(member: Int, rows: Range<Int>)] = []
        let moving = members.indices.filter { key == nil || members[$0].key == key }
        for index in moving {
            // One that is over already has taken no step since it joined.
            guard let query = try members[index].denoiser.query() else { continue }
            let start = whole.count
            whole.add(query.sequences, at: query.positions, startingAt: query.starts)
            shares.append((index, start..<start + query.count))
        }
        return try withoutGradient { () throws in
            let hidden = whole.count == 0 ? nil : try predictor.hiddenStates(whole)
            var progress: [Progress] = []
            var isOver = Set(moving).subtracting(shares.map(\.member))
            for (index, rows) in shares {
                do {
                    let mine = rows.isEmpty ? nil : try hidden?.slice(rows)
                    let steps = try members[index].denoiser.advance(mine)
                    let isLast = try members[index].denoiser.query() == nil
                    if isLast { isOver.insert(index) }
                    progress.append(Progress(key: members[index].key, steps: steps, isLast: isLast))
                } catch {
                    isOver.insert(index)
                    progress.append(Progress(key: members[index].key, steps: [], isLast: true, error: error))
                }
            }
            members = members.indices.filter { !isOver.contains($0) }.map { members[$0] }
            return progress
        }
    }
}

extension DenoiserBatch where Key == Int {
    /// Runs `count` denoisers to their ends, up to `limit` at a time.
    ///
    /// - Parameters:
    ///   - predictor: The model of all of them.
    ///   - count: How many there are.
    ///   - limit: How many are in work at a time.
    ///   - denoiser: Makes one of them, when its turn comes.
    ///   - progress: Called after each pass with how many are over; what it throws ends the work.
    /// - Returns: For each the last snapshot of its first row; `nil` where there was none.
    /// - Throws: Errors of the model, of `denoiser` and of `progress`.
    public static func run(
        _ predictor: any TokenPredictor, count: Int, atOnce limit: Int, denoiser: (Int) throws -> any Denoiser,
        progress: (Int) throws -> Void = { _ in }
    ) throws -> [DenoisingStep?] {
        var last = [DenoisingStep?](repeating: nil, count: count)
        var batch = Self(predictor)
        var next = 0
        while next < count || !batch.keys.isEmpty {
            while next < count, batch.keys.count < max(1, limit) {
                batch.insert(try denoiser(next), as: next)
                next += 1
            }
            for member in try batch.next() {
                if let error = member.error { throw error }
                last[member.key] = member.steps.first
            }
            try progress(next - batch.keys.count)
        }
        return last
    }
}
