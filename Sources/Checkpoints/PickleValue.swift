/// A value on the stack of an ``Unpickler``; containers are numbers of places in a ``PickleHeap``.
enum PickleValue {
    /// `None`, a truth value, a float or bytes: nothing that describes a tensor.
    case plain
    /// A list, whose elements are not kept: no state dictionary has its tensors in one.
    case list
    case integer(Int)
    case string(String)
    case tuple(Int)
    case dictionary(Int)
    case global(TorchGlobal)
    case storage(Int)
    case tensor(Int)
}

/// The globals a pickle may name.
enum TorchGlobal {
    case orderedDictionary
    case rebuildTensor
    case rebuildParameter
    case storage(ElementType)
}

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
}

/// What a pickle has built.
struct PickleHeap {
    var tuples: [[PickleValue]] = []
    var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
    var storages: [TorchStorage] = []
    var tensors: [TorchView] = []
}

/// Whether elements of `shape` lie one after another, the last dimension fastest.
func isContiguous(_ shape: [Int], _ strides: [Int]) -> Bool {
    guard !shape.contains(0) else { return true }
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
        guard stride == expected else { return false }
        expected *= size  // at most the number of elements, which fits
    }
    return true
}
