import ConfigurationFiles
import Datasets
import Foundation
import NN
import TestSupport
import Testing

@testable import Training

/// One official file, and what training.md's table says of it.
struct OfficialFile: Sendable, CustomTestStringConvertible {
    let name, source: String
    let textLength, languageLength, resolution, imageTokens: Int
    let learningRate, floor: Double
    let warmup, accumulation, steps: Int
    let rows: [Int]
    let coefficients: [Double]
    let guidance: Double
    let generationSteps: Int

    var testDescription: String { name }

    static let all = [
        OfficialFile(
            name: "stage-1.1", source: "mmada_pretraining_stage1_llada_instruct", textLength: 128, languageLength: 0,
            resolution: 256, imageTokens: 256, learningRate: 1e-4, floor: 0, warmup: 5000, accumulation: 2,
            steps: 500_000,
            rows: [7, 2, 6], coefficients: [1, 0.1, 1], guidance: 1.5, generationSteps: 12),
        OfficialFile(
            name: "stage-1.2", source: "mmada_pretraining_stage2_llada_instruct", textLength: 256, languageLength: 0,
            resolution: 256, imageTokens: 256, learningRate: 5e-5, floor: 0.1, warmup: 5000, accumulation: 2,
            steps: 1_000_000, rows: [7, 2, 3], coefficients: [1, 0.1, 0.5], guidance: 3, generationSteps: 12),
        OfficialFile(
            name: "stage-1.3", source: "mmada_pretraining_stage3_llada_instruct", textLength: 512, languageLength: 0,
            resolution: 512, imageTokens: 256, learningRate: 5e-5, floor: 0.1, warmup: 5000, accumulation: 4,
            steps: 1_000_000, rows: [4, 1, 1], coefficients: [1, 0.4, 0.5], guidance: 3, generationSteps: 12),
        OfficialFile(
            name: "stage-2.1", source: "mmada_pretraining_stage3_llada_instruct_512_cot", textLength: 512,
            languageLength: 1536, resolution: 512, imageTokens: 1024, learningRate: 5e-5, floor: 0.1, warmup: 5000,
            accumulation: 4, steps: 1_000_000, rows: [1, 2, 1], coefficients: [1, 0.5, 0.5], guidance: 5,
            generationSteps: 20),
        OfficialFile(
            name: "stage-2.2", source: "mmada_pretraining_stage4_llada_instruct", textLength: 512, languageLength: 1536,
            resolution: 512, imageTokens: 1024, learningRate: 5e-5, floor: 0.1, warmup: 5000, accumulation: 4,
            steps: 1_000_000, rows: [1, 2, 1], coefficients: [0.05, 0.6, 0.4], guidance: 5, generationSteps: 20),
        OfficialFile(
            name: "demo", source: "mmada_demo", textLength: 512, languageLength: 0, resolution: 512, imageTokens: 1024,
            learningRate: 5e-5, floor: 0, warmup: 8000, accumulation: 4, steps: 500_000, rows: [5, 1, 2],
            coefficients: [1, 0.1, 1], guidance: 1.5, generationSteps: 12),
    ]

    static func named(_ name: String) throws -> OfficialFile { try #require(all.first { $0.name == name }) }

    /// The folder of the official repository, where there is one.
    static let folder = ProcessInfo.processInfo.environment["MMADA_OFFICIAL"]

    /// The keys and values of the file, in our own layout.
    var tree: ConfigurationTree {
        get throws {
            let shared = try ConfigurationTree(file: Golden.ownFile("configurations/shared.yaml").path)
            return shared.merged(with: try ConfigurationTree(file: Golden.ownFile("configurations/\(name).yaml").path))
        }
    }
}

@Suite struct OfficialConfigurationTests {
    @Test(arguments: OfficialFile.all)
    func `an official file has the values of the table`(file: OfficialFile) throws {
        let configuration = try LoadedConfiguration(file.tree).configuration
        let (training, preprocessing) = (configuration.training, configuration.dataset.preprocessing)
        #expect(preprocessing.maxSeqLength == file.textLength)
        #expect(preprocessing.maxLmTextLength == file.languageLength)
        #expect(preprocessing.resolution == file.resolution)
        #expect(configuration.optimizer.params.learningRate == file.learningRate)
        #expect(configuration.lrScheduler.params.warmupSteps == file.warmup)
        #expect(configuration.lrScheduler.params.minLrScale == file.floor)
        #expect(training.gradientAccumulationSteps == file.accumulation)
        #expect(training.maxTrainSteps == file.steps)
        #expect([training.batchSizeT2i, training.batchSizeLm, training.batchSizeMmu] == file.rows)
        #expect([training.t2iCoeff, training.lmCoeff, training.mmuCoeff] == file.coefficients)
        #expect(training.guidanceScale == file.guidance)
        #expect(training.generationTimesteps == file.generationSteps)
        let mmada = configuration.model.mmada
        #expect(mmada.numVqTokens == file.imageTokens)
        #expect(mmada.newVocabSize == 134_656 && mmada.llmVocabSize == 126_464 && mmada.codebookSize == 8192)
        #expect(mmada.numNewSpecialTokens == 0 && !mmada.tieWordEmbeddings && !mmada.wClipVit)
        #expect(configuration.model.vqModel.type == "magvitv2")
        #expect(configuration.model.vqModel.vqModelName == "showlab/magvitv2")
    }

