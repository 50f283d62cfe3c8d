import Testing
import Torch

@Suite struct TensorTests {
    @Test func `an operation that libtorch refuses is an error with its name and shapes`() throws {
        let a = try Tensor.zeros([2, 3], dtype: .float32)
        let b = try Tensor.zeros([2, 3], dtype: .float32)
        let error = #expect(throws: TensorError.self) { try a.matmul(b) }
        guard case .operation("matmul", shapes: [[2, 3], [2, 3]], let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!reason.isEmpty)
        #expect(error?.description.contains("\n") == false)
    }

    /// A call that libtorch must refuse.
    struct BadCall: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let body: @Sendable (Tensor) throws -> Tensor

        init(_ name: String, _ body: @escaping @Sendable (Tensor) throws -> Tensor) {
            testDescription = name
            self.body = body
        }
    }

    static let badCalls = [
        BadCall("reshape") { try $0.reshaped(4, 4) },
        BadCall("cat") { try Tensor.cat([$0, $0.reshaped(3, 2)], along: 1) },
        BadCall("gather") { try $0.gather(Tensor([9] as [Int64], shape: [1, 1]), along: 1) },
        BadCall("indexSelect") { try $0.indexSelect(Tensor([7] as [Int64])) },
        BadCall("slice") { try $0.slice(1..<5) },
        BadCall("topK") { try $0.topK(99).values },
        BadCall("conv2d") { try $0.conv2d($0) },
        BadCall("embedding") { try $0.embedding(Tensor([-1] as [Int64])) },
        BadCall("more memory than there is") { _ in try Tensor.empty([1 << 40, 1 << 20], dtype: .float32) },
        BadCall("negative length") { _ in try Tensor.empty([-3], dtype: .float32) },
    ]

    @Test(arguments: badCalls)
    func `bad shapes and indices are errors, not crashes`(call: BadCall) throws {
        let x = try Tensor((0..<6).map { Float($0) }, shape: [2, 3])
        #expect(throws: TensorError.self) { try call.body(x) }
    }

    @Test(arguments: DType.allCases)
    func `elements survive the way to every type and back`(dtype: DType) throws {
        let values: [Float] = [0, 1, 1, 0]
        let tensor = try Tensor(values).to(dtype: dtype)
        #expect(tensor.dtype == dtype)
        #expect(try tensor.to(dtype: .float32).array(of: Float.self) == values)
        #expect(try tensor.bytes().count == 4 * dtype.byteCount)
    }

    @Test func `reading elements as another type is refused`() throws {
        #expect(throws: TensorError.dtype(expected: .float32, found: .int64)) {
            try Tensor([1, 2] as [Int64]).array(of: Float.self)
        }
        #expect(throws: TensorError.elementCount(expected: 6, found: 2)) {
            try Tensor([1, 2] as [Float], shape: [2, 3])
        }
    }

    @Test func `aliased memory is neither copied nor outlived by its tensor`() throws {
        final class Owner {
            let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: 4)
            nonisolated(unsafe) static var isAlive = false
            init() {
                Self.isAlive = true
                memory.initialize(repeating: 2)
            }
            deinit {
                memory.deallocate()
                Self.isAlive = false
            }
        }
        func make() throws -> (Tensor, UnsafeMutableBufferPointer<Float>) {
            let owner = Owner()
            let base = UnsafeMutableRawPointer(try #require(owner.memory.baseAddress))
            return (try Tensor(aliasing: base, shape: [2, 2], dtype: .float32, owner: owner), owner.memory)
        }
        func use() throws {
            let (tensor, memory) = try make()
            memory[3] = 7
            #expect(try tensor.slice(1..<2).array(of: Float.self) == [2, 7])
            #expect(Owner.isAlive)
        }
        try use()
        #expect(!Owner.isAlive)
    }

    @Test func `memory goes back with the last reference`() throws {
        // 200 tensors of 64 MB one after another fit only if each is freed in time.
        for i in 0..<200 {
            let tensor = try Tensor.full([16 << 20], .integer(i), dtype: .float32)
            #expect(try tensor.slice(0..<1).item() == Double(i))
        }
    }

    @Test(arguments: ["cpu", "cuda", "cuda:3", "mps"])
    func `device names are read and written alike`(name: String) throws {
        let device = try #require(Device(name))
        #expect(Device(device.description) == device)
    }

    @Test(arguments: ["", "gpu", "cuda:", "cuda:-1", "cuda:999", "cuda:x"])
    func `other device names are refused`(name: String) { #expect(Device(name) == nil) }

    @Test func `the number of threads can be set`() {
        let before = TensorRuntime.threadCount
        TensorRuntime.threadCount = 1
        #expect(TensorRuntime.threadCount == 1)
        TensorRuntime.threadCount = before
    }

    @Test func `the version is the one that the golden numbers were made with`() {
        #expect(TensorRuntime.version.hasPrefix("2.11"))
    }
}
