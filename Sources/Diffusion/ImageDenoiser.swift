public import Torch

/// Settings of image generation.
///
/// The defaults are the official ones.
public struct ImageSampling: Hashable, Sendable {
    /// Forward passes (`generation_timesteps`).
    public var steps = 15
    /// Classifier-free guidance, (1 + g)·cond − g·uncond; 0 is off (`guidance_scale`).
    public var guidanceScale = 3.5
    /// Noise on the choice of what stays; it falls to 0 (`generation_temperature`).
    public var temperature = 1.0
    /// How fast masks disappear (`mask_schedule`).
    public var schedule = MaskSchedule.cosine

    /// The official defaults.
    public init() {}
}

/// Paints an image by revealing all tokens at once and masking the doubtful ones again (MaskGIT §3.2,
/// MMaDA `t2i_generate`).
///
/// For a seed the codes are those of the official code. Logits are computed for the undecided positions and the image
/// part of the vocabulary alone, and rows carry no padding.
public struct ImageDenoiser: Denoiser {
    /// One picture to paint: what stands around its tokens, and those known from the start.
    public struct Row: Sendable {
        /// Tokens before the image, with the prompt.
        public var prefix: [Int32]
        /// Tokens before the image without the prompt, for guidance.
        public var unconditionalPrefix: [Int32]
        /// Tokens after the image.
        public var suffix: [Int32]
        /// Image codes, `nil` where they are to be painted.
        public var codes: [Int32?]
        /// Length to which the official code pads the prefix on the left; positions are counted as if it were.
        ///
        /// Nothing but relative positions matters to the model, yet rounding differs with the absolute ones.
        public var paddedPrefixLength: Int?
        /// How many of the first image tokens the unguided half sees as they were at the start: 0, except to repeat what
        /// the official code does when its `resolution` is not the length of its text part.
        public var frozenUnconditionalCount = 0

        /// A picture to paint.
        public init(
            prefix: [Int32], unconditionalPrefix: [Int32], suffix: [Int32], codes: [Int32?],
            paddedPrefixLength: Int? = nil,
            frozenUnconditionalCount: Int = 0
        ) {
            self.prefix = prefix
            self.unconditionalPrefix = unconditionalPrefix
            self.suffix = suffix
            self.codes = codes
            self.paddedPrefixLength = paddedPrefixLength
            self.frozenUnconditionalCount = frozenUnconditionalCount
        }
    }

    /// The model that predicts.
    public let predictor: any TokenPredictor
    private let sampling: ImageSampling
    private let random: RandomSource
    private let maskID: Int32
    private let imageTokens: Range<Int>
    private let rows: [Row]

    private var codes: [[Int32]]  // −1 where undecided
    private var fixedAt: [[Int?]]
    private var confidence: [[Float]]
    private var temperature: Double
    private var step = 0

    /// Starts painting pictures of the same number of tokens.
    ///
    /// `imageTokens` is the part of the vocabulary that is image codes, code 0 first.
    public init(
        _ predictor: any TokenPredictor, rows: [Row], imageTokens: Range<Int>, maskID: Int32,
        sampling: ImageSampling, random: RandomSource
    ) {
        precondition(!rows.isEmpty && Set(rows.map(\.codes.count)).count == 1 && sampling.steps > 0)
        self.predictor = predictor
        self.sampling = sampling
        self.random = random
        self.maskID = maskID
        self.imageTokens = imageTokens
        self.rows = rows
        codes = rows.map { $0.codes.map { $0 ?? -1 } }
        fixedAt = rows.map { $0.codes.map { _ in nil } }
        confidence = rows.map { $0.codes.map { _ in 0 } }
        temperature = sampling.temperature
    }

    /// The image tokens of each row that are still to be decided.
    private var undecided: [[Int]] { codes.map { row in row.indices.filter { row[$0] < 0 } } }

    /// What the next step asks of the model: the undecided image tokens, with and without the prompt.
    public func query() -> PredictionQuery? {
        guard step < sampling.steps else { return nil }
        var query = PredictionQuery()
        let undecided = undecided
        guard undecided.contains(where: { !$0.isEmpty }) else { return query }
        func starts(_ prefix: (Row) -> [Int32]) -> [Int] {
            rows.map { row in max(0, (row.paddedPrefixLength ?? 0) - prefix(row).count) }
        }
        query.add(
            zip(rows, codes).map { row, codes in row.prefix + codes.map(token) + row.suffix },
            at: zip(rows, undecided).map { row, positions in positions.map { $0 + row.prefix.count } },
            startingAt: starts(\.prefix))
        guard sampling.guidanceScale > 0 else { return query }
        let unconditional = zip(rows, codes).map { row, codes in
            let frozen = row.codes.prefix(row.frozenUnconditionalCount).map { $0 ?? -1 }
            return row.unconditionalPrefix + (frozen + codes.dropFirst(frozen.count)).map(token) + row.suffix
        }
        query.add(
            unconditional,
            at: zip(rows, undecided).map { row, positions in positions.map { $0 + row.unconditionalPrefix.count } },
            startingAt: starts(\.unconditionalPrefix))
        return query
    }

