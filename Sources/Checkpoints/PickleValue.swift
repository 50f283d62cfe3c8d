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

/// What a pickle has built.
struct PickleHeap {
    var tuples: [[PickleValue]] = []
    var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
    var storages: [TorchStorage] = []
    var tensors: [TorchView] = []
}
