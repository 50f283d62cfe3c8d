internal import CTorch

// Views and movement: what changes where elements lie, and not their values.
extension Tensor {
    /// The same elements as another type or on another device; `self` where nothing changes.
    ///
    /// `copying`: makes new storage even then.
    public func to(
        _ device: Device? = nil, dtype: DType? = nil, copying: Bool = false
    ) throws(TensorError) -> Tensor {
        let type = dtype ?? self.dtype
        let place = device ?? self.device
        if !copying, type == self.dtype, place == self.device { return self }
        return try Tensor(op: "to", self) { ctorch_to(raw, type.raw, place.raw, copying) }
    }

    /// The same elements in row-major memory order.
    public func contiguous() throws(TensorError) -> Tensor {
        try Tensor(op: "contiguous", self) { ctorch_contiguous(raw) }
    }

    /// The same elements in another shape; one length may be -1, to be worked out.
    public func reshaped(_ shape: [Int]) throws(TensorError) -> Tensor {
        try Tensor(op: "reshape to \(shape)", self) {
            ctorch_reshape(raw, shape.map(Int64.init), Int32(shape.count))
        }
    }

    /// The same elements in another shape; one length may be -1, to be worked out.
    public func reshaped(_ shape: Int...) throws(TensorError) -> Tensor { try reshaped(shape) }

    /// The bytes of a contiguous CPU tensor read as elements of another type, with gaps or overlaps as `strides` says.
    ///
    /// - Throws: ``TensorError`` when the bytes do not suffice.
    public func viewed(as dtype: DType, shape: [Int], strides: [Int]? = nil) throws(TensorError) -> Tensor {
        let reach = zip(shape, strides ?? []).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
        let needed = (strides == nil ? shape.reduce(1, *) : reach) * dtype.byteCount
        let available = count * self.dtype.byteCount
        guard isContiguous, needed <= available, let base = ctorch_data(raw) else {
            throw .elementCount(expected: needed, found: available)
        }
        return try Tensor(aliasing: base, shape: shape, strides: strides, dtype: dtype, owner: storageOwner)
    }

    /// Repeats dimensions of length 1, without copying; -1 keeps a length.
    public func expanded(_ shape: Int...) throws(TensorError) -> Tensor { try expanded(to: shape) }

    /// Repeats dimensions of length 1, without copying; -1 keeps a length.
    public func expanded(to shape: [Int]) throws(TensorError) -> Tensor {
        try Tensor(op: "expand to \(shape)", self) { ctorch_expand(raw, shape.map(Int64.init), Int32(shape.count)) }
    }

    /// Dimensions in another order.
    public func permuted(_ order: Int...) throws(TensorError) -> Tensor {
        try Tensor(op: "permute by \(order)", self) { ctorch_permute(raw, order.map(Int64.init), Int32(order.count)) }
    }

    /// Two dimensions exchanged.
    public func transposed(_ first: Int, _ second: Int) throws(TensorError) -> Tensor {
        try Tensor(op: "transpose \(first), \(second)", self) { ctorch_transpose(raw, Int32(first), Int32(second)) }
    }

    /// The part of one dimension that `range` names, as a view.
    public func slice(_ range: Range<Int>, along dimension: Int = 0) throws(TensorError) -> Tensor {
        let length = size(dimension)
        guard range.lowerBound >= 0, range.upperBound <= length else {
            throw .operation(
                "slice \(range) along \(dimension)", shapes: [shape], reason: "the range is not inside 0..<\(length)")
        }
        return try Tensor(op: "slice", self) {
            ctorch_slice(raw, Int32(dimension), Int64(range.lowerBound), Int64(range.upperBound), 1)
        }
    }

    /// Every `step`-th index of one dimension, as a view.
    public func stride(by step: Int, along dimension: Int) throws(TensorError) -> Tensor {
        try Tensor(op: "stride", self) { ctorch_slice(raw, Int32(dimension), 0, Int64.max, Int64(step)) }
    }

