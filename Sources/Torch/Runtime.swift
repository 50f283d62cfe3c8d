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
