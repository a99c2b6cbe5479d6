// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualStore
import PunctualTime
import Testing

@Suite struct PostgresTaskStoreTests {
    /// A task with every field set, and texts that a careless encoding would break.
    private func full() throws -> TaskItem {
        var task = TaskItem.sample(1)
        task.title = "Wäsche \"waschen\" \\ 🎉 {}, 'NULL'"
        task.description = "line one\nline two\t\u{1}\u{7f}\u{2028}"
        (task.status, task.completedAt) = (.completed, .present.adding(microseconds: 1))
        task.priority = .urgent
        task.tags = ["a\"b", "c,d", "{e}", "f\\g", "NULL", "", "é ü", "💡"]
        task.dueDate = .local(try CivilDateTime("2027-03-28T01:30:00"), timezone: "Europe/Lisbon")
        task.due = .present.adding(microseconds: 999_999)
        task.tzdata = "2026a"
        task.reminders = [
            Reminder(
                id: 11,
                time: .offset(try CalendarDuration("-P1DT2H")),
                due: .present,
                state: .armed
            ),
            Reminder(
                id: 12,
                time: .at(.present.adding(microseconds: 1)),
                due: .present.adding(microseconds: 1),
                state: .skipped
            ),
            Reminder(id: 13, time: .rollover, due: .present.after(seconds: 1), state: .armed),
            Reminder(
                id: 14,
                time: .snooze(of: 11, until: .present.after(seconds: 9)),
                due: .present.after(seconds: 9),
                state: .withdrawn
            ),
        ]
        task.recurrence = TaskRecurrence(
            rule: try RecurrenceRule("FREQ=MONTHLY;COUNT=9;BYDAY=-1FR"),
            start: try CivilDateTime("2026-11-27T01:30:00"),
            rdates: [try CivilDateTime("2026-12-01T01:30:00")],
            exdates: [try CivilDateTime("2026-12-25T01:30:00")],
            anchor: .completion,
            rollover: .onSchedule,
            dst: DSTPolicy(gap: .nextValid, fold: .last)
        )
        task.misfire = MisfirePolicy(action: .skip, graceMilliseconds: 1_234)
        (task.seriesID, task.predecessorID, task.occurrence) = (1, 9, 4)
        task.nominal = try CivilDateTime("2027-03-28T01:30:00")
        task.updatedAt = .present.after(seconds: 5)
        task.version = 1
        return task
    }

    @Test func `a task comes back with every field as it went in`() async throws {
        try await StoreFixture.with("tasks") { store in
            let task = try full()
            var change = ChangeSet()
            change.insertedTasks = [task]
            _ = try await store.tasks.apply(change)
            let read = try #require(try await store.tasks.task(shard: 7, userID: "u", id: 1))
            #expect(read == task)
            var updated = read
            updated.title = "new"
            (updated.recurrence, updated.seriesID, updated.nominal) = (nil, nil, nil)
            (updated.dueDate, updated.due, updated.tzdata) = (nil, nil, nil)
            (updated.tags, updated.reminders) = ([], [])
            (updated.status, updated.completedAt, updated.version) = (.active, nil, 2)
            change = ChangeSet()
            change.updatedTasks = [updated]
            _ = try await store.tasks.apply(change)
            #expect(try await store.tasks.task(shard: 7, userID: "u", id: 1) == updated)
            #expect(try await store.tasks.task(shard: 7, userID: "v", id: 1) == nil)
            #expect(try await store.tasks.successor(shard: 7, of: 9)?.id == 1)
        }
    }

    @Test func `an update or deletion of another version conflicts`() async throws {
        try await StoreFixture.with("tasks") { store in
            _ = try await store.tasks.apply(.creating(.sample(1)))
            var stale = ChangeSet()
            stale.updatedTasks = [.sample(1)]
            stale.updatedTasks[0].version = 3
            await #expect(throws: TaskStoreError.self) { _ = try await store.tasks.apply(stale) }
            stale.deletedTasks = stale.updatedTasks
            stale.updatedTasks = []
            await #expect(throws: TaskStoreError.self) { _ = try await store.tasks.apply(stale) }
            #expect(try await store.tasks.task(shard: 7, userID: "u", id: 1)?.version == 1)
        }
    }

