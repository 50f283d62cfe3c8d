import Datasets
import Diffusion
import Foundation
import ImageTextScorers
import ImageTokenizer
import Images
import MMaDA
import NN
import Rewards
import StrictJSON
import TextTokenizer
import Torch
import Transformer

/// Makes a stage of a configuration: loads or initialises its models and opens its data.
struct StageBuilder {
    private let configuration: TrainingConfiguration
    private let directory: String
    /// The checkpoint to go on from.
    private let resumed: URL?
    private let reportFailure: @Sendable (String) -> Void

    init(
        _ configuration: TrainingConfiguration, directory: String, resumed: URL?,
        reportFailure: @escaping @Sendable (String) -> Void
    ) {
        self.configuration = configuration
        self.directory = directory
        self.resumed = resumed
        self.reportFailure = reportFailure
    }

    private func url(_ path: String) -> URL {
        path.hasPrefix("/") || directory.isEmpty ? URL(filePath: path) : URL(filePath: directory).appending(path: path)
    }

    private func device() throws -> Device {
        let name = configuration.training.device
        guard let device = Device(name) else {
            throw TrainingError.unsupported("training.device '\(name)': expected cpu, cuda, cuda:N or mps")
        }
        try device.prepare()
        return device
    }

    /// Two streams that never meet: one for weights, one for noise.
    private func random(_ purpose: UInt64) throws -> RandomSource {
        try RandomSource(seed: configuration.training.seed &+ purpose)
    }

    // MARK: Data

    private func feed(_ part: String, _ sources: [SourceDescription]) throws -> any RecordFeed {
        guard !sources.isEmpty else { throw TrainingError.noData(part: part) }
        let data = configuration.data
        var opened: [(source: SampleSource, weight: Double)] = []
        for (index, var description) in sources.enumerated() {
            if description.name.isEmpty { description.name = "\(part)-\(index)" }
            let source = try description.source(relativeTo: directory, opener: { try ParquetFile(URL(filePath: $0)) })
            opened.append((source, description.weight))
        }
        var options = StreamOptions()
        options.seed = configuration.training.seed
        options.shuffleBuffer = data.shuffleBufferSize
        let stream = try MixedStream(opened, options: options)
        let limit = FailureLimit(share: configuration.experiment.maxBrokenShare)
        let report = reportFailure
        return try LoaderFeed { state in
            try PrefetchingLoader(
                stream: stream, resuming: state, threads: data.workers, depth: data.prefetch, limit: limit,
                report: { report("\($0.source): \($0.error)") })
        }
    }

    /// A feed for each part that has rows in a batch.
    private func feeds(_ sizes: [LossPart: Int]) throws -> [LossPart: any RecordFeed] {
        let lists: [(LossPart, [SourceDescription])] = [
            (.textToImage, configuration.data.t2i), (.language, configuration.data.lm),
            (.understanding, configuration.data.mmu), (.reasonToImage, configuration.data.r2i),
        ]
        var feeds: [LossPart: any RecordFeed] = [:]
        for (part, sources) in lists where sizes[part, default: 0] > 0 {
            feeds[part] = try feed(part.rawValue, sources)
        }
        return feeds
    }

    /// Everything that a micro-step reads: each feed and the examples it gives.
    func data() throws -> [(feed: any RecordFeed, count: Int)] {
        if configuration.experiment.stage == .tokenizer {
            return [(try feed("images", configuration.data.images), configuration.training.batchSizeImages)]
        }
        let sizes = languageSettings().batchSizes
        return try feeds(sizes).sorted { $0.key.rawValue < $1.key.rawValue }.map {
            ($0.value, sizes[$0.key, default: 0])
        }
    }

    // MARK: Stages 1 and 2

    func languageStage() throws -> LanguageStage {
        let device = try device()
        let start = try languageStart(device: device)
        let settings = languageSettings()
        let feeds = try feeds(settings.batchSizes)
        let imageTokenizer = start.imageTokenizer
        let looker = LanguageValidation(configuration, directory: directory)
        return try LanguageStage(
            start.model, groups: groups(start.parameters), settings: settings,
            language: LanguageParts(
                tokenizer: start.tokenizer, prompts: start.prompts, imageTokenizer: imageTokenizer),
            feeds: feeds, random: random(1),
            writer: { values, folder in try start.writer.write(values, to: folder) },
            validator: { model, step, folder in
                let whole = try MMaDAModel(model, tokenizer: start.tokenizer, imageTokenizer: imageTokenizer)
                return try looker.look(at: whole, step: step, folder: folder)
            })
    }

