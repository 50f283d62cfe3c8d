/// The bytes of one or more tensors in a file.
struct TorchStorage {
    let elementType: ElementType
    let elementCount: Int
    let offset: Int
}

/// A tensor without its name.
struct TorchView {
    let elementType: ElementType
    let shape: [Int]
    let strides: [Int]?
    let offset: Int
    let byteCount: Int

    /// What `_rebuild_tensor_v2` would make of a storage, checked to lie within it; `offset` counts elements from 0 up.
    init(of storage: TorchStorage, offset: Int, shape: [Int], strides: [Int]) throws(ViewFault) {
        // With strides of 0 a small storage can pose as a tensor of any size, whose bytes must still be countable.
        guard let count = elementCount(of: shape),
            !count.multipliedReportingOverflow(by: storage.elementType.byteCount).overflow
        else { throw ViewFault(problem: .shapeTooLarge(shape: shape)) }
        guard let end = Self.end(offset: offset, shape: shape, strides: strides, isEmpty: count == 0),
            end <= storage.elementCount
        else {
            throw ViewFault(
                problem: .viewOutOfBounds(
                    shape: shape, strides: strides, offset: offset, storage: storage.elementCount))
        }
        elementType = storage.elementType
        self.shape = shape
        self.strides = isContiguous(shape, strides) ? nil : strides
        // Neither can overflow: both places lie in the storage, and it in the file.
        self.offset = storage.offset + offset * elementType.byteCount
        byteCount = (end - offset) * elementType.byteCount
    }

    /// One past the last element, `nil` if that does not fit an `Int`.
    private static func end(offset: Int, shape: [Int], strides: [Int], isEmpty: Bool) -> Int? {
        if isEmpty { return offset }
        var last = offset
        for (size, stride) in zip(shape, strides) {
            let (reach, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
            let (sum, carry) = last.addingReportingOverflow(reach)
            guard !overflow, !carry else { return nil }
            last = sum
        }
        return last < .max ? last + 1 : nil
    }
}

/// A ``PickleProblem`` on its way to whoever knows where in the pickle it arose.
struct ViewFault: Error {
    let problem: PickleProblem
}

/// Whether elements of `shape` lie one after another, the last dimension fastest.
private func isContiguous(_ shape: [Int], _ strides: [Int]) -> Bool {
    guard !shape.contains(0) else { return true }
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
        guard stride == expected else { return false }
        expected *= size  // at most the number of elements, which fits
    }
    return true
}
