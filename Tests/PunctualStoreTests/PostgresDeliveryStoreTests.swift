// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualPostgres
import PunctualStore
import PunctualTestSupport
import PunctualTime
import Testing

@Suite struct PostgresDeliveryStoreTests {
    @Test func `lends what is due, at most its share to each target`() async throws {
        try await withLoggedEvents(40, targets: ["a", "b"]) { pool, store in
            let claimed = try await store.claim(.webhook(limit: 32, perTarget: 4))
            let targets = Dictionary(grouping: claimed.deliveries, by: \.key.target)
            #expect(targets.mapValues(\.count) == ["a": 4, "b": 4])
            #expect(claimed.deliveries.allSatisfy { $0.attempts == 1 })
            #expect(claimed.deliveries.allSatisfy { $0.json?.contains("reminder.due") == true })
            let others = try await store.claim(
                .webhook(limit: 32, perTarget: 4, running: ["a": 4, "b": 2])
            )
            #expect(others.deliveries.map(\.key.target) == ["b", "b"])
            let one = try await store.claim(.webhook(limit: 1, perTarget: 4))
            #expect(one.deliveries.count == 1)
        }
    }

    @Test func `a lease keeps others away until it ends`() async throws {
        try await withLoggedEvents(3, targets: ["a"]) { pool, store in
            let claimed = try await store.claim(
                .webhook(limit: 3, perTarget: 4, lease: .seconds(60))
            )
            #expect(claimed.deliveries.count == 3)
            let again = try await store.claim(.webhook(limit: 3, perTarget: 4))
            #expect(again.deliveries.isEmpty)
            let next = try #require(again.nextAttempt)
            #expect(next > .seconds(50) && next <= .seconds(60))
        }
    }

    @Test func `two workers never get the same delivery`() async throws {
        try await withLoggedEvents(200, targets: ["a"]) { pool, store in
            let keys = try await withThrowingTaskGroup(of: [Delivery.Key].self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        try await store.claim(.webhook(limit: 20, perTarget: 20)).deliveries
                            .map(\.key)
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(Set(keys).count == keys.count)
        }
    }

    @Test func `a success ends a delivery`() async throws {
        try await withLoggedEvents(1, targets: ["a"]) { pool, store in
            let delivery = try #require(
                try await store.claim(.webhook(limit: 1, perTarget: 1)).deliveries.first
            )
            try await store.succeed(delivery)
            #expect(try await pool.count("deliveries") == 0)
        }
    }

    @Test func `a failure is put back with its error, unless another has claimed it since`()
        async throws
    {
        try await withLoggedEvents(1, targets: ["a"]) { pool, store in
            let claim = DeliveryClaim.webhook(limit: 1, perTarget: 1, lease: .zero)
            let first = try #require(try await store.claim(claim).deliveries.first)
            let second = try #require(try await store.claim(claim).deliveries.first)
            #expect(second.attempts == 2)
            try await store.fail(first, error: "late", retryAfter: .seconds(5))
            #expect(try await store.claim(claim).deliveries.first?.attempts == 3)
            try await store.bury(second, error: "late")
            #expect(try await pool.count("dead_letters") == 0)
        }
    }

    @Test func `what is given up is a dead letter with the first and the last error`() async throws
    {
        try await withLoggedEvents(1, targets: ["a"]) { pool, store in
            let claim = DeliveryClaim.webhook(limit: 1, perTarget: 1)
            let first = try #require(try await store.claim(claim).deliveries.first)
            try await store.fail(first, error: "first", retryAfter: .zero)
            let second = try #require(try await store.claim(claim).deliveries.first)
            try await store.bury(second, error: "last")
            let rows = try await pool.execute(
                PostgresStatement(
                    sql: """
                        SELECT user_id, attempts, first_error, last_error, payload->>'event_type'
                        FROM dead_letters
                        """
                )
            )
            let row = try #require(rows.first)
            #expect(try row.text(0) == "ada")
            #expect(try row.int4(1) == 2)
            #expect(try row.text(2) == "first")
            #expect(try row.text(3) == "last")
            #expect(try row.text(4) == "reminder.due")
            #expect(try await pool.count("deliveries") == 0)
        }
    }
}

extension DeliveryClaim {
    fileprivate static func webhook(
        limit: Int,
        perTarget: Int,
        running: [String: Int] = [:],
        lease: Duration = .seconds(60)
    ) -> Self {
        Self(
            channel: "webhook",
            limit: limit,
            limitPerTarget: perTarget,
            running: running,
            lease: lease
        )
    }
}

/// Makes a database in which so many reminders have fired, with a delivery to each target.
private func withLoggedEvents(
    _ count: Int,
    targets: [String],
    _ body: (PostgresPool, PostgresDeliveryStore) async throws -> Void
) async throws {
    let database = try await TestDatabase.make("deliveries")
    try await database.withPool { pool in
        _ = try await SchemaMigrator(pool: pool).migrate()
        let events = PostgresEventStore(
            pool: pool,
            channels: targets.map { .init(channel: "webhook", target: $0) }
        )
        try await events.acknowledge((0..<count).map { LoggedSample.event(Int64($0)) })
        try await body(pool, PostgresDeliveryStore(pool: pool))
    }
}

extension PostgresPool {
    /// How many rows a table has.
    fileprivate nonisolated(nonsending) func count(_ table: String) async throws -> Int64 {
        let statement = PostgresStatement(sql: "SELECT count(*) FROM \(table)")
        return try await execute(statement).first?.int8(0) ?? 0
    }
}
