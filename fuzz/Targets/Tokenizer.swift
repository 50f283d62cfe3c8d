// modules: StrictJSON TextTokenizer
// seeds: Tests/Golden/tokenizer/tokenizer.json Tests/Golden/tokenizer-llama3/tokenizer.json
import TextTokenizer

/// What is accepted must encode and decode anything without trapping, and never give an ordinary text a special id.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    do {
        let tokenizer = try Tokenizer(json: Array(UnsafeBufferPointer(start: data, count: count)))
        let text = "Hello, wörld! 12345 \n\t <|endoftext|> \u{1F600}e\u{301}"
        let ids = tokenizer.encodeOrdinary(text)
        precondition(!ids.contains(where: tokenizer.isSpecial), "a special id from ordinary text")
        _ = tokenizer.encode(text)
        _ = tokenizer.decode(ids + [-1, 0, Int32.max])
    } catch {
        precondition(!error.description.isEmpty)
    }
    return 0
}
