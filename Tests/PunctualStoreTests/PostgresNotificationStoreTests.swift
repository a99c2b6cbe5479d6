// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualPostgres
import PunctualStore
import PunctualTime
import Testing

@Suite struct PostgresNotificationStoreTests {
    private static let everyone = [
        DeliveryChannel(channel: "webhook", target: "https://a"),
        DeliveryChannel(channel: "email", target: nil),
        DeliveryChannel(channel: "web_push", target: nil),
    ]

    /// A released event of user `u` on shard 7, a second after the one before it.
    private func event(
        _ number: Int64,
        type: EventType = .reminderDue,
        user: String = "u"
    ) -> ReleasedEvent {
        let due = WallInstant.present.after(seconds: number)
        return StagedEvent(
            key: OutboxKey(shard: 7, sourceID: number, nominal: ZoneRules.utc.localTime(at: due)),
            type: type,
            taskID: number,
            userID: user,
            due: due,
            payload: "{\"title\":\"task \(number)\"}"
        ).released(at: due)
    }

    private func notifications(
        _ store: PostgresNotificationStore,
        unreadOnly: Bool = false,
        before cursor: EventCursor? = nil,
        user: String = "u"
    ) async throws -> [Int64?] {
        try await store.notifications(
            shard: 7,
            userID: user,
            unreadOnly: unreadOnly,
            before: cursor,
            limit: 3
        ).map(\.taskID)
    }

    @Test func `fired reminders are a user's notifications, newest first, in pages`() async throws {
        try await StoreFixture.with("notices") { fixture in
            let store = PostgresNotificationStore(pool: fixture.pool)
            let events = (1...4).map { event($0) }
            try await PostgresEventStore(pool: fixture.pool).acknowledge(
                events + [event(8, user: "v"), event(9, type: .updated), event(5, type: .skipped)]
            )
            #expect(try await notifications(store) == [4, 3, 2])
            #expect(try await notifications(store, before: events[1].cursor) == [1])
            #expect(try await notifications(store, user: "v") == [8])
        }
    }

    @Test func `what was read is known, one by one or all`() async throws {
        try await StoreFixture.with("notices") { fixture in
            let store = PostgresNotificationStore(pool: fixture.pool)
            let events = (1...3).map { event($0) }
            try await PostgresEventStore(pool: fixture.pool).acknowledge(events)
            #expect(try await store.unreadCount(shard: 7, userID: "u", limit: 9) == 3)
            for _ in 0..<2 {
                #expect(try await store.markRead(events[1].id, shard: 7, userID: "u"))
            }
            #expect(try await !store.markRead(events[1].id, shard: 7, userID: "v"))
            #expect(try await notifications(store, unreadOnly: true) == [3, 1])
            #expect(try await store.unreadCount(shard: 7, userID: "u", limit: 9) == 2)
            try await fixture.pool.run(
                """
                INSERT INTO users (shard, id, notifications_read_to)
                VALUES (7, 'u', timestamptz '2026-11-20T12:00:02Z')
                """
            )
            #expect(try await notifications(store, unreadOnly: true) == [3])
            #expect(try await notifications(store) == [3, 2, 1])
            try await fixture.pool.run("UPDATE users SET muted = '{in_app}'")
            #expect(try await notifications(store).isEmpty)
            #expect(try await store.unreadCount(shard: 7, userID: "u", limit: 9) == 0)
            try await fixture.pool.run("UPDATE users SET muted = '{}'")
            try await store.markAllRead(shard: 7, userID: "u")
            let marked = """
                SELECT count(*) FROM users WHERE notifications_read_to > now() - interval '1 minute'
                """
            #expect(try await fixture.integer(marked) == 1)
        }
    }

