import Configuration

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
        try check("training.threads", Double(t.threads), 0...1024)
        try check("training.max_skipped_steps", Double(t.maxSkippedSteps), 1...large)
        try check("optimizer.params.learning_rate", p.learningRate, 0...100)
        try check("optimizer.params.beta1", p.beta1, 0...1)
        try check("optimizer.params.beta2", p.beta2, 0...1)
        try check("optimizer.params.epsilon", p.epsilon, 0...1)
        try check("optimizer.params.weight_decay", p.weightDecay, 0...100)
        try check("optimizer.params.ema_decay", p.emaDecay, 0...0.9999999)
        try check("lr_scheduler.params.warmup_steps", Double(lrScheduler.params.warmupSteps), 0...large)
        try check("lr_scheduler.params.min_lr_scale", lrScheduler.params.minLrScale, 0...1)
        try check("dataset.preprocessing.max_seq_length", Double(dataset.preprocessing.maxSeqLength), 4...65536)
        try check("dataset.preprocessing.resolution", Double(dataset.preprocessing.resolution), 1...16384)
        try check("experiment.max_broken_share", experiment.maxBrokenShare, 0...1)
        try check("model.lora.rank", Double(model.lora.rank), 0...65536)
        guard optimizer.name.lowercased() == "adamw" else {
            throw ConfigurationFileError.wrongType(path: "optimizer.name", expected: "adamw", found: optimizer.name)
        }
        guard t.noiseType == "mask" else {
            throw ConfigurationFileError.wrongType(path: "training.noise_type", expected: "mask", found: t.noiseType)
        }
        let rows = t.batchSizeT2i + t.batchSizeLm + t.batchSizeMmu + t.batchSizeR2i
        if experiment.stage == .language, rows == 0 {
            throw ConfigurationFileError.inconsistent(
                "all of training.batch_size_t2i, _lm, _mmu and _r2i are 0: there is nothing to train on")
        }
    }
}
