import Diffusion
import Images
import MMaDA

/// A picture to paint, as it was asked for: a new one, or an edit of one.
struct ImageGenerationRequest: Sendable {
    /// The request to the engine; its seed is that of the first picture.
    var image: ImageRequest
    /// Pictures, each with the next seed.
    var count = 1
    /// Whether steps are sent as partial pictures.
    var streams = false
    /// Partial pictures of a stream.
    var partialImages = 0
    /// Whether a description is thought out first (an extension).
    var thinks = false
    /// What kind of file a picture is, and a JPEG's quality.
    var format = Format.png
    var quality = 90

    /// Kinds of files.
    enum Format: String, CaseIterable, Sendable {
        case png, jpeg
    }

    /// A picture's file.
    func file(_ picture: RGBImage) throws(ImageError) -> [UInt8] {
        format == .png ? try picture.pngData() : try picture.jpegData(quality: max(1, quality))
    }

    /// Reads the body of `POST /v1/images/generations`.
    init(_ body: [UInt8], _ settings: ServingSettings) throws(APIError) {
        let fields = try FieldReader(body: body)
        image = ImageRequest(try fields.requiredText("prompt"))
        try read(fields, settings)
    }

    /// Reads the form of `POST /v1/images/edits`.
    init(form: MultipartForm, _ settings: ServingSettings) throws(APIError) {
        let fields = try FieldReader(form: form)
        image = ImageRequest(try fields.requiredText("prompt"))
        try read(fields, settings)
        let files = form.files("image") + form.files("image[]")
        guard files.count == 1 else { throw .invalid("'image' must be one picture.", parameter: "image") }
        let reader = PictureReader(maxPixels: settings.maxPicturePixels)
        let picture = try reader.picture(files[0], field: "image")
        if let side = try fields.text("extend") {
            guard let direction = ImageRequest.Direction(rawValue: side) else {
                throw fields.invalid("extend", "left, right, up or down")
            }
            let overlap = try fields.integer("overlap", 0...64) ?? 0
            image.source = .extend(picture, direction, overlap: overlap)
            return
        }
        guard let file = form.files("mask").first else {
            throw .invalid(
                "'mask' must be a picture of the same size, transparent or white where to paint.", parameter: "mask")
        }
        let mask = try reader.editMask(file, field: "mask")
        guard mask.width == picture.width, mask.height == picture.height else {
            throw .invalid(
                "'mask' is \(mask.width)×\(mask.height) pixels, 'image' \(picture.width)×\(picture.height).",
                parameter: "mask")
        }
        image.source = .inpaint(picture, mask: mask)
    }

    private mutating func read(_ fields: FieldReader, _ settings: ServingSettings) throws(APIError) {
        let defaults = settings.defaults
        count = try fields.integer("n", 1...settings.maxCount) ?? 1
        streams = try fields.flag("stream") ?? false
        partialImages = try fields.integer("partial_images", 0...64) ?? 0
        thinks = try fields.flag("think") ?? false
        if let size = try fields.text("size"), size != "auto" {
            let sides = size.split(separator: "x").compactMap { Int($0) }
            guard sides.count == 2, sides[0] == sides[1], (32...2048).contains(sides[0]) else {
                throw fields.invalid("size", "'auto' or a square such as 512x512")
            }
            image.resolution = sides[0]
        }
        if let format = try fields.text("response_format"), format != "b64_json" {
            throw fields.invalid("response_format", "'b64_json': the server keeps no pictures to link to")
        }
        format = try fields.choice("output_format", Format.self) ?? .png
        quality = try fields.integer("output_compression", 0...100) ?? 90
        image.sampling.steps =
            try fields.integer("steps", 1...settings.maxSteps) ?? min(defaults.timesteps, settings.maxSteps)
        image.sampling.guidanceScale = try fields.number("guidance_scale", 0...100) ?? defaults.guidanceScale
        image.sampling.temperature = try fields.number("temperature", 0...100) ?? defaults.imageTemperature
        if let name = try fields.text("schedule") {
            guard let schedule = MaskSchedule(name) else {
                throw fields.invalid("schedule", "cosine, linear, sigmoid or pow with a number, such as pow2")
            }
            image.sampling.schedule = schedule
        }
        image.seed = try fields.seed()
    }
}
