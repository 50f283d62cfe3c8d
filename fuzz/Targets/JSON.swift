// modules: StrictJSON
// seeds: Tests/Golden/llada-tiny/config.json Tests/Golden/tokenizer/role_ids.json Tests/Golden/tokenizer/tokenizer_config.json
import StrictJSON

/// Whatever is accepted must survive being written and parsed again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard let value = try? JSONValue(parsing: UnsafeRawBufferPointer(start: data, count: count)) else { return 0 }
    guard let again = try? JSONValue(parsing: value.serialized()) else {
        preconditionFailure("what was written is not accepted")
    }
    precondition(again == value, "a round trip changes the value")
    return 0
}