    @Test func `of two changes at once one wins`() async throws {
        try await StoreFixture.with("tasks") { store in
            _ = try await store.tasks.apply(.creating(.sample(1)))
            let won = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<4 {
                    group.addTask {
                        var change = ChangeSet()
                        change.updatedTasks = [.sample(1)]
                        change.updatedTasks[0].title = "\(index)"
                        change.updatedTasks[0].version = 2
                        do {
                            _ = try await store.tasks.apply(change)
                            return true
                        } catch TaskStoreError.conflict { return false }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(won.filter(\.self).count == 1)
        }
    }

    @Test func `a second successor conflicts`() async throws {
        try await StoreFixture.with("tasks") { store in
            var successor = TaskItem.sample(2)
            successor.predecessorID = 1
            _ = try await store.tasks.apply(.creating(successor))
            var other = TaskItem.sample(3)
            other.predecessorID = 1
            await #expect {
                _ = try await store.tasks.apply(.creating(other))
            } throws: { if case TaskStoreError.conflict = $0 { true } else { false } }
            other.shard = 8
            _ = try await store.tasks.apply(.creating(other))
        }
    }

    @Test func `a conflict leaves nothing of the change behind`() async throws {
        try await StoreFixture.with("tasks") { store in
            _ = try await store.tasks.apply(.creating(.sample(1, remindersAfter: [60])))
            var change = ChangeSet.creating(.sample(2, remindersAfter: [60]))
            change.updatedTasks = [.sample(1)]
            change.updatedTasks[0].version = 9
            change.withdrawnReminders = TaskItem.sample(1, remindersAfter: [60]).withdrawn
            change.events = [.sample(5)]
            change.seriesEntries = [
                SeriesEntry(
                    shard: 7,
                    seriesID: 1,
                    nominal: CivilDateTime(secondsSinceEpoch: 0),
                    due: .present,
                    state: .missed
                )
            ]
            change.answer = .sample
            await #expect(throws: TaskStoreError.self) { _ = try await store.tasks.apply(change) }
            let left = try await store.integer(
                """
                SELECT (SELECT count(*) FROM tasks) + (SELECT count(*) FROM reminders)
                    + (SELECT count(*) FROM outbox) + (SELECT count(*) FROM series_history)
                    + (SELECT count(*) FROM idempotency_keys)
                """
            )
            #expect(left == 2)
            change.updatedTasks[0].version = 2
            let outcome = try await store.tasks.apply(change)
            #expect(outcome.waiting == [100] && outcome.staged.isEmpty)
            let entries = try await store.tasks.seriesEntries(
                shard: 7,
                seriesID: 1,
                matching: HistoryQuery()
            )
            #expect(entries == change.seriesEntries)
        }
    }

    @Test func `what a series passed over comes in pages, in either direction`() async throws {
        try await StoreFixture.with("history") { store in
            var change = ChangeSet.creating(.sample(1))
            change.seriesEntries = (0..<5).map { day in
                SeriesEntry(
                    shard: 7,
                    seriesID: 1,
                    nominal: CivilDateTime(secondsSinceEpoch: day * 86_400),
                    due: WallInstant(secondsSinceEpoch: day * 86_400),
                    state: .missed
                )
            }
            _ = try await store.tasks.apply(change)
            for (descending, days) in [(false, [2, 3] as [Int64]), (true, [0])] {
                var query = HistoryQuery()
                (query.limit, query.descending) = (2, descending)
                query.following = WallInstant(secondsSinceEpoch: 86_400)
                let page = try await store.tasks.seriesEntries(
                    shard: 7,
                    seriesID: 1,
                    matching: query
                )
                #expect(page.map(\.due.secondsSinceEpoch) == days.map { $0 * 86_400 })
            }
        }
    }

    @Test func `an idempotency key that was used answers what it answered`() async throws {
        try await StoreFixture.with("tasks") { store in
            var change = ChangeSet.creating(.sample(1))
            change.answer = .sample
            _ = try await store.tasks.apply(change)
            change.insertedTasks = [.sample(2)]
            change.answer?.body = "another"
            await #expect {
                _ = try await store.tasks.apply(change)
            } throws: { if case TaskStoreError.answered(.sample) = $0 { true } else { false } }
            #expect(try await store.tasks.task(shard: 7, userID: "u", id: 2) == nil)
            let kept = try await store.tasks.answer(shard: 7, userID: "u", key: "k'1")
            #expect(kept == .sample)
            #expect(try await store.tasks.answer(shard: 7, userID: "v", key: "k'1") == nil)
        }
    }

