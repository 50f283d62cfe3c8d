internal import CTorch

/// Settings of the tensor engine that hold for the whole process.
public enum TensorRuntime {
    /// Version of libtorch that the program was built with.
    public static var version: String { String(cString: ctorch_version()) }

    /// Processor threads that one operation may use.
    public static var threadCount: Int {
        get { Int(ctorch_thread_count()) }
        set { ctorch_set_thread_count(Int32(clamping: max(1, newValue))) }
    }

    /// Whether the processor multiplies bfloat16 matrices in hardware; without, float32 is several times faster.
    public static var hasFastBFloat16: Bool { ctorch_has_fast_bfloat16() }

    /// Lets the process keep memory of freed tensors for the next step, up to `bytes`.
    ///
    /// A program's choice, to be made before its first tensor: activations of a pass are otherwise given back to the
    /// system and faulted in again, page by page, in the next. Does nothing where the C library has no such setting.
    public static func keepFreedMemory(upTo bytes: Int) { ctorch_keep_freed_memory(Int64(bytes)) }
}

/// Runs `body` without recording what a gradient would need; tensors made inside cannot be trained on later.
///
/// The switch belongs to the thread, so `body` is synchronous.
public func withoutGradient<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    guard let scope = ctorch_inference_begin() else { return try body() }
    defer { ctorch_inference_end(scope) }
    return try body()
}
