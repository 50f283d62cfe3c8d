import Foundation

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The functions of plugins/parquet/parquet.cpp, found at run time so that nobody needs Arrow who reads no Parquet.
struct ParquetPlugin: Sendable {
    /// A file or column of the plug-in: its address, 0 for none.
    ///
    /// A number, as the C side has it too, because it goes from thread to thread.
    typealias Object = Int
    typealias Text = UnsafeMutablePointer<CChar>
    typealias Interface = @convention(c) @Sendable () -> Int32
    typealias Open = @convention(c) @Sendable (UnsafePointer<CChar>, Int64, Text, Int64) -> Object
    typealias Free = @convention(c) @Sendable (Object) -> Void
    typealias Count = @convention(c) @Sendable (Object) -> Int64
    typealias Name = @convention(c) @Sendable (Object, Int64) -> UnsafePointer<CChar>?
    typealias Rows = @convention(c) @Sendable (Object, Int64) -> Int64
    typealias Read = @convention(c) @Sendable (Object, Int64, Int64, Int64, Text, Int64) -> Object
    typealias Values =
        @convention(c) @Sendable (
            Object, UnsafeMutablePointer<UnsafePointer<UInt8>?>, UnsafeMutablePointer<UnsafePointer<Int64>?>,
            UnsafeMutablePointer<UnsafePointer<UInt8>?>
        ) -> Int64

    /// What `mmada_parquet_interface` must return.
    private static let version = 1

    let open: Open
    let close: Free
    let columns: Count
    let column: Name
    let rowGroups: Count
    let rows: Rows
    let read: Read
    let free: Free
    let values: Values

    /// The plug-in of this process, loaded at the first use and kept.
    static let shared = Result { () throws(ParquetError) in
        try ParquetPlugin(searching: places(ProcessInfo.processInfo.environment))
    }

    /// Where the plug-in may lie: `MMADA_PARQUET_PLUGIN` if set and nowhere else, or where recipes/parquet puts it.
    static func places(_ environment: [String: String]) -> [String] {
        if let named = environment["MMADA_PARQUET_PLUGIN"], !named.isEmpty { return [named] }
        var caches: [String] = []
        // The XDG specification tells programs to ignore a relative path.
        if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
            caches.append(cache)
        } else if let home = environment["HOME"], !home.isEmpty {
            caches.append(home + "/.cache")
        }
        return caches.map { $0 + "/mmada/parquet/libmmada_parquet.so" }
    }

    /// Loads the first file of `places` that exists.
    init(searching places: [String]) throws(ParquetError) {
        guard let path = places.first(where: FileManager.default.fileExists) else {
            throw .noPlugin(searched: places)
        }
        guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw .brokenPlugin(path: path, reason: dlerror().map { String(cString: $0) } ?? "unknown")
        }
        func function<Function>(_ name: String, as type: Function.Type) throws(ParquetError) -> Function {
            guard let address = dlsym(library, "mmada_parquet_\(name)") else {
                throw .brokenPlugin(path: path, reason: "it has no function mmada_parquet_\(name)")
            }
            return unsafeBitCast(address, to: type)
        }
        let found = Int(try function("interface", as: Interface.self)())
        guard found == Self.version else {
            throw .otherPlugin(path: path, expected: Self.version, found: found)
        }
        open = try function("open", as: Open.self)
        close = try function("close", as: Free.self)
        columns = try function("columns", as: Count.self)
        column = try function("column", as: Name.self)
        rowGroups = try function("row_groups", as: Count.self)
        rows = try function("rows", as: Rows.self)
        read = try function("read", as: Read.self)
        free = try function("free", as: Free.self)
        values = try function("values", as: Values.self)
    }

    /// Calls a function that gives no object but a line of text when it fails.
    static func result(_ body: (Text, Int64) -> Object) -> Result<Object, Reason> {
        let size = 1024
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { text in
            text.initialize(repeating: 0)
            guard let start = text.baseAddress else { return .failure(Reason(text: "out of memory")) }
            let object = body(start, Int64(size))
            if object != 0 { return .success(object) }
            // One line, whatever Arrow says.
            let line = String(cString: start).split(whereSeparator: \.isNewline).joined(separator: " ")
            return .failure(Reason(text: line.isEmpty ? "no reason given" : line))
        }
    }

    /// Why a function of the plug-in failed.
    struct Reason: Error {
        let text: String
    }
}
