extension ConfigurationTree {
    /// The same with each `${a.b}` replaced by what is there: a whole value keeps its type, inside a text it is put in.
    ///
    /// `root`: Where references are looked up; by default here.
    public func resolvingReferences(in root: ConfigurationTree? = nil) throws(ConfigurationFileError)
        -> ConfigurationTree
    {
        var resolver = ReferenceResolver(root ?? self)
        return try resolver.resolved(self)
    }

    /// Reads `key.path=value`, whose value is YAML.
    public static func assignment(
        _ text: String
    ) throws(ConfigurationFileError) -> (path: [String], value: ConfigurationTree) {
        guard let equals = text.firstIndex(of: "=") else { throw .malformedSet(text) }
        let path = text[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard path.count <= maximumDepth, path.allSatisfy({ !$0.isEmpty }) else { throw .malformedSet(text) }
        let value = String(text[text.index(after: equals)...])
        return (path, value.isEmpty ? .text("") : try ConfigurationTree(value: value, file: "--set \(text)"))
    }

    /// Checks that every key here is one of `known`'s, under whose nulls anything may stand.
    ///
    /// Each item of a list is compared with the first of `known`'s.
    ///
    /// - Throws: ``ConfigurationFileError/unknownKey(path:nearest:)`` for the first that is not.
    public func requireKnown(_ known: ConfigurationTree) throws(ConfigurationFileError) {
        try requireKnown(known, path: [], root: known)
    }

    private func requireKnown(
        _ known: ConfigurationTree, path: [String], root: ConfigurationTree
    ) throws(ConfigurationFileError) {
        switch (self, known) {
        case (.mapping(let entries), .mapping(let names)):
            for entry in entries {
                let here = path + [entry.key]
                guard let match = names.first(where: { $0.key == entry.key }) else {
                    let nearest = Self.nearestName(to: entry.key, among: names).map { path + [$0] }
                    throw .unknownKey(
                        path: here.joined(separator: "."),
                        nearest: nearest?.joined(separator: ".") ?? root.nearestPath(to: here))
                }
                try entry.value.requireKnown(match.value, path: here, root: root)
            }
        case (.list(let items), .list(let samples)):
            guard let sample = samples.first else { return }
            for (index, item) in items.enumerated() {
                try item.requireKnown(sample, path: path + [String(index)], root: root)
            }
        case (_, .null), (.null, _): return
        case (.mapping, _), (.list, _), (_, .mapping), (_, .list):
            throw .wrongType(path: path.joined(separator: "."), expected: known.expectation, found: summary)
        default:
            return
        }
    }

    /// What a value in the place of this one must be.
    private var expectation: String {
        switch self {
        case .mapping: "keys below it"
        case .list: "a list"
        default: "a value, such as \(summary)"
        }
    }

    /// The neighbour that differs by few letters.
    private static func nearestName(to wanted: String, among entries: [Entry]) -> String? {
        let costs = entries.map { (name: $0.key, cost: editDistance(wanted, $0.key)) }
        guard let best = costs.min(by: { $0.cost < $1.cost }), best.cost <= max(1, wanted.utf8.count / 4) else {
            return nil
        }
        return best.name
    }

    /// All paths of keys below, without those under which anything may stand.
    private func paths(_ path: [String] = []) -> [[String]] {
        guard case .mapping(let entries) = self else { return [] }
        return entries.filter { $0.value != .null }.flatMap { [path + [$0.key]] + $0.value.paths(path + [$0.key]) }
    }

    /// The known path whose last name, or whole, differs least.
    private func nearestPath(to wanted: [String]) -> String? {
        let text = wanted.joined(separator: ".")
        let candidates = paths().map { path -> (path: String, cost: Int) in
            let whole = path.joined(separator: ".")
            let last = editDistance(wanted.last ?? "", path.last ?? "")
            return (whole, min(editDistance(text, whole), last + (path.dropLast() == wanted.dropLast() ? 0 : 1)))
        }
        guard let best = candidates.min(by: { $0.cost < $1.cost }), best.cost <= max(2, text.count / 4) else {
            return nil
        }
        return best.path
    }
}

/// Insertions, deletions, changes and swaps of neighbours that lead from one word to another (Damerau-Levenshtein).
func editDistance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.utf8.prefix(200)), Array(b.utf8.prefix(200)))
    var rows = [Array(0...b.count)]
    for i in 0..<a.count {
        var row = [i + 1]
        for j in 0..<b.count {
            var cost = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, rows[i - 1][j - 1] + 1) }
            row.append(cost)
        }
        rows.append(row)
    }
    return rows[a.count][b.count]
}
