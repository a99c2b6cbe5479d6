// SPDX-License-Identifier: Apache-2.0

internal import PunctualPostgres
internal import PunctualTestSupport
internal import Testing

@Suite struct ValueRoundTripTests {
    /// Sends each value twice and NULL once: in binary both ways, without a cast.
    private func roundTrip<Value: Equatable>(
        _ values: [Value],
        _ parameter: (Value?) -> PostgresValue,
        _ read: (PostgresRow, Int) throws -> Value?
    ) async throws {
        try await TestDatabase.make("values").withPool { pool in
            for value in values {
                let row = try await pool.query(
                    "SELECT $1, $2",
                    [parameter(value), parameter(nil)]
                )[0]
                #expect(try read(row, 0) == value)
                #expect(try read(row, 1) == nil)
                #expect(row.isNull(1))
            }
        }
    }

    @Test func `numbers and booleans come back as they were`() async throws {
        try await roundTrip([true, false], PostgresValue.bool) { try $0.boolOrNil($1) }
        try await roundTrip([.min, -1, 0, .max], PostgresValue.int2) { try $0.int2OrNil($1) }
        try await roundTrip([.min, -1, 0, .max], PostgresValue.int4) { try $0.int4OrNil($1) }
        try await roundTrip([.min, -1, 0, .max], PostgresValue.int8) { try $0.int8OrNil($1) }
        try await roundTrip([-0.5, .infinity, .pi], PostgresValue.float8) { try $0.float8OrNil($1) }
    }

    @Test func `texts, bytes and identifiers come back as they were`() async throws {
        try await roundTrip(["", "a'b\"\\", "héllo 👋"], PostgresValue.text) {
            try $0.textOrNil($1)
        }
        try await roundTrip([[], [0, 255, 0]], PostgresValue.bytea) { try $0.byteaOrNil($1) }
        try await roundTrip(
            [PostgresUUID(high: .max, low: 0), PostgresUUID(high: 1, low: 2)],
            PostgresValue.uuid
        ) { try $0.uuidOrNil($1) }
    }

    @Test func `instants come back to the microsecond`() async throws {
        let instants: [Int64] = [0, -1, 1_700_000_000_123_456, .max, .min]
        try await roundTrip(instants, PostgresValue.timestamptz) { try $0.timestamptzOrNil($1) }
        try await roundTrip(instants, PostgresValue.timestamp) { try $0.timestampOrNil($1) }
    }

    @Test func `instants mean to the server what they say`() async throws {
        try await TestDatabase.make("values").withPool { pool in
            let row = try await pool.query(
                """
                SELECT $1 = timestamptz '2024-02-29 12:34:56.789012+00',
                $2 = timestamp '2024-02-29 12:34:56.789012', $3 = 'infinity', $3::text
                """,
                [
                    .timestamptz(1_709_210_096_789_012), .timestamp(1_709_210_096_789_012),
                    .timestamptz(.max),
                ]
            )[0]
            #expect(try (row.bool(0), row.bool(1), row.bool(2)) == (true, true, true))
            #expect(try row.text(3) == "infinity")
        }
    }

    @Test func `JSON comes back as text and as bytes`() async throws {
        try await TestDatabase.make("values").withPool { pool in
            let row = try await pool.query(
                "SELECT $1, $2, $1 ->> 'a', NULL::jsonb, $1::json",
                [.jsonb("{\"a\":\"ü\"}"), .jsonb(utf8: Array("[1]".utf8))]
            )[0]
            #expect(try row.jsonText(0) == "{\"a\": \"ü\"}")
            #expect(try row.jsonBytes(1) == Array("[1]".utf8))
            #expect(try row.text(2) == "ü")
            #expect(try row.jsonTextOrNil(3) == nil)
            #expect(try row.jsonText(4) == "{\"a\": \"ü\"}")
        }
    }

    @Test func `arrays come back with and without NULL elements`() async throws {
        let uuids = [PostgresUUID(high: 1, low: 2), PostgresUUID(high: 3, low: 4)]
        try await TestDatabase.make("values").withPool { pool in
            let row = try await pool.query(
                "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10",
                [
                    .boolArray([true, false]), .int2Array([1, -2]), .int4Array([3, -4]),
                    .int8Array([5, .min]), .float8Array([0.5]), .textArray(["", "ü"]),
                    .byteaArray([[1], []]), .uuidArray(uuids), .timestamptzArray([0, .max]),
                    .timestampArray([-1]),
                ]
            )[0]
            #expect(try row.boolArray(0) == [true, false])
            #expect(try row.int2Array(1) == [1, -2])
            #expect(try row.int4Array(2) == [3, -4])
            #expect(try row.int8Array(3) == [5, .min])
            #expect(try row.int8Array(2) == [3, -4])
            #expect(try row.float8Array(4) == [0.5])
            #expect(try row.textArray(5) == ["", "ü"])
            #expect(try row.byteaArray(6) == [[1], []])
            #expect(try row.uuidArray(7) == uuids)
            #expect(try row.timestamptzArray(8) == [0, .max])
            #expect(try row.timestampArray(9) == [-1])
        }
    }

    @Test func `arrays with NULL elements, empty arrays and NULL arrays`() async throws {
        try await TestDatabase.make("values").withPool { pool in
            let row = try await pool.query(
                "SELECT $1, $2, $3, cardinality($2), $4 = ARRAY['{}'::jsonb, NULL]",
                [
                    .int8ArrayOptional([1, nil]), .textArray([]), .uuidArray(nil),
                    .jsonbArrayOptional(["{}", nil]),
                ]
            )[0]
            #expect(try row.int8ArrayOrNil(0) == [1, nil])
            #expect(try row.textArray(1) == [])
            #expect(try row.uuidArrayOrNil(2) == nil)
            #expect(try row.int4(3) == 0)
            #expect(try row.bool(4) == true)
            #expect(throws: PostgresError.self) { try row.int8Array(0) }
            #expect(throws: PostgresError.self) { try row.uuidArray(2) }
        }
    }

    @Test func `ten thousand elements travel in one parameter`() async throws {
        let numbers = (0..<10_000).map { Int64($0) * 7_919 }
        let texts = numbers.map { "reminder \($0)" }
        try await TestDatabase.make("values").withPool { pool in
            let statement = PostgresStatement(
                name: "unnest",
                sql: "SELECT * FROM unnest($1, $2) AS pair (number, title)"
            )
            let result = try await pool.execute(
                statement,
                [.int8Array(numbers), .textArray(texts)]
            )
            #expect(result.rowCount == 10_000)
            #expect(try result.map { try $0.int8(0) } == numbers)
            #expect(try result.map { try $0.text(1) } == texts)
        }
    }

    @Test func `a wrong type, column or row is an error, not a trap`() async throws {
        try await TestDatabase.make("values").withPool { pool in
            let result = try await pool.query("SELECT 1::int8 AS number, 'x'::text, 2::int2")
            let row = result[0]
            #expect(throws: PostgresError.self) { try row.text(0) }
            #expect(throws: PostgresError.self) { try row.int4(0) }
            #expect(throws: PostgresError.self) { try row.uuid(1) }
            #expect(throws: PostgresError.self) { try row.int8(3) }
            #expect(throws: PostgresError.self) { try row.int8(-1) }
            #expect(throws: PostgresError.self) { try row.int8Array(1) }
            #expect(try row.int8(2) == 2)
            #expect(result.columnIndex("number") == 0)
            #expect(result.columnIndex("none") == nil)
        }
    }
}
