// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualCore
import PunctualPostgres
import PunctualStore
import PunctualTime
import Testing

@Suite struct StageTests {
    @Test func `moves what is due up to the horizon, and says what is left`() async throws {
        try await StoreFixture.with("stage") { store in
            let task = TaskItem.sample(1, remindersAfter: [0, 10, 20, 30])
            _ = try await store.tasks.apply(.creating(task))
            try await store.withEngine { engine in
                let range = try await engine.range(of: 7)
                let horizon = WallInstant.present.after(seconds: 20)
                let result = try await engine.stage([range], upTo: horizon, limit: 100)
                #expect(result.events.map(\.key.sourceID).sorted() == [100, 101, 102])
                #expect(result.events.allSatisfy { $0.type == .reminderDue && $0.userID == "u" })
                #expect(result.remaining == [7: .init(due: task.reminders[3].due)])
                #expect(try await store.integer("SELECT count(*) FROM reminders") == 1)
                #expect(try await store.integer("SELECT count(*) FROM outbox") == 3)
                let again = try await engine.stage([range], upTo: horizon, limit: 100)
                #expect(again.events.isEmpty && again.remaining == result.remaining)
                let rest = try await engine.stage(
                    [range],
                    upTo: horizon.after(seconds: 10),
                    limit: 100
                )
                #expect(rest.events.count == 1 && rest.remaining == [7: .init(due: nil)])
            }
        }
    }

