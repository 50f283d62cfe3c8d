public import Torch

/// Which of the predicted tokens stay after a step.
public enum Remasking: String, Codable, Hashable, Sendable, CaseIterable {
    /// Those whose token is most probable.
    case lowConfidence = "low_confidence"
    /// Random ones.
    case random
}

/// When text generation ends before its last block.
public enum EarlyStop: Hashable, Sendable {
    /// Never: what the official sampler does.
    case never
    /// After a block in which, in every row, everything from the first end token on is an end token.
    case answerComplete(endToken: Int32)
    /// After a block whose last token is the end token in every row: the official "fast" sampler.
    case lastTokenOfBlock(endToken: Int32)
}

/// Settings of text generation.
///
/// The defaults are the official ones.
public struct TextSampling: Hashable, Sendable {
    /// Forward passes in all (`steps`).
    public var steps = 128
    /// Gumbel noise on the logits; 0 is greedy (`temperature`).
    public var temperature = 0.0
    /// Classifier-free guidance: un + (s + 1)(cond − un); 0 is off (`cfg_scale`).
    public var cfgScale = 0.0
    /// Which predictions stay (`remasking`).
    public var remasking = Remasking.lowConfidence
    /// When to end early.
    public var earlyStop = EarlyStop.never
    /// Whether confidences come from a softmax in float64, as in MMaDA, or in the model's own type, as in LLaDA.
    public var wideConfidence = true
    /// Tokens that are never predicted (LLaDA's `logits_eos_inf`).
    public var forbidden: [Int32] = []
    /// Tokens that are revealed last, if any (LLaDA's `confidence_eos_eot_inf`).
    public var revealedLast: RevealedLast?

    /// The official defaults.
    public init() {}

    /// Tokens whose confidence counts as 0.
    public struct RevealedLast: Hashable, Sendable {
        /// Only when sampling greedily, as it comes out in LLaDA's code: the end of the text.
        public var greedyOnly: Int32
        /// Always: the end of the turn.
        public var always: Int32

        /// Both tokens.
        public init(greedyOnly: Int32, always: Int32) {
            self.greedyOnly = greedyOnly
            self.always = always
        }
    }
}

/// Writes text by revealing masked tokens block after block (LLaDA §2.4, MMaDA `mmu_generate`).
///
/// Rows may differ in length: row r of the official code, left-padded to the longest, is here simply shorter. For a seed
/// the tokens are those of the official code: random numbers are drawn, or passed over, for every position and token of
/// the padded batch in its order, while logits are computed for the masked positions up to the block's end alone.
public struct TextDenoiser: Denoiser {
    /// The model that predicts.
    public let predictor: any TokenPredictor
    private let sampling: TextSampling
    private let random: RandomSource
    private let maskID: Int32
    private let blockLengths: [Int]
    private let stepsPerBlock: Int
    /// Length of the longest row, which the official code pads all to.
    private let width: Int

    private var rows: [Row]
    private var step = 0
    private var transfers: [[Int]] = []
    private var isStopped = false
    private var plan: Plan?

    /// What the present step reveals and where.
    private struct Plan {
        let block: Int
        /// Where the block ends, how many positions stay, and which are masked, row by row.
        let ends, counts: [Int]
        let candidates: [[Int]]
        /// Whether anything can change.
        var isActive: Bool { counts.contains { $0 > 0 } }
    }

    private struct Row {
        var tokens: [Int32]
        var predicted: [Int32]
        var fixedAt: [Int?]
        var confidence: [Float]
        /// Positions that guidance hides: all that were given.
        let given: [Int]
        /// Where the first block begins.
        let start: Int
    }

    /// Continues each prompt by `blockCount` blocks of `blockLength` masks.
    ///
    /// `steps`: `sampling.steps` must be a multiple of `blockCount`.
    /// `suffix`: Tokens after the last block, which stay as they are; masks among them are seen and never filled.
    public init(
        _ predictor: any TokenPredictor, prompts: [[Int32]], blockLength: Int, blockCount: Int, maskID: Int32,
        sampling: TextSampling, random: RandomSource, suffix: [Int32] = []
    ) {
        let masks = [Int32](repeating: maskID, count: blockLength * blockCount)
        self.init(
            predictor, rows: prompts.map { ($0 + masks + suffix, $0.count) },
            blockLengths: Array(repeating: blockLength, count: blockCount), maskID: maskID, sampling: sampling,
            random: random)
    }

    /// Fills the masks of a text that has some, as one block.
    public init(
        _ predictor: any TokenPredictor, infilling canvas: [Int32], maskID: Int32, sampling: TextSampling,
        random: RandomSource
    ) {
        self.init(
            predictor, rows: [(canvas, 0)], blockLengths: [canvas.count], maskID: maskID, sampling: sampling,
            random: random)
    }

