// SPDX-License-Identifier: Apache-2.0

/// Bytes in PostgreSQL's binary format: big-endian numbers, and values preceded by their length.
struct BinaryWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    mutating func append(_ number: some FixedWidthInteger) {
        // SAFETY: the buffer is that of the local number, for the duration of the call.
        unsafe withUnsafeBytes(of: number.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    mutating func append(_ text: some Sequence<UInt8>) {
        bytes.append(contentsOf: text)
    }

    /// Appends what `body` appends, preceded by its length in four bytes.
    mutating func appendCounted(_ body: (inout Self) -> Void) {
        let start = bytes.count
        append(Int32(0))
        body(&self)
        let length = UInt32(truncatingIfNeeded: bytes.count - start - 4)
        for byte in 0..<4 {
            bytes[start + byte] = UInt8(truncatingIfNeeded: length >> (24 - 8 * byte))
        }
    }

    /// The length that means NULL.
    mutating func appendNull() {
        append(Int32(-1))
    }

    /// A one-dimensional array's header (`array_send` in the server's arrayfuncs.c).
    mutating func appendArrayHeader(of type: PostgresType, count: Int, hasNulls: Bool) {
        append(Int32(count == 0 ? 0 : 1))
        append(Int32(hasNulls ? 1 : 0))
        append(type.rawValue)
        guard count > 0 else { return }
        append(Int32(truncatingIfNeeded: count))
        append(Int32(1))
    }
}
