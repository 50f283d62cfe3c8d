/// A file by `torch.save`: a zip archive of one restricted pickle and the bytes of its tensors.
public struct TorchArchive {
    /// Longest tensor name accepted, in bytes of UTF-8.
    public static let longestName = 4096

    private let file: String
    private let root: PickleValue
    private let heap: PickleHeap

    /// Reads the directory and the pickle; no tensor's bytes are touched and nothing in the pickle is run.
    ///
    /// - Parameters:
    ///   - bytes: the file.
    ///   - file: its name, for messages.
    /// - Throws: ``CheckpointError`` if the archive or its pickle is damaged or asks for more than tensors.
    public init(parsing bytes: UnsafeRawBufferPointer, file: String) throws(CheckpointError) {
        if isPointerOfLFS(bytes) { throw .pointerOfLFS(file: file) }
        if Self.isLegacy(bytes) { throw .legacyTorchFile(file: file) }
        guard bytes.starts(with: [0x50, 0x4B]) else { throw .notAnArchive(file: file, found: Array(bytes.prefix(4))) }

        let (pickle, storages): (UnsafeRawBufferPointer, [String: Range<Int>])
        do {
            (pickle, storages) = try Self.open(bytes)
        } catch {
            throw .archive(file: file, error.problem)
        }
        self = try TorchArchive(pickle: pickle, storages: storages, file: file)
    }

    /// Runs the pickle of an archive whose storages lie at `storages` in the file.
    public init(
        pickle: UnsafeRawBufferPointer, storages: [String: Range<Int>], file: String
    ) throws(CheckpointError) {
        self.file = file
        var unpickler = Unpickler(pickle) { storages[$0] }
        do {
            (root, heap) = try unpickler.run()
        } catch {
            throw .pickle(file: file, offset: error.offset, error.problem)
        }
    }

    /// The tensors of a state dictionary, in its order; values that are no tensors are left out.
    ///
    /// - Parameter key: the top-level key that holds it; if `nil`, the top level itself when it has tensors, else
    ///   `model`, else `state_dict`.
    /// - Returns: at least one tensor, each within its storage.
    /// - Throws: ``CheckpointError/noStateDictionary(file:key:found:)``, or if a name occurs twice.
    public func stateDictionary(key: String? = nil) throws(CheckpointError) -> [TensorLayout] {
        guard case .dictionary(let top) = root else {
            throw .noStateDictionary(file: file, key: key, found: [])
        }
        if key == nil {
            let tensors = try tensors(in: top)
            if !tensors.isEmpty { return tensors }
        }
        for wanted in key.map({ [$0] }) ?? ["model", "state_dict"] {
            for (name, value) in heap.dictionaries[top] {
                guard case .string(wanted) = name, case .dictionary(let inner) = value else { continue }
                let tensors = try tensors(in: inner)
                if !tensors.isEmpty { return tensors }
            }
        }
        let keys = heap.dictionaries[top].lazy.compactMap { pair -> String? in
            guard case .string(let name) = pair.key else { return nil }
            return String(name.prefix(64))
        }
        throw .noStateDictionary(file: file, key: key, found: Array(keys.prefix(16)))
    }

    private func tensors(in dictionary: Int) throws(CheckpointError) -> [TensorLayout] {
        var names: Set<String> = []
        var layouts: [TensorLayout] = []
        for (key, value) in heap.dictionaries[dictionary] {
            guard case .string(let name) = key, case .tensor(let index) = value else { continue }
            guard name.utf8.count <= Self.longestName else {
                throw .pickle(
                    file: file, offset: 0, .nameTooLong(limit: Self.longestName, found: name.utf8.count))
            }
            guard names.insert(name).inserted else { throw .duplicateTensor(file: file, tensor: name) }
            let view = heap.tensors[index]
            layouts.append(
                TensorLayout(
                    name: name, elementType: view.elementType, shape: view.shape, strides: view.strides,
                    offset: view.offset, byteCount: view.byteCount))
        }
        return layouts
    }

    /// The pickle of an archive, and where in the file its storages lie.
    private static func open(
        _ bytes: UnsafeRawBufferPointer
    ) throws(ArchiveFault) -> (pickle: UnsafeRawBufferPointer, storages: [String: Range<Int>]) {
        let archive = try ZipArchive(parsing: bytes)
        // All entries lie in one folder, named after the file when it was saved.
        let pickles = archive.entries.keys.filter { $0.hasSuffix("/data.pkl") && $0.count { $0 == "/" } == 1 }
        guard let path = pickles.first, pickles.count == 1, let pickle = archive.entries[path] else {
            throw ArchiveFault(.noEntry(name: "data.pkl"))
        }
        let folder = path.dropLast("data.pkl".count)
        if let order = archive.entries[folder + "byteorder"] {
            let found = String(decoding: bytes[order.range].prefix(16), as: UTF8.self)
            guard found == "little" else { throw ArchiveFault(.byteOrder(found: found)) }
        }
        let content = UnsafeRawBufferPointer(rebasing: bytes[pickle.range])
        // torch.save can be told to leave checksums out, which are then 0. Those of the tensors would cost a full read.
        if pickle.checksum != 0, content.count <= Unpickler.longest {
            let found = crc32(content)
            guard found == pickle.checksum else {
                throw ArchiveFault(.checksum(name: path, expected: pickle.checksum, found: found))
            }
        }
        let data = folder + "data/"
        var storages: [String: Range<Int>] = [:]
        for (name, entry) in archive.entries where name.hasPrefix(data) {
            storages[String(name.dropFirst(data.count))] = entry.range
        }
        return (content, storages)
    }

    /// Whether the file begins with the pickled magic number of PyTorch before 1.6, or is the tar archive before that.
    private static func isLegacy(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let magic: [UInt8] = [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
        if bytes.count > 14, bytes[0] == 0x80, bytes[2..<14].elementsEqual(magic) { return true }
        return bytes.count > 262 && bytes[257..<262].elementsEqual("ustar".utf8)
    }
}
