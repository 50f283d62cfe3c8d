public import Datasets
public import Diffusion
public import NN
public import Rewards

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
    /// Stage 3: phases, noise and objective.
    public var unigrpo = UniGRPO()
    /// Stage 3: what tells answers apart.
    public var rewards: [RewardDescription] = []

    /// Every default.
    public init() {}

    /// What kind of run it is.
    public enum Stage: String, Codable, Hashable, Sendable, CaseIterable {
        /// Stage 0: the image tokenizer.
        case tokenizer
        /// Stages 1.1 to 2.2: masked tokens.
        case language
        /// Stage 3: UniGRPO.
        case unigrpo
    }

    /// `experiment`.
    public struct Experiment: Codable, Hashable, Sendable {
        /// Name of a group of runs.
        public var project = ""
        /// Name of the run.
        public var name = ""
        /// Where checkpoints, metrics and the merged configuration go.
        public var outputDir = "run"
        /// What kind of run it is.
        public var stage = Stage.language
        /// Steps after which the run ends, with the learning rate of the whole course; 0 for all of them.
        public var stopAfterSteps = 0
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
        /// The image tokenizer.
        public var vqModel = ImageTokenizer()
        /// The language model.
        public var mmada = Language()
        /// Adapters, in place of training all weights.
        public var lora = LowRank()
        /// Read by us, unlike the official code: blocks are computed anew in the backward pass.
        public var gradientCheckpointing = false

        /// `model.vq_model`.
        public struct ImageTokenizer: Codable, Hashable, Sendable {
            /// The official kind; folders say themselves what they are.
            public var type = "magvitv2"
            /// A folder; on the hub a repository's name.
            public var vqModelName = ""
            /// A folder that takes precedence over the name.
            public var pretrainedModelPath = ""
            /// The shape that stage 0 makes from scratch.
            public var architecture = Architecture()

            /// The shape of a new image tokenizer.
            public struct Architecture: Codable, Hashable, Sendable {
                /// Its architecture: the official convolutions, or small patches.
                public enum Kind: String, Codable, Hashable, Sendable, CaseIterable { case magvit, patch }
                /// Convolutions or patches.
                public var kind = Kind.patch
                /// Bits of a code; there are 2 to their power.
                public var bits = 10
                /// For `patch`.
                public var patchSize = 16
                /// Width of the patch network.
                public var width = 256
                /// Hidden layers of the patch network.
                public var depth = 2
                /// For `magvit`: channels, and multipliers and residual blocks of each level of both halves.
                public var channels = 32
                /// For `magvit`: what each level multiplies the channels by.
                public var multipliers = [1, 2, 2, 4, 4]
                /// For `magvit`: residual blocks of each level.
                public var blocks = [1, 1, 1, 1, 1]
            }
        }

        /// `model.mmada`.
        public struct Language: Codable, Hashable, Sendable {
            /// What the weights are at the beginning.
            public enum Start: String, Codable, Hashable, Sendable, CaseIterable { case pretrained, scratch }

            /// A tokenizer's folder; empty for the model's own.
            public var tokenizerPath = ""
            /// The model to start from.
            public var pretrainedModelPath = ""
            /// Kept for the official files, which all say no.
            public var wClipVit = false
            /// Rows of the grown vocabulary.
            public var newVocabSize = 134_656
            /// Rows of the text vocabulary.
            public var llmVocabSize = 126_464
            /// Image codes.
            public var codebookSize = 8192
            /// Codes of a picture.
            public var numVqTokens = 1024
            /// Kept for the official files, which all say 0.
            public var numNewSpecialTokens = 0
            /// Kept for the official files, which all say no.
            public var tieWordEmbeddings = false
            /// Whether to start from a model or from random weights of `architecture`.
            public var start = Start.pretrained
            /// The shape of a model from scratch.
            public var architecture = Architecture()
            /// From scratch: rows of image codes start as sums of a vector for each bit.
            public var structuredCodes = false
            /// Whether prompts for reasoning begin with the official instruction; small models do without.
            public var reasoningInstruction = true

            /// Sizes of the transformer, under the names of its own `config.json`.
            public struct Architecture: Codable, Hashable, Sendable {
                /// Width.
                public var dModel = 256
                /// Blocks.
                public var nLayers = 6
                /// Attention heads.
                public var nHeads = 4
                /// Heads of keys and values.
                public var nKvHeads = 4
                /// Hidden width of the MLP.
                public var mlpHiddenSize = 768
                /// Longest sequence it is meant for.
                public var maxSequenceLength = 256
                /// Base of the rotary angles.
                public var ropeTheta = 10_000.0
            }
        }

        /// `model.lora`.
        public struct LowRank: Codable, Hashable, Sendable {
            /// Rank of the adapters; 0 trains the model itself.
            public var rank = 0
            /// Adapters count `alpha / rank`.
            public var alpha = 16.0
            /// Layers that get adapters.
            public var targets = ["q_proj", "k_proj", "v_proj", "attn_out", "ff_proj", "up_proj", "ff_out"]
        }
    }

    /// `data`.
    public struct Data: Codable, Hashable, Sendable {
        /// Captions and pictures to paint.
        public var t2i: [SourceDescription] = []
        /// Text.
        public var lm: [SourceDescription] = []
        /// Pictures to describe or answer about.
        public var mmu: [SourceDescription] = []
        /// Requests that are reasoned about, then painted.
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
        /// Kept for the official files; sources say themselves what they hold.
        public var genType = "t2i"
        /// Kept for the official files; sources say themselves what they hold.
        public var undType = "captioning"
        /// Kept for the official files: short sources begin again.
        public var combinedLoaderMode = "max_size_cycle"
        /// Lengths and sizes of examples.
        public var preprocessing = Preprocessing()

        /// `dataset.preprocessing`.
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
        /// What moves the weights.
        public enum Name: String, Codable, Hashable, Sendable, CaseIterable {
            /// AdamW for all.
            case adamw
            /// Muon for the matrices of hidden layers, AdamW for embeddings, the head, norms and kernels.
            case muon
        }

        /// What moves the weights.
        public var name = Name.adamw
        /// Its numbers.
        public var params = Params()

        /// `optimizer.params`.
        public struct Params: Codable, Hashable, Sendable {
            /// Peak learning rate.
            public var learningRate = 1e-4
            /// Decay of the first moment.
            public var beta1 = 0.9
            /// Decay of the second moment.
            public var beta2 = 0.999
            /// Weight decay, apart from the gradient.
            public var weightDecay = 0.01
            /// Least denominator.
            public var epsilon = 1e-8
            /// Muon's decay of its running mean of gradients.
            public var momentum = 0.95
            /// Whether norms and embeddings decay too, as they do officially.
            public var decayNormsAndEmbeddings = true
            /// Moving average of the weights, which is what checkpoints' models hold; 0 for none.
            public var emaDecay = 0.0
        }
    }

    /// `lr_scheduler`.
    public struct Scheduler: Codable, Hashable, Sendable {
        /// The course after the warm-up.
        public var scheduler = LearningRateShape.cosine
        /// Its numbers.
        public var params = Params()

        /// `lr_scheduler.params`.
        public struct Params: Codable, Hashable, Sendable {
            /// Steps in which the rate grows from 0.
            public var warmupSteps = 0
            /// Share of the rate that is left at the end, which the official code reads but takes for 0.
            public var minLrScale = 0.0
        }
    }

    /// `training`.
    public struct Training: Codable, Hashable, Sendable {
        /// Micro-batches of a step.
        public var gradientAccumulationSteps = 1
        /// Only `mask`: nothing else has an effect officially.
        public var noiseType = "mask"
        /// Pictures to paint in a micro-batch.
        public var batchSizeT2i = 0
        /// Texts in a micro-batch.
        public var batchSizeLm = 0
        /// Pictures to describe in a micro-batch.
        public var batchSizeMmu = 0
        /// Reasoned pictures in a micro-batch.
        public var batchSizeR2i = 0
        /// Pictures of a stage-0 batch.
        public var batchSizeImages = 16
        /// `bf16` or `no`, for which `fp16` is taken; on a CPU float32 is computed unless `compute_dtype` says otherwise.
        public var mixedPrecision = "no"
        /// `auto`, `float32` or `bfloat16`.
        public var computeDtype = ComputeType.auto
        /// Kept for the official files; without effect on a CPU.
        public var enableTf32 = true
        /// Decides weights, order of examples and noise.
        public var seed: UInt64 = 10_086
        /// Optimizer steps in all.
        public var maxTrainSteps = 1000
        /// Chance that a caption is left out, for guidance.
        public var condDropoutProb = 0.1
        /// Least mask ratio of pictures.
        public var minMaskingRate = 0.0
        /// Gradients are scaled to this norm at most; 0 for no limit.
        public var maxGradNorm = 1.0
        /// Guidance of the pictures looked at during training.
        public var guidanceScale = 3.0
        /// Steps of the pictures looked at during training.
        public var generationTimesteps = 12
        /// What painting counts in the loss.
        public var t2iCoeff = 1.0
        /// What text counts in the loss.
        public var lmCoeff = 1.0
        /// What describing counts in the loss.
        public var mmuCoeff = 1.0
        /// What reasoned pictures count in the loss.
        public var r2iCoeff = 1.0
        /// `stage1` (stages 1.1, 1.2), `stage4` (later) or `masked`; see ``TextLossScale``.
        public var textLoss = TextLossScale.stage4
        /// `tokens` (official) or `pictures`; see ``ImageLossScale``.
        public var imageLoss = ImageLossScale.tokens
        /// What left padding does to attention.
        public var padAttention = PadAttention.masked
        /// `budget` (official) or `batch`.
        public var padTo = PadTo.budget
        /// Whether a text beyond the budget costs the example, or is cut.
        public var dropLongSamples = true
        /// Loss weight of image codes other than the picture's most frequent one.
        public var foregroundWeight = 1.0
        /// Micro-batches in which that weight falls to 1; 0 keeps it.
        public var foregroundWeightBatches = 0
        /// How reasoned pictures are masked.
        public var r2iNoise = ReasonToImageNoise.joint
        /// Share of texts that are masked as while a block of them is being written.
        ///
        /// What precedes the block is known, what follows is not. The others are masked all over, as officially.
        public var blockNoiseShare = 0.0
        /// Tokens of such a block.
        public var blockNoiseLength = 16
        /// Terms of the loss of stage 0.
        public var tokenizerLoss = TokenizerLossWeights()
        /// Processor threads; 0 for all.
        public var threads = 0
        /// Steps in a row without a finite gradient that end the run.
        public var maxSkippedSteps = 10
        /// `cpu`, `cuda:N` or `mps`.
        public var device = "cpu"
    }

    /// `unigrpo`; prompts of a phase are `training.batch_size_…`, and the `…_coeff` scale their advantages.
    public struct UniGRPO: Codable, Hashable, Sendable {
        /// Answers to each prompt (G).
        public var groupSize = 8
        /// Optimizer steps on the answers of a phase (μ).
        public var innerUpdates = 4
        /// How much of a text is masked: `structured`, `rising`, `random`, `full`, `trajectory` or `branches`.
        public var noise = PolicyNoiseKind.structured
        /// How much of a picture is masked.
        public var imageNoise = PolicyNoiseKind.structured
        /// Chance that a token of the prompt is masked too; d1 has 0.15.
        public var promptMaskProbability = 0.0
        /// Whether answers to one prompt are masked alike.
        public var sharedMasks = false
        /// `sequence` or `token`.
        public var ratioLevel = RatioLevel.sequence
        /// Ratios below 1 − this earn nothing more.
        public var clipRange = 0.2
        /// Ratios above 1 + this earn nothing more.
        public var clipRangeHigh = 0.2
        /// What the divergence costs (β).
        public var divergenceWeight = 0.01
        /// `k3` or `k1`.
        public var divergence = DivergenceEstimator.k3
        /// What it is measured from: `frozen` or `old`.
        public var reference = PolicyReference.frozen
        /// What rewards of a group are divided by: `unbiased`, `population` or `none`.
        public var advantageScale = AdvantageScale.unbiased
        /// Answers of each group that agrees which take part for their divergence alone.
        public var anchors = 0
        /// What advantages below 0 are multiplied by; with 0 only better answers are learnt from.
        public var negativeScale = 1.0
        /// How often a phase asks further prompts while most groups agree.
        public var refills = 2
        /// Longer prompts are passed over.
        public var maxPromptLength = 2048
        /// Of texts; 0 would give equal answers.
        public var temperature = 0.9
        /// The same for answers without a picture; 0 for no difference.
        public var temperatureLm = 0.0
        /// Tokens that an answer may have.
        public var genLength = 256
        /// The same for answers without a picture; 0 for no difference.
        public var genLengthLm = 0
        /// Tokens of a block.
        public var blockLength = 64
        /// Tokens revealed in a step; prompts take turns where there are several.
        public var tokensPerStep = [2]
        /// The same for answers without a picture; none for no difference.
        public var tokensPerStepLm: [Int] = []
        /// `low_confidence` or `random`.
        public var remasking = Remasking.lowConfidence
        /// Steps of pictures; prompts take turns where there are several.
        public var imageSteps = [16]
        /// Guidance of pictures.
        public var guidanceScale = 3.5
        /// Noise on what stays, in pictures.
        public var imageTemperature = 1.0
        /// Answers in work at the same time.
        public var rowsAtOnce = 64
    }

    /// What activations are computed in.
    public enum ComputeType: String, Codable, Hashable, Sendable, CaseIterable { case auto, float32, bfloat16 }
    /// What rows are padded to.
    public enum PadTo: String, Codable, Hashable, Sendable, CaseIterable { case budget, batch }

    /// `mask_schedule`.
    public struct MaskSchedule: Codable, Hashable, Sendable {
        /// How the ratio of masks is drawn.
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
        /// Tokens of an answer.
        public var genLength = 64
        /// Tokens of an answer that are decided together.
        public var blockLength = 64
    }
}

/// How the learning rate goes on after the warm-up, under its name in a configuration.
public typealias LearningRateShape = LearningRateSchedule.Shape
