import ConfigurationFiles
import Datasets
import Rewards

extension TrainingConfiguration {
    /// Checks what types cannot.
    ///
    /// - Throws: `ConfigurationFileError`, naming the key.
    func validate() throws {
        func check(_ path: String, _ value: Double, _ range: ClosedRange<Double>) throws(ConfigurationFileError) {
            guard range.contains(value) else {
                throw .outOfRange(
                    path: path, found: "\(value)", allowed: "\(range.lowerBound) to \(range.upperBound)")
            }
        }
        let (t, p) = (training, optimizer.params)
        let large = 1e12
        try check("training.max_train_steps", Double(t.maxTrainSteps), 1...large)
        try check("training.gradient_accumulation_steps", Double(t.gradientAccumulationSteps), 1...65536)
        for (key, size) in [
            ("t2i", t.batchSizeT2i), ("lm", t.batchSizeLm), ("mmu", t.batchSizeMmu), ("r2i", t.batchSizeR2i),
        ] {
            try check("training.batch_size_\(key)", Double(size), 0...65536)
        }
        try check("training.batch_size_images", Double(t.batchSizeImages), 1...65536)
        try check("training.cond_dropout_prob", t.condDropoutProb, 0...1)
        try check("training.min_masking_rate", t.minMaskingRate, 0...1)
        try check("training.max_grad_norm", t.maxGradNorm, 0...large)
        try check("training.foreground_weight", t.foregroundWeight, 0...large)
        try check("training.foreground_weight_batches", Double(t.foregroundWeightBatches), 0...large)
        try check("training.threads", Double(t.threads), 0...1024)
        try check("training.max_skipped_steps", Double(t.maxSkippedSteps), 1...large)
        try check("optimizer.params.learning_rate", p.learningRate, 0...100)
        try check("optimizer.params.beta1", p.beta1, 0...1)
        try check("optimizer.params.beta2", p.beta2, 0...1)
        try check("optimizer.params.epsilon", p.epsilon, 0...1)
        try check("optimizer.params.momentum", p.momentum, 0...1)
        try check("optimizer.params.weight_decay", p.weightDecay, 0...100)
        try check("optimizer.params.ema_decay", p.emaDecay, 0...0.9999999)
        try check("lr_scheduler.params.warmup_steps", Double(lrScheduler.params.warmupSteps), 0...large)
        try check("lr_scheduler.params.min_lr_scale", lrScheduler.params.minLrScale, 0...1)
        try check("dataset.preprocessing.max_seq_length", Double(dataset.preprocessing.maxSeqLength), 4...65536)
        try check("dataset.preprocessing.resolution", Double(dataset.preprocessing.resolution), 1...16384)
        try check("experiment.max_broken_share", experiment.maxBrokenShare, 0...1)
        try check("model.lora.rank", Double(model.lora.rank), 0...65536)
        guard t.noiseType == "mask" else {
            throw ConfigurationFileError.wrongType(path: "training.noise_type", expected: "mask", found: t.noiseType)
        }
        guard ["no", "bf16", "fp16"].contains(t.mixedPrecision) else {
            throw ConfigurationFileError.wrongType(
                path: "training.mixed_precision", expected: "no, bf16 or fp16", found: "'\(t.mixedPrecision)'")
        }
        try validateRest(check)
        if experiment.stage == .unigrpo { try validatePolicy(check) }
        let rows = t.batchSizeT2i + t.batchSizeLm + t.batchSizeMmu + t.batchSizeR2i
        if experiment.stage != .tokenizer, rows == 0 {
            throw ConfigurationFileError.inconsistent(
                "all of training.batch_size_t2i, _lm, _mmu and _r2i are 0: there is nothing to train on")
        }
    }

    private typealias Check = (String, Double, ClosedRange<Double>) throws(ConfigurationFileError) -> Void

