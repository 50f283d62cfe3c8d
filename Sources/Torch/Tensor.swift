internal import CTorch

/// A dense array of one dtype on one device, whose copies share storage.
///
/// Sendable: the handle is never changed after it is made, libtorch counts references atomically, and operations read
/// their operands only. In-place operations (`…InPlace`) are the exception; only code that alone holds a tensor it has
/// just made, an optimizer or a parameter scope uses them.
public struct Tensor: @unchecked Sendable {
    private let handle: Handle

    /// Owns one libtorch tensor and frees it with the last copy.
    private final class Handle {
        let raw: OpaquePointer
        init(adopting raw: OpaquePointer) { self.raw = raw }
        deinit { ctorch_tensor_free(raw) }
    }

    var raw: OpaquePointer { handle.raw }

    /// What keeps the elements alive.
    var storageOwner: AnyObject { handle }

    /// Takes over a handle that the shim has made.
    init(adopting raw: OpaquePointer) { handle = Handle(adopting: raw) }

    /// Takes over the result of `body`, or throws with the operands' shapes.
    init(op name: String, _ operands: Tensor..., body: () -> OpaquePointer?) throws(TensorError) {
        guard let raw = body() else {
            throw .operation(name, shapes: operands.map(\.shape), reason: lastError())
        }
        self.init(adopting: raw)
    }

    /// Runs an in-place operation of the shim, or throws with the operands' shapes.
    static func act(_ name: String, _ operands: Tensor..., body: () -> Bool) throws(TensorError) {
        guard body() else { throw .operation(name, shapes: operands.map(\.shape), reason: lastError()) }
    }

    /// Number of dimensions.
    public var rank: Int { Int(ctorch_rank(raw)) }

    /// Length of each dimension.
    public var shape: [Int] { (0..<ctorch_rank(raw)).map { Int(ctorch_size(raw, $0)) } }

    /// Number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// Type of the elements.
    public var dtype: DType { DType(raw: ctorch_tensor_dtype(raw)) }

    /// Where the elements lie.
    public var device: Device { Device(raw: ctorch_tensor_device(raw)) }

    /// Whether the elements lie in memory in the order of their indices, without gaps.
    public var isContiguous: Bool { ctorch_is_contiguous(raw) }

    /// Length of one dimension; negative counts from the last.
    public func size(_ dimension: Int) -> Int {
        let rank = ctorch_rank(raw)
        let index = dimension < 0 ? rank + Int32(dimension) : Int32(dimension)
        precondition((0..<rank).contains(index), "dimension \(dimension) of a tensor of rank \(rank)")
        return Int(ctorch_size(raw, index))
    }

    /// The lengths of a matrix.
    public var shape2: (Int, Int) {
        get throws(TensorError) {
            let s = shape
            guard s.count == 2 else { throw .rank(expected: 2, shape: s) }
            return (s[0], s[1])
        }
    }

    /// The lengths of a tensor of three dimensions.
    public var shape3: (Int, Int, Int) {
        get throws(TensorError) {
            let s = shape
            guard s.count == 3 else { throw .rank(expected: 3, shape: s) }
            return (s[0], s[1], s[2])
        }
    }

    /// The lengths of a tensor of four dimensions.
    public var shape4: (Int, Int, Int, Int) {
        get throws(TensorError) {
            let s = shape
            guard s.count == 4 else { throw .rank(expected: 4, shape: s) }
            return (s[0], s[1], s[2], s[3])
        }
    }
}

// MARK: - To and from memory

extension Tensor {
    /// A CPU tensor of `shape` with a copy of `elements` in row-major order.
    public init<Element: TensorElement>(_ elements: [Element], shape: [Int]) throws(TensorError) {
        let expected = shape.reduce(1, *)
        guard expected == elements.count else {
            throw .elementCount(expected: expected, found: elements.count)
        }
        self = try .empty(shape, dtype: Element.dtype)
        guard expected > 0, let base = ctorch_data(raw) else { return }
        elements.withUnsafeBytes { source in
            base.copyMemory(from: source.baseAddress ?? UnsafeRawPointer(base), byteCount: source.count)
        }
    }

    /// A one-dimensional CPU tensor.
    public init<Element: TensorElement>(_ elements: [Element]) throws(TensorError) {
        try self.init(elements, shape: [elements.count])
    }

    /// A CPU tensor that reads memory which `owner` keeps alive: nothing is copied.
    ///
    /// `strides`: distance between neighbours of each dimension, in elements; `nil` when contiguous.
    public init(
        aliasing base: UnsafeMutableRawPointer, shape: [Int], strides: [Int]? = nil, dtype: DType, owner: AnyObject
    ) throws(TensorError) {
        let context = Unmanaged.passRetained(owner).toOpaque()
        let sizes = shape.map(Int64.init)
        let steps = strides?.map(Int64.init)
        let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
            guard let context else { return }
            Unmanaged<AnyObject>.fromOpaque(context).release()
        }
        let made = ctorch_alias(base, sizes, steps, Int32(sizes.count), dtype.raw, context, release)
        guard let made else { throw .operation("alias", shapes: [shape], reason: lastError()) }
        self.init(adopting: made)
    }

    /// The elements in row-major order, as a copy in the program's memory.
    ///
    /// - Throws: ``TensorError/dtype(expected:found:)`` when the tensor holds another type.
    public func array<Element: TensorElement>(of type: Element.Type = Element.self) throws(TensorError) -> [Element] {
        guard dtype == Element.dtype else { throw .dtype(expected: Element.dtype, found: dtype) }
        let here = try to(.cpu).contiguous()
        let count = here.count
        guard count > 0, let base = ctorch_data(here.raw) else { return [] }
        return withExtendedLifetime(here) {
            [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
                if let target = buffer.baseAddress {
                    target.initialize(from: base.assumingMemoryBound(to: Element.self), count: count)
                }
                initialized = count
            }
        }
    }

    /// The bytes of the elements in row-major order, as a copy.
    public func bytes() throws(TensorError) -> [UInt8] {
        let here = try to(.cpu).contiguous()
        guard here.count > 0, let base = ctorch_data(here.raw) else { return [] }
        return withExtendedLifetime(here) {
            [UInt8](UnsafeRawBufferPointer(start: base, count: here.count * here.dtype.byteCount))
        }
    }

    /// The one element of a tensor that has just one, as `Double`.
    public func item() throws(TensorError) -> Double {
        let values: [Double] = try to(dtype: .float64).array()
        guard values.count == 1 else { throw .elementCount(expected: 1, found: values.count) }
        return values[0]
    }
}
