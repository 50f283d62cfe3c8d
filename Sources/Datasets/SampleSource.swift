import Synchronization
public import TextTokenizer

/// The shards of one named source, and how their samples become records.
public final class SampleSource: Sendable {
    /// Opens one shard.
    public typealias ShardOpener = @Sendable (_ path: String) throws(DatasetError) -> any ShardReader

    /// Readers that stay open.
    private static let openReaders = 32

    /// Name in the configuration.
    public let name: String
    /// Paths of files or directories.
    public let shards: [String]

    private let builder: any RecordBuilder
    private let tokenLimit: TokenLimit?
    private let promptContains: [String]
    private let open: ShardOpener
    private let readers = Mutex<[(shard: Int, reader: any ShardReader)]>([])

    /// A source.
    ///
    /// - Parameters:
    ///   - name: Its name, for records, messages and seeds.
    ///   - shards: Paths; at least one.
    ///   - builder: Makes records.
    ///   - tokenLimit: Longer samples are passed over; `nil` for no limit.
    ///   - promptContains: Samples whose prompt has none of these in it are passed over; empty for none.
    ///   - open: Opens one shard.
    /// - Throws: ``DatasetError/noShards(pattern:)``.
    public init(
        name: String, shards: [String], builder: any RecordBuilder, tokenLimit: TokenLimit? = nil,
        promptContains: [String] = [], open: @escaping ShardOpener
    ) throws(DatasetError) {
        guard !shards.isEmpty else { throw .noShards(pattern: name) }
        self.name = name
        self.shards = shards
        self.builder = builder
        self.tokenLimit = tokenLimit
        self.promptContains = promptContains
        self.open = open
    }

    /// The record of the sample at an address, or why there is none; callable from any thread.
    ///
    /// - Parameters:
    ///   - address: Where the sample is.
    ///   - pass: Number of the pass; random choices differ from pass to pass.
    ///   - seed: The run's seed.
    /// - Returns: The record, or a reason to pass the sample over.
    /// - Throws: ``DatasetError`` if the sample is broken.
    public func outcome(at address: SampleAddress, pass: Int, seed: UInt64) throws(DatasetError) -> BuildOutcome {
        // Addresses come from saved positions too, which may be damaged.
        guard address.position >= 0 else { throw .missingFile(path: "\(name), sample \(address.position)") }
        let sample = try reader(address.shard).load(at: address.position)
        var random = SampleRandom(seed: seed, pass: pass, id: sample.id)
        let outcome = try builder.build(sample, random: &random)
        guard case .record(var record) = outcome else { return outcome }
        if !promptContains.isEmpty, !promptContains.contains(where: record.prompt.contains) {
            return .skip(.otherPrompt)
        }
        if let tokenLimit, !tokenLimit.admits(record) { return .skip(.tooLong) }
        record.source = name
        if record.id.isEmpty { record.id = sample.id }
        return .record(record)
    }

    /// The reader of a shard, opened now or lately.
    func reader(_ shard: Int) throws(DatasetError) -> any ShardReader {
        guard shards.indices.contains(shard) else { throw .missingFile(path: "\(name), shard \(shard)") }
        return try readers.withLock { (readers) throws(DatasetError) in
            if let place = readers.lastIndex(where: { $0.shard == shard }) {
                let found = readers.remove(at: place)
                readers.append(found)
                return found.reader
            }
            let reader = try open(shards[shard])
            readers.append((shard, reader))
            if readers.count > Self.openReaders { readers.removeFirst() }
            return reader
        }
    }

    /// Tells this list of shards from another, wherever the directory is mounted.
    var fingerprint: String {
        var hash = StableHash()
        for shard in shards { hash.combine(shard.split(separator: "/").last.map(String.init) ?? shard) }
        return String(hash.value, radix: 16)
    }
}

/// The most tokens that the text of a sample may have: longer samples are passed over, never cut.
public struct TokenLimit: Sendable {
    private let maxTokens: Int
    private let count: @Sendable (String) -> Int

    /// A limit, in tokens of a tokenizer.
    public init(tokenizer: Tokenizer, maxTokens: Int) {
        self.init(maxTokens: maxTokens) { tokenizer.encode($0, addingSpecialTokens: false).count }
    }

    /// A limit, in whatever `count` counts; it is called from many threads.
    public init(maxTokens: Int, count: @escaping @Sendable (String) -> Int) {
        self.maxTokens = maxTokens
        self.count = count
    }

    /// Whether all text of a record together keeps to the limit.
    public func admits(_ record: Record) -> Bool {
        let texts = [record.prompt, record.reasoning, record.answer, record.formatted] + record.turns.map(\.text)
        var rest = maxTokens
        for text in texts where !text.isEmpty {
            // No vocabulary holds a token of so many bytes: a long text need not be encoded to be refused.
            guard text.utf8.count / 256 <= rest else { return false }
            rest -= count(text)
            if rest < 0 { return false }
        }
        return true
    }
}
