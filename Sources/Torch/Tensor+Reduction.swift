internal import CTorch

// What looks along a dimension: reductions, softmax, order.
extension Tensor {
    private func along(
        _ name: String, _ op: ctorch_along_op, _ dimension: Int, keeping: Bool = false
    ) throws(TensorError) -> Tensor {
        try Tensor(op: name, self) { ctorch_along(op, raw, Int32(dimension), keeping) }
    }

    /// Sum along a dimension.
    public func sum(along dimension: Int, keeping: Bool = false) throws(TensorError) -> Tensor {
        try along("sum", ctorch_sum, dimension, keeping: keeping)
    }
    /// Sum of all elements: no dimensions.
    public func sum() throws(TensorError) -> Tensor { try Tensor(op: "sum", self) { ctorch_sum_all(raw) } }
    /// Mean along a dimension.
    public func mean(along dimension: Int, keeping: Bool = false) throws(TensorError) -> Tensor {
        try along("mean", ctorch_mean, dimension, keeping: keeping)
    }
    /// Largest element along a dimension.
    public func max(along dimension: Int, keeping: Bool = false) throws(TensorError) -> Tensor {
        try along("max", ctorch_amax, dimension, keeping: keeping)
    }
    /// Smallest element along a dimension.
    public func min(along dimension: Int, keeping: Bool = false) throws(TensorError) -> Tensor {
        try along("min", ctorch_amin, dimension, keeping: keeping)
    }
    /// Where the largest element is along a dimension (the first of equals on the CPU): int64.
    public func argmax(along dimension: Int, keeping: Bool = false) throws(TensorError) -> Tensor {
        try along("argmax", ctorch_argmax, dimension, keeping: keeping)
    }
    /// Logarithm of the sum of exponentials along a dimension.
    public func logSumExp(along dimension: Int, keeping: Bool = false) throws(TensorError) -> Tensor {
        try along("logSumExp", ctorch_logsumexp, dimension, keeping: keeping)
    }
    /// Probabilities along a dimension.
    public func softmax(along dimension: Int) throws(TensorError) -> Tensor {
        try along("softmax", ctorch_softmax, dimension)
    }
    /// Logarithms of the probabilities along a dimension.
    public func logSoftmax(along dimension: Int) throws(TensorError) -> Tensor {
        try along("logSoftmax", ctorch_log_softmax, dimension)
    }
    /// Running sum along a dimension.
    public func cumulativeSum(along dimension: Int) throws(TensorError) -> Tensor {
        try along("cumulativeSum", ctorch_cumsum, dimension)
    }
    /// Whether any element is true along a dimension.
    public func any(along dimension: Int, keeping: Bool = false) throws(TensorError) -> Tensor {
        try along("any", ctorch_any, dimension, keeping: keeping)
    }
    /// Whether all elements are true along a dimension.
    public func all(along dimension: Int, keeping: Bool = false) throws(TensorError) -> Tensor {
        try along("all", ctorch_all, dimension, keeping: keeping)
    }

    /// Elements in order along a dimension, and where each came from (int64).
    public func sorted(
        along dimension: Int, descending: Bool = false
    ) throws(TensorError) -> (values: Tensor, indices: Tensor) {
        try withIndices("sort") { ctorch_sort(raw, Int32(dimension), descending, $0) }
    }

    /// The largest `count` elements along a dimension, largest first, and where each is (int64).
    public func topK(_ count: Int, along dimension: Int = -1) throws(TensorError) -> (values: Tensor, indices: Tensor) {
        try withIndices("topK \(count)") { ctorch_topk(raw, Int64(count), Int32(dimension), $0) }
    }

    /// Whether shape and all elements agree.
    public func isEqual(to other: Tensor) throws(TensorError) -> Bool {
        var result = false
        try Tensor.act("isEqual", self, other) { ctorch_equal(raw, other.raw, &result) }
        return result
    }

    private func withIndices(
        _ name: String, _ body: (UnsafeMutablePointer<OpaquePointer?>) -> OpaquePointer?
    ) throws(TensorError) -> (values: Tensor, indices: Tensor) {
        var order: OpaquePointer?
        let values = try Tensor(op: name, self) { body(&order) }
        guard let order else { throw .operation(name, shapes: [shape], reason: "no indices came back") }
        return (values, Tensor(adopting: order))
    }
}
