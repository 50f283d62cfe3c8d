public import Images
public import StrictJSON

/// Why training data could not be found, read or used.
public enum DatasetError: Error, Hashable, Sendable {
    // Files

    /// No file matches.
    case noShards(pattern: String)
    /// A pattern has a brace without its partner, or an empty range.
    case malformedPattern(pattern: String)
    /// A pattern stands for more names than anybody means.
    case patternTooLarge(pattern: String, limit: Int)
    /// A named file or directory is not there.
    case missingFile(path: String)
    /// The system refused.
    case unreadable(path: String, reason: String)
    /// The file ends before byte `expected`.
    case truncated(file: String, expected: Int, found: Int)
    /// Something is larger than any sound sample.
    case tooLarge(file: String, offset: Int, bytes: Int, limit: Int)
    /// A path in the data leaves the directory it belongs to.
    case unsafePath(sample: String, path: String)

    // Containers

    /// A tar archive breaks its format, or holds what has no place in a data set.
    case tar(file: String, offset: Int, TarFault)
    /// A line or element is not JSON; the offset inside the error counts from `offset`.
    case json(file: String, offset: Int, JSONError)
    /// A line or element is JSON but no object.
    case notAnObject(file: String, offset: Int)
    /// A JSON list lacks a bracket or comma.
    case malformedList(file: String, offset: Int, expected: String)
    /// A CSV row breaks RFC 4180 or has another number of fields than the heading.
    case malformedRow(file: String, offset: Int, expected: String)
    /// A table lacks a column.
    case missingColumn(file: String, expected: String, found: [String])
    /// A table in a column format could not be read.
    case table(file: String, reason: String)
    /// A table in a column format was named, but nobody passed a way to open one.
    case noTableOpener(file: String)
    /// A label file has a line that is not `index: name`.
    case malformedLabel(file: String, line: Int)
    /// The folders and the labels do not agree in number.
    case labelCount(file: String, expected: Int, found: Int)
    /// A directory holds no image, but files of kinds that are not read.
    case unsupportedImages(directory: String, kinds: [String])

    // Samples

    /// A sample lacks a field, or has it in another kind.
    case missingField(sample: String, field: String, expected: String)
    /// A sample has no part of a known image kind.
    case noImage(sample: String, found: [String])
    /// An image cannot be decoded.
    case image(sample: String, ImageError)

    // Streams

    /// A source gave this rank not one sample in pass after pass.
    case noSamples(source: String, rank: Int)
    /// Too large a share of the samples is broken.
    case tooManyFailures(source: String, failed: Int, tried: Int, first: [String])
    /// Every sample was passed over, for these reasons.
    case nothingUsable(source: String, tried: Int, reasons: [String])
    /// A saved state belongs to other data or options.
    case stateMismatch(source: String, what: String, expected: String, found: String)
    /// An option has a value that makes no sense.
    case invalidOption(name: String, expected: String, found: String)
}

/// What is wrong with a tar archive.
public enum TarFault: Error, Hashable, Sendable {
    /// The sum over a header is not the one it states.
    case checksum
    /// A number is not octal, negative or absurd.
    case number(field: String)
    /// A member says to be larger than the rest of the file.
    case truncated(bytes: Int)
    /// An extended header is not made of `length key=value` lines.
    case extendedHeader
    /// An extended header without a member after it.
    case danglingHeader
    /// A member of a kind that is not read.
    case unsupported(kind: String)
    /// A link, which is never followed.
    case link(name: String)
    /// A name that is absolute or climbs with `..`.
    case unsafeName(String)
    /// Two members of one sample with the same extension.
    case duplicatePart(String)
    /// A sample of too many members.
    case tooManyParts(limit: Int)
    /// The archive is packed with gzip, in which no place can be reached but from the start.
    case compressed
    /// No sample begins here.
    case noSample
}