    /// Models, data, and what is looked at.
    private func validateRest(_ check: Check) throws(ConfigurationFileError) {
        let (large, mmada, vq) = (1e12, model.mmada.architecture, model.vqModel.architecture)
        let counts: [(path: String, value: Int, least: Double)] = [
            ("experiment.stop_after_steps", experiment.stopAfterSteps, 0),
            ("experiment.save_every", experiment.saveEvery, 0), ("experiment.log_every", experiment.logEvery, 0),
            ("experiment.generate_every", experiment.generateEvery, 0),
            ("experiment.checkpoints_total_limit", experiment.checkpointsTotalLimit, 0),
            ("dataset.preprocessing.max_lm_text_length", dataset.preprocessing.maxLmTextLength, 0),
            ("training.generation_timesteps", training.generationTimesteps, 1),
            ("training.block_noise_length", training.blockNoiseLength, 1),
            ("validation.count", validation.count, 0), ("validation.gen_length", validation.genLength, 1),
            ("validation.block_length", validation.blockLength, 1),
        ]
        for (path, value, least) in counts { try check(path, Double(value), least...large) }
        try check("training.block_noise_share", training.blockNoiseShare, 0...1)
        let sizes: [(path: String, value: Int)] = [
            ("model.mmada.new_vocab_size", model.mmada.newVocabSize),
            ("model.mmada.codebook_size", model.mmada.codebookSize),
            ("model.mmada.num_vq_tokens", model.mmada.numVqTokens), ("model.mmada.architecture.d_model", mmada.dModel),
            ("model.mmada.architecture.n_layers", mmada.nLayers), ("model.mmada.architecture.n_heads", mmada.nHeads),
            ("model.mmada.architecture.n_kv_heads", mmada.nKvHeads),
            ("model.mmada.architecture.mlp_hidden_size", mmada.mlpHiddenSize),
            ("model.mmada.architecture.max_sequence_length", mmada.maxSequenceLength),
            ("model.vq_model.architecture.patch_size", vq.patchSize), ("model.vq_model.architecture.width", vq.width),
            ("model.vq_model.architecture.channels", vq.channels), ("data.shuffle_buffer_size", data.shuffleBufferSize),
            ("data.prefetch", data.prefetch),
        ]
        for (path, value) in sizes { try check(path, Double(value), 1...16_777_216) }
        try check("model.vq_model.architecture.bits", Double(vq.bits), 1...24)
        try check("model.vq_model.architecture.depth", Double(vq.depth), 0...1024)
        try check("data.workers", Double(data.workers), 1...1024)
        let terms = training.tokenizerLoss
        let parts: [(path: String, value: Double)] = [
            ("l1", terms.l1), ("l2", terms.l2), ("entropy", terms.entropy), ("commitment", terms.commitment),
            ("commitment_beta", terms.commitmentBeta), ("foreground_weight", terms.foregroundWeight),
            ("perceptual", terms.perceptual), ("adversarial", terms.adversarial),
            ("adversarial_start", Double(terms.adversarialStart)),
        ]
        for (name, value) in parts { try check("training.tokenizer_loss.\(name)", value, 0...large) }
        try check(
            "training.tokenizer_loss.discriminator_channels", Double(terms.discriminatorChannels), 1...65536)
        try check("training.tokenizer_loss.discriminator_depth", Double(terms.discriminatorDepth), 1...16)
        let shares = [
            ("t2i", training.t2iCoeff), ("lm", training.lmCoeff), ("mmu", training.mmuCoeff),
            ("r2i", training.r2iCoeff),
        ]
        for (name, share) in shares { try check("training.\(name)_coeff", share, 0...large) }
        for (name, sources) in [
            ("t2i", data.t2i), ("lm", data.lm), ("mmu", data.mmu), ("r2i", data.r2i), ("images", data.images),
        ] {
            for (index, source) in sources.enumerated() {
                try check("data.\(name).\(index).weight", source.weight, 0...large)
                try check("data.\(name).\(index).resolution", Double(source.resolution), 1...16384)
            }
        }
    }

    /// Stage 3.
    private func validatePolicy(_ check: Check) throws(ConfigurationFileError) {
        let (large, u) = (1e12, unigrpo)
        let counts: [(path: String, value: Int, least: Double)] = [
            ("group_size", u.groupSize, 2), ("inner_updates", u.innerUpdates, 1), ("refills", u.refills, 0),
            ("max_prompt_length", u.maxPromptLength, 1), ("gen_length", u.genLength, 1),
            ("block_length", u.blockLength, 1), ("gen_length_lm", u.genLengthLm, 0), ("anchors", u.anchors, 0),
            ("rows_at_once", u.rowsAtOnce, 1),
        ]
        for (name, value, least) in counts { try check("unigrpo.\(name)", Double(value), least...65536) }
        let shares: [(path: String, value: Double, most: Double)] = [
            ("prompt_mask_probability", u.promptMaskProbability, 1), ("clip_range", u.clipRange, 1),
            ("negative_scale", u.negativeScale, 1),
            ("clip_range_high", u.clipRangeHigh, large), ("divergence_weight", u.divergenceWeight, large),
            ("temperature", u.temperature, 100), ("temperature_lm", u.temperatureLm, 100),
            ("guidance_scale", u.guidanceScale, 1000),
            ("image_temperature", u.imageTemperature, 1000),
        ]
        for (name, value, most) in shares { try check("unigrpo.\(name)", value, 0...most) }
        for (index, reward) in rewards.enumerated() {
            try check("rewards.\(index).weight", reward.weight, -large...large)
        }
        for (name, length) in [("gen_length", u.genLength), ("gen_length_lm", u.genLengthLm)] {
            guard length.isMultiple(of: u.blockLength) else {
                throw .inconsistent("unigrpo.\(name) \(length) must be a multiple of block_length \(u.blockLength)")
            }
        }
        for (name, paces) in [
            ("tokens_per_step", u.tokensPerStep), ("tokens_per_step_lm", u.tokensPerStepLm),
            ("image_steps", u.imageSteps),
        ] {
            for pace in paces { try check("unigrpo.\(name)", Double(pace), 1...65536) }
            guard !paces.isEmpty || name == "tokens_per_step_lm" else {
                throw .inconsistent("unigrpo.\(name) needs a number, or a list of some")
            }
        }
        for (name, paces) in [("tokens_per_step", u.tokensPerStep), ("tokens_per_step_lm", u.tokensPerStepLm)] {
            for pace in paces where !u.blockLength.isMultiple(of: pace) {
                throw .inconsistent("unigrpo.block_length \(u.blockLength) must be a multiple of \(name) \(pace)")
            }
        }
        guard !rewards.isEmpty else {
            throw .inconsistent("stage unigrpo needs rewards: a list of what tells answers apart")
        }
        guard training.batchSizeR2i == 0 else {
            throw .inconsistent("stage unigrpo has no answers of reasoned pictures; set training.batch_size_r2i to 0")
        }
    }
}
