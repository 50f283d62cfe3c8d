extension ConfigurationTree {
    /// The same with each `${a.b}` replaced by what is there: a whole value keeps its type, inside a text it is put in.
    public func resolvingReferences() throws(ConfigurationFileError) -> ConfigurationTree {
        var resolver = ReferenceResolver(self)
        return try resolver.resolved()
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

    /// The first key that `known` lacks, anywhere below; the items of a list are compared with those of `known`'s first.
    ///
    /// `isAllowed`: Paths that may be there although `known` lacks them.
    public func requireKnown(
        _ known: ConfigurationTree, isAllowed: ([String]) -> Bool
    ) throws(ConfigurationFileError) {
        try requireKnown(known, path: [], root: known, isAllowed)
    }

    private func requireKnown(
        _ known: ConfigurationTree, path: [String], root: ConfigurationTree, _ isAllowed: ([String]) -> Bool
    ) throws(ConfigurationFileError) {
        switch (self, known) {
        case (.mapping(let entries), .mapping(let names)):
            for entry in entries {
                let here = path + [entry.key]
                if isAllowed(here) { continue }
                guard let match = names.first(where: { $0.key == entry.key }) else {
                    throw .unknownKey(
                        path: here.joined(separator: "."), nearest: root.nearestPath(to: here))
                }
                try entry.value.requireKnown(match.value, path: here, root: root, isAllowed)
            }
        case (.list(let items), .list(let samples)):
            guard let sample = samples.first else { return }
            for (index, item) in items.enumerated() {
                try item.requireKnown(sample, path: path + [String(index)], root: root, isAllowed)
            }
        case (.mapping, _) where known != .null:
            throw .wrongType(path: path.joined(separator: "."), expected: "a value, such as \(known.summary)", found: summary)
        default:
            return
        }
    }

    /// All paths of keys below.
    private func paths(_ path: [String] = []) -> [[String]] {
        guard case .mapping(let entries) = self else { return [] }
        return entries.flatMap { [path + [$0.key]] + $0.value.paths(path + [$0.key]) }
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
