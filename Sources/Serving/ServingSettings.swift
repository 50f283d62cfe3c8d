import Diffusion
public import MMaDA

/// How a model is served.
public struct ServingSettings: Sendable {
    /// Address to listen on; only this machine can reach the default.
    public var host = "127.0.0.1"
    /// Port to listen on; 0 for any that is free.
    public var port = 8080
    /// The model's name in the API.
    public var modelName = "mmada"
    /// Keys of which a request must carry one; empty for none.
    public var keys: [String] = []
    /// Origins whose pages may call the API from a browser, besides the server's own; empty for none.
    public var allowedOrigins: [String] = []
    /// Requests and tokens that take steps at the same time.
    public var capacity = InferenceEngine.Capacity()
    /// Requests that may wait for that; further ones are refused.
    public var queueLength = 64
    /// Largest body of a request, in bytes.
    public var maxBodyBytes = 32 << 20
    /// Most pixels of a picture that is sent.
    public var maxPicturePixels = 16 << 20
    /// Most tokens of an answer.
    public var maxGenLength = 4096
    /// Most denoising steps of a request.
    public var maxSteps = 4096
    /// Most answers or pictures of a request.
    public var maxCount = 8
    /// What requests that do not say otherwise get.
    public var defaults = GenerationDefaults()
    /// Seconds that a connection may take for a request's head and body, or stay idle.
    public var readTimeout = 30
    /// Seconds that a request may take from its arrival to its end.
    public var requestTimeout = 600
    /// Seconds that running work gets to end, once the server is told to stop.
    public var shutdownTimeout = 7

    /// Every default.
    public init() {}
}
