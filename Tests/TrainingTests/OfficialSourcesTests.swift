import ConfigurationFiles
import Datasets
import Images
import Testing

@testable import Training

@Suite struct OfficialSourcesTests {
    private func data(_ name: String) throws -> TrainingConfiguration.Data {
        try LoadedConfiguration(OfficialFile.named(name).tree).configuration.data
    }

    private func kinds(_ sources: [SourceDescription]) -> [SourceDescription.Kind] { sources.map(\.kind) }

    @Test func `stage 1.1 paints class names and describes captioned pictures`() throws {
        let data = try data("stage-1.1")
        #expect(kinds(data.t2i) == [.labelled] && data.t2i.map(\.container) == [.classFolders])
        #expect(data.t2i.map(\.paths) == [["/data_storage/shared/datasets/imagenet-1k/data/train"]])
        #expect(kinds(data.mmu) == [.captionLines, .captionFiles, .captionFiles])
        #expect(
            data.mmu.map(\.captions) == [
                "/data_storage/shared/datasets/SAM-LLaVA-Captions10M", "/data_storage/shared/datasets/cc12m/captions",
                "/data_storage/shared/datasets/laion-aesthetic-12m-captions",
            ])
        #expect(data.mmu.map(\.task) == [.caption, .caption, .caption])
        #expect(data.mmu.map(\.resolution) == [256, 256, 256] && data.t2i.map(\.resolution) == [256])
        #expect(kinds(data.lm) == [.text] && data.lm.map(\.container) == [.parquet])
        #expect(data.r2i.isEmpty && data.images.isEmpty)
    }

    @Test func `stage 1.2 paints the captioned pictures`() throws {
        let data = try data("stage-1.2")
        #expect(kinds(data.t2i) == [.captionLines, .captionFiles, .captionFiles])
        #expect(data.t2i.map(\.task) == [.textToImage, .textToImage, .textToImage])
        #expect(data.t2i.map(\.shortensCaptions) == [true, true, true])
        #expect(data.mmu.map(\.shortensCaptions) == [false, false, false])
    }

    @Test func `stage 1.3 adds JourneyDB and chat`() throws {
        let data = try data("stage-1.3")
        #expect(kinds(data.t2i) == [.captionLists, .captionFiles, .captionsInJSON])
        #expect(data.t2i.map(\.shortensCaptions) == [false, true, false])
        #expect(data.t2i[0].captions == "/data_storage/shared/datasets/journeydb_anno/train_journeydb_anno.json")
        #expect(kinds(data.lm) == [.chat])
        #expect(data.t2i.map(\.resolution) == [512, 512, 512])
    }

    @Test func `stage 2.1 reasons about pictures`() throws {
        let data = try data("stage-2.1")
        #expect(kinds(data.mmu) == [.questions, .questions, .questions, .questions, .captionFiles])
        let folder = "/data_storage/shared/datasets/multimodal_cot"
        #expect(
            data.mmu.map(\.table) == [
                "\(folder)/ai2d/new_metadata.csv", "\(folder)/clevr/metadata.csv", "\(folder)/docvqa/metadata.csv",
                "\(folder)/geo/metadata.csv", "",
            ])
        #expect(data.mmu.map(\.transform) == [.squash, .squash, .squash, .squash, .crop])
        #expect(kinds(data.lm) == [.chat])
    }

    @Test func `stage 2.2 mixes by the shares of the file`() throws {
        let data = try data("stage-2.2")
        #expect(data.mmu.map(\.name).suffix(3) == ["vqa", "clevr2", "geo170k"])
        #expect(data.mmu.map(\.container).suffix(3) == [.jsonList, .jsonList, .jsonList])
        #expect(kinds(data.mmu).suffix(3) == [.conversations, .conversations, .conversations])
        #expect(data.mmu.map(\.transform).suffix(3) == [.squash, .squash, .pad])
        let weights = data.mmu.map(\.weight)
        #expect(abs(weights.prefix(4).reduce(0, +) - 3.5) < 1e-12 && Set(weights.prefix(4)).count == 1)
        #expect(weights.suffix(3) == [5.5, 0.5, 0.5])
        #expect(data.mmu[4].imageRoot == "/data_storage/shared/datasets/LLaVA-Instruct-150K-images")
        #expect(data.mmu[6].paths == ["/data_storage/ty/shared/datasets/Geo170K/Geo170K/all.json"])
        #expect(kinds(data.lm) == [.text, .chat] && data.lm.map(\.weight) == [0.02, 0.98])
    }

    @Test func `the path alone decides, in any case of letters`() throws {
        var tree = try OfficialFile.named("stage-1.2").tree
        let paths = ["/x/LAION/0.tar", "/x/plain/0.tar", "/x/CC12M/0.tar"].map(ConfigurationTree.text)
        tree = try tree.setting(["dataset", "params", "train_t2i_shards_path_or_url"], to: .list(paths))
        let data = try LoadedConfiguration(tree).configuration.data
        #expect(kinds(data.t2i) == [.captionFiles, .captions, .captionFiles])
    }

    @Test func `our own list comes before the official paths`() throws {
        var tree = try OfficialFile.named("stage-1.2").tree
        tree = try tree.setting(
            ["data", "t2i"], to: ConfigurationTree(yaml: "- {name: own, paths: [a.tar], weight: 2}"))
        let data = try LoadedConfiguration(tree).configuration.data
        #expect(data.t2i.map(\.name) == ["own"] && data.t2i.map(\.weight) == [2] && data.t2i.map(\.resolution) == [256])
        #expect(data.mmu.count == 3)
    }
}
