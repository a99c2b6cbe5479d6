// SPDX-License-Identifier: Apache-2.0

internal import PunctualPostgres
internal import PunctualTestSupport
internal import Testing

@Suite struct FailureTests {
    private let sleep = PostgresStatement(name: "sleep", sql: "SELECT pg_sleep($1)")
    private let terminate = PostgresStatement(name: "end", sql: "SELECT pg_terminate_backend($1)")

    @Test func `the server ends a statement that takes too long`() async throws {
        try await TestDatabase.make("failure").withPool {
            $0.statementTimeoutMilliseconds = 50
        } _: { pool in
            let error = try await errorOf { _ = try await pool.execute(sleep, [.float8(60)]) }
            #expect(error.code == .timedOut)
            #expect(error.sqlState == "57014")
            #expect(error.isRetriable && !error.isAmbiguous)
        }
    }

    @Test func `cancelling the task cancels the statement`() async throws {
        try await TestDatabase.make("failure").withPool {
            $0.maximumConnections = 1
        } _: { pool in
            let pid = try await pool.backend()
            try await TestDatabase.make("failure").withPool { watcher in
                let task = Task { try await pool.execute(sleep, [.float8(60)]) }
                try await watcher.waitUntil(backend: pid, waitsFor: "PgSleep")
                task.cancel()
                let error = try await errorOf { _ = try await task.value }
                #expect(error.code == .cancelled)
                #expect(!error.isAmbiguous)
            }
            #expect(try await pool.backend() == pid)
        }
    }

    @Test func `cancelling a task that waits does not send its statement`() async throws {
        try await TestDatabase.make("failure").withPool {
            $0.maximumConnections = 1
        } _: { pool in
            try await pool.withSession { _ in
                let task = Task { try await pool.execute(sleep, [.float8(60)]) }
                while pool.usage.waiting == 0 { await Task.yield() }
                task.cancel()
                let error = try await errorOf { _ = try await task.value }
                #expect(error.code == .cancelled)
                #expect(pool.usage.waiting <= 1)
            }
        }
    }

    @Test func `a cancelled statement does not take its neighbours with it`() async throws {
        try await TestDatabase.make("failure").withPool {
            $0.maximumConnections = 1
            $0.pipelineDepth = 16
        } _: { pool in
            let pid = try await pool.backend()
            try await TestDatabase.make("failure").withPool { watcher in
                let task = Task { try await pool.execute(sleep, [.float8(60)]) }
                try await watcher.waitUntil(backend: pid, waitsFor: "PgSleep")
                try await withThrowingTaskGroup(of: Int32.self) { group in
                    for _ in 0..<8 { group.addTask { try await pool.backend() } }
                    task.cancel()
                    for try await other in group { #expect(other == pid) }
                }
                let error = try await errorOf { _ = try await task.value }
                #expect(error.code == .cancelled)
            }
        }
    }

    @Test func `a statement on a connection that the server ends may be sent again`() async throws {
        let database = try await TestDatabase.make("failure")
        try await database.withPool {
            $0.maximumConnections = 1
        } _: { pool in
            let pid = try await pool.backend()
            try await database.withPool { other in
                let task = Task { try await pool.execute(sleep, [.float8(60)]) }
                try await other.waitUntil(backend: pid, waitsFor: "PgSleep")
                _ = try await other.execute(terminate, [.int4(pid)])
                let error = try await errorOf { _ = try await task.value }
                #expect(error.isRetriable)
                // The server said that it was ending the session, so nothing was committed.
                #expect(!error.isAmbiguous)
            }
            #expect(try await pool.backend() != pid)
        }
    }

    @Test func `an idle connection that breaks is replaced unnoticed`() async throws {
        let database = try await TestDatabase.make("failure")
        try await database.withPool {
            $0.maximumConnections = 1
        } _: { pool in
            let pid = try await pool.backend()
            try await database.withPool { other in
                _ = try await other.execute(terminate, [.int4(pid)])
                let gone = PostgresStatement(
                    sql: "SELECT count(*) FROM pg_stat_activity WHERE pid = $1"
                )
                while try await other.execute(gone, [.int4(pid)])[0].int8(0) > 0 {}
            }
            var backend = pid
            while backend == pid {
                do {
                    backend = try await pool.backend()
                } catch let error as PostgresError {
                    // A statement sent before the loop has noticed may have reached the server.
                    #expect(error.isRetriable && error.isAmbiguous)
                }
            }
        }
    }

    @Test func `a transaction that loses its connection is not ambiguous`() async throws {
        let database = try await TestDatabase.make("failure")
        try await database.withPool { pool in
            try await database.withPool { other in
                let error = try await errorOf {
                    try await pool.transaction { session in
                        let own = PostgresStatement(sql: "SELECT pg_backend_pid()")
                        let pid = try await session.execute(own)[0].int4(0)
                        _ = try await other.execute(terminate, [.int4(pid)])
                        _ = try await session.execute(sleep, [.float8(60)])
                    }
                }
                #expect(error.isRetriable && !error.isAmbiguous)
            }
        }
    }

    @Test func `a crash is ambiguous for what was sent, and the pool comes back`() async throws {
        let cluster = try await PrivateCluster.make(isDurable: true)
        let database = TestDatabase(name: "postgres", url: cluster.url())
        try await database.withPool {
            $0.maximumConnections = 1
            $0.longestBackoffMilliseconds = 640
            $0.maximumWaitMilliseconds = 30_000
        } _: { pool in
            _ = try await pool.query("CREATE TABLE t (id bigint)")
            let pid = try await pool.backend()
            // One connection, so that the statement runs on the backend that was asked.
            let task = Task { try await pool.execute(sleep, [.float8(60)]) }
            try await database.withPool { watcher in
                try await watcher.waitUntil(backend: pid, waitsFor: "PgSleep")
            }
            cluster.stop(.crash)
            let error = try await errorOf { _ = try await task.value }
            #expect(error.code == .connectionLost)
            #expect(error.isAmbiguous && error.isRetriable)

            // What is not sent waits for the server to come back.
            async let late = pool.backend()
            try cluster.start()
            #expect(try await late != pid)
            #expect(try await pool.query("SELECT * FROM t").rowCount == 0)
        }
        cluster.remove()
    }

    @Test func `what waits for an unreachable server is given up in time`() async throws {
        let nowhere = TestDatabase(name: "nowhere", url: "host=/nonexistent dbname=nowhere")
        try await nowhere.withPool {
            $0.maximumWaitMilliseconds = 300
        } _: { pool in
            let error = try await errorOf { _ = try await pool.backend() }
            #expect(error.code == .unreachable)
            #expect(error.isRetriable && !error.isAmbiguous)
            #expect(!pool.isReachable)
        }
    }

    @Test func `a server that does not answer is given up as ambiguous`() async throws {
        try await TestDatabase.make("failure").withPool {
            $0.maximumConnections = 1
            $0.add("options", "-c statement_timeout=0")
            $0.statementTimeoutMilliseconds = 200
            $0.answerGraceMilliseconds = 100
        } _: { pool in
            let error = try await errorOf { _ = try await pool.execute(sleep, [.float8(60)]) }
            #expect(error.isAmbiguous && error.isRetriable)
            #expect(try await pool.backend() > 0)
        }
    }
}
