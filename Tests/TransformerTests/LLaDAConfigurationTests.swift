import NN
import StrictJSON
import TestSupport
import Testing
import Torch
import Transformer

@Suite struct LLaDAConfigurationTests {
    private func changed(_ key: String, _ value: JSONValue?) throws -> JSONValue {
        let json = try JSONValue(parsing: Golden.bytes("llada-tiny/config.json"))
        let members = try #require(json.objectValue).filter { $0.key != JSONString(key) }
        return .object(members + (value.map { [(key: JSONString(key), value: $0)] } ?? []))
    }

    @Test(arguments: [
        ("alibi", JSONValue.bool(true)), ("rope", .bool(false)), ("block_type", .string("sequential")),
        ("layer_norm_type", .string("low_precision")), ("activation_type", .string("gelu")),
        ("attention_layer_norm", .bool(true)), ("include_bias", .bool(true)), ("block_group_size", .integer(2)),
        ("model_type", .string("gpt2")),
    ])
    func `an architecture that no released checkpoint has is refused by name`(key: String, value: JSONValue) throws {
        let json = try changed(key, value)
        let error = #expect(throws: ConfigurationError.self) { try LLaDAConfiguration(json) }
        #expect(error?.description.contains(key) == true)
    }

    @Test(arguments: ["d_model", "n_layers", "n_heads", "vocab_size", "mask_token_id"])
    func `a field that must be there is missed by name`(key: String) throws {
        let json = try changed(key, nil)
        #expect(throws: ConfigurationError.missing(key: key)) { try LLaDAConfiguration(json) }
    }

    @Test(arguments: [
        ("n_heads", JSONValue.integer(7)), ("n_kv_heads", .integer(3)), ("d_model", .integer(0)),
        ("d_model", .integer(Int64.max)), ("vocab_size", .string("many")), ("rms_norm_eps", .integer(0)),
        ("mask_token_id", .integer(1 << 40)), ("multi_query_attention", .bool(true)),
    ])
    func `impossible numbers are refused`(key: String, value: JSONValue) throws {
        let json = try changed(key, value)
        #expect(throws: ConfigurationError.self) { try LLaDAConfiguration(json) }
    }

    @Test func `the released shape has the released number of weights`() throws {
        let configuration = LLaDAConfiguration(
            hiddenSize: 4096, layers: 32, attentionHeads: 32, mlpHiddenSize: 12288, vocabularySize: 134_656,
            maskTokenID: 126_336)
        let audit = ParameterAudit()
        _ = try LLaDA(configuration, dtype: .bfloat16, ParameterScope(audit))
        #expect(audit.expected.count == 291)
        #expect(audit.parameterCount == 8_082_690_048)
    }

    @Test func `grouped heads equal full heads whose keys and values are repeated`() throws {
        var grouped = LLaDAConfiguration(
            hiddenSize: 32, layers: 2, attentionHeads: 4, keyValueHeads: 2, mlpHiddenSize: 48, vocabularySize: 60,
            maskTokenID: 59)
        let audit = ParameterAudit()
        _ = try LLaDA(grouped, dtype: .float32, ParameterScope(audit))
        let random = RandomParameters(try RandomSource(seed: 2))
        var weights: [String: Tensor] = [:]
        for (name, shape) in audit.expected { weights[name] = try random.parameter(name, shape: shape) }
        let small = try LLaDA(grouped, dtype: .float32, ParameterScope(DictionaryParameters(weights)))
        for (name, tensor) in weights where name.contains("k_proj") || name.contains("v_proj") {
            // [2 heads · 8, 32] to [4 heads · 8, 32], each head twice
            weights[name] = try tensor.reshaped(2, 1, 8, 32).expanded(2, 2, 8, 32).reshaped(32, 32)
        }
        grouped.keyValueHeads = 4
        let large = try LLaDA(grouped, dtype: .float32, ParameterScope(DictionaryParameters(weights)))
        let ids = try RandomSource(seed: 3).integers([11], in: 0..<60)
        let layout = SequenceLayout(lengths: [11])
        let a = try small.hiddenStates(small.embed(ids), layout)
        let b = try large.hiddenStates(large.embed(ids), layout)
        #expect(try a.largestDifference(from: b) < 1e-5)
    }

    @Test func `a damaged configuration is refused or describes a possible model`() throws {
        let bytes = try Golden.bytes("llada-tiny/config.json")
        var refused = 0
        for seed in 0..<600 {
            do {
                let configuration = try LLaDAConfiguration(
                    JSONValue(parsing: Mutations.mutate(bytes, seed: UInt64(seed))))
                #expect(configuration.hiddenSize.isMultiple(of: configuration.attentionHeads))
                #expect(configuration.maskTokenID < configuration.vocabularySize)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 200)
    }
}
