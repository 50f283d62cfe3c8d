/// A machine for the few pickle instructions that a file of tensors needs.
///
/// It builds dictionaries, tuples, numbers, strings and descriptions of tensors; it holds no class or function and can
/// call none. Any instruction or global outside the list is refused by name. Values refer to containers by number, so a
/// pickle that nests or contains itself costs neither stack nor a leak, and memory grows linearly with the pickle.
struct Unpickler {
    /// Longest pickle accepted, in bytes; that of an 8B model takes 40 kB, and 4 MiB can ask for a second of work.
    static let longest = 1 << 22
    /// Most dimensions of a tensor.
    static let maxDimensions = 16

    private let bytes: UnsafeRawBufferPointer
    private let findStorage: (String) -> Range<Int>?
    private var position = 0
    private var opcodeOffset = 0
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [UInt64: PickleValue] = [:]
    private var heap = PickleHeap()

    /// Prepares to run a pickle; `findStorage` gives the bytes in the file of an entry under `data/`.
    init(_ bytes: UnsafeRawBufferPointer, findStorage: @escaping (String) -> Range<Int>?) {
        self.bytes = bytes
        self.findStorage = findStorage
    }

    /// Runs to the end: the value left, and the containers it refers to.
    mutating func run() throws(PickleFault) -> (value: PickleValue, heap: PickleHeap) {
        guard bytes.count <= Self.longest else {
            throw fault(.tooLong(limit: Self.longest, found: bytes.count))
        }
        while true {
            opcodeOffset = position
            let code = try readByte()
            guard let opcode = PickleOpcode(rawValue: code) else { throw fault(.refusedOpcode(code)) }
            if opcode == .stop { return (try pop(), heap) }
            try execute(opcode)
        }
    }

    private mutating func execute(_ opcode: PickleOpcode) throws(PickleFault) {
        switch opcode {
        case .stop: break
        case .proto:
            let version = try readByte()
            guard (2...5).contains(version) else { throw fault(.protocolVersion(version)) }
        case .frame: _ = try readInteger(bytes: 8)
        case .mark: marks.append(stack.count)
        case .none, .newTrue, .newFalse: stack.append(.plain)
        case .binInt: stack.append(.integer(Int(Int32(truncatingIfNeeded: try readInteger(bytes: 4)))))
        case .binInt1: stack.append(.integer(Int(try readByte())))
        case .binInt2: stack.append(.integer(Int(try readInteger(bytes: 2))))
        case .long1: stack.append(.integer(try readLong()))
        case .binFloat:
            _ = try read(8)
            stack.append(.plain)
        case .binUnicode: stack.append(.string(try readText(lengthBytes: 4)))
        case .shortBinUnicode: stack.append(.string(try readText(lengthBytes: 1)))
        case .binUnicode8: stack.append(.string(try readText(lengthBytes: 8)))
        case .binBytes: try skipBytes(lengthBytes: 4)
        case .shortBinBytes: try skipBytes(lengthBytes: 1)
        case .binBytes8: try skipBytes(lengthBytes: 8)
        case .emptyList: stack.append(.list)
        case .append:
            _ = try pop()
            try checkList()
        case .appends:
            _ = try popToMark()
            try checkList()
        case .emptyTuple: pushTuple([])
        case .tuple: pushTuple(try popToMark())
        case .tuple1: pushTuple(try pop(1))
        case .tuple2: pushTuple(try pop(2))
        case .tuple3: pushTuple(try pop(3))
        case .emptyDict: pushDictionary()
        case .setItem: try setItems(try pop(2))
        case .setItems: try setItems(try popToMark())
        case .binPut: memo[UInt64(try readByte())] = try top()
        case .longBinPut: memo[try readInteger(bytes: 4)] = try top()
        case .memoize: memo[UInt64(memo.count)] = try top()
        case .binGet: try pushMemo(UInt64(try readByte()))
        case .longBinGet: try pushMemo(try readInteger(bytes: 4))
        case .global: try pushGlobal(module: try readLine(), name: try readLine())
        case .stackGlobal:
            let operands = try pop(2)
            guard case .string(let module) = operands[0], case .string(let name) = operands[1] else {
                throw fault(.operand(expected: .string))
            }
            try pushGlobal(module: module, name: name)
        case .binPersonalID: try pushStorage()
        case .reduce: try call()
        case .build:
            // An OrderedDict may carry attributes, such as the versions of its modules; none is needed.
            _ = try pop()
            guard case .dictionary = try top() else { throw fault(.operand(expected: .dictionary)) }
        }
    }

