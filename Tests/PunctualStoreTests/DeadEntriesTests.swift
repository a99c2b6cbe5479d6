// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualPostgres
import PunctualStore
import PunctualTime
import Testing

/// That what has fired costs nothing any more, although it is still there, dead.
@Suite struct DeadEntriesTests {
    private static let batch = 500
    private static let batches: Int64 = 40

    @Test func `a stage does not read the dead entries before its bound`() async throws {
        let database = try await StoreFixture.with("dead") { store in
            _ = try await store.tasks.apply(.creating(.sample(1)))
            try await store.fill(count: Self.batches * Int64(Self.batch))
            return store.database
        }
        // One connection, so that its counters are complete when they are asked for.
        try await database.withStorePool(connections: 1) { pool in
            let store = StoreFixture(
                database: database,
                pool: pool,
                tasks: PostgresTaskStore(pool: pool)
            )
            let log = PostgresEventStore(pool: pool)
            try await store.withEngine { engine in
                var range = try await engine.range(of: 7)
                var costs: [Int64] = []
                for _ in 0..<Self.batches {
                    let before = try await store.indexBlocks()
                    let result = try await engine.stage(
                        [range],
                        upTo: .present.after(seconds: 1_000_000),
                        limit: Self.batch
                    )
                    costs.append(try await store.indexBlocks() - before)
                    #expect(result.events.count == Self.batch)
                    try await log.acknowledge(
                        result.events.map { $0.released(at: .present, epoch: range.lease.epoch) }
                    )
                    range.from = result.remaining[7]?.due ?? range.from
                }
                let first = costs.prefix(5).max() ?? 0
                #expect(costs.suffix(5).allSatisfy { $0 <= first + 4 }, "\(costs)")
                // Without the bound the scan walks through all that is dead: the counters see it.
                let before = try await store.indexBlocks()
                range.from = nil
                _ = try await engine.stage([range], upTo: .present, limit: Self.batch)
                #expect(try await store.indexBlocks() - before > 4 * first)
            }
        }
    }

    @Test func `statistics of an empty table do not turn a lookup into a scan`() async throws {
        let database = try await StoreFixture.with("empty") { store in
            _ = try await store.pool.execute(PostgresStatement(sql: "ANALYZE"))
            return store.database
        }
        try await database.withStorePool(connections: 1) { pool in
            let store = StoreFixture(
                database: database,
                pool: pool,
                tasks: PostgresTaskStore(pool: pool)
            )
            // All plans are made now, while everything is empty.
            let task = TaskItem.sample(1, remindersAfter: [1_000_000])
            let log = PostgresEventStore(pool: pool)
            _ = try await store.tasks.apply(ChangeSet())
            _ = try await store.tasks.whereabouts(of: [])
            try await log.acknowledge([])
            try await store.withEngine { engine in
                var range = try await engine.range(of: 7)
                _ = try await engine.stagedEvents([OutboxKey]())
                _ = try await engine.stage([range], upTo: .present, limit: 1)
                _ = try await store.tasks.apply(.creating(task))
                try await store.fill(count: 2_000)
                let horizon = WallInstant.present.after(seconds: 1_000)
                let events = try await engine.stage([range], upTo: horizon, limit: 9_999).events
                range.from = horizon
                let before = try await store.entriesRead()
                _ = try await engine.stage([range], upTo: horizon.after(seconds: 10), limit: 99)
                _ = try await engine.stagedEvents(events.prefix(10).map(\.key))
                let released = events.prefix(10).map {
                    $0.released(at: .present, epoch: range.lease.epoch)
                }
                try await log.acknowledge(released)
                _ = try await store.tasks.whereabouts(of: task.withdrawn)
                var change = ChangeSet()
                change.withdrawnReminders = task.withdrawn
                change.settledKeys = events.suffix(10).map(\.key)
                _ = try await store.tasks.apply(change)
                #expect(try await store.entriesRead() - before < 200)
                #expect(try await store.integer("SELECT count(*) FROM outbox") == 990)
            }
        }
    }
}

extension StoreFixture {
    /// Arms so many reminders of task 1, a second apart, in a table that nobody vacuums.
    fileprivate func fill(count: Int64) async throws {
        try await pool.withSession { session in
            try await session.executeScript("ALTER TABLE reminders SET (autovacuum_enabled = off)")
        }
        let start = WallInstant.present.microsecondsSinceEpoch
        _ = try await pool.execute(
            PostgresStatement(
                sql: """
                    INSERT INTO reminders
                    SELECT 7, $1 + n * interval '1 second', n, 0, 1, '2026-11-20', 0, 0
                    FROM generate_series(1, $2) AS n
                    """
            ),
            [.timestamptz(start), .int8(count)]
        )
    }

    /// How many entries of the indexes have been read so far.
    fileprivate func entriesRead() async throws -> Int64 {
        _ = try await pool.execute(PostgresStatement(sql: "SELECT pg_stat_force_next_flush()"))
        return try await integer(
            "SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes WHERE schemaname = 'public'"
        )
    }

    /// How many blocks of the index of `reminders` have been read so far.
    fileprivate func indexBlocks() async throws -> Int64 {
        _ = try await pool.execute(PostgresStatement(sql: "SELECT pg_stat_force_next_flush()"))
        return try await integer(
            """
            SELECT idx_blks_hit + idx_blks_read FROM pg_statio_user_indexes
            WHERE indexrelname = 'reminders_pkey'
            """
        )
    }
}
