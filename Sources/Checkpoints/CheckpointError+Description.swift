import Foundation

extension CheckpointError: CustomStringConvertible {
    /// One line for a terminal, in which names from the file are harmless.
    public var description: String { oneLine(text) }

    private var text: String {
        switch self {
        case .system(let operation, let file, let code):
            "cannot \(operation.rawValue) '\(file)': \(String(cString: strerror(code)))"
        case .notRegularFile(let file): "'\(file)' is not a file"
        case .emptyFile(let file): "'\(file)' is empty; fetch it again"
        case .truncated(let file, let expected, let found):
            "'\(file)' ends at byte \(found), expected at least \(expected); fetch it again"
        case .pointerOfLFS(let file): "'\(file)' is a Git LFS pointer; run 'git lfs pull'"
        case .noCheckpoint(let directory, let expected):
            "no checkpoint in '\(directory)'; expected \(expected.joined(separator: ", "))"
        case .unknownFormat(let file):
            "'\(file)': expected the ending .safetensors, .index.json, .bin, .pt or .pth"
        case .noTensor(let files, let tensor): "no tensor '\(tensor)' in \(files.joined(separator: ", "))"
        case .unsupportedElementType(let file, let tensor, let found):
            "'\(file)': tensor '\(tensor)' is of type \(found), which is not supported; convert it to BF16 or F32"
        case .headerTooLong(let file, let limit, let found):
            "'\(file)': header of \(found) bytes, at most \(limit) allowed; is it a safetensors file?"
        case .headerNotObject(let file, let found):
            "'\(file)': header begins with \(found.map { "byte \($0)" } ?? "nothing"), expected '{'"
        case .json(let file, let error): "'\(file)': \(error)"
        case .malformed(let file, let path, let expected): "'\(file)': '\(path)' must be \(expected.rawValue)"
        case .unknownElementType(let file, let tensor, let found):
            "'\(file)': tensor '\(tensor)' is of unknown type '\(found)'"
        case .shapeTooLarge(let file, let tensor, let shape):
            "'\(file)': tensor '\(tensor)' of shape \(shape) has too many elements"
        case .partialByte(let file, let tensor, let elementType, let elements):
            "'\(file)': tensor '\(tensor)': \(elements) elements of \(elementType) do not fill whole bytes"
        case .sizeMismatch(let file, let tensor, let expected, let found):
            "'\(file)': tensor '\(tensor)': expected \(expected) bytes for its shape, found \(found)"
        case .misplaced(let file, let tensor, let expected, let found):
            "'\(file)': tensor '\(tensor)': expected data offset \(expected), found \(found)"
        case .dataSize(let file, let expected, let found):
            "'\(file)': expected \(expected) bytes of data, found \(found); fetch it again"
        case .duplicateTensor(let file, let tensor): "'\(file)': tensor '\(tensor)' occurs twice"
        case .unsafeShardName(let file, let found):
            "'\(file)': shard '\(found)' must be a plain file name beside the index"
        case .missingFromShard(let shard, let tensor):
            "'\(shard)': no tensor '\(tensor)', which the index expects there"
        case .unexpectedInShard(let shard, let tensor, let expectedIn):
            "'\(shard)' holds tensor '\(tensor)', which the index "
                + (expectedIn.map { "expects in '\($0)'" } ?? "does not list")
        case .legacyTorchFile(let file):
            "'\(file)' is in PyTorch's format before 1.6; load it in Python and save it as safetensors"
        case .notAnArchive(let file, let found):
            "'\(file)' begins with bytes \(found), expected a zip archive by torch.save"
        case .archive(let file, let problem): "'\(file)': \(problem)"
        case .pickle(let file, let offset, let problem): "'\(file)': pickle byte \(offset): \(problem)"
        case .noStateDictionary(let file, let key, let found):
            "'\(file)': no tensors \(key.map { "under key '\($0)'" } ?? "found"); top-level keys: "
                + (found.isEmpty ? "none" : found.joined(separator: ", "))
        case .reservedName(let tensor): "a tensor may not be named '\(tensor)'"
        case .shadowed(let file, let other): "'\(file)' would be hidden by '\(other)'; remove that first"
        }
    }
}

extension ArchiveProblem: CustomStringConvertible {
    /// The end of a line for a terminal.
    public var description: String {
        switch self {
        case .noDirectory: "the zip archive has no directory at its end; fetch it again"
        case .spansDisks: "the zip archive continues in other files"
        case .outOfBounds(let limit, let found): "a zip record reaches byte \(found), expected at most \(limit)"
        case .badRecord(let offset): "no zip record at byte \(offset)"
        case .entryCount(let expected, let found): "expected \(expected) zip entries, found \(found)"
        case .badName(let offset): "the zip entry name at byte \(offset) is not UTF-8"
        case .nameMismatch(let expected, let found): "expected zip entry '\(expected)', found '\(found)'"
        case .duplicateEntry(let name): "zip entry '\(name)' occurs twice"
        case .overlap(let name): "zip entry '\(name)' overlaps another"
        case .compressed(let name, let method): "zip entry '\(name)' is compressed (method \(method)), expected stored"
        case .encrypted(let name): "zip entry '\(name)' is encrypted"
        case .noEntry(let name): "no zip entry '\(name)'; was the file written by torch.save?"
        case .checksum(let name, let expected, let found):
            "zip entry '\(name)': expected CRC-32 \(String(expected, radix: 16)), found \(String(found, radix: 16))"
        case .byteOrder(let found): "byte order '\(found)', expected 'little'"
        }
    }
}

extension PickleProblem: CustomStringConvertible {
    /// The end of a line for a terminal.
    public var description: String {
        switch self {
        case .tooLong(let limit, let found): "the pickle has \(found) bytes, expected at most \(limit)"
        case .truncated: "the pickle is cut short"
        case .refusedOpcode(let opcode): "instruction 0x\(String(opcode, radix: 16)) is not allowed"
        case .refusedGlobal(let module, let name):
            "'\(module).\(name)' is not allowed; save only tensors, or convert to safetensors in Python"
        case .protocolVersion(let found): "pickle protocol \(found), expected 2 to 5"
        case .stackUnderflow: "an operand is missing"
        case .noMemo(let slot): "memo \(slot) is empty"
        case .badText: "text is not UTF-8"
        case .integerTooLarge(let bytes): "an integer of \(bytes) bytes, expected at most 8"
        case .operand(let expected): "expected \(expected.rawValue)"
        case .noStorage(let entry): "storage '\(entry)' is not in the archive"
        case .storageSize(let entry, let expected, let found):
            "storage '\(entry)': expected \(expected) bytes, found \(found)"
        case .viewOutOfBounds(let shape, let strides, let offset, let storage):
            "a tensor of shape \(shape), strides \(strides) and offset \(offset) exceeds its storage of \(storage) elements"
        case .tooManyDimensions(let limit, let found): "a tensor of \(found) dimensions, expected at most \(limit)"
        case .shapeTooLarge(let shape): "a tensor of shape \(shape) has too many elements"
        case .nameTooLong(let limit, let found): "a name of \(found) bytes, expected at most \(limit)"
        }
    }
}

/// Text without control characters, shortened to what a terminal can show: a damaged file may hold any name.
private func oneLine(_ text: String) -> String {
    let longest = 1000
    var line = ""
    for (count, scalar) in text.unicodeScalars.enumerated() {
        guard count < longest else { return line + "…" }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: line += scalar.escaped(asASCII: true)
        default: line.unicodeScalars.append(scalar)
        }
    }
    return line
}
