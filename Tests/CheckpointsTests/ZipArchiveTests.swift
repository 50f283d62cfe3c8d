import Checkpoints
import Testing

private typealias Entry = ZipWriter.Entry
private let emptyDictionary: [UInt8] = [0x80, 2, 0x7D, 0x2E]
private let pickle = ZipWriter.Entry(name: "a/data.pkl", data: emptyDictionary)
/// What a sound archive of an empty dictionary ends in.
private let nothingFound = CheckpointError.noStateDictionary(file: "f", key: nil, found: [])

@Suite struct ZipArchiveTests {
    @Test(arguments: [false, true], [[], Array("a comment".utf8)])
    func `sound archives are read, with wide records and with a comment`(wide: Bool, comment: [UInt8]) {
        #expect(throws: nothingFound) { try readTorch(ZipWriter.archive([pickle], wide: wide, comment: comment)) }
    }

    @Test func `a checksum of the pickle is compared unless left out`() {
        var entry = pickle
        entry.checksum = 0
        #expect(throws: nothingFound) { try readTorch(ZipWriter.archive([entry])) }
        entry.checksum = 1
        #expect(
            throws: CheckpointError.archive(file: "f", .checksum(name: "a/data.pkl", expected: 1, found: 0x89DE_B73D))
        ) {
            try readTorch(ZipWriter.archive([entry]))
        }
    }

    @Test(
        arguments: [
            ([], .noEntry(name: "data.pkl")),
            ([Entry(name: "data.pkl", data: emptyDictionary)], .noEntry(name: "data.pkl")),
            ([pickle, Entry(name: "b/data.pkl", data: [])], .noEntry(name: "data.pkl")),
            ([pickle, pickle], .duplicateEntry(name: "a/data.pkl")),
            ([pickle, Entry(name: "a/x", data: [], method: 8)], .compressed(name: "a/x", method: 8)),
            ([pickle, Entry(name: "a/x", data: [], flags: 1)], .encrypted(name: "a/x")),
            ([pickle, Entry(name: "a/x", data: [], localName: "a/y")], .nameMismatch(expected: "a/x", found: "a/y")),
            ([pickle, Entry(name: "a/x", data: [], claimedOffset: 1)], .badRecord(offset: 1)),
            (
                [pickle, Entry(name: "a/x", data: [], claimedOffset: 1 << 30)],
                .outOfBounds(limit: 128, found: 1 << 30)
            ),
        ] as [([ZipWriter.Entry], ArchiveProblem)])
    func `an unsound archive is refused for what is wrong`(entries: [ZipWriter.Entry], problem: ArchiveProblem) {
        for wide in [false, true] {
            #expect(throws: CheckpointError.archive(file: "f", problem)) {
                try readTorch(ZipWriter.archive(entries, wide: wide))
            }
        }
    }

    @Test func `entries that share bytes are refused`() {
        let inner = ZipWriter.archive([Entry(name: "a/y", data: [1])])
        // The second entry lies in the data of the first, which begin at byte 64.
        let outer = ZipWriter.archive([
            Entry(name: "a/x", data: inner), pickle, Entry(name: "a/y", data: [1], claimedOffset: 64),
        ])
        #expect(throws: CheckpointError.archive(file: "f", .overlap(name: "a/y"))) { try readTorch(outer) }
    }

    @Test(arguments: [false, true]) func `every byte cut from the end of an archive is noticed`(wide: Bool) {
        let bytes = ZipWriter.archive([pickle], wide: wide)
        for count in bytes.indices {
            #expect(throws: CheckpointError.self) { try readTorch(Array(bytes.prefix(count))) }
        }
        #expect(throws: CheckpointError.archive(file: "f", .noDirectory)) { try readTorch(bytes + [0]) }
    }
}