    private func fault(_ problem: PickleProblem) -> PickleFault { PickleFault(offset: opcodeOffset, problem: problem) }
}

/// A ``PickleProblem`` on its way to whoever knows the file's name.
struct PickleFault: Error {
    let offset: Int
    let problem: PickleProblem
}

// MARK: - Stack

extension Unpickler {
    private func top() throws(PickleFault) -> PickleValue {
        guard let value = stack.last, stack.count > marks.last ?? 0 else { throw fault(.stackUnderflow) }
        return value
    }

    private mutating func pop() throws(PickleFault) -> PickleValue {
        let value = try top()
        stack.removeLast()
        return value
    }

    /// The last `count` values, in the order they were pushed.
    private mutating func pop(_ count: Int) throws(PickleFault) -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else { throw fault(.stackUnderflow) }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws(PickleFault) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw fault(.operand(expected: .mark)) }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private mutating func pushMemo(_ slot: UInt64) throws(PickleFault) {
        guard let value = memo[slot] else { throw fault(.noMemo(slot)) }
        stack.append(value)
    }

    private mutating func pushTuple(_ elements: [PickleValue]) {
        stack.append(.tuple(heap.tuples.count))
        heap.tuples.append(elements)
    }

    private mutating func pushDictionary() {
        stack.append(.dictionary(heap.dictionaries.count))
        heap.dictionaries.append([])
    }

    private func checkList() throws(PickleFault) {
        guard case .list = try top() else { throw fault(.operand(expected: .list)) }
    }

    private mutating func setItems(_ items: [PickleValue]) throws(PickleFault) {
        guard case .dictionary(let dictionary) = try top() else { throw fault(.operand(expected: .dictionary)) }
        guard items.count.isMultiple(of: 2) else { throw fault(.operand(expected: .pairs)) }
        for index in stride(from: 0, to: items.count, by: 2) {
            heap.dictionaries[dictionary].append((items[index], items[index + 1]))
        }
    }
}

// MARK: - Globals

extension Unpickler {
    private mutating func pushGlobal(module: String, name: String) throws(PickleFault) {
        switch (module, name) {
        case ("collections", "OrderedDict"): stack.append(.global(.orderedDictionary))
        case ("torch._utils", "_rebuild_tensor_v2"): stack.append(.global(.rebuildTensor))
        case ("torch._utils", "_rebuild_parameter"): stack.append(.global(.rebuildParameter))
        default:
            guard module == "torch", let elementType = ElementType(torchStorage: name) else {
                throw fault(.refusedGlobal(module: module, name: name))
            }
            stack.append(.global(.storage(elementType)))
        }
    }

    private mutating func call() throws(PickleFault) {
        let operands = try pop(2)
        guard case .global(let function) = operands[0], case .tuple(let index) = operands[1] else {
            throw fault(.operand(expected: .call))
        }
        let arguments = heap.tuples[index]
        switch function {
        case .orderedDictionary:
            guard arguments.isEmpty else { throw fault(.operand(expected: .noArguments)) }
            pushDictionary()
        case .rebuildTensor:
            stack.append(.tensor(heap.tensors.count))
            heap.tensors.append(try view(arguments))
        case .rebuildParameter:
            guard arguments.count == 3, case .tensor = arguments[0] else {
                throw fault(.operand(expected: .parameterArguments))
            }
            stack.append(arguments[0])
        case .storage: throw fault(.operand(expected: .call))
        }
    }