    /// Reveals and masks again by the hidden states that ``query()`` asked for.
    ///
    /// - Returns: A snapshot of the image tokens of each row. The last one's hold no mask.
    public mutating func advance(_ hidden: Tensor?) throws -> [DenoisingStep] {
        defer { step += 1 }
        let (B, N, K) = (rows.count, codes[0].count, imageTokens.count)
        let isLast = step == sampling.steps - 1
        let undecided = undecided
        let flat = undecided.enumerated().flatMap { row, positions in positions.map { row * N + $0 } }
        var sampled = codes  // every position's code, guesses where undecided
        var dtype = DType.float32
        var chances = codes.map { $0.map { _ in Float(0) } }

        // 1. A code for every undecided position, drawn by its probability.
        if let hidden {
            let p = try probabilities(hidden)  // [n, K]
            dtype = p.dtype
            // libtorch's multinomial: argmax of p / Exp(1), with a number for each code of each position of the batch.
            let q = try random.rows(flat, of: B * N, columns: K, .exponential, dtype: dtype)  // [n, K]
            let drawn = try (p / q).argmax(along: -1)  // [n]
            let selected = try p.gather(drawn.unsqueezed(-1), along: -1).squeezed(-1)  // [n]
            let drawnCodes: [Int64] = try drawn.array()
            let drawnChances: [Float] = try selected.to(dtype: .float32).array()
            for (i, position) in flat.enumerated() {
                let (row, column) = position.quotientAndRemainder(dividingBy: N)
                sampled[row][column] = Int32(drawnCodes[i])
                chances[row][column] = drawnChances[i]
            }
        } else {
            _ = try random.rows([], of: B * N, columns: K, .exponential, dtype: dtype)
        }

        // 2. The least certain are masked again; known ones count as certain.
        let known = Float(dtype.greatestFiniteMagnitude)
        let scores = zip(codes, chances).map { row, chances in zip(row, chances).map { $0 < 0 ? $1 : known } }
        let ratio = Double(step + 1) / Double(sampling.steps)
        temperature *= 1 - ratio  // a running product, as in the official code
        let masking = try remask(scores, undecided.map(\.count), dtype: dtype)  // [B][N]

        // 3. What stays, stays for good; the last step keeps everything.
        for r in 0..<B {
            for i in 0..<N {
                let wasUndecided = codes[r][i] < 0
                let stays = isLast || !masking[r][i]
                codes[r][i] = stays ? sampled[r][i] : -1
                if !stays {
                    fixedAt[r][i] = nil
                    confidence[r][i] = 0
                } else if wasUndecided {
                    fixedAt[r][i] = step
                    confidence[r][i] = chances[r][i]
                }
            }
        }
        return (0..<B).map { r in
            DenoisingStep(
                index: step, count: sampling.steps, tokens: codes[r].map(token), predicted: sampled[r].map(token),
                fixedAt: fixedAt[r], confidence: confidence[r])
        }
    }

    private func token(_ code: Int32) -> Int32 { code < 0 ? maskID : Int32(imageTokens.lowerBound) + code }

    /// Probabilities `[n, K]` of the codes at the undecided positions of all rows.
    private func probabilities(_ hidden: Tensor) throws -> Tensor {
        guard sampling.guidanceScale > 0 else {
            return try predictor.logits(hidden, vocabulary: imageTokens).softmax(along: -1)
        }
        let n = hidden.size(0) / 2
        let (cond, uncond) = (try hidden.slice(0..<n), try hidden.slice(n..<2 * n))
        let g = sampling.guidanceScale
        if let guided = try predictor.guided(cond, uncond, scale: g) {
            return try predictor.logits(guided, vocabulary: imageTokens).softmax(along: -1)
        }
        let c = try predictor.logits(cond, vocabulary: imageTokens)
        let u = try predictor.logits(uncond, vocabulary: imageTokens)
        return try c.guided(from: u, scale: g).softmax(along: -1)
    }

    /// Which positions are masked after this step (`mask_by_random_topk`).
    private func remask(_ scores: [[Float]], _ undecided: [Int], dtype: DType) throws -> [[Bool]] {
        let (B, N) = (scores.count, scores[0].count)
        let selected = try Tensor(scores.flatMap(\.self), shape: [B, N]).to(random.device, dtype: dtype)
        let u = try random.uniform([B, N], dtype: dtype)
        let noise = try -(-u.maximum(1e-20).log()).maximum(1e-20).log()
        let confidence = try selected.maximum(1e-20).log() + temperature * noise  // [B, N]
        let scheduled = try sampling.schedule.maskedCount(of: N, afterStep: step, of: sampling.steps)
        let counts = undecided.map { Int64(min(N - 1, max(1, min($0 - 1, scheduled)))) }
        let order = try confidence.sorted(along: -1).values
        let cut = try order.gather(Tensor(counts, shape: [B, 1]).to(random.device), along: 1)  // [B, 1]
        let masking: [Bool] = try confidence.less(cut).array()
        return (0..<B).map { Array(masking[$0 * N..<($0 + 1) * N]) }
    }
}
