// SPDX-License-Identifier: Apache-2.0

internal import CPostgres

/// The rows that a statement returned; immutable, and readable on any thread.
///
/// It owns libpq's memory and frees it with its last reference. Nothing is copied until a column
/// is read.
@safe
package final class PostgresResult: @unchecked Sendable {
    // @unchecked: a `PGresult` is never changed after libpq has returned it (libpq, "Behavior in
    // Threaded Programs": result objects are read-only after creation).

    private let pointer: OpaquePointer
    /// The number of rows.
    package let rowCount: Int
    /// The number of columns.
    package let columnCount: Int

    /// Takes over the ownership of `pointer`.
    init(owning pointer: OpaquePointer) {
        // SAFETY: the caller got the pointer from libpq and gives it away.
        unsafe self.pointer = pointer
        rowCount = unsafe Int(PQntuples(pointer))
        columnCount = unsafe Int(PQnfields(pointer))
    }

    deinit {
        // SAFETY: owned, and no row refers to it any more: rows hold a reference.
        unsafe PQclear(pointer)
    }

    /// How many rows an INSERT, UPDATE, DELETE, MERGE, SELECT or COPY was about.
    package var affectedRows: Int {
        // SAFETY: libpq returns a string inside the result, empty if there is no number.
        unsafe Int(String(cString: PQcmdTuples(pointer))) ?? 0
    }

    /// The command as the server names it, such as `INSERT 0 1`.
    package var commandTag: String {
        // SAFETY: libpq returns a string inside the result.
        unsafe String(cString: PQcmdStatus(pointer))
    }

    /// The position of a column by its name, or nil if there is none.
    package func columnIndex(_ name: String) -> Int? {
        // SAFETY: libpq only reads both for the duration of the call.
        let index = unsafe Int(PQfnumber(pointer, name))
        return index < 0 ? nil : index
    }

    func isNull(row: Int, column: Int) -> Bool {
        // SAFETY: libpq checks both indices.
        unsafe PQgetisnull(pointer, Int32(row), Int32(column)) == 1
    }

    /// Calls `body` with the type and the bytes of a value, unless it is NULL.
    func read<Value>(
        row: Int,
        column: Int,
        _ body: (PostgresType, inout BinaryReader) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value? {
        guard row >= 0, row < rowCount, column >= 0, column < columnCount else {
            throw .decoding("the result has no column \(column) in a row \(row)")
        }
        // SAFETY: both indices were checked; the value lives as long as the result, which this
        // object holds for the duration of the call.
        let (row, column) = (Int32(row), Int32(column))
        if unsafe PQgetisnull(pointer, row, column) == 1 { return nil }
        guard unsafe PQfformat(pointer, column) == 1 else {
            throw .decoding("column \(column) is in text format")
        }
        let length = unsafe Int(PQgetlength(pointer, row, column))
        let start = unsafe PQgetvalue(pointer, row, column)
        var reader = unsafe BinaryReader(UnsafeRawBufferPointer(start: start, count: length))
        let type = unsafe PostgresType(rawValue: PQftype(pointer, column))
        return try body(type, &reader)
    }
}

// MARK: - Rows

extension PostgresResult: RandomAccessCollection {
    /// The first row's position.
    package var startIndex: Int { 0 }
    /// One beyond the last row's position.
    package var endIndex: Int { rowCount }

    /// A row by its position, which must be within `0 ..< rowCount`.
    package subscript(position: Int) -> PostgresRow {
        precondition(indices.contains(position), "no such row")
        return PostgresRow(result: self, index: position)
    }

    /// The rows, for a reader's clarity.
    package var rows: PostgresResult { self }
}
