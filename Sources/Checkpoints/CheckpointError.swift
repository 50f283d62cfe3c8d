public import StrictJSON

/// Why a checkpoint could not be found, read or written.
public enum CheckpointError: Error, Hashable, Sendable {
    // Files

    /// A system call failed with this `errno`.
    case system(operation: SystemOperation, file: String, code: Int32)
    /// A directory, pipe or device stands where a file should.
    case notRegularFile(file: String)
    /// The file has no bytes.
    case emptyFile(file: String)
    /// The file ends before byte `expected`.
    case truncated(file: String, expected: Int, found: Int)
    /// Git LFS has left its pointer in place of the file.
    case pointerOfLFS(file: String)
    /// No file of these names is in the directory.
    case noCheckpoint(directory: String, expected: [String])
    /// The file is neither safetensors nor a PyTorch archive, by its name.
    case unknownFormat(file: String)
    /// No tensor of this name is in these files.
    case noTensor(files: [String], tensor: String)
    /// The tensor is sound but of a type this package does not compute with.
    case unsupportedElementType(file: String, tensor: String, found: String)

    // Safetensors

    /// The header claims `found` bytes.
    case headerTooLong(file: String, limit: Int, found: UInt64)
    /// The header does not begin with a brace; `found` is its first byte, `nil` if it has none.
    case headerNotObject(file: String, found: UInt8?)
    /// A header or index is not JSON.
    case json(file: String, JSONError)
    /// The value at the path `at` of a header or index is missing or of another kind.
    case malformed(file: String, at: String, expected: JSONShape)
    /// A dtype that the format does not have.
    case unknownElementType(file: String, tensor: String, found: String)
    /// The number of elements or bytes overflows.
    case shapeTooLarge(file: String, tensor: String, shape: [Int])
    /// Elements smaller than a byte do not fill their last one.
    case partialByte(file: String, tensor: String, elementType: String, elements: Int)
    /// The shape and type ask for `expected` bytes.
    case sizeMismatch(file: String, tensor: String, expected: Int, found: Int)
    /// The tensor leaves a hole, overlaps the one before it or ends before it begins.
    case misplaced(file: String, tensor: String, expected: Int, found: Int)
    /// The tensors cover `expected` bytes of data.
    case dataSize(file: String, expected: Int, found: Int)
    /// Two tensors of one name in a file.
    case duplicateTensor(file: String, tensor: String)

    // Shards

    /// The index names a shard that is not a plain file name.
    case unsafeShardName(file: String, found: String)
    /// The index expects the tensor in the shard.
    case missingFromShard(shard: String, tensor: String)
    /// The shard holds a tensor that the index does not expect in it; `expectedIn` is where it does, if anywhere.
    case unexpectedInShard(shard: String, tensor: String, expectedIn: String?)

    // PyTorch archives

    /// A pickle as written before PyTorch 1.6.
    case legacyTorchFile(file: String)
    /// The file does not begin like a zip archive.
    case notAnArchive(file: String, found: [UInt8])
    /// The zip archive is damaged or of a kind that `torch.save` does not write.
    case archive(file: String, ArchiveProblem)
    /// The pickle in the archive is damaged or asks for more than tensors and plain values.
    case pickle(file: String, offset: Int, PickleProblem)
    /// There is no dictionary of tensors at the top, or under the key asked for.
    case noStateDictionary(file: String, key: String?, found: [String])

    // Writing

    /// The name cannot be written.
    case reservedName(tensor: String)
    /// A checkpoint that readers prefer already lies in the directory.
    case shadowed(file: String, by: String)
}

/// A system call made for a checkpoint.
public enum SystemOperation: String, Hashable, Sendable {
    /// `open`.
    case open
    /// `fstat`.
    case status = "inspect"
    /// `mmap`.
    case map
    /// `write`.
    case write
    /// `fsync`.
    case synchronize = "flush to disk"
    /// `rename`.
    case rename
}

