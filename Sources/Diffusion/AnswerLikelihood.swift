public import Torch

/// An answer whose likelihood after a prompt is asked for.
public struct AnswerQuery {
    /// What is never masked.
    public var prompt: [Int32]
    /// What is masked, in part.
    public var answer: [Int32]
    /// Of the masks; on the CPU, as the reference draws them.
    public var random: RandomSource

    /// A query.
    public init(prompt: [Int32], answer: [Int32], random: RandomSource) {
        self.prompt = prompt
        self.answer = answer
        self.random = random
    }
}

/// The Monte-Carlo estimate of a log-likelihood: minus the mean of the losses of rounds, each over a few masks.
public struct LikelihoodEstimate: Hashable, Sendable {
    /// The loss of each round, in nats.
    public private(set) var losses: [Double] = []

    /// No round yet.
    public init() {}

    /// Takes in a round.
    public mutating func add(_ loss: Double) { losses.append(loss) }

    /// log p(answer | prompt), a bound summed over the answer's tokens.
    public var logLikelihood: Double {
        losses.isEmpty ? -.infinity : -losses.reduce(0, +) / Double(losses.count)
    }

    /// Standard error of ``logLikelihood``; infinite before the second round.
    public var standardError: Double {
        let count = Double(losses.count)
        guard count > 1 else { return .infinity }
        let squares = losses.reduce(0) { $0 + ($1 + logLikelihood) * ($1 + logLikelihood) }
        return (squares / (count - 1) / count).squareRoot()
    }
}

/// Log-likelihoods of answers under a masked diffusion model (LLaDA, arXiv 2502.09992, §2.4 and appendix B.5).
///
/// A round masks the answer `batchSize` times, with numbers of masked tokens spread evenly from a random start, and
/// weighs each cross-entropy with one over its row's share of masks.
public struct AnswerLikelihood {
    /// How an estimate is made.
    public struct Settings: Hashable, Sendable {
        /// Masks in all, a multiple of ``batchSize``; one is exact for answers of a single token.
        public var samples = 128
        /// Masks of a round, on which the spread of the estimate depends.
        public var batchSize = 16
        /// Classifier-free guidance against the masked prompt; 0 is off.
        public var guidanceScale = 0.0

        /// The reference's.
        public init(samples: Int = 128, batchSize: Int = 16, guidanceScale: Double = 0) {
            self.samples = samples
            self.batchSize = batchSize
            self.guidanceScale = guidanceScale
        }
    }

    private let predictor: any TokenPredictor
    private let maskID: Int32
    private let settings: Settings

    /// Estimates under a model.
    public init(_ predictor: any TokenPredictor, maskID: Int32, _ settings: Settings = Settings()) {
        self.predictor = predictor
        self.maskID = maskID
        self.settings = settings
    }

    /// The estimates of all answers, whose rounds go through the model together.
    ///
    /// - Parameters:
    ///   - queries: Answers of at least one token.
    ///   - isSettled: Asked after each round; `true` ends the work before all masks are drawn.
    /// - Returns: An estimate for each.
    /// - Throws: `TensorError`.
    public func estimates(
        _ queries: [AnswerQuery], until isSettled: ([LikelihoodEstimate]) throws -> Bool = { _ in false }
    ) throws -> [LikelihoodEstimate] {
        var estimates = [LikelihoodEstimate](repeating: LikelihoodEstimate(), count: queries.count)
        for _ in 0..<max(1, settings.samples / max(1, settings.batchSize)) {
            for (index, loss) in try round(queries).enumerated() { estimates[index].add(loss) }
            if try isSettled(estimates) { break }
        }
        return estimates
    }

    /// One round of every query: its loss, in nats.
    private func round(_ queries: [AnswerQuery]) throws -> [Double] {
        var (sequences, positions): ([[Int32]], [[Int]]) = ([], [])
        var (targets, weights): ([Int64], [Double]) = ([], [])
        var ends: [Int] = []
        for query in queries {
            for masked in try masks(query.answer.count, query.random) {
                sequences.append(query.prompt + query.answer.enumerated().map { masked.contains($0) ? maskID : $1 })
                positions.append(masked.map { query.prompt.count + $0 })
                targets += masked.map { Int64(query.answer[$0]) }
                let weight = Double(query.answer.count) / Double(masked.count)
                weights += Array(repeating: weight, count: masked.count)
            }
            ends.append(targets.count)
        }
        let losses = try crossEntropies(sequences, positions, targets, queries)
        var start = 0
        return ends.map { end in
            defer { start = end }
            return zip(losses[start..<end], weights[start..<end]).reduce(0) { $0 + Double($1.0) * $1.1 }
                / Double(settings.batchSize)
        }
    }

