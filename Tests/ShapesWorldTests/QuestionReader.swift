import ShapesWorld

/// Answers questions about a scene from their words, knowing nothing of how questions are made.
struct QuestionReader {
    let scene: Scene

    /// The answer; `nil` where the question makes no sense or has no single answer.
    func answer(_ question: String) -> String? {
        var words = question.split(separator: " ").map(String.init)
        guard words.popLast() == "?" else { return nil }
        func holds(_ text: String, at place: Int = 0) -> Bool {
            words.dropFirst(place).starts(with: text.split(separator: " ").map(String.init))
        }
        if holds("how many"), words.count > 4, words.suffix(2) == ["are", "there"] {
            return objects(Array(words.dropFirst(2).dropLast(2))).map { "\($0.count)" }
        }
        if holds("is there a") { return objects(Array(words.dropFirst(3))).map { $0.isEmpty ? "no" : "yes" } }
        if words == ["what", "color", "is", "the", "background"] { return scene.background.rawValue }
        if holds("what color is the") { return single(words.dropFirst(4))?.color.rawValue }
        if holds("what shape is") { return single(words.dropFirst(3))?.shape.rawValue }
        if holds("what size is the") { return single(words.dropFirst(4))?.size.rawValue }
        if holds("are there more"), words.count == 6, words[4] == "than" {
            guard let first = objects([words[3]]), let second = objects([words[5]]) else { return nil }
            return first.count > second.count ? "yes" : "no"
        }
        guard holds("is the"), words.count >= 8, let a = single(words[2...3]), let b = single(words.suffix(2)) else {
            return nil
        }
        return stands(a, Array(words[4...].dropLast(3)), b).map { $0 ? "yes" : "no" }
    }

    private func stands(_ a: SceneObject, _ relation: [String], _ b: SceneObject) -> Bool? {
        switch relation {
        case ["left", "of"]: a.x < b.x
        case ["right", "of"]: a.x > b.x
        case ["above"]: a.y < b.y
        case ["below"]: a.y > b.y
        default: nil
        }
    }

    private func single(_ words: some Sequence<String>) -> SceneObject? {
        let found = objects(Array(words)) ?? []
        return found.count == 1 ? found[0] : nil
    }

    /// Objects that each of the words fits: "red circle", "red shapes", "circles", "shapes".
    private func objects(_ words: [String]) -> [SceneObject]? {
        var found = scene.objects
        for word in words {
            if let color = ShapeColor(rawValue: word) {
                found = found.filter { $0.color == color }
            } else if let shape = ShapeKind.allCases.first(where: { [$0.rawValue, $0.plural].contains(word) }) {
                found = found.filter { $0.shape == shape }
            } else if word != "shapes" {
                return nil
            }
        }
        return words.isEmpty ? nil : found
    }
}
