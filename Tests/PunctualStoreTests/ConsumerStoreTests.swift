// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualPostgres
import PunctualStore
import PunctualTestSupport
import PunctualTime
import Testing

/// What consumers write, however often and from whomever an event comes.
@Suite struct ConsumerStoreTests {
    private static let channels = [
        DeliveryChannel(channel: "webhook", target: "https://example.org/one"),
        DeliveryChannel(channel: "webhook", target: "https://example.org/two"),
    ]

    private func consumers(_ fixture: StoreFixture) -> PostgresConsumerStore {
        PostgresConsumerStore(pool: fixture.pool, channels: Self.channels)
    }

    @Test func `an event is recorded once, with the instant of its first release`() async throws {
        try await StoreFixture.with("consumers") { fixture in
            let store = consumers(fixture)
            let first = Array((0..<20).map { LoggedSample.event($0) })
            try await store.record(first + first.prefix(3))
            let again = first.map { event in
                ReleasedEvent(
                    key: event.key,
                    id: event.id,
                    type: event.type,
                    taskID: event.taskID,
                    userID: event.userID,
                    timestamp: event.timestamp.after(seconds: 60),
                    json: event.json
                )
            }
            try await withThrowingDiscardingTaskGroup { group in
                for _ in 0..<8 { group.addTask { try await store.record(again) } }
            }
            #expect(try await fixture.integer("SELECT count(*) FROM event_log") == 20)
            let moved = try await fixture.integer(
                "SELECT count(*) FROM event_log WHERE \"timestamp\" <> $1",
                [.timestamptz(LoggedSample.instant.microsecondsSinceEpoch)]
            )
            #expect(moved == 0)
        }
    }

    @Test func `deliveries are made once, even when they are done already`() async throws {
        try await StoreFixture.with("consumers") { fixture in
            let store = consumers(fixture)
            let events = (0..<20).map { LoggedSample.event($0) }
            try await withThrowingDiscardingTaskGroup { group in
                for _ in 0..<8 { group.addTask { try await store.makeDeliveries(for: events) } }
            }
            #expect(try await fixture.integer("SELECT count(*) FROM deliveries") == 40)
            #expect(try await fixture.integer("SELECT count(*) FROM event_log") == 20)
            _ = try await fixture.pool.execute(PostgresStatement(sql: "DELETE FROM deliveries"))
            try await store.makeDeliveries(for: events + [LoggedSample.event(20)])
            #expect(try await fixture.integer("SELECT count(*) FROM deliveries") == 2)
        }
    }

    @Test func `what the database can never take is told apart from an outage`() async throws {
        try await StoreFixture.with("consumers") { fixture in
            let good = LoggedSample.event(1)
            let bad = ReleasedEvent(
                key: good.key,
                id: LoggedSample.event(2).id,
                type: .reminderDue,
                taskID: 2,
                userID: "ada",
                timestamp: good.timestamp,
                json: #"{"title":"\u0000"}"#
            )
            await #expect(throws: RejectedEvents.self) {
                try await consumers(fixture).record([good, bad])
            }
            await #expect(throws: RejectedEvents.self) {
                try await consumers(fixture).makeDeliveries(for: [bad])
            }
            let logged = try await fixture.integer("SELECT count(*) FROM event_log")
            #expect(logged == 0)
        }
    }

    @Test func `where there is an audit, an acknowledgement records only what is not published`()
        async throws
    {
        try await StoreFixture.with("consumers") { fixture in
            let store = PostgresEventStore(
                pool: fixture.pool,
                channels: Self.channels,
                isAudited: true
            )
            let staged = [EventType.reminderDue, .skipped, .completed].enumerated().map {
                index,
                type in
                StagedEvent(
                    key: OutboxKey(
                        shard: 7,
                        sourceID: Int64(index),
                        nominal: CivilDateTime(secondsSinceEpoch: 0)
                    ),
                    type: type,
                    taskID: 1,
                    userID: "u",
                    due: .present,
                    payload: "{\"title\":\"t\"}"
                )
            }
            var change = ChangeSet()
            change.events = staged
            _ = try await fixture.tasks.apply(change)
            #expect(try await fixture.integer("SELECT count(*) FROM outbox") == 3)
            try await store.acknowledge(
                staged.map { $0.released(at: .present, epoch: 99) }
            )
            #expect(try await fixture.integer("SELECT count(*) FROM outbox") == 3, "lease is gone")
            try await store.acknowledge(staged.map { $0.released(at: .present) })
            #expect(try await fixture.integer("SELECT count(*) FROM outbox") == 0)
            #expect(try await fixture.integer("SELECT count(*) FROM deliveries") == 0)
            let logged = "SELECT count(*) FROM event_log WHERE topic = 'engine'"
            #expect(try await fixture.integer(logged) == 1)
            #expect(try await fixture.integer("SELECT count(*) FROM event_log") == 1)
        }
    }

    @Test func `what has been consumed is forgotten with its event`() async throws {
        try await StoreFixture.with("consumers") { fixture in
            let now = try await fixture.integer(
                "SELECT (extract(epoch FROM now()) * 1000000)::bigint"
            )
            let present = WallInstant(microsecondsSinceEpoch: now)
            var change = ChangeSet()
            for (task, age) in [(1, 0), (2, 20), (3, 100)] as [(Int64, Int64)] {
                change.marks.append(
                    .succession(
                        of: task,
                        shard: 7,
                        completedAt: present.after(seconds: -86_400 * age)
                    )
                )
            }
            _ = try await fixture.tasks.apply(change)
            _ = try await fixture.pool.execute(
                PostgresStatement(
                    sql: "UPDATE consumed_default SET consumed_at = now() - interval '40 days'"
                )
            )
            try await PostgresEventStore(pool: fixture.pool)
                .maintain(retention: .seconds(86_400 * 30))
            #expect(try await fixture.integer("SELECT count(*) FROM consumed") == 1)
            let store = consumers(fixture)
            let marks = change.marks
            #expect(try await store.contains(marks[0]))
            #expect(try await store.contains(marks[2]) == false)
        }
    }
}