    @Test func `a person's own ways out are those that the person has and wants`() async throws {
        try await StoreFixture.with("notices") { fixture in
            try await fixture.pool.run(
                """
                INSERT INTO users (shard, id, email, muted) VALUES (7, 'u', 'u@example.org', '{}'),
                    (7, 'v', 'v@example.org', '{email,webhook}'), (7, 'w', NULL, '{web_push}')
                """
            )
            try await fixture.pool.run(
                """
                INSERT INTO push_subscriptions (shard, user_id, endpoint, p256dh, auth)
                SELECT 7, u, 'https://push/' || n, '', ''
                FROM unnest('{u,w,x}'::text[]) AS u, generate_series(1, 2) AS n
                """
            )
            let log = PostgresEventStore(pool: fixture.pool, channels: Self.everyone)
            let users = ["u", "v", "w", "x"]
            let events = users.enumerated().map { event(Int64($0), user: $1) }
            for _ in 0..<2 {
                try await log.acknowledge(events + [event(9, type: .completed)])
                try await log.acknowledge([event(10, type: .jobDue)])
            }
            let wanted = """
                SELECT string_agg(e.user_id || ' ' || d.channel || ' ' || n, ',' ORDER BY 1, 2)
                FROM (SELECT event_id, channel, count(*) AS n FROM deliveries GROUP BY 1, 2) AS d
                JOIN event_log AS e USING (event_id)
                """
            let row = try await fixture.pool.execute(PostgresStatement(sql: wanted)).first
            #expect(
                try row?.text(0).split(separator: ",").sorted() == [
                    "u email 1", "u web_push 2", "u webhook 1", "u webhook 1", "w webhook 1",
                    "x web_push 2", "x webhook 1",
                ]
            )
        }
    }

    @Test func `quiet hours hold back what would wake somebody`() async throws {
        try await StoreFixture.with("notices") { fixture in
            // Quiet from an hour ago until an hour from now, whenever that is.
            try await fixture.pool.run(
                """
                INSERT INTO users (shard, id, email, timezone, quiet_start, quiet_end)
                SELECT 7, 'u', 'u@example.org', 'UTC', (m + 1380) % 1440, (m + 60) % 1440
                FROM (SELECT extract(hour FROM now() AT TIME ZONE 'UTC') * 60
                    + extract(minute FROM now() AT TIME ZONE 'UTC') AS m) AS minute
                """
            )
            let log = PostgresEventStore(pool: fixture.pool, channels: Self.everyone)
            try await log.acknowledge([event(1)])
            let waits = """
                SELECT count(*) FILTER (WHERE channel = 'email'
                        AND next_attempt_at > now() + interval '50 minutes') * 10
                    + count(*) FILTER (WHERE channel = 'webhook' AND next_attempt_at <= now())
                FROM deliveries
                """
            #expect(try await fixture.integer(waits) == 11)
        }
    }

    @Test func `a dead letter is put back for its user alone, to the address of today`()
        async throws
    {
        try await StoreFixture.with("notices") { fixture in
            try await fixture.pool.run(
                "INSERT INTO users (shard, id, email) VALUES (7, 'u', 'wrong@example.org')"
            )
            let log = PostgresEventStore(pool: fixture.pool, channels: [Self.everyone[1]])
            try await log.acknowledge([event(1)])
            let deliveries = PostgresDeliveryStore(pool: fixture.pool)
            let claim = DeliveryClaim(
                channel: "email",
                limit: 1,
                limitPerTarget: 1,
                running: [:],
                lease: .seconds(60)
            )
            let delivery = try #require(try await deliveries.claim(claim).deliveries.first)
            #expect(delivery.key.target == "wrong@example.org")
            try await deliveries.bury(delivery, error: "550 no such user")
            #expect(
                try await deliveries.depths(limit: 9)
                    == [DeliveryDepth(channel: "email", waiting: 0, dead: 1)]
            )
            let store = PostgresNotificationStore(pool: fixture.pool)
            let letters = try await store.deadLetters(
                shard: 7,
                userID: "u",
                before: nil,
                limit: 9
            )
            let letter = try #require(letters.first)
            #expect(letter.lastError == "550 no such user" && letter.attempts == 1)
            #expect(letter.json.contains("task 1"))
            try await fixture.pool.run("UPDATE users SET email = 'right@example.org'")
            #expect(try await !store.redrive(letter.id, shard: 7, userID: "v"))
            #expect(try await store.redrive(letter.id, shard: 7, userID: "u"))
            #expect(try await !store.redrive(letter.id, shard: 7, userID: "u"))
            let again = try #require(try await deliveries.claim(claim).deliveries.first)
            #expect(again.key.target == "right@example.org" && again.attempts == 1)
        }
    }

    @Test func `what is older than the retention is forgotten`() async throws {
        try await StoreFixture.with("notices") { fixture in
            try await fixture.pool.run(
                """
                INSERT INTO notifications (shard, event_id, user_id)
                SELECT 7, event_id_floor(now() - age), 'u'
                FROM unnest('{1 day,40 days}'::interval[]) AS age
                """
            )
            try await PostgresEventStore(pool: fixture.pool).maintain(
                retention: .seconds(2_592_000)
            )
            #expect(try await fixture.integer("SELECT count(*) FROM notifications") == 1)
        }
    }
}

extension PostgresPool {
    fileprivate nonisolated(nonsending) func run(_ sql: String) async throws {
        _ = try await execute(PostgresStatement(sql: sql))
    }
}