/// What a value in a header or index must be.
public enum JSONShape: String, Hashable, Sendable {
    /// An object.
    case object = "an object"
    /// A string.
    case string = "a string"
    /// An array of sizes.
    case sizes = "an array of integers from 0 up"
    /// Begin and end.
    case twoSizes = "two integers from 0 up"
}

/// What is wrong with a zip archive.
public enum ArchiveProblem: Hashable, Sendable {
    /// No end-of-directory record closes the file: it is cut short or something follows it.
    case noDirectory
    /// The archive continues in other files.
    case spansDisks
    /// The directory should end at, or a record should lie within, byte `limit`, and reaches `found`.
    case outOfBounds(limit: Int, found: UInt64)
    /// A record does not begin with its signature.
    case badRecord(offset: Int)
    /// The directory announces `expected` entries.
    case entryCount(expected: UInt64, found: Int)
    /// An entry's name is not UTF-8.
    case badName(offset: Int)
    /// An entry's own header gives another name than the directory.
    case nameMismatch(expected: String, found: String)
    /// Two entries of one name.
    case duplicateEntry(name: String)
    /// The bytes of an entry overlap those of another.
    case overlap(name: String)
    /// An entry is compressed by `method`, which `torch.save` never does.
    case compressed(name: String, method: UInt16)
    /// An entry is encrypted.
    case encrypted(name: String)
    /// An entry that must be there is not.
    case noEntry(name: String)
    /// An entry's bytes do not match their checksum.
    case checksum(name: String, expected: UInt32, found: UInt32)
    /// The archive is of big-endian data, or of an order unknown.
    case byteOrder(found: String)
}

/// What is wrong with a pickle.
public enum PickleProblem: Hashable, Sendable {
    /// The pickle has `found` bytes.
    case tooLong(limit: Int, found: Int)
    /// The pickle ends inside an instruction or before its last.
    case truncated
    /// An instruction that no checkpoint of tensors needs.
    case refusedOpcode(UInt8)
    /// A class or function that no checkpoint of tensors needs; it is never called.
    case refusedGlobal(module: String, name: String)
    /// A protocol other than 2 to 5.
    case protocolVersion(UInt8)
    /// An instruction takes more from the stack than is there.
    case stackUnderflow
    /// A memo slot that was never filled.
    case noMemo(UInt64)
    /// Text that is not UTF-8.
    case badText
    /// An integer of more than 64 bits.
    case integerTooLarge(bytes: Int)
    /// An operand is not of the kind the instruction or function takes.
    case operand(expected: PickleOperand)
    /// A storage that has no entry in the archive.
    case noStorage(entry: String)
    /// A storage of `expected` bytes whose entry has another size.
    case storageSize(entry: String, expected: Int, found: Int)
    /// A view reaches past the end of its storage, both counted in elements.
    case viewOutOfBounds(shape: [Int], strides: [Int], offset: Int, storage: Int)
    /// A tensor of more dimensions than PyTorch allows.
    case tooManyDimensions(limit: Int, found: Int)
    /// The number of elements overflows.
    case shapeTooLarge(shape: [Int])
    /// A tensor's name is longer than any model's.
    case nameTooLong(limit: Int, found: Int)
}

/// What an instruction of a pickle takes.
public enum PickleOperand: String, Hashable, Sendable {
    /// A mark on the stack.
    case mark = "a mark"
    /// A list.
    case list = "a list"
    /// A dictionary.
    case dictionary = "a dictionary"
    /// Keys and values in pairs.
    case pairs = "keys and values in pairs"
    /// A string.
    case string = "a string"
    /// A callable and a tuple.
    case call = "a function and its arguments"
    /// The arguments of `_rebuild_tensor_v2`.
    case tensorArguments = "(storage, offset, shape, strides, …)"
    /// The arguments of `_rebuild_parameter`.
    case parameterArguments = "(tensor, …)"
    /// No arguments.
    case noArguments = "no arguments"
    /// A tuple of integers from 0 up.
    case sizes = "a tuple of integers from 0 up"
    /// A persistent id.
    case storage = "('storage', class, key, location, size)"
}
