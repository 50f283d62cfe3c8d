import Configuration
import Datasets
import Foundation

/// A configuration as a run uses it.
public struct LoadedConfiguration: Sendable {
    /// The typed values.
    public let configuration: TrainingConfiguration
    /// Official keys that stand in the file but that neither the official code nor this one reads.
    public let unreadKeys: [String]
    /// The whole configuration after merging, as YAML, for the run's folder.
    public let mergedYAML: String

    /// Reads a file and applies `key.path=value` settings to it.
    ///
    /// - Throws: `ConfigurationFileError`, naming the key.
    public init(file: String, sets: [String] = []) throws {
        var tree = try ConfigurationTree(file: file)
        for text in sets {
            let (path, value) = try ConfigurationTree.assignment(text)
            tree = try tree.setting(path, to: value)
        }
        try self.init(tree)
    }

    init(_ given: ConfigurationTree) throws {
        let defaults = try ConfigurationTree(encoding: TrainingConfiguration())
        let sample = try ConfigurationTree(encoding: SourceDescription())
        var known = defaults
        for list in Self.sourceLists { known = try known.setting(list, to: .list([sample])) }
        let resolved = try given.resolvingReferences()
        try resolved.requireKnown(known) { OfficialKeys.isKnown($0) }
        unreadKeys = OfficialKeys.unread(in: resolved)

        var tree = defaults.merged(with: OfficialKeys.normalized(resolved))
        let official = try OfficialSources(resolved)
        for list in Self.sourceLists {
            var items: [ConfigurationTree] = []
            if case .list(let own)? = tree[path: list], !own.isEmpty {
                items = own
            } else if let found = official.lists[list[1]] {
                items = try found.map { try ConfigurationTree(encoding: $0) }
            }
            tree = try tree.setting(list, to: .list(items.map { sample.merged(with: $0) }))
        }
        configuration = try tree.decoded(as: TrainingConfiguration.self)
        mergedYAML = try tree.yaml()
        try configuration.validate()
    }

    private static let sourceLists = ["t2i", "lm", "mmu", "r2i", "images"].map { ["data", $0] }
}

/// Keys of the official files that have no property of their own.
enum OfficialKeys {
    /// Read by nothing: not by the official code (training §3), and not here.
    private static let unread: Set<String> = [
        "experiment.eval_every", "experiment.val_every", "experiment.max_val_examples_t2i", "experiment.log_grad_norm_every",
        "experiment.max_train_examples_t2i", "experiment.max_train_examples_mmu",
        "dataset.preprocessing.center_crop", "dataset.preprocessing.random_flip", "dataset.params.resolution",
        "dataset.params.pin_memory", "dataset.params.persistent_workers", "dataset.params.add_caption_prompt",
        "optimizer.params.scale_lr", "lr_scheduler.params.learning_rate", "training.overfit_one_batch",
        "training.label_smoothing", "training.validation_seed", "mask_schedule.params",
        "validation.quantative_prompts_file", "validation.quantative_batch_size",
    ]

    /// Whether a path may stand in a file although ``TrainingConfiguration`` has no such key.
    static func isKnown(_ path: [String]) -> Bool {
        let text = path.joined(separator: ".")
        return path[0] == "wandb" || unread.contains(text) || text == "dataset.params"
            && path.count == 2 || text.hasPrefix("dataset.params.") && OfficialSources.keys.contains(path[2])
            || OfficialSources.coefficients.contains(text)
    }

    static func unread(in tree: ConfigurationTree) -> [String] {
        var found = unread.filter { tree[path: $0.split(separator: ".").map(String.init)] != nil }
        if tree["wandb"] != nil { found.insert("wandb") }
        return found.sorted()
    }

    /// Without the keys that have no property, and with official ways of writing brought to ours.
    static func normalized(_ tree: ConfigurationTree) -> ConfigurationTree {
        guard case .mapping(let sections) = tree else { return tree }
        return .mapping(sections.compactMap { normalized($0, path: []) })
    }

    private static func normalized(_ entry: ConfigurationTree.Entry, path: [String]) -> ConfigurationTree.Entry? {
        let here = path + [entry.key]
        if isKnown(here) { return nil }
        var entry = entry
        switch (here.joined(separator: "."), entry.value) {
        case ("experiment.resume_from_checkpoint", .flag(let resumes)):
            entry.value = .text(resumes ? "latest" : "none")
        case ("experiment.resume_from_checkpoint", .integer(let step)):
            entry.value = .text(String(step))
        case (_, .mapping(let entries)):
            entry.value = .mapping(entries.compactMap { normalized($0, path: here) })
        default:
            break
        }
        return entry
    }
}
