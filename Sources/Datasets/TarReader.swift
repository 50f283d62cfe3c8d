/// Samples of a tar archive in the manner of WebDataset.
///
/// Neighbouring members that share their name up to the first dot of its last component are one sample; the rest of
/// the name, in lower case, is the part's extension. Members without a dot, directories and devices are passed over.
/// Links and names that leave the archive make the sample fail when it is loaded: nothing is ever followed or unpacked.
public struct TarReader: ShardReader {
    /// Largest member, in bytes.
    static let maxMemberBytes = 256 << 20
    /// Longest extended header or long name, in bytes.
    static let maxMetaBytes = 1 << 20
    /// Most members of a sample.
    static let maxParts = 64

    /// `nil`: positions are byte offsets.
    public var rowCount: Int? { nil }

    private let file: RandomAccessFile

    /// Opens an archive.
    ///
    /// - Throws: ``TarFault/compressed`` in a ``DatasetError`` if it must be unpacked first.
    public init(path: String) throws(DatasetError) {
        file = try RandomAccessFile(path: path)
        let isCompressed = try file.read(at: 0, count: min(2, file.byteCount)) == [0x1F, 0x8B]
        if isCompressed { throw .tar(file: path, offset: 0, .compressed) }
    }

    /// The first sample at or after `position`.
    public func next(from position: Int) throws(DatasetError) -> SampleSpan? {
        guard let group = try group(from: position) else { return nil }
        return SampleSpan(position: group.start, end: group.end)
    }

    /// The sample whose first header is at `position`.
    public func load(at position: Int) throws(DatasetError) -> RawSample {
        guard let group = try group(from: position), group.start == position else {
            throw .tar(file: file.path, offset: position, .noSample)
        }
        guard group.members.count <= Self.maxParts else {
            throw .tar(file: file.path, offset: position, .tooManyParts(limit: Self.maxParts))
        }
        var sample = RawSample(shard: file.path, key: group.key)
        for member in group.members {
            let fault: TarFault? =
                if member.isLink {
                    .link(name: member.name)
                } else if member.name.hasPrefix("/") || member.name.split(separator: "/").contains("..") {
                    .unsafeName(member.name)
                } else if sample.parts[member.part] != nil {
                    .duplicatePart(member.part)
                } else {
                    nil
                }
            if let fault { throw .tar(file: file.path, offset: member.start, fault) }
            guard member.size <= Self.maxMemberBytes else {
                throw .tooLarge(
                    file: file.path, offset: member.start, bytes: member.size, limit: Self.maxMemberBytes)
            }
            sample.parts[member.part] = try file.read(at: member.content, count: member.size)
        }
        return sample
    }

    // MARK: Groups

    private struct Group {
        var key: String
        var start: Int
        var end: Int
        var members: [Member]
    }

    /// The members of the next sample; one more than allowed at most, and none after a fault.
    private func group(from position: Int) throws(DatasetError) -> Group? {
        var group: Group?
        var position = position
        while true {
            let found: Member?
            do {
                found = try member(at: position)
            } catch {
                // What came before the fault is sound. The walk meets the fault again at the group's end.
                if let group { return group }
                throw error
            }
            guard let found else { return group }
            position = found.end
            guard !found.key.isEmpty else { continue }
            if group == nil { group = Group(key: found.key, start: found.start, end: found.end, members: []) }
            guard group?.key == found.key else { return group }
            group?.end = found.end
            if (group?.members.count ?? 0) <= Self.maxParts { group?.members.append(found) }
        }
    }

    // MARK: Members

    private struct Member {
        var name: String
        /// Empty for what is no part of a sample.
        var key = ""
        var part = ""
        var start: Int
        var content: Int
        var size: Int
        var end: Int
        var isLink = false
    }

    /// The member whose headers begin at `start`; `nil` at the end of the archive.
    private func member(at start: Int) throws(DatasetError) -> Member? {
        var position = start
        var longName: String?
        var pax: PaxRecords?
        while true {
            // An archive cut off between members has lost only the zeros at its end.
            guard position >= 0, position < file.byteCount else {
                if position > start { throw .tar(file: file.path, offset: start, .danglingHeader) }
                return nil
            }
            let block = try file.read(at: position, count: TarHeader.blockBytes)
            guard let header = try fault(at: position, { () throws(TarFault) in try TarHeader(block) }) else {
                if position > start { throw .tar(file: file.path, offset: start, .danglingHeader) }
                return nil
            }
            let content = position + TarHeader.blockBytes
            let size = header.hasContent ? header.isFile ? pax?.size ?? header.size : header.size : 0
            guard size <= file.byteCount - content else {
                throw .tar(file: file.path, offset: position, .truncated(bytes: size))
            }
            // The last block may lack its padding.
            let end = min(file.byteCount, content + (size + 511) / 512 * 512)
            switch header.kind {
            case UInt8(ascii: "x"):
                let bytes = try meta(at: content, size)
                pax = try fault(at: position) { () throws(TarFault) in try PaxRecords(bytes) }
            case UInt8(ascii: "L"):
                longName = TarHeader.text(try meta(at: content, size)[...])
            case UInt8(ascii: "g"), UInt8(ascii: "K"):
                break
            default:
                guard header.isFile || !header.hasContent, pax?.isSparse != true else {
                    let kind = pax?.isSparse == true ? "sparse" : String(decoding: [header.kind], as: UTF8.self)
                    throw .tar(file: file.path, offset: position, .unsupported(kind: kind))
                }
                return member(header, named: pax?.path ?? longName ?? header.name, start, content, size, end)
            }
            position = end
        }
    }

    private func member(
        _ header: TarHeader, named name: String, _ start: Int, _ content: Int, _ size: Int, _ end: Int
    ) -> Member {
        var member = Member(name: name, start: start, content: content, size: size, end: end, isLink: header.isLink)
        guard header.isFile || header.isLink else { return member }
        let base = name.utf8.lastIndex(of: UInt8(ascii: "/")).map { name.utf8.index(after: $0) } ?? name.startIndex
        guard let dot = name.utf8[base...].firstIndex(of: UInt8(ascii: ".")), dot > base else { return member }
        member.key = String(name[..<dot])
        member.part = name[name.utf8.index(after: dot)...].lowercased()
        return member
    }

    private func meta(at offset: Int, _ size: Int) throws(DatasetError) -> [UInt8] {
        guard size <= Self.maxMetaBytes else {
            throw .tooLarge(file: file.path, offset: offset, bytes: size, limit: Self.maxMetaBytes)
        }
        return try file.read(at: offset, count: size)
    }

    private func fault<Value>(
        at offset: Int, _ body: () throws(TarFault) -> Value
    ) throws(DatasetError) -> Value {
        do {
            return try body()
        } catch {
            throw .tar(file: file.path, offset: offset, error)
        }
    }
}
