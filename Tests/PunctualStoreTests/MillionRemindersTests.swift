// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualCore
import PunctualPostgres
import PunctualStore
import PunctualTestSupport
import PunctualTime
import Testing

/// A million reminders through stage and acknowledgement, on a server that flushes to disk.
///
/// It takes minutes and prints what it measures, so it has to be asked for:
/// `PUNCTUAL_MILLION=1000000 swift test -c release --filter MillionRemindersTests`.
@Suite struct MillionRemindersTests {
    private static let count =
        ProcessInfo.processInfo.environment["PUNCTUAL_MILLION"].flatMap { Int64($0) } ?? 0
    /// What one stage moves: a second's worth, over all shards.
    private static let batch: Int64 = 1_000

    @Test(.enabled(if: count > 0)) func `the last are staged as fast as the first`() async throws {
        let cluster = try PrivateCluster(isDurable: true)
        defer { cluster.remove() }
        let database = TestDatabase(name: "million", url: cluster.url())
        try await database.withStorePool { pool in
            _ = try await SchemaMigrator(pool: pool).migrate()
            let store = StoreFixture(
                database: database,
                pool: pool,
                tasks: PostgresTaskStore(pool: pool)
            )
            try await store.fill(count: Self.count)
            let times = try await store.withEngine { engine in
                try await run(store, engine)
            }
            let (first, last) = (times.prefix(10).sorted(), times.suffix(10).sorted())
            print("stage of 1,000, the first 10,000: median \(first[5]), worst \(first[9])")
            print("stage of 1,000, the last 10,000: median \(last[5]), worst \(last[9])")
            #expect(last[5] < first[5] * 2)
            #expect(try await store.integer("SELECT count(*) FROM event_log") == Self.count)
        }
    }

    /// Stages and acknowledges second by second, and answers with the time of each stage.
    private func run(
        _ store: StoreFixture,
        _ engine: PostgresReminderStore
    ) async throws -> [Duration] {
        let log = PostgresEventStore(pool: store.pool)
        var ranges = try await engine.acquire(leaseMilliseconds: 3_600_000).shards
            .map { StageRange(lease: $0.lease, from: nil) }
        let epochs = Dictionary(uniqueKeysWithValues: ranges.map { ($0.lease.shard, $0.lease) })
        var times: [Duration] = []
        for second in 1...(Self.count / Self.batch) {
            let horizon = WallInstant.present.after(seconds: second)
            var staged: [StagedEvent] = []
            try await times.append(
                ContinuousClock().measure {
                    let result = try await engine.stage(ranges, upTo: horizon, limit: 10_000)
                    staged = result.events
                    for index in ranges.indices {
                        let due = result.remaining[ranges[index].lease.shard]?.due
                        ranges[index].from = min(due ?? horizon, horizon)
                    }
                }
            )
            let events = staged.map {
                $0.released(at: $0.due, epoch: epochs[$0.key.shard]?.epoch ?? 0)
            }
            for start in stride(from: 0, to: events.count, by: 256) {
                try await log.acknowledge(Array(events[start..<min(start + 256, events.count)]))
            }
            if second % (Self.count / Self.batch / 10) == 0 {
                print("\(second * Self.batch) fired;", try await store.deadRows())
            }
        }
        return times
    }
}

extension StoreFixture {
    /// One task a shard, and its share of the reminders, 1 ms apart.
    fileprivate func fill(count: Int64) async throws {
        let tasks = (Int64(0)..<64).map { TaskItem.sample($0 + 1, shard: Int16($0)) }
        _ = try await self.tasks.apply(.creating(tasks))
        let part: Int64 = 50_000
        for start in stride(from: Int64(1), through: count, by: Int64.Stride(part)) {
            _ = try await pool.execute(
                PostgresStatement(
                    sql: """
                        INSERT INTO reminders
                        SELECT n * 40503 % 64, $1 + n * interval '1 millisecond', n, 0,
                            n * 40503 % 64 + 1, ($1 AT TIME ZONE 'UTC'), 1, 60000
                        FROM generate_series($2, $3) AS n
                        """
                ),
                [
                    .timestamptz(WallInstant.present.microsecondsSinceEpoch), .int8(start),
                    .int8(min(start + part - 1, count)),
                ]
            )
        }
    }

    /// What `pg_stat_user_tables` says of the tables that churn.
    fileprivate func deadRows() async throws -> String {
        try await pool.execute(
            PostgresStatement(
                sql: """
                    SELECT format('%s: %s live, %s dead, %s vacuums, %s', relname, n_live_tup,
                        n_dead_tup, autovacuum_count,
                        pg_size_pretty(pg_total_relation_size(relid)))
                    FROM pg_stat_user_tables
                    WHERE relname IN ('reminders', 'outbox', 'shards') ORDER BY relname
                    """
            )
        ).map { try $0.text(0) }.joined(separator: "; ")
    }
}
