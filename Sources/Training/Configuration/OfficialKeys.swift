import ConfigurationFiles

/// Keys of the official files that have no property of their own in ``TrainingConfiguration``.
enum OfficialKeys {
    /// Without effect here; most are without effect officially too (training §3).
    private static let unread = paths([
        "wandb", "experiment.eval_every", "experiment.val_every", "experiment.max_val_examples_t2i",
        "experiment.log_grad_norm_every", "experiment.max_train_examples_t2i", "experiment.max_train_examples_mmu",
        "dataset.preprocessing.center_crop", "dataset.preprocessing.random_flip", "dataset.params.resolution",
        "dataset.params.pin_memory", "dataset.params.persistent_workers", "dataset.params.add_caption_prompt",
        "dataset.params.num_workers", "dataset.params.mmu_validation_prompts_file",
        "dataset.params.lm_chat_validation_jsonl", "optimizer.params.scale_lr", "lr_scheduler.params.learning_rate",
        "training.overfit_one_batch", "training.label_smoothing", "training.validation_seed", "mask_schedule.params",
        "validation.quantative_prompts_file", "validation.quantative_batch_size",
    ])
    /// Under another key here, which takes precedence where both are given.
    private static let moved = [
        ("dataset.params.shuffle_buffer_size", "data.shuffle_buffer_size"),
        ("dataset.params.validation_prompts_file", "validation.prompts_file"),
        ("dataset.params.mmu_image_root", "validation.images_folder"),
    ]
    private static let resume = ["experiment", "resume_from_checkpoint"]

    private static let foreign: [[String]] =
        unread + paths(moved.map(\.0)) + OfficialSources.keys.sorted().map { ["dataset", "params", $0] }
        + paths(OfficialSources.coefficients.sorted())

    private static func paths(_ texts: [String]) -> [[String]] {
        texts.map { $0.split(separator: ".").map(String.init) }
    }

    /// The known keys together with these, under which anything may stand.
    static func added(to known: ConfigurationTree) throws(ConfigurationFileError) -> ConfigurationTree {
        var known = known
        for path in foreign { known = try known.setting(path, to: .null) }
        return known
    }

    /// The keys of a file that change nothing, in alphabetical order.
    static func unread(in tree: ConfigurationTree) -> [String] {
        unread.filter { tree[path: $0] != nil }.map { $0.joined(separator: ".") }.sorted()
    }

    /// In our own keys alone, and with official ways of writing brought to ours.
    static func translated(_ tree: ConfigurationTree) throws(ConfigurationFileError) -> ConfigurationTree {
        var result = tree
        for (old, new) in zip(paths(moved.map(\.0)), paths(moved.map(\.1))) {
            guard let value = tree[path: old], value != .null, tree[path: new] ?? .null == .null else { continue }
            result = try result.setting(new, to: value)
        }
        switch tree[path: resume] {
        case .flag(let resumes): result = try result.setting(resume, to: .text(resumes ? "latest" : "none"))
        case .integer(let step): result = try result.setting(resume, to: .text(String(step)))
        default: break
        }
        let dropped = Set(foreign + [["dataset", "params"]])
        return result.filtered(path: []) { !dropped.contains($0) }
    }
}

extension ConfigurationTree {
    /// Without the keys whose paths `isKept` refuses; lists stay as they are.
    fileprivate func filtered(path: [String], _ isKept: ([String]) -> Bool) -> ConfigurationTree {
        guard case .mapping(let entries) = self else { return self }
        return .mapping(
            entries.compactMap { entry in
                let here = path + [entry.key]
                return isKept(here) ? Entry(entry.key, entry.value.filtered(path: here, isKept)) : nil
            })
    }
}
