import Checkpoints
import Foundation
import NN
import TestSupport
import Testing
import Torch

@Suite struct ParameterScopeTests {
    @Test func `a path in the scope is the checkpoint's name`() throws {
        let weight = try Tensor.ones([2, 3], dtype: .float32)
        let scope = ParameterScope(DictionaryParameters(["model.blocks.4.q_proj.weight": weight]))
        let layer = try Linear(3, 2, bias: false, scope / "model" / "blocks" / 4 / "q_proj")
        #expect(try layer(Tensor.ones([1, 3], dtype: .float32)).array(of: Float.self) == [3, 3])
    }

    @Test func `a missing name and a wrong shape are errors that name both`() throws {
        let scope = ParameterScope(DictionaryParameters(["a.weight": try Tensor.ones([2, 3], dtype: .float32)]))
        #expect(throws: ParameterError.missing(name: "b.weight")) { try Linear(3, 2, bias: false, scope / "b") }
        #expect(throws: ParameterError.shapeMismatch(name: "a.weight", expected: [5, 3], found: [2, 3])) {
            try Linear(3, 5, bias: false, scope / "a")
        }
    }

    @Test func `what a model does not ask for is an error too`() throws {
        let checkpoint = try Checkpoint(directory: Golden.file("llada-tiny"), stems: ["model"])
        let parameters = CheckpointParameters(checkpoint)
        #expect(throws: ParameterError.self) { try parameters.finish() }
        #expect(throws: Never.self) { try parameters.finish(ignoring: Set(checkpoint.names)) }
    }

    @Test func `an audit lists what a model would ask for without taking memory`() throws {
        let audit = ParameterAudit()
        _ = try Linear(1 << 17, 1 << 17, bias: true, ParameterScope(audit) / "huge")
        #expect(audit.expected.map(\.name) == ["huge.weight", "huge.bias"])
        #expect(audit.parameterCount == (1 << 34) + (1 << 17))
    }

    @Test func `a part of a converted head equals that part of the whole`() throws {
        let random = try RandomSource(seed: 1)
        let weight = try random.normal([40, 16]).to(dtype: .bfloat16)
        let head = try Linear(16, 40, bias: false, ParameterScope(DictionaryParameters(["weight": weight])))
        let x = try random.normal([3, 16])
        let whole = try x.linear(weight.to(dtype: .float32))
        #expect(try head(x, outputs: 7..<33).largestDifference(from: whole.slice(7..<33, along: 1)) < 1e-5)
        #expect(try head(x).largestDifference(from: whole) < 1e-5)
    }
}