    /// One index of one dimension, which goes away.
    public func select(_ index: Int, along dimension: Int = 0) throws(TensorError) -> Tensor {
        try Tensor(op: "select \(index) along \(dimension)", self) {
            ctorch_select(raw, Int32(dimension), Int64(index))
        }
    }

    /// A new dimension of length 1.
    public func unsqueezed(_ dimension: Int) throws(TensorError) -> Tensor {
        try Tensor(op: "unsqueeze", self) { ctorch_unsqueeze(raw, Int32(dimension)) }
    }

    /// Without one dimension, where its length is 1.
    public func squeezed(_ dimension: Int) throws(TensorError) -> Tensor {
        try Tensor(op: "squeeze", self) { ctorch_squeeze(raw, Int32(dimension)) }
    }

    /// Tensors joined along a dimension they have.
    public static func cat(_ tensors: [Tensor], along dimension: Int = 0) throws(TensorError) -> Tensor {
        if tensors.count == 1 { return tensors[0] }
        let made = ctorch_cat(tensors.map(\.raw), Int32(tensors.count), Int32(dimension))
        withExtendedLifetime(tensors) {}
        guard let made else { throw .operation("cat", shapes: tensors.map(\.shape), reason: lastError()) }
        return Tensor(adopting: made)
    }

    /// Tensors of one shape joined along a new dimension.
    public static func stack(_ tensors: [Tensor], along dimension: Int = 0) throws(TensorError) -> Tensor {
        let made = ctorch_stack(tensors.map(\.raw), Int32(tensors.count), Int32(dimension))
        withExtendedLifetime(tensors) {}
        guard let made else { throw .operation("stack", shapes: tensors.map(\.shape), reason: lastError()) }
        return Tensor(adopting: made)
    }

    /// Zeros added before and after each dimension; pairs start at the last one.
    public func padded(_ amounts: [Int], value: Double = 0) throws(TensorError) -> Tensor {
        try Tensor(op: "pad by \(amounts)", self) {
            ctorch_pad(raw, amounts.map(Int64.init), Int32(amounts.count), value)
        }
    }

    /// The rows (or slices along another dimension) that `indices` (`[N]`, int64 or int32) name.
    public func indexSelect(_ indices: Tensor, along dimension: Int = 0) throws(TensorError) -> Tensor {
        try Tensor(op: "indexSelect", self, indices) { ctorch_index_select(raw, Int32(dimension), indices.raw) }
    }

    /// One element along `dimension` for each element of `indices` (int64), which has the other lengths of `self`.
    public func gather(_ indices: Tensor, along dimension: Int) throws(TensorError) -> Tensor {
        try Tensor(op: "gather", self, indices) { ctorch_gather(raw, Int32(dimension), indices.raw) }
    }

    /// A copy in which the slices that `indices` name are those of `source`.
    public func replacing(
        _ indices: Tensor, along dimension: Int, with source: Tensor
    ) throws(TensorError) -> Tensor {
        try Tensor(op: "indexCopy", self, indices, source) {
            ctorch_index_copy(raw, Int32(dimension), indices.raw, source.raw)
        }
    }

    /// Elements of `a` where `self` (bool) is true, else of `b`.
    public func choosing(_ a: Tensor, else b: Tensor) throws(TensorError) -> Tensor {
        try Tensor(op: "where", self, a, b) { ctorch_where(raw, a.raw, b.raw) }
    }

    /// A copy with `value` where `mask` (bool) is true.
    public func maskedFill(_ mask: Tensor, _ value: Scalar) throws(TensorError) -> Tensor {
        try Tensor(op: "maskedFill", self, mask) { ctorch_masked_fill(raw, mask.raw, value.raw) }
    }

    /// Writes `source` over this storage, converting and broadcasting.
    public func copyInPlace(from source: Tensor) throws(TensorError) {
        try Tensor.act("copy", self, source) { ctorch_copy_in_place(raw, source.raw) }
    }
}
