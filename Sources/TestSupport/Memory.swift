import Foundation

/// Bytes of this process that are in memory now; 0 where the system does not say.
public func residentMemory() throws -> Int {
    #if os(Linux)
    let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4096 : 0
    #else
    return 0
    #endif
}
