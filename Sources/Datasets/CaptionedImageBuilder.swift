import StrictJSON

/// Records of images with a caption, for painting or for captioning.
public struct CaptionedImageBuilder: RecordBuilder {
    /// What the pair teaches.
    public enum Use: Hashable, Sendable {
        /// The caption asks for the image; `isShortened` applies ``CaptionRules/shortened(_:random:)``.
        case painting(isShortened: Bool)
        /// The image asks for the caption, with one of these requests.
        case captioning(requests: [String])
    }

    private let captions: CaptionSource
    private let use: Use
    private let images: ImagePreparation
    private let origin: ImageOrigin
    private let repairsPersons: Bool

    /// A builder.
    ///
    /// - Parameters:
    ///   - captions: Where the texts are.
    ///   - use: What the pairs teach.
    ///   - images: Size of the images.
    ///   - origin: Where the images are.
    ///   - repairsPersons: Whether `<person>` tags are put into words.
    /// - Throws: ``DatasetError/invalidOption(name:expected:found:)`` for captioning without a request.
    public init(
        captions: CaptionSource, use: Use, images: ImagePreparation, origin: ImageOrigin = .part,
        repairsPersons: Bool = true
    ) throws(DatasetError) {
        if case .captioning(let requests) = use, requests.isEmpty {
            throw .invalidOption(name: "requests", expected: "at least one", found: "none")
        }
        self.captions = captions
        self.use = use
        self.images = images
        self.origin = origin
        self.repairsPersons = repairsPersons
    }

    /// The record of an image and its caption; without a caption there is none.
    public func build(_ sample: RawSample, random: inout SampleRandom) throws(DatasetError) -> BuildOutcome {
        // Before the image, which is costly to decode.
        guard var caption = try captions.caption(of: sample, random: &random), !caption.trimmed.isEmpty else {
            return .skip(.noCaption)
        }
        if case .painting(isShortened: true) = use { caption = CaptionRules.shortened(caption, random: &random) }
        if repairsPersons { caption = CaptionRules.withPersons(caption, random: &random) }
        caption = caption.trimmed
        guard !caption.isEmpty else { return .skip(.emptyText) }
        guard let image = try origin.image(of: sample, images) else { return .skip(.noImage) }
        switch use {
        case .painting:
            return .record(Record(task: .textToImage, prompt: caption, image: image))
        case .captioning(let requests):
            let prompt = requests[random.below(requests.count)]
            return .record(Record(task: .caption, prompt: prompt, image: image, answer: caption))
        }
    }

    /// Reads requests for captions from a JSON list of strings.
    ///
    /// - Throws: ``DatasetError`` if the file is missing or of another form.
    public static func requests(contentsOf path: String) throws(DatasetError) -> [String] {
        let bytes = try RandomAccessFile.contents(path: path, limit: 1 << 20)
        let list: JSONValue
        do {
            list = try JSONValue(parsing: bytes)
        } catch {
            throw .json(file: path, offset: 0, error)
        }
        let requests = (list.arrayValue ?? []).compactMap(\.stringValue)
        guard !requests.isEmpty, requests.count == list.arrayValue?.count else {
            throw .missingField(sample: path, field: "the list", expected: "a JSON list of strings")
        }
        return requests
    }
}
