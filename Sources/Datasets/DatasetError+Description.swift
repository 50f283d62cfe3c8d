import Images
import StrictJSON

extension DatasetError: CustomStringConvertible {
    /// One line for a terminal.
    public var description: String {
        switch self {
        case .noShards(let pattern):
            "no file matches '\(pattern)'"
        case .malformedPattern(let pattern):
            "'\(pattern)' has a brace without its partner, or an empty range; expected {a,b} or {000..999}"
        case .patternTooLarge(let pattern, let limit):
            "'\(pattern)' stands for more than \(limit) names"
        case .missingFile(let path):
            "\(path): no such file or directory"
        case .unreadable(let path, let reason):
            "\(path): \(reason)"
        case .truncated(let file, let expected, let found):
            "\(file): ends at byte \(found), expected at least \(expected); was it copied whole?"
        case .tooLarge(let file, let offset, let bytes, let limit):
            "\(file), byte \(offset): \(bytes) bytes in one piece; at most \(limit) are read"
        case .unsafePath(let sample, let path):
            "\(sample): path '\(path)' is absolute or leaves its directory; expected a relative one"
        default:
            containerDescription
        }
    }

    private var containerDescription: String {
        switch self {
        case .tar(let file, let offset, let fault):
            "\(file), byte \(offset): \(fault)"
        case .json(let file, let offset, let error):
            "\(file), byte \(offset): \(error)"
        case .notAnObject(let file, let offset):
            "\(file), byte \(offset): expected a JSON object"
        case .malformedList(let file, let offset, let expected):
            "\(file), byte \(offset): not a JSON list, expected \(expected)"
        case .malformedRow(let file, let offset, let expected):
            "\(file), byte \(offset): malformed CSV row, expected \(expected)"
        case .missingColumn(let file, let expected, let found):
            "\(file): no column '\(expected)'; it has \(Self.list(found))"
        case .table(let file, let reason):
            "\(file): \(reason)"
        case .noTableOpener(let file):
            "\(file): this program was built without a reader for such tables"
        case .malformedLabel(let file, let line):
            "\(file), line \(line): expected 'index: name', each index once, from 0"
        case .labelCount(let file, let expected, let found):
            "\(file): \(found) labels for \(expected) class folders"
        case .unsupportedImages(let directory, let kinds):
            "\(directory): no jpg, jpeg, png or webp file; found only \(Self.list(kinds)), which are not supported"
        default:
            sampleDescription
        }
    }

    private var sampleDescription: String {
        switch self {
        case .missingField(let sample, let field, let expected):
            "\(sample): no field '\(field)' that is \(expected)"
        case .noImage(let sample, let found):
            "\(sample): no image (jpg, png, jpeg, webp); it has \(Self.list(found))"
        case .image(let sample, let error):
            "\(sample): \(error)"
        case .noSamples(let source, let rank):
            "source '\(source)' has no sample for rank \(rank); use fewer processes or more data"
        case .tooManyFailures(let source, let failed, let tried, let first):
            "source '\(source)': \(failed) of \(tried) samples are broken; first: \(first.joined(separator: " | "))"
        case .nothingUsable(let source, let tried, let reasons):
            "source '\(source)': none of \(tried) samples could be used: \(Self.list(reasons))"
        case .stateMismatch(let source, let what, let expected, let found):
            "saved position of source '\(source)' has \(what) \(found), expected \(expected); resume with the same data"
        case .invalidOption(let name, let expected, let found):
            "option '\(name)': expected \(expected), found \(found)"
        default:
            "unknown error in the data"
        }
    }

    /// The first few of many names.
    private static func list(_ names: [String]) -> String {
        if names.isEmpty { return "nothing" }
        return names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", …" : "")
    }
}

extension TarFault: CustomStringConvertible {
    /// What is wrong, without the file and place.
    public var description: String {
        switch self {
        case .checksum: "not a tar header: its checksum is wrong"
        case .number(let field): "tar header with an impossible \(field)"
        case .truncated(let bytes): "tar member of \(bytes) bytes goes beyond the end of the file"
        case .extendedHeader: "malformed extended tar header"
        case .danglingHeader: "extended tar header without a member"
        case .unsupported(let kind): "tar member of unsupported kind '\(kind)'"
        case .link(let name): "'\(name)' is a link; links are not followed"
        case .unsafeName(let name): "name '\(name)' is absolute or climbs with '..'"
        case .duplicatePart(let part): "sample with two '\(part)' parts"
        case .tooManyParts(let limit): "sample of more than \(limit) members"
        case .compressed: "the archive is compressed; unpack it with gunzip first"
        case .noSample: "no sample begins here"
        }
    }
}
