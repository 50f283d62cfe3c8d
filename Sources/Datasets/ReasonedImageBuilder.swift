/// Records that reason and then paint: the short caption asks, the long one is the reasoning (data-formats §3.6).
public struct ReasonedImageBuilder: RecordBuilder {
    private let images: ImagePreparation

    /// A builder.
    public init(images: ImagePreparation) { self.images = images }

    /// The record of an image with the parts `shortcaption` and `caption`; without both there is none.
    public func build(_ sample: RawSample, random: inout SampleRandom) throws(DatasetError) -> BuildOutcome {
        func text(_ part: String) -> String { String(decoding: sample.parts[part] ?? [], as: UTF8.self).trimmed }
        let (request, reasoning) = (text("shortcaption"), text("caption"))
        guard !request.isEmpty, !reasoning.isEmpty else { return .skip(.noCaption) }
        let image = try images.image(of: sample)
        return .record(Record(task: .reasonToImage, prompt: request, image: image, reasoning: reasoning))
    }
}