    @Test func `of many creations at once each gets its own answer`() async throws {
        try await StoreFixture.with("tasks") { store in
            let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
                for id in 1...200 as ClosedRange<Int64> {
                    group.addTask {
                        var change = ChangeSet.creating(.sample(id))
                        // Every tenth has the same key: one of those is written.
                        if id.isMultiple(of: 10) { change.answer = .sample }
                        do {
                            _ = try await store.tasks.apply(change)
                            return false
                        } catch TaskStoreError.answered { return true }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(refused == 19)
            #expect(try await store.integer("SELECT count(*) FROM tasks") == 181)
        }
    }

    @Test func `a record that is still in the outbox is not written twice`() async throws {
        try await StoreFixture.with("tasks") { store in
            var change = ChangeSet()
            change.events = [.sample(5)]
            for _ in 0..<2 { _ = try await store.tasks.apply(change) }
            #expect(try await store.integer("SELECT count(*) FROM outbox") == 1)
            (change.events, change.settledKeys) = ([], [StagedEvent.sample(5).key])
            _ = try await store.tasks.apply(change)
            #expect(try await store.integer("SELECT count(*) FROM outbox") == 0)
        }
    }

    @Test func `ids are unique, whoever asks and however many`() async throws {
        try await StoreFixture.with("tasks") { store in
            let other = PostgresTaskStore(pool: store.pool)
            let ids = try await withThrowingTaskGroup(of: [Int64].self) { group in
                for index in 0..<20 {
                    let taker = index % 2 == 0 ? store.tasks : other
                    group.addTask { try await taker.reserveIDs(1 + index * 450) }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(Set(ids).count == ids.count)
            #expect(ids.count == (0..<20).reduce(0) { $0 + 1 + $1 * 450 })
        }
    }

    @Test func `finds tasks that an older tzdata derived`() async throws {
        try await StoreFixture.with("tasks") { store in
            let tasks = try (Int64(1)...4).map { id in
                var task = TaskItem.sample(id)
                task.dueDate = .local(try CivilDateTime("2027-01-01T09:00:00"), timezone: "UTC")
                (task.due, task.tzdata) = (.present, id < 3 ? "2025b" : "2026a")
                if id == 2 { task.status = .completed }
                return task
            }
            _ = try await store.tasks.apply(.creating(tasks + [.sample(5)]))
            let found = try await store.tasks.tasks(
                shards: [3, 7],
                notDerivedWith: "2026a",
                limit: 10
            )
            #expect(found.map(\.id) == [1])
        }
    }

    @Test func `a user's e-mail address is kept up to date, and never cleared`() async throws {
        try await StoreFixture.with("tasks") { store in
            for email in ["a@b", nil, "c@d"] {
                try await store.tasks.upsertUser(User(id: "u", email: email), shard: 7)
            }
            let count = "SELECT count(*) FROM users WHERE email = 'c@d' AND shard = 7"
            #expect(try await store.integer(count) == 1)
        }
    }
}

extension TaskItem {
    /// Whether all that is stored is equal.
    fileprivate static func == (left: TaskItem, right: TaskItem) -> Bool {
        String(reflecting: left) == String(reflecting: right)
    }
}

extension TaskItem? {
    fileprivate static func == (left: TaskItem?, right: TaskItem) -> Bool {
        left.map { $0 == right } ?? false
    }
}

extension RememberedAnswer {
    fileprivate static let sample = RememberedAnswer(
        shard: 7,
        userID: "u",
        key: "k'1",
        fingerprint: "f",
        status: 201,
        body: "{\"a\":\"\\u0000\"}"
    )
}

extension StagedEvent {
    /// A change of task 1, with a drawn id.
    fileprivate static func sample(_ id: Int64) -> StagedEvent {
        StagedEvent(
            key: OutboxKey(
                shard: 7,
                sourceID: id,
                nominal: CivilDateTime(secondsSinceEpoch: 0)
            ),
            type: .updated,
            taskID: 1,
            userID: "u",
            due: .present,
            payload: "{\"version\":\"1.0\"}"
        )
    }
}