    // MARK: Stage 3

    func policyStage(isInterrupted: @escaping () -> Bool) throws -> PolicyStage {
        let device = try device()
        let start = try languageStart(device: device)
        let settings = policySettings()
        let rewards = try RewardList(
            configuration.rewards, environment: ProcessInfo.processInfo.environment
        ) { description in
            let folder = url(description.folder)
            return switch description.kind {
            case .clip:
                ImageTextReward(name: description.title, scorer: try CLIPScorer(directory: folder, device: device))
            case .imageReward:
                ImageTextReward(
                    name: description.title, scorer: try ImageRewardScorer(directory: folder, device: device))
            default: nil
            }
        }
        let needsReference = settings.objective.divergenceWeight > 0 && configuration.unigrpo.reference == .frozen
        let looker = LanguageValidation(configuration, directory: directory)
        return try PolicyStage(
            start.model, reference: needsReference ? start.frozen() : nil, groups: groups(start.parameters),
            settings: settings,
            language: LanguageParts(
                tokenizer: start.tokenizer, prompts: start.prompts, imageTokenizer: start.imageTokenizer),
            feeds: feeds(settings.promptCounts), rewards: rewards,
            writer: { values, folder in try start.writer.write(values, to: folder) },
            validator: { model, step, folder in
                let whole = try MMaDAModel(model, tokenizer: start.tokenizer, imageTokenizer: start.imageTokenizer)
                return try looker.look(at: whole, step: step, folder: folder)
            }, isInterrupted: isInterrupted)
    }

    private func policySettings() -> PolicySettings {
        var settings = PolicySettings()
        let (policy, language) = (configuration.unigrpo, languageSettings())
        settings.groupSize = policy.groupSize
        settings.updates = policy.innerUpdates
        settings.accumulation = configuration.training.gradientAccumulationSteps
        settings.noise = policy.noise
        settings.imageNoise = policy.imageNoise
        settings.promptMaskProbability = policy.promptMaskProbability
        settings.sharesMasks = policy.sharedMasks
        settings.objective.ratioLevel = policy.ratioLevel
        settings.objective.clipRange = policy.clipRange
        settings.objective.clipRangeHigh = policy.clipRangeHigh
        settings.objective.divergenceWeight = policy.divergenceWeight
        settings.objective.divergence = policy.divergence
        settings.advantageScale = policy.advantageScale
        settings.anchors = policy.anchors
        settings.negativeScale = policy.negativeScale
        settings.promptCounts = language.batchSizes
        settings.coefficients = language.coefficients
        settings.maxTextLength = language.maxTextLength
        settings.maxPromptLength = policy.maxPromptLength
        settings.refills = policy.refills
        settings.recomputes = language.recomputes
        settings.seed = configuration.training.seed
        settings.sampling.text.temperature = policy.temperature
        settings.sampling.chatTemperature = policy.temperatureLm > 0 ? policy.temperatureLm : policy.temperature
        settings.sampling.text.remasking = policy.remasking
        settings.sampling.text.wideConfidence = false
        settings.sampling.genLength = policy.genLength
        settings.sampling.chatGenLength = policy.genLengthLm > 0 ? policy.genLengthLm : policy.genLength
        settings.sampling.tokensPerStep = policy.tokensPerStep
        settings.sampling.chatTokensPerStep =
            policy.tokensPerStepLm.isEmpty ? policy.tokensPerStep : policy.tokensPerStepLm
        settings.sampling.blockLength = policy.blockLength
        settings.sampling.imageSteps = policy.imageSteps
        settings.sampling.image.guidanceScale = policy.guidanceScale
        settings.sampling.image.temperature = policy.imageTemperature
        settings.sampling.rowsAtOnce = policy.rowsAtOnce
        return settings
    }

    // MARK: Language models

    private struct LanguageStart {
        /// The model as it begins, without gradients.
        let frozen: () throws -> LLaDA
        let model: LLaDA
        let parameters: [NamedParameter]
        let tokenizer: Tokenizer
        let prompts: PromptBuilder
        let imageTokenizer: (any VisualTokenizer)?
        let writer: ModelWriter
    }

