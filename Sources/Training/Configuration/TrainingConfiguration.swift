public import Datasets
public import NN

/// What a run does, under the keys of the official YAML files (training §3) and a few of our own.
///
/// A property's default is the only place where it is written. Keys are the properties' names in snake case.
public struct TrainingConfiguration: Codable, Hashable, Sendable {
    /// The run itself.
    public var experiment = Experiment()
    /// The models.
    public var model = Model()
    /// Examples: our own list of sources; the official `dataset.params` are turned into it.
    public var data = Data()
    /// The official section on data.
    public var dataset = Dataset()
    /// AdamW.
    public var optimizer = Optimizer()
    /// The learning rate's course.
    public var lrScheduler = Scheduler()
    /// Batches, losses, and the loop.
    public var training = Training()
    /// How masks of pictures are drawn.
    public var maskSchedule = MaskSchedule()
    /// What is looked at during training.
    public var validation = Validation()

    /// Every default.
    public init() {}

    /// What kind of run it is.
    public enum Stage: String, Codable, Hashable, Sendable, CaseIterable {
        /// Stage 0: the image tokenizer.
        case tokenizer
        /// Stages 1.1 to 2.2: masked tokens.
        case language
    }

    /// `experiment`.
    public struct Experiment: Codable, Hashable, Sendable {
        public var project = ""
        public var name = ""
        /// Where checkpoints, metrics and the merged configuration go.
        public var outputDir = "run"
        public var stage = Stage.language
        /// Steps between checkpoints; there is always one at the end.
        public var saveEvery = 10_000
        /// Steps between log lines.
        public var logEvery = 50
        /// Steps between looks at the model; 0 for none.
        public var generateEvery = 0
        /// `none`, `latest` or a step; `--resume` takes its place.
        public var resumeFromCheckpoint = "none"
        /// Checkpoints to keep; 0 for all.
        public var checkpointsTotalLimit = 3
        /// Share of broken examples that ends the run.
        public var maxBrokenShare = 0.1
    }

    /// `model`.
    public struct Model: Codable, Hashable, Sendable {
        public var vqModel = ImageTokenizer()
        public var mmada = Language()
        public var lora = LowRank()
        /// Read by us, unlike the official code: blocks are computed anew in the backward pass.
        public var gradientCheckpointing = false

        /// `model.vq_model`.
        public struct ImageTokenizer: Codable, Hashable, Sendable {
            public var type = "magvitv2"
            /// A folder; on the hub a repository's name.
            public var vqModelName = ""
            /// A folder that takes precedence over the name.
            public var pretrainedModelPath = ""
            /// The shape that stage 0 makes from scratch.
            public var architecture = Architecture()

            public struct Architecture: Codable, Hashable, Sendable {
                public enum Kind: String, Codable, Hashable, Sendable, CaseIterable { case magvit, patch }
                public var kind = Kind.patch
                public var bits = 10
                /// For `patch`.
                public var patchSize = 16
                public var width = 256
                public var depth = 2
                /// For `magvit`: channels, and multipliers and residual blocks of each level of both halves.
                public var channels = 32
                public var multipliers = [1, 2, 2, 4, 4]
                public var blocks = [1, 1, 1, 1, 1]
            }
        }

        /// `model.mmada`.
        public struct Language: Codable, Hashable, Sendable {
            public enum Start: String, Codable, Hashable, Sendable, CaseIterable { case pretrained, scratch }

            /// A tokenizer's folder; empty for the model's own.
            public var tokenizerPath = ""
            /// The model to start from.
            public var pretrainedModelPath = ""
            public var wClipVit = false
            /// Rows of the grown vocabulary.
            public var newVocabSize = 134_656
            public var llmVocabSize = 126_464
            public var codebookSize = 8192
            public var numVqTokens = 1024
            public var numNewSpecialTokens = 0
            public var tieWordEmbeddings = false
            /// Whether to start from a model or from random weights of `architecture`.
            public var start = Start.pretrained
            public var architecture = Architecture()
            /// From scratch: rows of image codes start as sums of a vector for each bit.
            public var structuredCodes = false
            /// Whether prompts for reasoning begin with the official instruction; small models do without.
            public var reasoningInstruction = true

            public struct Architecture: Codable, Hashable, Sendable {
                public var dModel = 256
                public var nLayers = 6
                public var nHeads = 4
                public var nKvHeads = 4
                public var mlpHiddenSize = 768
                public var maxSequenceLength = 256
                public var ropeTheta = 10_000.0
            }
        }

        /// `model.lora`.
        public struct LowRank: Codable, Hashable, Sendable {
            /// Rank of the adapters; 0 trains the model itself.
            public var rank = 0
            public var alpha = 16.0
            public var targets = ["q_proj", "k_proj", "v_proj", "attn_out", "ff_proj", "up_proj", "ff_out"]
        }
    }