    @Test(arguments: OfficialFile.all)
    func `what all official files share is as they have it`(file: OfficialFile) throws {
        let configuration = try LoadedConfiguration(file.tree).configuration
        let (training, params) = (configuration.training, configuration.optimizer.params)
        #expect(configuration.experiment.stage == .language)
        #expect(configuration.model.gradientCheckpointing)
        #expect(params.beta1 == 0.9 && params.beta2 == 0.999 && params.weightDecay == 0.01 && params.epsilon == 1e-8)
        #expect(configuration.lrScheduler.scheduler == .cosine && configuration.maskSchedule.schedule == .cosine)
        #expect(training.condDropoutProb == 0.1 && training.minMaskingRate == 0 && training.maxGradNorm == 1)
        #expect(training.mixedPrecision == "bf16" && training.noiseType == "mask" && training.seed == 10_086)
        #expect(training.batchSizeR2i == 0 && params.decayNormsAndEmbeddings && params.emaDecay == 0)
        #expect(configuration.data.shuffleBufferSize == 1000)
        #expect(configuration.dataset.combinedLoaderMode == "max_size_cycle")
    }

    @Test(arguments: OfficialFile.all)
    func `keys that change nothing are named`(file: OfficialFile) throws {
        let unread = try LoadedConfiguration(file.tree).unreadKeys
        #expect(unread == unread.sorted())
        for key in [
            "wandb", "lr_scheduler.params.learning_rate", "training.label_smoothing", "optimizer.params.scale_lr",
        ] {
            #expect(unread.contains(key))
        }
        #expect(unread.contains("experiment.eval_every") == (file.name != "demo"))
        #expect(unread.contains("training.validation_seed") == ["stage-1.2", "stage-1.3"].contains(file.name))
        #expect(unread.contains("validation.quantative_batch_size") == file.name.hasPrefix("stage-2"))
        #expect(!unread.contains { $0.contains("_coeff") || $0.contains("batch_size_t2i") || $0.contains("shards") })
    }

    @Test func `a run of the official kind goes on where it can`() throws {
        let configuration = try LoadedConfiguration(OfficialFile.named("stage-1.1").tree).configuration
        #expect(configuration.experiment.resumeFromCheckpoint == "latest")
        #expect(configuration.experiment.saveEvery == 10_000)
        #expect(configuration.experiment.logEvery == 50 && configuration.experiment.generateEvery == 1000)
        #expect(configuration.validation.promptsFile == "validation_prompts/imagenet_prompts.txt")
        #expect(configuration.validation.imagesFolder == "/data_storage/ty/MMaDA/mmu_validation")
    }

    @Test(arguments: OfficialFile.all)
    func `the merged configuration loads as the same`(file: OfficialFile) throws {
        let loaded = try LoadedConfiguration(file.tree)
        let again = try LoadedConfiguration(ConfigurationTree(yaml: loaded.mergedYAML))
        #expect(again.configuration == loaded.configuration)
        #expect(again.mergedYAML == loaded.mergedYAML)
        #expect(again.unreadKeys.isEmpty)
    }

    @Test(.enabled(if: OfficialFile.folder != nil, "MMADA_OFFICIAL names no folder"), arguments: OfficialFile.all)
    func `the file itself says the same`(file: OfficialFile) throws {
        let folder = try #require(OfficialFile.folder)
        let path = "\(folder)/configs/\(file.source).yaml"
        #expect(try Self.sorted(ConfigurationTree(file: path)) == Self.sorted(file.tree))
        #expect(try LoadedConfiguration(file: path).configuration == LoadedConfiguration(file.tree).configuration)
    }

    private static func sorted(_ tree: ConfigurationTree) -> ConfigurationTree {
        guard case .mapping(let entries) = tree else { return tree }
        return .mapping(entries.sorted { $0.key < $1.key }.map { .init($0.key, sorted($0.value)) })
    }
}
