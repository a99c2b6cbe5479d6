// SPDX-License-Identifier: Apache-2.0

internal import PunctualPostgres
internal import PunctualTestSupport
internal import Testing

@Suite struct PostgresPoolTests {
    @Test func `executes statements at the same time, each with its own result`() async throws {
        try await TestDatabase.make("pool").withPool { pool in
            let statement = PostgresStatement(name: "echo", sql: "SELECT $1")
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<500 {
                    group.addTask {
                        let result = try await pool.execute(statement, [.int8(Int64(number))])
                        return try result[0].int8(0) == Int64(number)
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
            #expect(pool.usage.waiting == 0)
            #expect(pool.isReachable)
        }
    }

    @Test func `sets up its sessions`() async throws {
        let database = try await TestDatabase.make("pool")
        try await database.withPool { pool in
            let row = try await pool.query(
                """
                SELECT current_setting('application_name'), current_setting('TimeZone'),
                current_setting('jit'), current_setting('statement_timeout'),
                current_setting('lock_timeout'), current_setting('client_encoding'),
                current_setting('idle_in_transaction_session_timeout')
                """
            )[0]
            let settings = try (0..<7).map { try row.text($0) }
            #expect(settings == [database.name, "UTC", "off", "10s", "5s", "UTF8", "10s"])
        }
    }

    @Test func `lets the URL have its own options`() async throws {
        let database = try await TestDatabase.make("pool")
        try await database.withPool {
            $0.add("options", "-c jit=on")
            $0.add("application_name", "mine")
        } _: { pool in
            let row = try await pool.query(
                """
                SELECT current_setting('jit'), current_setting('TimeZone'),
                current_setting('application_name')
                """
            )[0]
            #expect(try (row.text(0), row.text(1), row.text(2)) == ("on", "UTC", "mine"))
        }
    }

    @Test func `tells how many rows a statement was about`() async throws {
        try await TestDatabase.make("pool").withPool { pool in
            _ = try await pool.query("CREATE TABLE t (id bigint PRIMARY KEY)")
            let result = try await pool.query(
                "INSERT INTO t SELECT * FROM generate_series(1, 7)"
            )
            #expect(result.affectedRows == 7)
            #expect(
                try await pool.query("DELETE FROM t WHERE id > $1", [.int8(5)]).affectedRows == 2
            )
        }
    }

    @Test func `reports a constraint with its state and names, and no values`() async throws {
        try await TestDatabase.make("pool").withPool { pool in
            _ = try await pool.query(
                "CREATE TABLE t (id bigint CONSTRAINT only_one PRIMARY KEY, CONSTRAINT few CHECK (id < 9))"
            )
            let insert = PostgresStatement(name: "insert", sql: "INSERT INTO t VALUES ($1)")
            _ = try await pool.execute(insert, [.int8(4)])
            let error = try await errorOf { _ = try await pool.execute(insert, [.int8(4)]) }
            #expect(error.code == .uniqueViolation)
            #expect(error.sqlState == "23505")
            #expect(error.constraint == "only_one")
            #expect(error.table == "t")
            #expect(!error.isRetriable && !error.isAmbiguous)
            #expect(!error.description.contains("4)"))
            let check = try await errorOf { _ = try await pool.execute(insert, [.int8(10)]) }
            #expect(check.code == .constraintViolation)
            #expect(check.constraint == "few")
        }
    }

    @Test func `an error spares what is in the same pipeline`() async throws {
        try await TestDatabase.make("pool").withPool {
            $0.maximumConnections = 1
            $0.pipelineDepth = 100
        } _: { pool in
            let divide = PostgresStatement(name: "divide", sql: "SELECT 100 / $1")
            try await withThrowingTaskGroup(of: Int?.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        do {
                            let result = try await pool.execute(divide, [.int4(Int32(number % 10))])
                            return Int(try result[0].int4(0)) * (number % 10)
                        } catch let error as PostgresError where error.sqlState == "22012" {
                            return nil
                        }
                    }
                }
                var results: [Int?] = []
                for try await result in group { results.append(result) }
                #expect(results.count { $0 == nil } == 10)
            }
        }
    }

    @Test func `executes several statements together, all or none`() async throws {
        try await TestDatabase.make("pool").withPool { pool in
            _ = try await pool.query("CREATE TABLE t (id bigint PRIMARY KEY)")
            let insert = PostgresStatement(name: "insert", sql: "INSERT INTO t VALUES ($1)")
            let count = PostgresStatement(name: "count", sql: "SELECT count(*) FROM t")
            let error = try await errorOf {
                _ = try await pool.executeTogether([
                    PostgresCommand(insert, [.int8(1)]), PostgresCommand(insert, [.int8(1)]),
                    PostgresCommand(count),
                ])
            }
            #expect(error.code == .uniqueViolation)
            #expect(try await pool.execute(count)[0].int8(0) == 0)
            let results = try await pool.executeTogether([
                PostgresCommand(insert, [.int8(1)]), PostgresCommand(insert, [.int8(2)]),
                PostgresCommand(count),
            ])
            #expect(results.count == 3)
            #expect(try results[2][0].int8(0) == 2)
        }
    }

    @Test func `prepares a statement anew when a table has changed under it`() async throws {
        try await TestDatabase.make("pool").withPool {
            $0.maximumConnections = 1
        } _: { pool in
            _ = try await pool.query("CREATE TABLE t (id bigint)")
            _ = try await pool.query("INSERT INTO t VALUES (1)")
            let all = PostgresStatement(name: "all", sql: "SELECT * FROM t")
            #expect(try await pool.execute(all).columnCount == 1)
            _ = try await pool.query("ALTER TABLE t ADD COLUMN more text")
            #expect(try await pool.execute(all).columnCount == 2)
            _ = try await pool.query("DEALLOCATE ALL")
            #expect(try await pool.execute(all).columnCount == 2)
        }
    }

    @Test func `refuses what exceeds the bound of the queue`() async throws {
        try await TestDatabase.make("pool").withPool {
            $0.maximumConnections = 1
            $0.pipelineDepth = 1
            $0.maximumWaiting = 1
        } _: { pool in
            let pid = try await pool.backend()
            #expect(pid > 0)
            try await pool.withSession { _ in
                let waiting = Task { try await pool.backend() }
                while pool.usage.waiting < 1 { await Task.yield() }
                let error = try await errorOf { _ = try await pool.backend() }
                #expect(error.code == .queueFull)
                #expect(error.isRetriable && !error.isAmbiguous)
                waiting.cancel()
            }
        }
    }

    @Test func `a closed pool refuses`() async throws {
        let database = try await TestDatabase.make("pool")
        try await database.withPool { pool in
            _ = try await pool.backend()
            await pool.close()
            let error = try await errorOf { _ = try await pool.backend() }
            #expect(error.code == .closed)
            #expect(!pool.isReachable)
        }
    }

    @Test func `refuses a URL that libpq cannot read, without printing it`() async throws {
        let database = try await TestDatabase.make("pool")
        try await database.withPool {
            $0.url = "postgres://user:secret@[bad/db"
            $0.maximumWaitMilliseconds = 100
        } _: { pool in
            let error = try await errorOf { _ = try await pool.backend() }
            #expect(!error.debugDescription.contains("secret"))
        }
    }
}
