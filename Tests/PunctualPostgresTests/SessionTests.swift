// SPDX-License-Identifier: Apache-2.0

internal import PunctualPostgres
internal import PunctualTestSupport
internal import Testing

@Suite struct SessionTests {
    private let count = PostgresStatement(name: "count", sql: "SELECT count(*) FROM t")
    private let insert = PostgresStatement(name: "insert", sql: "INSERT INTO t VALUES ($1, $2)")

    private func withTable(_ body: (PostgresPool) async throws -> Void) async throws {
        try await TestDatabase.make("session").withPool { pool in
            try await pool.withSession { session in
                try await session.executeScript(
                    """
                    CREATE TABLE t (id bigint PRIMARY KEY, title text);
                    COMMENT ON TABLE t IS 'a script has many statements';
                    """
                )
            }
            try await body(pool)
        }
    }

    @Test func `commits a transaction`() async throws {
        try await withTable { pool in
            let answer = try await pool.transaction { session in
                _ = try await session.execute(insert, [.int8(1), .text("a")])
                _ = try await session.execute(insert, [.int8(2), .text(nil)])
                return try await session.execute(count)[0].int8(0)
            }
            #expect(answer == 2)
            #expect(try await pool.execute(count)[0].int8(0) == 2)
        }
    }

    @Test func `rolls a transaction back when its body throws`() async throws {
        struct Refusal: Error {}
        try await withTable { pool in
            await #expect(throws: Refusal.self) {
                try await pool.transaction { session in
                    _ = try await session.execute(insert, [.int8(1), .text("a")])
                    throw Refusal()
                }
            }
            let rows = try await pool.execute(count)[0].int8(0)
            #expect(rows == 0)
        }
    }

    @Test func `does not call a transaction committed after a swallowed error`() async throws {
        try await withTable { pool in
            let error = try await errorOf {
                try await pool.transaction { session in
                    _ = try await session.execute(insert, [.int8(1), .text("a")])
                    _ = try? await session.execute(insert, [.int8(1), .text("a")])
                }
            }
            #expect(error.code == .misuse)
            #expect(try await pool.execute(count)[0].int8(0) == 0)
        }
    }

    @Test func `reports the error of a script`() async throws {
        try await withTable { pool in
            let error = try await errorOf {
                try await pool.withSession { session in
                    try await session.executeScript("INSERT INTO t VALUES (1); SELECT nonsense;")
                }
            }
            #expect(error.sqlState == "42703")
            #expect(try await pool.execute(count)[0].int8(0) == 0)
        }
    }

    @Test func `copies thousands of rows in`() async throws {
        try await withTable { pool in
            let rows = (0..<20_000).map { number -> [PostgresValue] in
                [.int8(Int64(number)), .text(number % 3 == 0 ? nil : "title \(number)")]
            }
            let copied = try await pool.withSession { session in
                try await session.copyIn(table: "public.t", columns: ["id", "title"], rows: rows)
            }
            #expect(copied == 20_000)
            let row = try await pool.query("SELECT count(title), sum(id)::bigint FROM t")[0]
            #expect(try row.int8(0) == 13_333)
            #expect(try row.int8(1) == 199_990_000)
        }
    }

    @Test func `reports a constraint that a COPY violates, and goes on`() async throws {
        try await withTable { pool in
            let rows = Array(repeating: [PostgresValue.int8(1), .text(nil)], count: 2)
            try await pool.withSession { session in
                let error = try await errorOf {
                    _ = try await session.copyIn(table: "t", columns: ["id", "title"], rows: rows)
                }
                #expect(error.code == .uniqueViolation)
                #expect(try await session.execute(count)[0].int8(0) == 0)
            }
        }
    }

    @Test func `holds an advisory lock for its duration`() async throws {
        try await withTable { pool in
            let lock = PostgresStatement(sql: "SELECT pg_try_advisory_lock(42)")
            let unlock = PostgresStatement(sql: "SELECT pg_advisory_unlock(42)")
            let answers = try await pool.withSession { first in
                try await pool.withSession { second in
                    var answers: [Bool] = []
                    answers.append(try await first.execute(lock)[0].bool(0))
                    answers.append(try await second.execute(lock)[0].bool(0))
                    answers.append(try await first.execute(unlock)[0].bool(0))
                    answers.append(try await second.execute(lock)[0].bool(0))
                    answers.append(try await second.execute(unlock)[0].bool(0))
                    return answers
                }
            }
            #expect(answers == [true, false, true, true, true])
        }
    }

    @Test func `closes a connection that comes back within a transaction`() async throws {
        try await withTable { pool in
            let begin = PostgresStatement(sql: "BEGIN")
            try await pool.withSession { session in
                _ = try await session.execute(begin)
                _ = try await session.execute(insert, [.int8(1), .text("a")])
            }
            #expect(try await pool.execute(count)[0].int8(0) == 0)
        }
    }

    @Test func `sessions and statements take turns on one connection`() async throws {
        try await TestDatabase.make("session").withPool {
            $0.maximumConnections = 1
        } _: { pool in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask { _ = try await pool.backend() }
                    group.addTask { try await pool.transaction { _ in } }
                }
                try await group.waitForAll()
            }
        }
    }
}