    private init(
        _ predictor: any TokenPredictor, rows: [(canvas: [Int32], start: Int)], blockLengths: [Int], maskID: Int32,
        sampling: TextSampling, random: RandomSource
    ) {
        precondition(!rows.isEmpty && !blockLengths.isEmpty && sampling.steps % blockLengths.count == 0)
        self.predictor = predictor
        self.sampling = sampling
        self.random = random
        self.maskID = maskID
        self.blockLengths = blockLengths
        stepsPerBlock = sampling.steps / blockLengths.count
        width = rows.map(\.canvas.count).max() ?? 0
        self.rows = rows.map { canvas, start in
            Row(
                tokens: canvas, predicted: canvas, fixedAt: canvas.map { _ in nil }, confidence: canvas.map { _ in 0 },
                given: canvas.indices.filter { canvas[$0] != maskID }, start: start)
        }
    }

    /// What the next step asks of the model: the masked positions up to the block's end, and the same without what was
    /// given, for guidance.
    public mutating func query() -> PredictionQuery? {
        guard step < sampling.steps, !isStopped else { return nil }
        let plan = plan ?? makePlan()
        self.plan = plan
        var query = PredictionQuery()
        guard plan.isActive else { return query }
        // Places are those of the official code, which pads on the left: rounding depends on them.
        let starts = rows.map { width - $0.tokens.count }
        query.add(rows.map(\.tokens), at: plan.candidates, startingAt: starts)
        if sampling.cfgScale > 0 {
            let hidden = rows.map { row in
                var tokens = row.tokens
                for position in row.given { tokens[position] = maskID }
                return tokens
            }
            query.add(hidden, at: plan.candidates, startingAt: starts)
        }
        return query
    }

    private mutating func makePlan() -> Plan {
        let block = step / stepsPerBlock
        let ends = rows.map { $0.start + blockLengths[...block].reduce(0, +) }
        if step % stepsPerBlock == 0 {
            transfers = zip(rows, ends).map { row, end in
                let masked = row.tokens[end - blockLengths[block]..<end].count { $0 == maskID }
                return transferCounts(masked: masked, steps: stepsPerBlock)
            }
        }
        return Plan(
            block: block, ends: ends, counts: transfers.map { $0[step % stepsPerBlock] },
            candidates: zip(rows, ends).map { row, end in (0..<end).filter { row.tokens[$0] == maskID } })
    }

    /// Reveals tokens by the hidden states that ``query()`` asked for.
    ///
    /// - Returns: A snapshot for each row.
    public mutating func advance(_ hidden: Tensor?) throws -> [DenoisingStep] {
        let plan = plan ?? makePlan()
        self.plan = nil
        if plan.isActive, let hidden {
            try reveal(choose(plan.candidates, hidden), plan.candidates, plan.counts)
        } else {
            // Nothing can change; only the random numbers that the official code would draw are used up.
            try passOverDraws()
        }
        defer { step += 1 }
        if (step + 1) % stepsPerBlock == 0 { isStopped = shouldStop(block: plan.block, ends: plan.ends) }
        return rows.map { row in
            DenoisingStep(
                index: step, count: sampling.steps, tokens: row.tokens, predicted: row.predicted,
                fixedAt: row.fixedAt, confidence: row.confidence)
        }
    }

    // MARK: Prediction

    /// Token and score of each candidate, rows one after another.
    struct Choice {
        var tokens: [Int32] = []
        var probabilities: [Double] = []
        /// What decides which stay: the probability, or a random number for each position of each row.
        var scores: Tensor?
    }

    private func choose(_ candidates: [[Int]], _ hidden: Tensor) throws -> Choice {
        let count = candidates.reduce(0) { $0 + $1.count }
        let conditional = try hidden.slice(0..<count)  // [N, D]
        let unconditional = try sampling.cfgScale > 0 ? hidden.slice(count..<2 * count) : nil
        var noise = try GumbelNoise(
            temperature: sampling.temperature, vocabulary: predictor.vocabularySize, width: width,
            rows: zip(rows, candidates).map { row, positions in positions.map { $0 + width - row.tokens.count } },
            random: random)
        var choice = Choice()
        let rowsAtOnce = max(16, Self.logitsAtOnce / predictor.vocabularySize)
        for start in stride(from: 0, to: count, by: rowsAtOnce) {
            let part = start..<min(start + rowsAtOnce, count)
            try sample(logits(conditional, unconditional, part), &noise, &choice)
        }
        try noise.finish()
        if sampling.remasking == .random {
            choice.scores = try random.uniform([rows.count, width], dtype: .float32).to(.cpu)
        }
        return choice
    }