    /// For each row of a round the masked places of an answer of `count` tokens, ascending.
    private func masks(_ count: Int, _ random: RandomSource) throws -> [[Int]] {
        let rows = max(1, settings.batchSize)
        let start: [Int64] = try random.integers([1], in: 1..<count + 1).array()
        let first = Float(start[0])
        let last = Float(Double(start[0]) + Double(rows - 1) * (Double(count) / Double(rows)))
        let step = rows > 1 ? (last - first) / Float(rows - 1) : 0
        return try (0..<rows).map { row in
            // From either end towards the middle, as `torch.linspace` rounds.
            let place = row < rows / 2 || rows == 1 ? first + step * Float(row) : last - step * Float(rows - 1 - row)
            let masked = (Int(place.rounded(.toNearestOrEven)) - 1) % count + 1
            let order: [Int64] = try random.permutation(count).to(dtype: .int64).array()
            return order.indices.filter { order[$0] < masked }
        }
    }

    /// The cross-entropy of each masked token, in nats.
    private func crossEntropies(
        _ sequences: [[Int32]], _ positions: [[Int]], _ targets: [Int64], _ queries: [AnswerQuery]
    ) throws -> [Float] {
        try withoutGradient { () throws in
            var hidden = try predictor.hiddenStates(sequences, at: positions, startingAt: sequences.map { _ in 0 })
            if settings.guidanceScale > 0 {
                let lengths = queries.flatMap { query in
                    Array(repeating: query.prompt.count, count: max(1, settings.batchSize))
                }
                let blind = zip(sequences, lengths).map { row, length in
                    Array(repeating: maskID, count: length) + row.dropFirst(length)
                }
                let other = try predictor.hiddenStates(blind, at: positions, startingAt: blind.map { _ in 0 })
                // In narrow types guided in float32: sums of hidden states would round.
                hidden =
                    try predictor.guided(
                        hidden.to(dtype: .float32), other.to(dtype: .float32), scale: settings.guidanceScale) ?? hidden
            }
            return try crossEntropies(hidden, targets)
        }
    }

    /// A few rows of logits at a time.
    private func crossEntropies(_ hidden: Tensor, _ targets: [Int64]) throws -> [Float] {
        let vocabulary = predictor.vocabularySize
        let chunk = max(16, (1 << 24) / vocabulary)
        var losses: [Float] = []
        for start in stride(from: 0, to: targets.count, by: chunk) {
            let rows = start..<min(targets.count, start + chunk)
            // [n, V]
            let logits = try predictor.logits(hidden.slice(rows), vocabulary: 0..<vocabulary).to(dtype: .float32)
            let wanted = try Tensor(Array(targets[rows])).to(logits.device).reshaped([rows.count, 1])
            let chosen = try logits.gather(wanted, along: 1).reshaped([rows.count])
            losses += try (logits.logSumExp(along: 1) - chosen).array(of: Float.self)
        }
        return losses
    }

    /// Whether revealing the answer token by token, the most probable first, gives `answer` (`suffix_greedy_prediction`).
    public func isGreedy(_ answer: [Int32], after prompt: [Int32]) throws -> Bool {
        try greedyAnswer(count: answer.count, after: prompt) { $1 == answer[$0] } == answer
    }

    /// The answer of `count` tokens that greedy revealing gives, one token a pass.
    ///
    /// `goesOn`: Told each place and token; `false` ends the work early.
    public func greedyAnswer(
        count: Int, after prompt: [Int32], while goesOn: (Int, Int32) -> Bool = { _, _ in true }
    ) throws -> [Int32] {
        var answer = [Int32](repeating: maskID, count: count)
        var open = Array(0..<count)
        try withoutGradient { () throws in
            while !open.isEmpty {
                let hidden = try predictor.hiddenStates(
                    [prompt + answer], at: [open.map { prompt.count + $0 }], startingAt: [0])
                let logits = try predictor.logits(hidden, vocabulary: 0..<predictor.vocabularySize).to(dtype: .float32)
                let tokens: [Int64] = try logits.argmax(along: 1).array()
                let confidence: [Float] = try logits.softmax(along: 1).max(along: 1).array()
                // Of equals the first.
                var best = 0
                for index in confidence.indices where confidence[index] > confidence[best] { best = index }
                let place = open.remove(at: best)
                answer[place] = Int32(tokens[best])
                guard goesOn(place, answer[place]) else { return }
            }
        }
        return answer
    }
}
