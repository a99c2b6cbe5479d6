// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualPostgres
import PunctualStore
import PunctualTestSupport
import PunctualTime
import Testing

@Suite struct PostgresEventLogTests {
    @Test func `starts at the present, and then sees what is logged, once`() async throws {
        try await withLog { pool, events, log in
            try await events.acknowledge([LoggedSample.event(1)])
            let start = try await log.position(of: nil)
            try await events.acknowledge([LoggedSample.event(2), LoggedSample.event(3)])
            let page = try await log.events(after: start, limit: 10)
            #expect(Set(page.events.map(\.taskID)) == [2, 3])
            #expect(page.isLast)
            let event = try #require(page.events.first)
            #expect(event.userID == "ada" && event.type == .reminderDue)
            #expect(event.timestamp == LoggedSample.instant)
            #expect(try await log.events(after: page.position, limit: 10).events.isEmpty)
        }
    }

    @Test func `reads in pages, while more is logged`() async throws {
        try await withLog { pool, events, log in
            var position = try await log.position(of: nil)
            try await events.acknowledge((0..<95).map { LoggedSample.event($0) })
            var seen: [Int64?] = []
            for page in 0..<12 {
                let read = try await log.events(after: position, limit: 10)
                seen += read.events.map(\.taskID)
                position = read.position
                #expect(read.isLast == (page >= 9))
                if page == 3 { try await events.acknowledge([LoggedSample.event(95)]) }
            }
            #expect(seen.count == 96 && Set(seen) == Set((0..<96).map { Int64($0) }))
        }
    }

    @Test func `rows that nobody can read are left out, on every page`() async throws {
        try await withLog { pool, events, log in
            var position = try await log.position(of: nil)
            let corrupt = [
                ("no.such.type", "now()"), ("completed", "'infinity'"),
                ("completed", "'-infinity'"),
            ]
            for (type, timestamp) in corrupt {
                try await pool.withSession { session in
                    try await session.executeScript(
                        """
                        INSERT INTO event_log (
                            shard, event_id, event_type, topic, user_id, payload, "timestamp"
                        ) VALUES (
                            1, gen_random_uuid(), '\(type)', 'task-events', 'u', '{}', \(timestamp)
                        )
                        """
                    )
                }
                try await events.acknowledge([LoggedSample.event(1), LoggedSample.event(2)])
            }
            var (seen, unreadable) = ([Int64?](), 0)
            while true {
                let page = try await log.events(after: position, limit: 1)
                seen += page.events.map(\.taskID)
                unreadable += page.unreadable.count
                position = page.position
                if page.isLast { break }
            }
            #expect(Set(seen) == [1, 2] && unreadable == corrupt.count)
        }
    }

    @Test func `misses nothing that is committed late`() async throws {
        try await withLog { pool, events, log in
            let before = try await log.position(of: nil)
            try await pool.withSession { session in
                try await session.executeScript(
                    """
                    BEGIN;
                    INSERT INTO event_log (
                        shard, event_id, event_type, topic, task_id, user_id, payload, "timestamp"
                    ) VALUES (1, gen_random_uuid(), 'job.due', 'reminders', 7, 'bob', '{}', now())
                    """
                )
                // A later transaction commits earlier, and is read.
                try await events.acknowledge([LoggedSample.event(1)])
                let page = try await log.events(after: before, limit: 10)
                #expect(page.events.map(\.taskID) == [1])
                try await session.executeScript("COMMIT")
                let late = try await log.events(after: page.position, limit: 10)
                #expect(late.events.map(\.taskID) == [7])
                #expect(try await log.events(after: late.position, limit: 10).events.isEmpty)
            }
        }
    }

    /// PostgreSQL may give the number of a transaction that wrote nothing again after a crash.
    @Test func `remembers no transaction as seen that has logged nothing`() async throws {
        try await withLog { pool, events, log in
            let start = try await log.position(of: nil)
            try await events.acknowledge([LoggedSample.event(1)])
            let last = try await pool.execute(
                PostgresStatement(sql: "SELECT max(logged::text::bigint) FROM event_log")
            )[0].int8(0)
            for _ in 0..<5 { try await events.announce() }
            let read = try await log.events(after: start, limit: 10).position
            for position in [read, try await log.position(of: nil)] {
                // The first number not seen, between those that others have in progress.
                #expect(position.snapshot.split(separator: ":")[1] == "\(last + 1)")
            }
        }
    }

    @Test func `a durable reader goes on where it saved its position`() async throws {
        try await withLog { pool, events, log in
            let start = try await log.position(of: "audit")
            try await log.save(start, of: "audit")
            try await events.acknowledge([LoggedSample.event(1)])
            let page = try await log.events(after: try await log.position(of: "audit"), limit: 10)
            #expect(page.events.map(\.taskID) == [1])
            try await log.save(page.position, of: "audit")
            let again = try await log.events(after: try await log.position(of: "audit"), limit: 10)
            #expect(again.events.isEmpty)
        }
    }

    private func withLog(
        _ body: (PostgresPool, PostgresEventStore, PostgresEventLog) async throws -> Void
    ) async throws {
        let database = try await TestDatabase.make("event_log")
        try await database.withPool { pool in
            _ = try await SchemaMigrator(pool: pool).migrate()
            try await body(pool, PostgresEventStore(pool: pool), PostgresEventLog(pool: pool))
        }
    }
}

/// Released events as they are logged.
enum LoggedSample {
    static let instant = WallInstant(microsecondsSinceEpoch: 1_800_000_000_000_000)

    static func event(_ number: Int64, user: String = "ada") -> ReleasedEvent {
        StagedEvent(
            key: OutboxKey(
                shard: ShardMap(count: 64).shard(of: user),
                sourceID: number,
                nominal: CivilDateTime(secondsSinceEpoch: 1_800_000_000)
            ),
            type: .reminderDue,
            taskID: number,
            userID: user,
            due: instant,
            payload: "{\"event_type\":\"reminder.due\"}"
        ).released(at: instant)
    }
}