    @Test func `takes the earliest first, up to the limit of each shard`() async throws {
        try await StoreFixture.with("stage") { store in
            let tasks = [
                TaskItem.sample(1, remindersAfter: [3, 1, 2]),
                .sample(2, shard: 9, remindersAfter: [6, 5, 4]), .sample(3, shard: 9),
            ]
            _ = try await store.tasks.apply(.creating(tasks))
            try await store.withEngine { engine in
                let leases = try await engine.acquire(leaseMilliseconds: 60_000).shards
                let ranges = leases.filter { [7, 8, 9].contains($0.lease.shard) }
                    .map { StageRange(lease: $0.lease, from: nil) }
                let result = try await engine.stage(
                    ranges,
                    upTo: .present.after(seconds: 60),
                    limit: 2
                )
                #expect(Set(result.events.map(\.key.sourceID)) == [101, 102, 202, 201])
                #expect(
                    result.remaining == [
                        7: .init(due: .present.after(seconds: 3)), 8: .init(due: nil),
                        9: .init(due: .present.after(seconds: 6)),
                    ]
                )
            }
        }
    }

    @Test func `starts at its lower bound`() async throws {
        try await StoreFixture.with("stage") { store in
            _ = try await store.tasks.apply(.creating(.sample(1, remindersAfter: [1, 2, 3])))
            try await store.withEngine { engine in
                var range = try await engine.range(of: 7)
                range.from = .present.after(seconds: 2)
                let horizon = WallInstant.present.after(seconds: 9)
                let result = try await engine.stage([range], upTo: horizon, limit: 9)
                #expect(result.events.map(\.key.sourceID).sorted() == [101, 102])
                range.from = nil
                let net = try await engine.stage([range], upTo: horizon, limit: 9)
                #expect(net.events.map(\.key.sourceID) == [100])
            }
        }
    }

    @Test func `a former owner stages nothing`() async throws {
        try await StoreFixture.with("stage") { store in
            _ = try await store.tasks.apply(.creating(.sample(1, remindersAfter: [0])))
            try await store.withEngine { former in
                let old = try await former.range(of: 7, leaseMilliseconds: 0)
                try await store.withEngine { owner in
                    let range = try await owner.range(of: 7)
                    #expect(range.lease.epoch == old.lease.epoch + 1)
                    let nothing = try await former.stage([old], upTo: .present, limit: 9)
                    #expect(nothing.events.isEmpty && nothing.remaining.isEmpty)
                    let staged = try await owner.stage([range], upTo: .present, limit: 9)
                    #expect(staged.events.count == 1)
                }
            }
        }
    }

    @Test func `a takeover waits for the stage in flight`() async throws {
        try await StoreFixture.with("stage") { store in
            try await store.withEngine { former in
                let old = try await former.range(of: 7, leaseMilliseconds: 0)
                try await store.withEngine { owner in
                    let answer = try await store.pool.transaction { session in
                        // The lock that a stage holds on its lease row until it commits.
                        _ = try await session.execute(
                            PostgresStatement(
                                sql: "SELECT FROM shards WHERE shard = $1 FOR KEY SHARE"
                            ),
                            [.int2(old.lease.shard)]
                        )
                        // A renewal does not wait for it.
                        _ = try await former.renew([old], leaseMilliseconds: 0)
                        let takeover = Task { try await owner.acquire(leaseMilliseconds: 60_000) }
                        try await store.waitForLock()
                        return takeover
                    }
                    #expect(try await answer.value.shards.map(\.lease.shard).contains(7))
                }
            }
        }
    }

    @Test(arguments: [[Int64(1)], [2], [3], [1, 3], [1, 2, 3]])
    func `rows that an edit has locked are passed over, and that is said`(
        locked: [Int64]
    ) async throws {
        try await StoreFixture.with("stage") { store in
            _ = try await store.tasks.apply(.creating(.sample(1, remindersAfter: [1, 2, 3, 60])))
            try await store.withEngine { engine in
                let range = try await engine.range(of: 7)
                let horizon = WallInstant.present.after(seconds: 9)
                try await store.pool.transaction { session in
                    _ = try await session.execute(
                        PostgresStatement(
                            sql: "SELECT FROM reminders WHERE id = ANY($1) FOR UPDATE"
                        ),
                        [.int8Array(locked.map { 99 + $0 })]
                    )
                    let result = try await engine.stage([range], upTo: horizon, limit: 9)
                    #expect(result.events.count == 3 - locked.count)
                    #expect(result.remaining[7]?.hasLocked == true)
                    let full = try await engine.stage([range], upTo: horizon, limit: 1)
                    #expect(full.remaining[7]?.hasLocked == true)
                }
                let result = try await engine.stage([range], upTo: horizon, limit: 9)
                #expect(result.events.count == locked.count)
                #expect(result.remaining == [7: .init(due: .present.after(seconds: 60))])
            }
        }
    }

    @Test func `a change that meets a stage finds what it moved`() async throws {
        try await StoreFixture.with("stage") { store in
            let task = TaskItem.sample(1, remindersAfter: [0])
            _ = try await store.tasks.apply(.creating(task))
            var change = ChangeSet()
            (change.deletedTasks, change.withdrawnReminders) = ([task], task.withdrawn)
            let deletion = change
            let outcome = try await store.pool.transaction { session in
                try await session.executeScript(
                    """
                    INSERT INTO outbox SELECT shard, id, nominal, 'reminder.due', task_id, 'u',
                        due, '{}' FROM reminders;
                    DELETE FROM reminders;
                    """
                )
                let apply = Task { try await store.tasks.apply(deletion) }
                try await store.waitForLock()
                return apply
            }
            let found = try await outcome.value
            #expect(found.waiting.isEmpty && found.staged.isEmpty)
            let late = try await store.tasks.withdrawStaged(shard: 7, reminderIDs: [100, 5])
            #expect(late == [100])
            #expect(try await store.integer("SELECT count(*) FROM outbox") == 0)
        }
    }

    @Test func `whereabouts and withdrawal know what waits and what is staged`() async throws {
        try await StoreFixture.with("stage") { store in
            let task = TaskItem.sample(1, remindersAfter: [0, 60, -60])
            _ = try await store.tasks.apply(.creating(task))
            _ = try await store.pool.execute(
                PostgresStatement(sql: "DELETE FROM reminders WHERE id = 102")
            )
            try await store.withEngine { engine in
                let range = try await engine.range(of: 7)
                _ = try await engine.stage([range], upTo: .present, limit: 9)
                let places = try await store.tasks.whereabouts(of: task.withdrawn)
                #expect(places.waiting == [101] && places.staged == [100])
                var change = ChangeSet()
                change.withdrawnReminders = task.withdrawn
                let outcome = try await store.tasks.apply(change)
                #expect(outcome.waiting == [101] && outcome.staged == [100])
                let left = "SELECT count(*) FROM (TABLE only_ids) AS x"
                    .replacingOccurrences(
                        of: "TABLE only_ids",
                        with: "SELECT id FROM reminders UNION ALL SELECT source_id FROM outbox"
                    )
                #expect(try await store.integer(left) == 0)
            }
        }
    }

    @Test func `the event carries what a reminder event must`() async throws {
        try await StoreFixture.with("stage") { store in
            try await store.tasks.upsertUser(
                User(id: "u", email: "u@example.org"),
                shard: 7
            )
            var task = TaskItem.sample(1)
            task.title = "quote \" and 🎉"
            task.description = "why"
            (task.priority, task.tags) = (.high, ["a", "b"])
            task.dueDate = .local(
                try CivilDateTime("2026-11-20T13:00:00"),
                timezone: "Europe/Madrid"
            )
            task.due = .present.adding(microseconds: 250_000)
            task.nominal = try CivilDateTime("2026-11-20T13:00:00")
            (task.seriesID, task.occurrence) = (1, 3)
            task.reminders = [
                Reminder(id: 100, time: .rollover, due: .present, state: .armed),
                Reminder(
                    id: 101,
                    time: .at(.present.adding(microseconds: 5)),
                    due: .present.adding(microseconds: 5),
                    state: .armed
                ),
            ]
            _ = try await store.tasks.apply(.creating(task))
            try await store.withEngine { engine in
                let range = try await engine.range(of: 7)
                let horizon = WallInstant.present.after(seconds: 1)
                let events = try await engine.stage([range], upTo: horizon, limit: 9).events
                #expect(
                    events.map(\.type).sorted { $0.rawValue < $1.rawValue }
                        == [.reminderDue, .rollover]
                )
                let event = try #require(events.first { $0.type == .reminderDue })
                #expect(event.due == .present.adding(microseconds: 5) && event.taskID == 1)
                let json = event.released(at: .present.after(seconds: 1)).json
                let fields = try #require(
                    try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
                )
                let texts = [
                    "version": "1.0", "event_type": "reminder.due", "user_id": "u",
                    "user_email": "u@example.org", "title": "quote \" and 🎉",
                    "due_at": "2026-11-20T12:00:00.25Z", "remind_at": "2026-11-20T12:00:00.000005Z",
                    "nominal_time": "2026-11-20T13:00:00", "event_id": event.id.description,
                    "timestamp": "2026-11-20T12:00:01Z",
                ]
                for (name, text) in texts { #expect(fields[name] as? String == text, "\(name)") }
                #expect(fields["task_id"] as? Int == 1 && fields["occurrence"] as? Int == 3)
                let data = try #require(fields["task_data"] as? [String: Any])
                #expect(data["priority"] as? String == "high")
                #expect(data["tags"] as? [String] == ["a", "b"])
                #expect(data["timezone"] as? String == "Europe/Madrid")
                #expect(
                    try await engine.stagedEvents([event.key]).map(\.payload) == [event.payload]
                )
            }
        }
    }

    /// Reminders 10 min, 5 min and 30 s overdue, judged with a grace of a minute.
    @Test(arguments: [
        (MisfirePolicy.Action.fire, [EventType.reminderDue, .reminderDue, .reminderDue]),
        (.coalesce, [.coalesced, .coalesced, .reminderDue]),
        (.skip, [.skipped, .skipped, .reminderDue]),
    ])
    func `what is overdue beyond its grace is judged by its policy`(
        action: MisfirePolicy.Action,
        types: [EventType]
    ) async throws {
        try await StoreFixture.with("stage") { store in
            var task = TaskItem.sample(1, remindersAfter: [-600, -300, -30])
            task.misfire = MisfirePolicy(action: action, graceMilliseconds: 60_000)
            _ = try await store.tasks.apply(.creating(task))
            try await store.withEngine { engine in
                let range = try await engine.range(of: 7)
                let events = try await engine.stage([range], upTo: .present, limit: 9).events
                let judged = events.sorted { $0.due < $1.due }
                #expect(judged.map(\.type) == types)
                #expect(judged.allSatisfy { $0.payload.contains("\"\($0.type.rawValue)\"") })
            }
        }
    }

    @Test func `coalescing leaves the latest of all that are overdue`() async throws {
        try await StoreFixture.with("stage") { store in
            _ = try await store.tasks.apply(
                .creating(
                    .sample(1, remindersAfter: [-900, -600, -300, 60]),
                    .sample(
                        2,
                        remindersAfter: [-900]
                    )
                )
            )
            try await store.withEngine { engine in
                let range = try await engine.range(of: 7)
                let events = try await engine.stage([range], upTo: .present, limit: 9).events
                let fired = events.filter { $0.type == .reminderDue }.map(\.key.sourceID)
                #expect(Set(fired) == [102, 200] && events.count == 4)
            }
        }
    }
}

extension StoreFixture {
    /// Returns when a statement in this database waits for a lock.
    func waitForLock() async throws {
        let waiting = """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'
            """
        for _ in 0..<100_000 where try await integer(waiting) > 0 { return }
        Issue.record("nothing has come to wait for a lock")
    }
}

extension PostgresReminderStore {
    /// Acquires all shards, and makes a range of one of them without a lower bound.
    func range(of shard: Int16, leaseMilliseconds: Int = 60_000) async throws -> StageRange {
        let answer = try await acquire(leaseMilliseconds: leaseMilliseconds)
        let report = try #require(answer.shards.first { $0.lease.shard == shard })
        return StageRange(lease: report.lease, from: nil)
    }
}
