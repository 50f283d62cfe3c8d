/// Where and how one tensor lies in a file.
public struct TensorLayout: Hashable, Sendable {
    /// The name in the checkpoint.
    public let name: String
    /// The type of its elements.
    public let elementType: ElementType
    /// The size of each dimension; the number of elements fits an `Int`.
    public let shape: [Int]
    /// The step of each dimension in elements, or `nil` if contiguous in row-major order.
    public let strides: [Int]?
    /// The first byte, counted from the start of the file.
    public let offset: Int
    /// Bytes from the first element to the end of the last; all lie in the file.
    public let byteCount: Int
}

/// A tensor in a mapped file: nothing is read until its bytes are touched.
public struct StoredTensor: Sendable {
    /// Where the bytes lie in ``storage``.
    public let layout: TensorLayout
    /// The mapping, which lives at least as long as this value.
    public let storage: MappedFile

    /// The name in the checkpoint.
    public var name: String { layout.name }
    /// The type of its elements.
    public var elementType: ElementType { layout.elementType }
    /// The size of each dimension.
    public var shape: [Int] { layout.shape }
    /// The step of each dimension in elements, or `nil` if contiguous in row-major order.
    public var strides: [Int]? { layout.strides }
    /// The first byte, counted from the start of the file.
    public var offset: Int { layout.offset }
    /// Bytes from the first element to the end of the last.
    public var byteCount: Int { layout.byteCount }
    /// The number of elements.
    public var elementCount: Int { shape.reduce(1, *) }
    /// The first element; valid while ``storage`` lives.
    public var baseAddress: UnsafeRawPointer { storage.baseAddress + offset }
    /// Whether the first element lies on a multiple of its size, so that it may be read in place.
    ///
    /// Files by the reference writer always do; the format does not demand it.
    public var isAligned: Bool { offset % elementType.byteCount == 0 }

    /// Calls `body` with the bytes in the file; for a strided tensor, also those between its elements.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try withExtendedLifetime(storage) { try body(UnsafeRawBufferPointer(start: baseAddress, count: byteCount)) }
    }
}

/// The number of elements of `shape`, or `nil` if it or any product on the way would not fit an `Int`.
///
/// Dimensions of size 0 are taken as 1 on the way, so that a caller may multiply in any order.
func elementCount(of shape: [Int]) -> Int? {
    var product = 1
    for size in shape {
        guard size >= 0 else { return nil }
        let (next, overflow) = product.multipliedReportingOverflow(by: max(size, 1))
        guard !overflow else { return nil }
        product = next
    }
    return shape.contains(0) ? 0 : product
}