    private func languageStart(device: Device) throws -> LanguageStart {
        let mmada = configuration.model.mmada
        let pretrained = mmada.pretrainedModelPath
        guard mmada.start == .scratch || !pretrained.isEmpty else {
            throw TrainingError.unsupported(
                "model.mmada.pretrained_model_path is empty; or set model.mmada.start: scratch")
        }
        let tokenizerFolder = url(mmada.tokenizerPath.isEmpty ? pretrained : mmada.tokenizerPath)
        let tokenizer = try Tokenizer(directory: tokenizerFolder)
        let imagePlace = try imageTokenizerPlace()
        let imageTokenizer = try imagePlace.map { try MMaDAModel.imageTokenizer(at: $0, device: device).0 }

        let (shape, source) =
            mmada.start == .scratch
            ? try scratch(tokenizer, codes: imageTokenizer?.codebookSize ?? 0)
            : try pretrainedParameters(url(pretrained))
        let dtype = computeType(device)
        let parameters: () -> [NamedParameter]
        let scope: ParameterScope
        let lora = configuration.model.lora
        if lora.rank > 0 {
            let adapters = LowRankParameters(
                FrozenParameters(source, device: device),
                LowRankSettings(rank: lora.rank, alpha: lora.alpha, targets: Set(lora.targets)),
                initial: LowRankInitialization(try random(2)), device: device)
            parameters = { adapters.parameters }
            scope = ParameterScope(adapters)
        } else {
            let trained = TrainableParameters(source, device: device)
            parameters = { trained.parameters }
            scope = ParameterScope(trained)
        }
        let model = try LLaDA(shape, dtype: dtype, scope)
        let vocabulary = try VocabularyLayout(tokenizer, shape)
        return LanguageStart(
            // Adapters leave the weights below them as they are: the frozen model is made of the very same.
            frozen: { try LLaDA(shape, dtype: dtype, ParameterScope(FrozenParameters(source, device: device))) },
            model: model, parameters: parameters(), tokenizer: tokenizer,
            prompts: PromptBuilder(tokenizer, vocabulary, usesInstructions: shape.usesReasoningInstruction),
            imageTokenizer: imageTokenizer,
            writer: ModelWriter(
                shape: shape, tokenizerFolder: tokenizerFolder, imageTokenizer: imagePlace,
                adapters: lora.rank > 0 ? lora : nil, baseModel: pretrained))
    }

    private func imageTokenizerPlace() throws -> URL? {
        let vq = configuration.model.vqModel
        for path in [vq.pretrainedModelPath, vq.vqModelName] where !path.isEmpty {
            let place = url(path)
            if FileManager.default.fileExists(atPath: place.path) { return place }
        }
        let beside = url(configuration.model.mmada.pretrainedModelPath).appending(path: "vq")
        if FileManager.default.fileExists(atPath: beside.path) { return beside }
        let needsPictures =
            configuration.training.batchSizeT2i + configuration.training.batchSizeMmu
            + configuration.training.batchSizeR2i > 0
        guard needsPictures else { return nil }
        throw MMaDAError.missingFile(
            url(vq.pretrainedModelPath.isEmpty ? vq.vqModelName : vq.pretrainedModelPath),
            purpose: "the image tokenizer; set model.vq_model.pretrained_model_path")
    }

    /// Random weights of the shape in `model.mmada.architecture`.
    private func scratch(_ tokenizer: Tokenizer, codes: Int) throws -> (LLaDAConfiguration, any ParameterSource) {
        let mmada = configuration.model.mmada
        let architecture = mmada.architecture
        guard let mask = tokenizer.id(of: "<|mdm_mask|>") else { throw MMaDAError.missingToken("<|mdm_mask|>") }
        let rows = (tokenizer.count + codes + 63) / 64 * 64
        var shape = LLaDAConfiguration(
            hiddenSize: architecture.dModel, layers: architecture.nLayers, attentionHeads: architecture.nHeads,
            keyValueHeads: architecture.nKvHeads, mlpHiddenSize: architecture.mlpHiddenSize, vocabularySize: rows,
            maskTokenID: Int(mask))
        shape.ropeTheta = architecture.ropeTheta
        shape.maxSequenceLength = architecture.maxSequenceLength
        shape.endTokenID = tokenizer.endToken.map(Int.init)
        shape.usesReasoningInstruction = mmada.reasoningInstruction
        if codes > 0 {
            shape.codebookSize = codes
            shape.imageTokenCount = mmada.numVqTokens
        }
        // Made again as read from a file, which checks what a file is checked for.
        shape = try LLaDAConfiguration(shape.json)
        let draws = try random(0)
        var source: any ParameterSource = MitchellParameters(shape, draws)
        if mmada.structuredCodes, codes > 0 {
            source = StructuredCodes(source, codes: tokenizer.count..<tokenizer.count + codes, draws)
        }
        return (shape, source)
    }

