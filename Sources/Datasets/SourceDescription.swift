public import Images
public import TextTokenizer

/// A source as a run's configuration describes it: container and kind are named, never guessed from a path.
public struct SourceDescription: Codable, Hashable, Sendable {
    /// What the files are.
    public enum Container: String, Codable, Hashable, Sendable, CaseIterable {
        /// Tar archives in the manner of WebDataset.
        case tar
        /// A JSON object a line.
        case jsonLines = "jsonl"
        /// One JSON list of objects.
        case jsonList = "json"
        /// CSV with a heading.
        case csv
        /// Tables that the caller's opener reads.
        case parquet
        /// Folders of images, one a class.
        case classFolders = "class_folders"
        /// A folder of images with text files beside them.
        case imageFolder = "image_folder"
    }

    /// What the samples are, and so how they become records.
    public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// Class names of class folders, or any other caption in a field (`field`, by default `text`).
        case labelled
        /// Captions in the parts `text`, `txt` or `caption`; of a folder, in side files of the extension `field`.
        case captions
        /// Captions in the `json` part (`field`, by default `prompt`): text-to-image-2M.
        case captionsInJSON = "json_captions"
        /// Captions in `{captions}/{shard}/{key}.caption`: CC12M, LAION.
        case captionFiles = "caption_files"
        /// Captions on the first line of `{captions}/{key}.txt`: SA-1B.
        case captionLines = "caption_lines"
        /// Captions in the JSON object `captions`: JourneyDB.
        case captionLists = "caption_lists"
        /// Plain text (`field`, by default `content`): RefinedWeb.
        case text
        /// Formatted conversations (`field`, by default `content`).
        case chat
        /// Instruction, input and output: Alpaca.
        case instructions
        /// Conversations about images: LLaVA.
        case conversations
        /// Questions and worked answers; in `table` for archives of images.
        case questions
        /// Questions of GSM8K, with calculator marks in their answers.
        case gsm8k
        /// Images with the parts `shortcaption`, the request, and `caption`, the reasoning before the image.
        case reasonedImages = "reasoned_images"
        /// Records of our own.
        case records
    }

    /// Name, for records and messages.
    public var name = ""
    /// What the files are.
    public var container = Container.tar
    /// What the samples are.
    public var kind = Kind.captions
    /// Files or directories; braces and `*` are expanded.
    public var paths: [String] = []
    /// Weight among the sources of its flow.
    public var weight = 1.0
    /// For captions: `t2i` to paint, `caption` to describe.
    public var task = TaskKind.textToImage
    /// How images become squares.
    public var transform = ImagePreprocessing.crop
    /// Side of the images, in pixels.
    public var resolution = 256
    /// Whether captions to paint are shortened and lose stock phrases.
    public var shortensCaptions = false
    /// Whether `<person>` tags are put into words.
    public var repairsPersons = true
    /// Directory or file of the captions.
    public var captions = ""
    /// Label file of class folders; empty for the names of the folders.
    public var labels = ""
    /// JSON list of requests for captions; empty for our own.
    public var requests = ""
    /// CSV file of questions by image.
    public var table = ""
    /// Column of the text; empty for the kind's own.
    public var field = ""
    /// Columns of questions.
    public var questions = QuestionFields()
    /// Field or column of the image; empty for the sample's own image part.
    public var imageField = ""
    /// Directory at which paths of images begin; if empty, `imageField` is a column of bytes.
    public var imageRoot = ""
    /// What becomes of line breaks of plain text.
    public var newlines = PlainTextBuilder.Newlines.space
    /// Longest plain text, in characters.
    public var window = 8000
    /// Longer samples are passed over, in tokens; 0 for no limit.
    public var maxTokens = 0
    /// Samples whose prompt has none of these in it are passed over; empty for none.
    public var promptContains: [String] = []

    /// A description with every default.
    public init() {}

    /// The source.
    ///
    /// - Parameters:
    ///   - directory: Where relative paths begin.
    ///   - tokenizer: Counts tokens, where ``maxTokens`` is set.
    ///   - opener: Reads tables; `nil` if there is no such reader.
    /// - Returns: A source whose shards exist.
    /// - Throws: ``DatasetError`` if files are missing or options do not fit one another.
    public func source(
        relativeTo directory: String = "", tokenizer: Tokenizer? = nil, opener: TableOpener? = nil
    ) throws(DatasetError) -> SampleSource {
        guard !name.isEmpty else { throw .invalidOption(name: "name", expected: "a name", found: "none") }
        var limit: TokenLimit?
        if maxTokens > 0 {
            guard let tokenizer else {
                throw .invalidOption(name: "maxTokens", expected: "0 without a tokenizer", found: "\(maxTokens)")
            }
            limit = TokenLimit(tokenizer: tokenizer, maxTokens: maxTokens)
        }
        return try SampleSource(
            name: name, shards: try ShardPattern.files(paths, relativeTo: directory),
            builder: try builder(directory), tokenLimit: limit, promptContains: promptContains,
            open: try shardOpener(directory, opener))
    }

    private func shardOpener(
        _ directory: String, _ opener: TableOpener?
    ) throws(DatasetError) -> SampleSource.ShardOpener {
        switch container {
        case .tar: return { path throws(DatasetError) in try TarReader(path: path) }
        case .jsonLines: return { path throws(DatasetError) in try JSONLinesReader(path: path) }
        case .jsonList: return { path throws(DatasetError) in try JSONListReader(path: path) }
        case .csv: return { path throws(DatasetError) in try CSVReader(path: path) }
        case .parquet:
            guard let opener else { throw .noTableOpener(file: paths.first ?? name) }
            let (strings, bytes) = columns
            return { path throws(DatasetError) in
                try TableShard(path: path, opener: opener, stringColumns: strings, bytesColumns: bytes)
            }
        case .classFolders:
            let names = labels.isEmpty ? [] : try ImageFolderReader.labels(contentsOf: resolved(labels, directory))
            return { path throws(DatasetError) in
                try ImageFolderReader(directory: path, layout: .classes(labels: names))
            }
        case .imageFolder:
            // The reader finds side files by their extension, the builder the part of that name.
            let text = kind == .captions && !field.isEmpty ? field : "txt"
            return { path throws(DatasetError) in
                try ImageFolderReader(directory: path, layout: .sideFiles(extension: text))
            }
        }
    }

    private func builder(_ directory: String) throws(DatasetError) -> any RecordBuilder {
        guard (1...16384).contains(resolution) else {
            throw .invalidOption(name: "resolution", expected: "1 to 16384", found: "\(resolution)")
        }
        let images = ImagePreparation(transform: transform, resolution: resolution)
        let root = resolved(imageRoot, directory)
        switch kind {
        case .labelled, .captions, .captionsInJSON, .captionFiles, .captionLines, .captionLists:
            return try CaptionedImageBuilder(
                captions: try captionSource(directory), use: try use(directory), images: images,
                origin: imageOrigin(root), repairsPersons: repairsPersons)
        case .text:
            return PlainTextBuilder(field: field.isEmpty ? "content" : field, newlines: newlines, window: window)
        case .chat:
            return FormattedChatBuilder(field: field.isEmpty ? "content" : field)
        case .instructions:
            return InstructionBuilder()
        case .conversations:
            let origin = imageField.isEmpty ? ImageOrigin.path(field: "image", root: root) : imageOrigin(root)
            return ConversationBuilder(images: images, origin: origin)
        case .questions:
            let isText = imageField.isEmpty && container != .tar
            return try QuestionBuilder(
                fields: questions, table: table.isEmpty ? nil : try ImageTable(path: resolved(table, directory)),
                images: images, origin: isText ? .none : imageOrigin(root))
        case .gsm8k:
            return GSM8KBuilder()
        case .reasonedImages:
            return ReasonedImageBuilder(images: images)
        case .records:
            return StoredRecordBuilder(images: images)
        }
    }

    private func use(_ directory: String) throws(DatasetError) -> CaptionedImageBuilder.Use {
        switch task {
        case .textToImage: return .painting(isShortened: shortensCaptions)
        case .caption:
            let own = CaptionRules.requests
            return .captioning(
                requests: requests.isEmpty
                    ? own : try CaptionedImageBuilder.requests(contentsOf: resolved(requests, directory)))
        default:
            throw .invalidOption(name: "task", expected: "t2i or caption for captions", found: task.rawValue)
        }
    }

    private func captionSource(_ directory: String) throws(DatasetError) -> CaptionSource {
        let path = resolved(captions, directory)
        switch kind {
        case .labelled: return .field(field.isEmpty ? "text" : field)
        case .captionsInJSON: return .json(field: field.isEmpty ? "prompt" : field)
        case .captionFiles: return .shardFiles(directory: path, extension: field.isEmpty ? "caption" : field)
        case .captionLines: return .firstLines(directory: path)
        case .captionLists: return .lists(try CaptionLists(contentsOf: path))
        default: return .parts
        }
    }

    private func imageOrigin(_ root: String) -> ImageOrigin {
        if imageField.isEmpty { return .part }
        return root.isEmpty ? .named(imageField) : .path(field: imageField, root: root)
    }

    /// Columns of text and of bytes that the kind reads from a table.
    private var columns: (strings: [String], bytes: [String]) {
        let image = imageField.isEmpty ? "image" : imageField
        let byPath = !imageRoot.isEmpty
        switch kind {
        case .text, .chat: return ([field.isEmpty ? "content" : field], [])
        case .instructions: return (["instruction", "input", "output"], [])
        case .gsm8k: return (["question", "answer"], [])
        case .questions:
            let texts = Set(questions.names).sorted()
            if imageField.isEmpty { return (texts, []) }
            return byPath ? (texts + [image], []) : (texts, [image])
        case .labelled:
            let text = field.isEmpty ? "text" : field
            return byPath ? ([text, image], []) : ([text], [image])
        default: return ([], [image])
        }
    }

    private func resolved(_ path: String, _ directory: String) -> String {
        path.isEmpty || path.hasPrefix("/") || directory.isEmpty ? path : directory + "/" + path
    }
}

extension ImagePreprocessing: Codable {}
