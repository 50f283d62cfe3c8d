/// A message in protobuf's wire format, as far as TensorBoard's events need it.
struct ProtobufMessage: Sendable {
    private(set) var bytes: [UInt8] = []

    mutating func append(integer: Int, field: Int) {
        append(tag: field, wireType: 0)
        append(varint: UInt64(bitPattern: Int64(integer)))
    }

    mutating func append(double: Double, field: Int) {
        append(tag: field, wireType: 1)
        withUnsafeBytes(of: double.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(float: Float, field: Int) {
        append(tag: field, wireType: 5)
        withUnsafeBytes(of: float.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(bytes content: [UInt8], field: Int) {
        append(tag: field, wireType: 2)
        append(varint: UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    mutating func append(string: String, field: Int) { append(bytes: Array(string.utf8), field: field) }

    mutating func append(message field: Int, _ fill: (inout ProtobufMessage) -> Void) {
        var message = ProtobufMessage()
        fill(&message)
        append(bytes: message.bytes, field: field)
    }

    private mutating func append(tag field: Int, wireType: Int) {
        append(varint: UInt64(field << 3 | wireType))
    }

    private mutating func append(varint: UInt64) {
        var rest = varint
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