    private mutating func pushStorage() throws(PickleFault) {
        guard case .tuple(let index) = try pop(), heap.tuples[index].count == 5 else {
            throw fault(.operand(expected: .storage))
        }
        let id = heap.tuples[index]
        guard case .string("storage") = id[0], case .global(.storage(let elementType)) = id[1],
            case .string(let entry) = id[2], case .string = id[3], case .integer(let count) = id[4], count >= 0
        else { throw fault(.operand(expected: .storage)) }
        // A short name only: a long one could be looked up, at the price of hashing it, once for every few bytes.
        guard entry.utf8.count <= 255, let range = findStorage(entry) else { throw fault(.noStorage(entry: entry)) }
        let (byteCount, overflow) = count.multipliedReportingOverflow(by: elementType.byteCount)
        guard !overflow, byteCount == range.count else {
            throw fault(.storageSize(entry: entry, expected: overflow ? .max : byteCount, found: range.count))
        }
        stack.append(.storage(heap.storages.count))
        heap.storages.append(TorchStorage(elementType: elementType, elementCount: count, offset: range.lowerBound))
    }

    /// The tensor that `_rebuild_tensor_v2` would make, checked to lie within its storage.
    private func view(_ arguments: [PickleValue]) throws(PickleFault) -> TorchView {
        guard (6...7).contains(arguments.count), case .storage(let index) = arguments[0],
            case .integer(let offset) = arguments[1], offset >= 0
        else { throw fault(.operand(expected: .tensorArguments)) }
        let storage = heap.storages[index]
        let shape = try sizes(arguments[2])
        let strides = try sizes(arguments[3])
        guard shape.count == strides.count else { throw fault(.operand(expected: .tensorArguments)) }
        do {
            return try TorchView(of: storage, offset: offset, shape: shape, strides: strides)
        } catch {
            throw fault(error.problem)
        }
    }

    private func sizes(_ value: PickleValue) throws(PickleFault) -> [Int] {
        guard case .tuple(let index) = value else { throw fault(.operand(expected: .sizes)) }
        let elements = heap.tuples[index]
        guard elements.count <= Self.maxDimensions else {
            throw fault(.tooManyDimensions(limit: Self.maxDimensions, found: elements.count))
        }
        var sizes: [Int] = []
        sizes.reserveCapacity(elements.count)
        for element in elements {
            guard case .integer(let size) = element, size >= 0 else { throw fault(.operand(expected: .sizes)) }
            sizes.append(size)
        }
        return sizes
    }
}

// MARK: - Bytes

extension Unpickler {
    private mutating func read(_ count: UInt64) throws(PickleFault) -> UnsafeRawBufferPointer {
        guard count <= UInt64(bytes.count - position) else { throw fault(.truncated) }
        defer { position += Int(count) }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + Int(count)])
    }

    private mutating func readByte() throws(PickleFault) -> UInt8 { try read(1)[0] }

    private mutating func readInteger(bytes count: UInt64) throws(PickleFault) -> UInt64 {
        try read(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A two's complement integer of any length, of which those that fit 64 bits are accepted.
    private mutating func readLong() throws(PickleFault) -> Int {
        let digits = try read(UInt64(try readByte()))
        guard digits.count <= 8 else { throw fault(.integerTooLarge(bytes: digits.count)) }
        guard let last = digits.last else { return 0 }
        return Int(digits.reversed().reduce(last >= 0x80 ? -1 : 0) { $0 << 8 | Int64($1) })
    }

    private mutating func readText(lengthBytes: UInt64) throws(PickleFault) -> String {
        let text = try read(try readInteger(bytes: lengthBytes))
        guard let string = String(validating: text, as: UTF8.self) else { throw fault(.badText) }
        return string
    }

    private mutating func skipBytes(lengthBytes: UInt64) throws(PickleFault) {
        _ = try read(try readInteger(bytes: lengthBytes))
        stack.append(.plain)
    }

    private mutating func readLine() throws(PickleFault) -> String {
        guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) else { throw fault(.truncated) }
        let line = try read(UInt64(end - position))
        position += 1
        guard let string = String(validating: line, as: UTF8.self) else { throw fault(.badText) }
        return string
    }
}
