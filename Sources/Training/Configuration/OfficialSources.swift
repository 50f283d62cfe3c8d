import ConfigurationFiles
import Datasets
import Images

/// The official `dataset.params` as lists of sources.
///
/// The official loaders tell sources apart by substrings of paths and keys, which sends files astray (training §8.12).
/// Here that is done once, on the configured paths alone; what comes out stands in the merged configuration.
struct OfficialSources {
    /// Sources by the name of their list under `data`.
    private(set) var lists: [String: [SourceDescription]] = [:]

    /// Keys of `dataset.params` that are read here.
    static let keys: Set<String> = [
        "train_t2i_shards_path_or_url", "train_mmu_shards_path_or_url", "train_lm_shards_path_or_url",
        "train_instruct_shards_path_or_url", "external_caption_path", "external_journeydb_caption_path",
        "external_laion12m_caption_path", "external_cc12m_caption_path", "external_text_to_image_2M_512_caption_path",
        "external_ai2d_caption_path", "external_clevr_caption_path", "external_docvqa_caption_path",
        "external_geo_caption_path", "external_vqa_caption_path", "external_clevr2_caption_path",
        "external_geo170k_caption_path", "vqa_images_path", "clevr2_images_path", "geo170k_images_path",
        "imagenet_label_path",
    ]
    /// Shares of sources within a part (stage 2.2).
    static let coefficients: Set<String> = [
        "training.cot_in_mmu_coeff", "training.vqa_in_mmu_coeff", "training.clevr2_in_mmu_coeff",
        "training.geo170k_in_mmu_coeff", "training.base_in_lm_coeff", "training.instruct_in_lm_coeff",
    ]

    private let tree: ConfigurationTree
    private let resolution: Int

    init(_ tree: ConfigurationTree) throws {
        self.tree = tree
        if case .integer(let pixels)? = tree[path: ["dataset", "preprocessing", "resolution"]] {
            resolution = pixels
        } else {
            resolution = 256
        }
        lists["t2i"] = pictures("train_t2i_shards_path_or_url", .textToImage)
        var understanding = pictures("train_mmu_shards_path_or_url", .caption)
        if let share = number("training.cot_in_mmu_coeff") {
            for index in understanding.indices { understanding[index].weight = share / Double(understanding.count) }
        }
        understanding += conversations()
        lists["mmu"] = understanding
        lists["lm"] = texts()
    }

    private func paths(_ key: String) -> [String] {
        switch tree[path: ["dataset", "params", key]] {
        case .text(let path): [path]
        case .list(let items):
            items.compactMap { item in
                guard case .text(let path) = item else { return nil }
                return path
            }
        default: []
        }
    }

    private func path(_ key: String) -> String { paths(key).first ?? "" }

    private func number(_ key: String) -> Double? {
        switch tree[path: key.split(separator: ".").map(String.init)] {
        case .integer(let value): Double(value)
        case .real(let value): value
        default: nil
        }
    }

    /// Archives or folders of pictures, each with the captions that its path asks for.
    private func pictures(_ key: String, _ task: TaskKind) -> [SourceDescription] {
        paths(key).enumerated().map { index, path in
            var source = SourceDescription()
            source.name = "\(task.rawValue)-\(index)"
            source.paths = [path]
            source.task = task
            source.resolution = resolution
            source.shortensCaptions = task == .textToImage
            let name = path.lowercased()
            let tables = [("ai2d", "ai2d"), ("clevr", "clevr"), ("docvqa", "docvqa"), ("/geo", "geo")]
            if name.contains("imagenet") {
                source.container = .classFolders
                source.kind = .labelled
                source.labels = self.path("imagenet_label_path")
                source.shortensCaptions = false
            } else if let table = tables.first(where: { name.contains($0.0) }) {
                source.kind = .questions
                source.table = self.path("external_\(table.1)_caption_path")
                source.transform = .squash
            } else if name.contains("sa-1b") || name.contains("sa_") {
                source.kind = .captionLines
                source.captions = self.path("external_caption_path")
            } else if name.contains("laion") {
                source.kind = .captionFiles
                source.captions = self.path("external_laion12m_caption_path")
            } else if name.contains("cc12m") {
                source.kind = .captionFiles
                source.captions = self.path("external_cc12m_caption_path")
            } else if name.contains("text-to-image-2m") {
                source.kind = .captionsInJSON
                source.shortensCaptions = false
            } else if name.contains("journeydb") {
                source.kind = .captionLists
                source.captions = self.path("external_journeydb_caption_path")
                source.shortensCaptions = false
            }
            return source
        }
    }

    /// LLaVA-like lists (stage 2.2), each with its share.
    private func conversations() -> [SourceDescription] {
        let known: [(name: String, transform: ImagePreprocessing)] = [
            ("vqa", .squash), ("clevr2", .squash), ("geo170k", .pad),
        ]
        return known.compactMap { name, transform in
            let file = path("external_\(name)_caption_path")
            guard !file.isEmpty else { return nil }
            var source = SourceDescription()
            source.name = name
            source.container = .jsonList
            source.kind = .conversations
            source.paths = [file]
            source.imageRoot = path("\(name)_images_path")
            source.transform = transform
            source.resolution = resolution
            source.task = .understanding
            source.weight = number("training.\(name)_in_mmu_coeff") ?? 1
            return source
        }
    }

    /// Plain text, or conversations where the path says so; both in stage 2.2.
    private func texts() -> [SourceDescription] {
        func source(_ name: String, _ key: String, _ kind: SourceDescription.Kind, _ share: String)
            -> SourceDescription?
        {
            guard !path(key).isEmpty else { return nil }
            var source = SourceDescription()
            source.name = name
            source.container = .parquet
            source.kind = kind
            source.paths = paths(key)
            source.weight = number("training.\(share)") ?? 1
            return source
        }
        let isPlain = path("train_lm_shards_path_or_url").contains("refinedweb")
        return [
            source("lm", "train_lm_shards_path_or_url", isPlain ? .text : .chat, "base_in_lm_coeff"),
            source("instruct", "train_instruct_shards_path_or_url", .chat, "instruct_in_lm_coeff"),
        ].compactMap(\.self)
    }
}
