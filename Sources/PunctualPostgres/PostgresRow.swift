// SPDX-License-Identifier: Apache-2.0

/// One row of a result; it keeps the result alive.
///
/// A column is read by its position, from 0, with the method of its type. Each throws `.decoding`
/// if there is no such column, its type is another, or (unless the name ends in `OrNil`) its
/// value is NULL. A smaller integer type is widened.
package struct PostgresRow: Sendable {
    let result: PostgresResult
    let index: Int

    /// Whether the value is NULL; true for a column that does not exist.
    package func isNull(_ column: Int) -> Bool { result.isNull(row: index, column: column) }

    func read<Coding: BinaryCoding>(
        _ column: Int,
        _ coding: Coding.Type
    ) throws(PostgresError) -> Coding.Value {
        guard let value = try readOrNil(column, coding) else {
            throw .decoding("column \(column) is NULL; read it with the method ending in OrNil")
        }
        return value
    }

    func readOrNil<Coding: BinaryCoding>(
        _ column: Int,
        _ coding: Coding.Type
    ) throws(PostgresError) -> Coding.Value? {
        try result.read(row: index, column: column) { type, reader throws(PostgresError) in
            guard Coding.accepts(type) else { throw .mismatch(column, type) }
            let value = try Coding.read(&reader, as: type)
            guard reader.isAtEnd else { throw .malformed }
            return value
        }
    }

    func readArray<Coding: BinaryCoding>(
        _ column: Int,
        _ coding: Coding.Type
    ) throws(PostgresError) -> [Coding.Value] {
        guard let values = try readArrayOrNil(column, coding) else {
            throw .decoding("column \(column) is NULL; read it with the method ending in OrNil")
        }
        var result: [Coding.Value] = []
        result.reserveCapacity(values.count)
        for value in values {
            guard let value else {
                throw .decoding("the array in column \(column) has a NULL element")
            }
            result.append(value)
        }
        return result
    }

    func readArrayOrNil<Coding: BinaryCoding>(
        _ column: Int,
        _ coding: Coding.Type
    ) throws(PostgresError) -> [Coding.Value?]? {
        try result.read(row: index, column: column) { type, reader throws(PostgresError) in
            let dimensions = try reader.number(Int32.self)
            _ = try reader.number(Int32.self)
            let element = PostgresType(rawValue: try reader.number())
            guard Coding.accepts(element) else { throw .mismatch(column, type) }
            guard dimensions > 0 else { return [] }
            guard dimensions == 1 else { throw .decoding("an array of several dimensions") }
            let count = Int(try reader.number(Int32.self))
            _ = try reader.number(Int32.self)
            var values: [Coding.Value?] = []
            // Each element takes at least four bytes, so a lying count cannot allocate much.
            values.reserveCapacity(max(0, min(count, reader.count / 4)))
            for _ in 0..<max(0, count) {
                let length = Int(try reader.number(Int32.self))
                guard length >= 0 else {
                    values.append(nil)
                    continue
                }
                var part = try reader.slice(length)
                values.append(try Coding.read(&part, as: element))
            }
            return values
        }
    }
}
