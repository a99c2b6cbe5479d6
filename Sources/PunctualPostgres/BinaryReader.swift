// SPDX-License-Identifier: Apache-2.0

/// Reads PostgreSQL's binary format, checking every length against what is there.
@safe
struct BinaryReader {
    private var rest: UnsafeRawBufferPointer

    /// - Parameter bytes: Must stay valid while the reader is used.
    init(_ bytes: UnsafeRawBufferPointer) {
        // SAFETY: the caller keeps the bytes for as long as the reader is used.
        unsafe rest = bytes
    }

    // SAFETY: the count alone is looked at.
    var count: Int { unsafe rest.count }
    var isAtEnd: Bool { count == 0 }

    mutating func number<Number: FixedWidthInteger>(
        _ type: Number.Type = Number.self
    ) throws(PostgresError) -> Number {
        let size = Number.bitWidth / 8
        guard count >= size else { throw .malformed }
        // SAFETY: the bounds have been checked in the line above.
        let value = unsafe Number(bigEndian: rest.loadUnaligned(as: Number.self))
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(size))
        return value
    }

    /// The next `count` bytes as a reader of their own.
    mutating func slice(_ count: Int) throws(PostgresError) -> BinaryReader {
        guard count >= 0, count <= self.count else { throw .malformed }
        // SAFETY: the bounds have been checked in the line above.
        let part = unsafe BinaryReader(UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        return part
    }

    /// Everything that is left, as UTF-8; the server guarantees the encoding.
    mutating func text() -> String {
        // SAFETY: the string is a copy.
        let text = unsafe String(decoding: rest, as: UTF8.self)
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest.suffix(0))
        return text
    }

    /// Everything that is left.
    mutating func bytes() -> [UInt8] {
        // SAFETY: the array is a copy.
        let bytes = unsafe [UInt8](rest)
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest.suffix(0))
        return bytes
    }
}