    /// Weights of a model folder; a LLaDA without image codes grows to `model.mmada.new_vocab_size` rows.
    private func pretrainedParameters(_ folder: URL) throws -> (LLaDAConfiguration, any ParameterSource) {
        let (found, checkpoint) = try MMaDAModel.transformerFiles(directory: folder)
        var shape = found
        let mmada = configuration.model.mmada
        var source: any ParameterSource = CheckpointParameters(checkpoint)
        if shape.codebookSize == nil, mmada.newVocabSize > shape.vocabularySize {
            let old = shape.vocabularySize
            shape.vocabularySize = mmada.newVocabSize
            shape.codebookSize = mmada.codebookSize
            shape.modelType = "mmada"
            source = GrownVocabulary(source, oldSize: old, try random(0))
        }
        if shape.codebookSize != nil { shape.imageTokenCount = mmada.numVqTokens }
        return (shape, source)
    }

    private func computeType(_ device: Device) -> DType {
        switch configuration.training.computeDtype {
        case .float32: .float32
        case .bfloat16: .bfloat16
        case .auto: device != .cpu && configuration.training.mixedPrecision == "bf16" ? .bfloat16 : .float32
        }
    }

    private func groups(_ parameters: [NamedParameter]) -> [Optimizer.Group] {
        let params = configuration.optimizer.params
        func isEmbedding(_ parameter: NamedParameter) -> Bool { parameter.name.hasSuffix("wte.weight") }
        // The head's rows belong to tokens one by one, as those of the embedding do.
        func isHidden(_ parameter: NamedParameter) -> Bool {
            parameter.tensor.rank == 2 && !isEmbedding(parameter)
                && !parameter.name.hasSuffix("transformer.ff_out.weight")
        }
        func decays(_ parameter: NamedParameter) -> Bool {
            params.decayNormsAndEmbeddings || parameter.tensor.rank > 1 && !isEmbedding(parameter)
        }
        let usesMuon = configuration.optimizer.name == .muon
        let moved = parameters.filter { usesMuon && isHidden($0) }
        let others = parameters.filter { !(usesMuon && isHidden($0)) }
        return [
            Optimizer.Group(moved, weightDecay: params.weightDecay, rule: .muon),
            Optimizer.Group(others.filter(decays), weightDecay: params.weightDecay),
            Optimizer.Group(others.filter { !decays($0) }, weightDecay: 0),
        ].filter { !$0.parameters.isEmpty }
    }

    private func languageSettings() -> LanguageSettings {
        var settings = LanguageSettings()
        let (training, preprocessing) = (configuration.training, configuration.dataset.preprocessing)
        settings.batchSizes = [
            .textToImage: training.batchSizeT2i, .language: training.batchSizeLm,
            .understanding: training.batchSizeMmu, .reasonToImage: training.batchSizeR2i,
        ]
        settings.coefficients = [
            .textToImage: training.t2iCoeff, .language: training.lmCoeff, .understanding: training.mmuCoeff,
            .reasonToImage: training.r2iCoeff,
        ]
        settings.maxTextLength = preprocessing.maxSeqLength
        settings.languageLength = preprocessing.maxLmTextLength > 0 ? preprocessing.maxLmTextLength : nil
        settings.captionDropout = training.condDropoutProb
        settings.minimumMaskRatio = training.minMaskingRate
        settings.schedule = configuration.maskSchedule.schedule
        settings.textLossScale = training.textLoss
        settings.imageLossScale = training.imageLoss
        settings.padAttention = training.padAttention
        settings.padsToBudget = training.padTo == .budget
        settings.dropsLongSamples = training.dropLongSamples
        settings.foregroundWeight = training.foregroundWeight
        settings.foregroundWeightBatches = training.foregroundWeightBatches
        settings.reasonToImageNoise = training.r2iNoise
        settings.blockNoiseShare = training.blockNoiseShare
        settings.blockNoiseLength = training.blockNoiseLength
        settings.recomputes = configuration.model.gradientCheckpointing
        return settings
    }