    /// Logits held at once: enough rows to keep the processor busy, few enough to bound memory and to stay below the
    /// 32 MiB from which the C library takes fresh pages for each block.
    private static let logitsAtOnce = 8_000_000

    private func logits(_ conditional: Tensor, _ unconditional: Tensor?, _ part: Range<Int>) throws -> Tensor {
        let all = 0..<predictor.vocabularySize
        let cond = try conditional.slice(part)
        var logits: Tensor
        if let unconditional {
            let uncond = try unconditional.slice(part)
            if let guided = try predictor.guided(cond, uncond, scale: sampling.cfgScale) {
                logits = try predictor.logits(guided, vocabulary: all)
            } else {
                let un = try predictor.logits(uncond, vocabulary: all)
                logits = try un + (sampling.cfgScale + 1) * (predictor.logits(cond, vocabulary: all) - un)
            }
        } else {
            logits = try predictor.logits(cond, vocabulary: all)
        }
        for token in sampling.forbidden { logits = try logits.hiding(token) }
        return logits  // [n, V]
    }

    private func sample(_ logits: Tensor, _ noise: inout GumbelNoise, _ choice: inout Choice) throws {
        let x0 = try noise.argmax(logits)  // [n]
        var judged = logits
        if let last = sampling.revealedLast {
            judged = try judged.hiding(last.always)
            if sampling.temperature == 0 { judged = try judged.hiding(last.greedyOnly) }
        }
        let p =
            try sampling.wideConfidence
            ? judged.wideProbability(of: x0)
            : judged.softmax(along: -1).gather(x0.unsqueezed(-1), along: -1).squeezed(-1).to(dtype: .float64)
        choice.tokens += try x0.to(dtype: .int32).array(of: Int32.self)
        choice.probabilities += try p.array(of: Double.self)
    }

    // MARK: Bookkeeping

    private mutating func reveal(_ choice: Choice, _ candidates: [[Int]], _ counts: [Int]) throws {
        var start = 0
        for r in rows.indices {
            let mine = start..<start + candidates[r].count
            start = mine.upperBound
            rows[r].predicted = rows[r].tokens
            var chances = [Double](repeating: -.infinity, count: rows[r].tokens.count)
            for (i, position) in zip(mine, candidates[r]) {
                rows[r].predicted[position] = choice.tokens[i]
                chances[position] = choice.probabilities[i]
            }
            for position in try topPositions(chances, choice, row: r, candidates[r], count: counts[r]) {
                rows[r].tokens[position] = rows[r].predicted[position]
                guard rows[r].tokens[position] != maskID else { continue }  // the model may choose the mask itself
                rows[r].fixedAt[position] = step
                rows[r].confidence[position] = Float(chances[position])
            }
        }
    }

    /// The `count` best positions, ties in libtorch's order.
    private func topPositions(
        _ chances: [Double], _ choice: Choice, row: Int, _ candidates: [Int], count: Int
    ) throws -> [Int] {
        let count = min(count, candidates.count)
        guard count > 0 else { return [] }
        var scores = chances
        if let random = choice.scores {
            let all: [Float] = try random.select(row).array()
            let offset = width - chances.count
            for position in candidates { scores[position] = Double(all[position + offset]) }
        }
        return try Tensor(scores).topK(count).indices.array(of: Int64.self).map(Int.init)
    }

    private func passOverDraws() throws {
        if sampling.temperature > 0 {
            try random.passOver([rows.count, width, predictor.vocabularySize], dtype: .float64)
        }
        if sampling.remasking == .random { try random.passOver([rows.count, width], dtype: .float32) }
    }

    private func shouldStop(block: Int, ends: [Int]) -> Bool {
        switch sampling.earlyStop {
        case .never:
            false
        case .lastTokenOfBlock(let end):
            zip(rows, ends).allSatisfy { $0.tokens[$1 - 1] == end }
        case .answerComplete(let end):
            zip(rows, ends).allSatisfy { row, stop in
                let answer = row.tokens[row.start..<stop]
                guard let first = answer.firstIndex(of: end) else { return false }
                return answer[first...].allSatisfy { $0 == end }
            }
        }
    }
}

extension Tensor {
    /// Logits `[n, V]` with one token made impossible.
    fileprivate func hiding(_ token: Int32) throws -> Tensor {
        let column = try Tensor.arange(to: .integer(size(-1)), dtype: .int32, device: device)
        return try maskedFill(column.equal(.integer(Int(token))), .real(-.infinity))
    }
}