    /// `data`.
    public struct Data: Codable, Hashable, Sendable {
        public var t2i: [SourceDescription] = []
        public var lm: [SourceDescription] = []
        public var mmu: [SourceDescription] = []
        public var r2i: [SourceDescription] = []
        /// Pictures for stage 0.
        public var images: [SourceDescription] = []
        /// Samples among which the next is drawn.
        public var shuffleBufferSize = 1000
        /// Threads that read and decode for each part.
        public var workers = 2
        /// Samples read ahead for each part.
        public var prefetch = 64
    }

    /// `dataset`; its `params` are read by ``OfficialSources``.
    public struct Dataset: Codable, Hashable, Sendable {
        public var genType = "t2i"
        public var undType = "captioning"
        public var combinedLoaderMode = "max_size_cycle"
        public var preprocessing = Preprocessing()

        public struct Preprocessing: Codable, Hashable, Sendable {
            /// Text budget S of pictures and answers.
            public var maxSeqLength = 512
            /// Length of text rows; 0 for S + N + 3.
            public var maxLmTextLength = 0
            /// Pixels on a side.
            public var resolution = 256
        }
    }

    /// `optimizer`.
    public struct Optimizer: Codable, Hashable, Sendable {
        public var name = "adamw"
        public var params = Params()

        public struct Params: Codable, Hashable, Sendable {
            public var learningRate = 1e-4
            public var beta1 = 0.9
            public var beta2 = 0.999
            public var weightDecay = 0.01
            public var epsilon = 1e-8
            /// Whether norms and embeddings decay too, as they do officially.
            public var decayNormsAndEmbeddings = true
            /// Moving average of the weights, which is what checkpoints' models hold; 0 for none.
            public var emaDecay = 0.0
        }
    }

    /// `lr_scheduler`.
    public struct Scheduler: Codable, Hashable, Sendable {
        public var scheduler = LearningRateShape.cosine
        public var params = Params()

        public struct Params: Codable, Hashable, Sendable {
            public var warmupSteps = 0
            /// Share of the rate that is left at the end. The official code reads it and uses 0.
            public var minLrScale = 0.0
        }
    }

    /// `training`.
    public struct Training: Codable, Hashable, Sendable {
        public var gradientAccumulationSteps = 1
        public var noiseType = "mask"
        public var batchSizeT2i = 0
        public var batchSizeLm = 0
        public var batchSizeMmu = 0
        public var batchSizeR2i = 0
        /// Pictures of a stage-0 batch.
        public var batchSizeImages = 16
        /// `bf16` or `no`. On a CPU float32 is computed unless `compute_dtype` says otherwise.
        public var mixedPrecision = "no"
        /// `auto`, `float32` or `bfloat16`.
        public var computeDtype = ComputeType.auto
        public var enableTf32 = true
        public var seed: UInt64 = 10_086
        public var maxTrainSteps = 1000
        public var condDropoutProb = 0.1
        public var minMaskingRate = 0.0
        public var maxGradNorm = 1.0
        public var guidanceScale = 3.0
        public var generationTimesteps = 12
        public var t2iCoeff = 1.0
        public var lmCoeff = 1.0
        public var mmuCoeff = 1.0
        public var r2iCoeff = 1.0
        /// `stage1` (stages 1.1, 1.2) or `stage4` (later); see ``TextLossScale``.
        public var textLoss = TextLossScale.stage4
        public var padAttention = PadAttention.masked
        /// `budget` (official) or `batch`.
        public var padTo = PadTo.budget
        public var dropLongSamples = true
        /// Loss weight of image codes other than the picture's most frequent one.
        public var foregroundWeight = 1.0
        public var r2iNoise = ReasonToImageNoise.joint
        public var tokenizerLoss = TokenizerLossWeights()
        /// Processor threads; 0 for all.
        public var threads = 0
        /// Steps in a row without a finite gradient that end the run.
        public var maxSkippedSteps = 10
        /// `cpu`, `cuda:N` or `mps`.
        public var device = "cpu"
    }

    /// What activations are computed in.
    public enum ComputeType: String, Codable, Hashable, Sendable, CaseIterable { case auto, float32, bfloat16 }
    /// What rows are padded to.
    public enum PadTo: String, Codable, Hashable, Sendable, CaseIterable { case budget, batch }

    /// `mask_schedule`.
    public struct MaskSchedule: Codable, Hashable, Sendable {
        public var schedule = MaskScheduleChoice.cosine
    }

    /// `validation`.
    public struct Validation: Codable, Hashable, Sendable {
        /// Prompts to paint, one a line; `dataset.params.validation_prompts_file` officially.
        public var promptsFile = ""
        /// Questions in text, one a line.
        public var questionsFile = ""
        /// Pictures to describe.
        public var imagesFolder = ""
        /// How many of each.
        public var count = 4
        public var genLength = 64
        public var blockLength = 64
    }
}

/// How the learning rate goes on after the warm-up, under its name in a configuration.
public typealias LearningRateShape = LearningRateSchedule.Shape