    // MARK: Stage 0

    func tokenizerStage() throws -> TokenizerStage {
        let device = try device()
        let vq = configuration.model.vqModel
        let source: any ParameterSource
        let shape: VisualTokenizerConfiguration
        if vq.pretrainedModelPath.isEmpty {
            shape = Self.shape(vq.architecture)
            source = RandomParameters(try random(0))
        } else {
            let (found, checkpoint) = try MMaDAModel.imageTokenizerFiles(at: url(vq.pretrainedModelPath))
            shape = found
            source = CheckpointParameters(checkpoint)
        }
        let trained = TrainableParameters(source, device: device)
        let model = try shape.build(ParameterScope(trained))
        let pixels = configuration.dataset.preprocessing.resolution
        guard pixels.isMultiple(of: shape.downsampling) else {
            throw TrainingError.notDivisible(
                what: "dataset.preprocessing.resolution", value: pixels, divisor: shape.downsampling)
        }
        let judges = try judges(pixels: pixels, device: device)
        return TokenizerStage(
            model, shape: shape, groups: groups(trained.parameters + (judges.adversary?.parameters ?? [])),
            batchSize: configuration.training.batchSizeImages, weights: configuration.training.tokenizerLoss,
            judges: judges, feed: try feed("images", configuration.data.images), device: device)
    }

    /// The networks that terms of the loss with a weight above 0 ask for.
    private func judges(pixels: Int, device: Device) throws -> TokenizerJudges {
        let weights = configuration.training.tokenizerLoss
        var judges = TokenizerJudges()
        if weights.perceptual > 0 {
            func file(_ path: String, _ key: String) throws -> URL {
                let place = url(path)
                guard !path.isEmpty, FileManager.default.fileExists(atPath: place.path) else {
                    throw TrainingError.missingFile(path: path, key: "training.tokenizer_loss.\(key)")
                }
                return place
            }
            judges.perceptual = try PerceptualDistance(
                network: file(weights.perceptualNetwork, "perceptual_network"),
                calibration: weights.perceptualCalibration.isEmpty
                    ? nil : file(weights.perceptualCalibration, "perceptual_calibration"),
                device: device)
        }
        if weights.adversarial > 0 {
            let depth = weights.discriminatorDepth
            // Two layers at full width follow the halvings, each of which takes a pixel.
            guard pixels >> depth > 2 else {
                throw TrainingError.unsupported(
                    "training.tokenizer_loss.discriminator_depth \(depth): pictures of \(pixels) pixels can be halved "
                        + "until 3 are left")
            }
            judges.adversary = try Adversary(
                channels: weights.discriminatorChannels, depth: depth, RandomParameters(random(3)), device: device)
        }
        return judges
    }

    private static func shape(
        _ architecture: TrainingConfiguration.Model.ImageTokenizer.Architecture
    ) -> VisualTokenizerConfiguration {
        switch architecture.kind {
        case .patch:
            return .patch(
                PatchAutoencoderConfiguration(
                    patchSize: architecture.patchSize, bits: architecture.bits, width: architecture.width,
                    depth: architecture.depth))
        case .magvit:
            var shape = MAGVITConfiguration()
            shape.bits = architecture.bits
            let half = MAGVITConfiguration.Half(
                channels: architecture.channels, multipliers: architecture.multipliers, blocks: architecture.blocks)
            shape.encoder = half
            shape.decoder = half
            return .magvit(shape)
        }
    }
}

/// Parameters brought to a device as they are, without gradients.
final class FrozenParameters: ParameterSource {
    private let base: any ParameterSource
    private let device: Device

    init(_ base: any ParameterSource, device: Device) {
        self.base = base
        self.device = device
    }

    func parameter(_ name: String, shape: [Int]) throws -> Tensor {
        try base.parameter(name, shape: shape).to(device)
    }
}
