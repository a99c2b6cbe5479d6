// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualPostgres
import PunctualStore
import PunctualTestSupport
import PunctualTime
import Testing

/// What an operator asks of the database.
@Suite struct OperationsTests {
    private static let shards = ShardMap(count: 64)

    @Test func `shards show owner, lease and what waits`() async throws {
        try await StoreFixture.with("operations") { fixture in
            let operations = PostgresOperations(pool: fixture.pool)
            let idle = try await operations.shards()
            #expect(idle.map(\.shard) == Array(0..<64))
            #expect(idle.allSatisfy { $0.owner == nil && $0.expires == nil && $0.waiting == 0 })
            // Of these two one has been due for an hour, by whatever clock this runs.
            let task = TaskItem.sample(1, remindersAfter: [-86_400 * 9_000, 86_400 * 9_000])
            _ = try await fixture.tasks.apply(.creating(task))
            try await fixture.withEngine { engine in
                _ = try await engine.acquire(leaseMilliseconds: 60_000)
                let held = try await operations.shards()
                #expect(Set(held.map(\.owner)).count == 1 && held[0].owner != nil)
                #expect(held.allSatisfy { $0.epoch == 1 && $0.expires != nil && $0.host != nil })
                #expect(held[7].waiting == 2 && held[7].staged == 0)
                #expect(held[7].oldestOverdue == task.reminders[0].due)
                #expect(held[8].oldestOverdue == nil)
                let sample = try await operations.sample()
                #expect(sample.armed == 2 && sample.nextDue == task.reminders[0].due)
                #expect(sample.outboxDepth == 0)
                #expect(sample.owners.values.allSatisfy { $0 == held[0].owner })
            }
        }
    }

    @Test func `a replay selects by time, topic and user`() async throws {
        try await StoreFixture.with("operations") { fixture in
            let ada = (0..<30).map { LoggedSample.event($0) }
            let bob = (30..<40).map { LoggedSample.event($0, user: "bob") }
            try await PostgresEventStore(pool: fixture.pool).acknowledge(ada + bob)
            let replay = PostgresReplay(pool: fixture.pool, shards: Self.shards)
            var selection = ReplaySelection(
                from: LoggedSample.instant,
                to: LoggedSample.instant.after(seconds: 1)
            )
            #expect(try await replay.counts(selection).map(\.count) == [40])
            let first = try await replay.events(selection, after: nil, limit: 25)
            let rest = try await replay.events(selection, after: first.last?.cursor, limit: 25)
            #expect(Set((first + rest).map(\.id)) == Set((ada + bob).map(\.id)))
            selection.userID = "bob"
            #expect(try await replay.events(selection, after: nil, limit: 50).count == 10)
            selection.topic = .taskEvents
            #expect(try await replay.counts(selection).isEmpty)
            selection = ReplaySelection(
                from: LoggedSample.instant.after(seconds: -1),
                to: LoggedSample.instant
            )
            #expect(try await replay.counts(selection).isEmpty, "the end is not in the range")
        }
    }

    @Test func `a replayed event is new again for who follows the log`() async throws {
        try await StoreFixture.with("operations") { fixture in
            let events = (0..<3).map { LoggedSample.event($0) }
            try await PostgresEventStore(pool: fixture.pool).acknowledge(events)
            let log = PostgresEventLog(pool: fixture.pool)
            let reminders = PostgresEventLog(pool: fixture.pool, types: [.completed])
            let position = try await log.position(of: nil)
            let replay = PostgresReplay(pool: fixture.pool, shards: Self.shards)
            try await replay.publish(Array(events.prefix(2)))
            let page = try await log.events(after: position, limit: 10)
            #expect(Set(page.events.map(\.id)) == Set(events.prefix(2).map(\.id)))
            #expect(page.events.filter(\.isReplayed).count == 2)
            #expect(try await reminders.events(after: position, limit: 10).events.isEmpty)
            #expect(try await fixture.integer("SELECT count(*) FROM event_log") == 3)
        }
    }
}
