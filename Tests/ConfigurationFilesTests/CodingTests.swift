import ConfigurationFiles
import Testing

@Suite struct CodingTests {
    struct Run: Codable, Hashable {
        enum Mode: String, Codable, Hashable, CaseIterable { case slow, fast, careful }
        struct Optimizer: Codable, Hashable {
            var learningRate = 5e-5
            var beta1 = 0.9
            var isFused = false
        }
        struct Source: Codable, Hashable {
            var path = ""
            var weight = 1.0
        }
        var optimizer = Optimizer()
        var batchSizeT2i = 2
        var seed: UInt64 = 10_086
        var mode = Mode.slow
        var outputDir = "a/b é"
        var sources = [Source()]
        var blocks = [1, 2]
    }

    @Test func `a value becomes a tree under snake-case keys and comes back`() throws {
        let tree = try ConfigurationTree(encoding: Run())
        #expect(tree[path: ["optimizer", "learning_rate"]] == .real(5e-5))
        #expect(tree[path: ["batch_size_t2i"]] == .integer(2))
        #expect(tree[path: ["output_dir"]] == .text("a/b é"))
        #expect(try tree.decoded(as: Run.self) == Run())
        #expect(try ConfigurationTree(yaml: tree.yaml()).decoded(as: Run.self) == Run())
    }

    @Test(arguments: [
        ("optimizer.learning_rate=1", 1.0), ("optimizer.learning_rate=1e-4", 1e-4), ("optimizer.learning_rate=.5", 0.5),
    ])
    func `a whole number may stand where a number is wanted`(set: String, value: Double) throws {
        let (path, tree) = try ConfigurationTree.assignment(set)
        let run = try ConfigurationTree(encoding: Run()).setting(path, to: tree).decoded(as: Run.self)
        #expect(run.optimizer.learningRate == value)
    }

    @Test(arguments: [
        ("optimizer.learning_rate=fast", "optimizer.learning_rate", "a number", "'fast'"),
        ("optimizer.learning_rate=yes", "optimizer.learning_rate", "a number", "true"),
        ("optimizer.is_fused=1", "optimizer.is_fused", "true or false", "1"),
        ("batch_size_t2i=two", "batch_size_t2i", "a whole number", "'two'"),
        ("batch_size_t2i=1.5", "batch_size_t2i", "a whole number", "1.5"),
        ("batch_size_t2i=.inf", "batch_size_t2i", "a whole number", "inf"),
        ("batch_size_t2i=[1]", "batch_size_t2i", "a whole number", "a list of 1"),
        ("batch_size_t2i=1e30", "batch_size_t2i", "a whole number", "1e+30"),
        ("seed=-1", "seed", "a whole number from 0", "-1"),
        ("output_dir=5", "output_dir", "a text", "5"),
        ("optimizer=5", "optimizer", "keys below it", "5"),
        ("blocks=5", "blocks", "a list", "5"),
        ("blocks=[1, x]", "blocks.1", "a whole number", "'x'"),
        ("sources.0.weight=heavy", "sources.0.weight", "a number", "'heavy'"),
        ("mode=quick", "mode", "slow, fast or careful", "'quick'"),
    ])
    func `a wrong type is named by path, expected and found`(
        set: String, place: String, expected: String, found: String
    ) throws {
        let (path, tree) = try ConfigurationTree.assignment(set)
        let whole = try ConfigurationTree(encoding: Run()).setting(path, to: tree)
        #expect(throws: ConfigurationFileError.wrongType(path: place, expected: expected, found: found)) {
            try whole.decoded(as: Run.self, example: Run())
        }
    }
}

@Suite struct KnownKeyTests {
    private static let known = """
        optimizer: {params: {learning_rate: 1.0, weight_decay: 0.1}, name: adamw}
        lr_scheduler: {params: {warmup_steps: 1}}
        training: {batch_size_t2i: 1, batch_size_lm: 1, max_train_steps: 1}
        wandb: null
        sources: [{path: a, weight: 1.0}]
        blocks: [1]
        """

    private func check(_ yaml: String) throws {
        try ConfigurationTree(yaml: yaml).requireKnown(ConfigurationTree(yaml: Self.known))
    }

    @Test(arguments: [
        "", "optimizer: {name: x}", "wandb: {entity: null, any: {thing: 1}}", "wandb: auto", "optimizer: null",
        "sources: []", "sources: [{path: b}, {weight: 2}]", "blocks: [1, 2, 3]", "training:\n  max_train_steps: 1e3",
    ])
    func `known keys pass, and anything below a null`(yaml: String) throws {
        try check(yaml)
    }

    @Test(arguments: [
        ("optimizer: {params: {learning_rte: 1}}", "optimizer.params.learning_rte", "optimizer.params.learning_rate"),
        ("optimizer: {params: {laerning_rate: 1}}", "optimizer.params.laerning_rate", "optimizer.params.learning_rate"),
        ("training: {batch_size_mlm: 1}", "training.batch_size_mlm", "training.batch_size_lm"),
        ("trainig: {}", "trainig", "training"),
        (
            "lr_scheduler: {params: {learning_rate: 1}}", "lr_scheduler.params.learning_rate",
            "optimizer.params.learning_rate"
        ),
        ("max_train_steps: 5", "max_train_steps", "training.max_train_steps"),
        ("sources: [{path: a}, {pth: b}]", "sources.1.pth", "sources.1.path"),
        ("zzzzzzzzzz: 1", "zzzzzzzzzz", nil),
        ("optimizer.name: x", "optimizer.name", "optimizer.name"),
        ("'': 1", "", nil),
    ])
    func `an unknown key is named with the nearest`(yaml: String, path: String, nearest: String?) {
        #expect(throws: ConfigurationFileError.unknownKey(path: path, nearest: nearest)) { try check(yaml) }
    }

    @Test(arguments: [
        ("optimizer: 5", "optimizer", "keys below it", "5"),
        ("optimizer: [1]", "optimizer", "keys below it", "a list of 1"),
        ("training: {batch_size_lm: {a: 1}}", "training.batch_size_lm", "a value, such as 1", "a mapping of 1 keys"),
        ("sources: a.tar", "sources", "a list", "'a.tar'"),
        ("sources: {path: a}", "sources", "a list", "a mapping of 1 keys"),
        ("sources: [a.tar]", "sources.0", "keys below it", "'a.tar'"),
        ("training: {batch_size_lm: [1]}", "training.batch_size_lm", "a value, such as 1", "a list of 1"),
    ])
    func `another shape than the known one is refused`(yaml: String, path: String, expected: String, found: String) {
        #expect(throws: ConfigurationFileError.wrongType(path: path, expected: expected, found: found)) {
            try check(yaml)
        }
    }
}
