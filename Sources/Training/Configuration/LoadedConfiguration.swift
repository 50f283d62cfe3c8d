import ConfigurationFiles
import Datasets
import Foundation
import Rewards

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
        var resolved = try given.resolvingReferences(in: defaults.merged(with: given))
        for key in Self.listKeys {
            if case .integer(let number)? = resolved[path: key] {
                resolved = try resolved.setting(key, to: .list([.integer(number)]))
            }
        }
        var source = SourceDescription()
        if case .integer(let pixels)? = resolved[path: ["dataset", "preprocessing", "resolution"]] {
            source.resolution = pixels
        }
        let sample = try ConfigurationTree(encoding: source)
        var known = try OfficialKeys.added(to: defaults)
        let judge = try ConfigurationTree(encoding: RewardDescription())
        for list in Self.sourceLists { known = try known.setting(list, to: .list([sample])) }
        known = try known.setting(["rewards"], to: .list([judge]))
        try resolved.requireKnown(known)
        unreadKeys = OfficialKeys.unread(in: resolved)

        var tree = defaults.merged(with: try OfficialKeys.translated(resolved))
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
        if case .list(let rewards)? = tree[path: ["rewards"]] {
            tree = try tree.setting(["rewards"], to: .list(rewards.map { judge.merged(with: $0) }))
        }
        // No official key says so, but the scripts of stages 1.1 and 1.2, whose text is plain, divide by rows and length.
        let texts = official.lists["lm"] ?? []
        if resolved[path: ["training", "text_loss"]] == nil, !texts.isEmpty, texts.allSatisfy({ $0.kind == .text }) {
            tree = try tree.setting(["training", "text_loss"], to: .text(TextLossScale.stage1.rawValue))
        }
        var example = TrainingConfiguration()
        for list in [\TrainingConfiguration.Data.t2i, \.lm, \.mmu, \.r2i, \.images] {
            example.data[keyPath: list] = [SourceDescription()]
        }
        example.rewards = [RewardDescription()]
        configuration = try tree.decoded(as: TrainingConfiguration.self, example: example)
        mergedYAML = try tree.yaml()
        try configuration.validate()
    }

    /// Lists in whose place one number may stand.
    private static let listKeys = ["tokens_per_step", "tokens_per_step_lm", "image_steps"].map { ["unigrpo", $0] }
    private static let sourceLists = ["t2i", "lm", "mmu", "r2i", "images"].map { ["data", $0] }
}
